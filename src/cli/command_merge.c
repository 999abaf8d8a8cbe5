#include "cli/command.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/saved_print.h"
#include "model/model_save.h"
#include "task/adapter_base.h"
#include "task/output_folder.h"
#include "task/output_guard.h"
#include "task/quantising.h"
#include "task/saved_folder.h"

typedef struct merge_job {
    const assay_options *options;
    const assay_log *log;
    const char *adapter_path;
    assay_adapter_file *adapter;
    assay_checkpoint *base;
    assay_model *model;
} merge_job;

static assay_status write_parts(const merge_job *job, const assay_saved_source *source, const char *folder,
                                assay_error *err)
{
    double offset = 0;
    char *pad = NULL;
    assay_save_options save = {.dtype = assay_saved_dtype(job->options->dtype),
                               .pad_token = -1,
                               .code = &source->code,
                               .score_offset = &offset,
                               .labels = source->notes.labels,
                               .format =
                                   job->options->format == ASSAY_OPT_FORMAT_GLM ? ASSAY_SAVE_GLM : ASSAY_SAVE_OWN};
    ASSAY_TRY(assay_saved_pad(source, &save.pad_token, &pad, err));
    assay_status status = assay_model_save_full(job->model, &save, folder, err);
    if (status == ASSAY_OK) status = assay_saved_tokenizer(source, folder, pad, err);
    if (status == ASSAY_OK) status = assay_saved_notes(source, offset, folder, err);
    if (status == ASSAY_OK) status = assay_saved_card(source, folder, job->options->output, err);
    assay_free(pad);
    return status;
}

static assay_status write_folder(const merge_job *job, const char *folder, assay_error *err)
{
    assay_saved_source source = {.trained = job->adapter_path, .base = job->base};
    assay_status status = assay_saved_source_hold(&source, err);
    if (status == ASSAY_OK) status = write_parts(job, &source, folder, err);
    assay_saved_source_release(&source);
    return status;
}

/* A model that is not there at all is told so first. */
static assay_status refuse_without_adapter(const char *model, assay_error *err)
{
    assay_checkpoint *base;
    ASSAY_TRY(assay_checkpoint_open(&base, model, ASSAY_CHECKPOINT_CONFIG_ONLY, err));
    assay_checkpoint_close(base);
    return assay_error_set(err, ASSAY_E_USAGE, "%s is no adapter's folder: give the adapter to fold in with --adapter",
                           model);
}

/* --model may be the adapter itself: then its base is where its config says. */
static assay_status find_parts(merge_job *job, char **base, assay_error *err)
{
    const assay_options *options = job->options;
    if (!options->model)
        return assay_error_set(err, ASSAY_E_USAGE, "--model is missing: the base, or a trained adapter's folder");
    bool alone = !options->adapter && assay_is_adapter_folder(options->model);
    job->adapter_path = alone ? options->model : options->adapter;
    if (!job->adapter_path) return refuse_without_adapter(options->model, err);
    ASSAY_TRY(assay_adapter_open(&job->adapter, job->adapter_path, err));
    const char *named = job->adapter->config.base;
    if (!alone) *base = assay_strdup(options->model);
    else if (named) *base = assay_adapter_base_path(job->adapter_path, named);
    if (!alone || named) ASSAY_TRY_ALLOC(*base, "a path", err);
    if (*base) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_USAGE,
        "%s does not name its base (base_model_name_or_path): give the base with --model and this folder with "
        "--adapter",
        job->adapter_path);
}

static assay_status say_base(const merge_job *job, assay_error *err)
{
    assay_notes notes;
    ASSAY_TRY(assay_notes_find(&notes, job->adapter_path, err));
    assay_adapter_base_warn(job->adapter, job->adapter_path, notes.json, job->base, job->log);
    assay_notes_release(&notes);
    return ASSAY_OK;
}

static assay_status open_base(merge_job *job, assay_error *err)
{
    char *base = NULL;
    ASSAY_TRY(find_parts(job, &base, err));
    assay_status status = assay_checkpoint_open(&job->base, base, 0, err);
    assay_free(base);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "the base of %s: ", job->adapter_path);
}

static assay_status merge(merge_job *job, assay_error *err)
{
    assay_output_folder output;
    assay_model_options model = {.tuning = ASSAY_TUNE_NOTHING, .need_head = true};
    ASSAY_TRY(assay_output_guard(job->options, err));
    ASSAY_TRY(open_base(job, err));
    ASSAY_TRY(assay_output_guard_source(job->options, job->base->path, err));
    ASSAY_TRY(assay_quantised_refuse_merge(job->base, job->adapter_path, err));
    ASSAY_TRY(say_base(job, err));
    /* which of several numbers is the score is for whoever scores; all of them are written */
    if (json_object_set_new(job->base->config, ASSAY_LABEL_KEY, json_integer(0)))
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a label");
    ASSAY_TRY(assay_model_open(&job->model, job->base, job->adapter, &model, err));
    ASSAY_TRY(assay_output_open(&output, job->options->output, job->options->force, job->log, err));
    return assay_output_close(&output, write_folder(job, output.temporary, err), err);
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    merge_job job = {.options = options, .log = context->task.log};
    assay_status status = merge(&job, err);
    assay_model_close(job.model);
    assay_checkpoint_close(job.base);
    assay_adapter_close(job.adapter);
    return status == ASSAY_OK ? assay_saved_print(options->output, NULL, options->json, err) : status;
}

const assay_command assay_command_merge = {
    .name = "merge",
    .summary = "folds an adapter into the weights",
    .arguments = "--model M [--adapter DIR] --output DIR [options]",
    .help = "Adds a LoRA adapter to its base and writes a whole sequence classification model in Hugging Face's "
            "format, head included.\n"
            "--model alone may be a trained adapter's folder; its base is found through it.\n"
            "\n"
            "Examples:\n"
            "  assay merge --model Qwen/Qwen2.5-0.5B --adapter my-reward --output merged\n"
            "  assay merge --model my-reward --output merged --dtype bf16\n"
            "  assay merge --model my-chatglm3-reward --format glm --output no-remote-code\n",
    .takes = ASSAY_FOR_MERGE,
    .saves = true,
    .run = run,
};
