#include "cli/command.h"

#include "base/alloc.h"
#include "checkpoint/adapter_file.h"
#include "cli/saved_print.h"
#include "head/head.h"
#include "model/model_save.h"
#include "task/output_folder.h"
#include "task/output_guard.h"
#include "task/quantise_name.h"
#include "task/saved_folder.h"

static assay_status write_parts(const assay_options *options, const assay_saved_source *source, const char *folder,
                                json_t **quantised, assay_error *err)
{
    double offset = 0;
    char *pad = NULL;
    assay_save_options save = {.dtype = assay_saved_dtype(options->dtype),
                               .keep_dtype = !assay_options_given(options, "dtype"),
                               .quantise = assay_quantise_type(options->quantize),
                               .double_quant = options->double_quant,
                               .quantised = quantised,
                               .pad_token = -1,
                               .code = &source->code,
                               .format = options->format == ASSAY_OPT_FORMAT_GLM ? ASSAY_SAVE_GLM : ASSAY_SAVE_OWN,
                               .score_offset = &offset};
    ASSAY_TRY(assay_saved_pad(source, &save.pad_token, &pad, err));
    assay_status status = assay_model_convert(source->base, &save, folder, err);
    if (status == ASSAY_OK) status = assay_saved_tokenizer(source, folder, pad, err);
    if (status == ASSAY_OK) status = assay_saved_notes(source, offset, folder, err);
    if (status == ASSAY_OK) status = assay_saved_card(source, folder, options->output, err);
    assay_free(pad);
    return status;
}

static assay_status write_folder(const assay_options *options, const assay_checkpoint *checkpoint, const char *folder,
                                 json_t **quantised, assay_error *err)
{
    assay_saved_source source = {.base = checkpoint};
    assay_status status = assay_saved_source_hold(&source, err);
    if (status == ASSAY_OK) status = write_parts(options, &source, folder, quantised, err);
    assay_saved_source_release(&source);
    return status;
}

/* What was rounded once is rounded again, and the losses that are told count from there. */
static void say_packed_source(const assay_checkpoint *checkpoint, const assay_options *options, const assay_log *log)
{
    char types[ASSAY_CHECKPOINT_TYPES_SIZE];
    bool packed = false;
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        packed |= assay_dtype_is_packed(checkpoint->weights[i].tensor.dtype);
    if (!packed || options->quantize == ASSAY_OPT_QUANTIZE_NONE) return;
    assay_checkpoint_types(checkpoint, types);
    assay_warn(log,
               "%s is packed already (%s): its weights are rounded a second time, and what is told to be lost is what "
               "this time takes; whole weights, where there are some, lose less",
               checkpoint->name, types);
}

static assay_status refuse_adapter(const char *path, assay_error *err)
{
    if (!assay_is_adapter_folder(path)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s is an adapter, not a whole model: assay merge --model %s --output DIR folds it into its "
                           "base and writes that (with --format and --dtype as here)",
                           path, path);
}

static assay_status refuse_unused(const assay_options *options, assay_error *err)
{
    if (!options->double_quant || options->quantize == ASSAY_OPT_QUANTIZE_NF4) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--double-quant packs the scales of --quantize nf4, and nothing else: add that, or leave it "
                           "out");
}

/* Which of several labels is the score is for whoever scores; all of them are written. */
static assay_status take_labels(assay_checkpoint *checkpoint, assay_error *err)
{
    if (json_object_set_new(checkpoint->config, ASSAY_LABEL_KEY, json_integer(0)) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a label");
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_checkpoint *checkpoint;
    assay_output_folder output;
    json_t *quantised = NULL;
    ASSAY_TRY(refuse_adapter(options->positionals.items[0], err));
    ASSAY_TRY(refuse_unused(options, err));
    ASSAY_TRY(assay_output_guard(options, err));
    ASSAY_TRY(assay_checkpoint_open(&checkpoint, options->positionals.items[0], 0, err));
    say_packed_source(checkpoint, options, context->task.log);
    assay_status status = take_labels(checkpoint, err);
    if (status == ASSAY_OK)
        status = assay_output_open(&output, options->output, options->force, context->task.log, err);
    if (status == ASSAY_OK)
        status = assay_output_close(&output, write_folder(options, checkpoint, output.temporary, &quantised, err), err);
    assay_checkpoint_close(checkpoint);
    if (status == ASSAY_OK) status = assay_saved_print(options->output, quantised, options->json, err);
    json_decref(quantised);
    return status;
}

const assay_command assay_command_convert = {
    .name = "convert",
    .summary = "GGUF or .bin to a Hugging Face folder",
    .arguments = "M --output DIR [--format hf|glm] [--quantize TYPE] [options]",
    .help = "Writes a checkpoint as config.json, model.safetensors and tokenizer files. --format glm writes a "
            "ChatGLM2/3 model as Transformers'\n"
            "own Glm classes, which need no remote code; a reward head's bias has no place there and is kept in "
            "assay.json as score_offset.\n"
            "A base model stays one; a model with a reward head becomes a sequence classification model without "
            "language model head.\n"
            "--quantize packs the matrices into model.gguf beside config.json, or, nf4 and int8, into "
            "model.safetensors as bitsandbytes does;\n"
            "Transformers loads the latter. A folder like that is a model as any other: LoRA trains on it in packed "
            "form, and convert writes it\n"
            "out whole again.\n"
            "\n"
            "Examples:\n"
            "  assay convert smollm2.gguf --output smollm2\n"
            "  assay convert ./chatglm3-6b --format glm --output chatglm3-as-glm\n"
            "  assay convert ./chatglm3-6b --quantize q4_k --output chatglm3-q4\n"
            "  assay convert Qwen/Qwen2.5-0.5B --quantize nf4 --double-quant --output qwen-nf4\n",
    .takes = ASSAY_FOR_CONVERT,
    .words_min = 1,
    .words_max = 1,
    .saves = true,
    .run = run,
};
