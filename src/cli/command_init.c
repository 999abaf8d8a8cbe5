#include "cli/command.h"

#include "cli/saved_print.h"
#include "model/model_init.h"
#include "task/output_folder.h"
#include "task/output_guard.h"
#include "task/saved_folder.h"
#include "tokenizer/tokenizer_save.h"

#include <string.h>

static assay_status write_folder(const assay_options *options, const assay_model_shape *shape,
                                 const assay_architecture *arch, const char *folder, assay_error *err)
{
    assay_init_options init = {.layers = (size_t)options->layers,
                               .hidden = (size_t)options->hidden,
                               .ffn = (size_t)options->ffn,
                               .seed = (uint64_t)options->seed,
                               .dtype = assay_saved_dtype(options->dtype),
                               .pad_token = ASSAY_BYTES_PAD,
                               .bos_token = ASSAY_BYTES_BOS,
                               .eos_token = ASSAY_BYTES_EOS,
                               .head = options->head};
    ASSAY_TRY(assay_model_init(shape, arch, &init, folder, err));
    return assay_tokenizer_save_bytes(folder, err);
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assay_output_folder output;
    if (!options->arch)
        return assay_error_set(err, ASSAY_E_USAGE, "--arch is missing: a family or a shape, see assay models");
    if (options->preset && strcmp(options->preset, "tiny") != 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--preset %.80s: there is only tiny; real shapes are names of --arch", options->preset);
    ASSAY_TRY(assay_model_shape_find(&shape, &arch, options->arch, err));
    ASSAY_TRY(assay_output_guard(options, err));
    ASSAY_TRY(assay_output_open(&output, options->output, options->force, context->task.log, err));
    assay_status status = assay_output_close(&output, write_folder(options, shape, arch, output.temporary, err), err);
    return status == ASSAY_OK ? assay_saved_print(options->output, NULL, options->json, err) : status;
}

const assay_command assay_command_init = {
    .name = "init",
    .summary = "writes a random checkpoint, for tests and trials",
    .arguments = "--arch NAME --output DIR [options]",
    .help = "Writes a checkpoint with random weights in Hugging Face's format, complete with a byte-level tokenizer, "
            "so that it trains on any\n"
            "text. NAME is a family (tiny by default) or a real shape.\n"
            "\n"
            "Examples:\n"
            "  assay init --arch llama --output tiny-llama\n"
            "  assay init --arch qwen2 --head mlp --output tiny-reward\n"
            "  assay init --arch chatglm3-6b --layers 2 --dtype bf16 --output two-layers\n",
    .takes = ASSAY_FOR_INIT,
    .saves = true,
    .run = run,
};
