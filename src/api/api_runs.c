/* Training is the command itself, without a terminal; planning opens the same run and starts no step. */
#include "api/api_private.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "cli/training.h"

enum { NOTES_BYTES = 256 << 20 };

static assay_status read_notes(const char *folder, char **json, assay_error *err)
{
    json_t *notes = NULL;
    char *path = assay_path_join(folder, "assay.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_json_load(path, NOTES_BYTES, &notes, err);
    assay_free(path);
    return status == ASSAY_OK ? assay_api_text(notes, json, err) : status;
}

int assay_train_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json, assay_failure *failure)
{
    assay_api_call call;
    if (json) *json = NULL;
    assay_status status = assay_api_begin(&call, ASSAY_FOR_TRAIN, "train", settings, count, listener);
    if (status == ASSAY_OK) status = assay_command_train.run(&call.options, &call.context, &call.error);
    if (status == ASSAY_OK && json) status = read_notes(call.options.output, json, &call.error);
    int code = assay_api_result(status, &call.error, failure);
    assay_api_end(&call);
    return code;
}

static json_t *plan_json(const assay_training *t)
{
    const assay_plan *plan = &t->trainer->plan;
    return json_pack("{s:b, s:I, s:I, s:I, s:i, s:i}", "fits", 1, "peak_bytes", (json_int_t)plan->total_bytes, "budget_bytes", (json_int_t)t->settings.budget, "micro_tokens",
                     (json_int_t)plan->micro_tokens, "layers", t->model->program->layers, "layers_replayed", plan->replayed);
}

/* That a run does not fit may be found while it is opened or when its trainer is planned. */
static assay_status plan(assay_api_call *call, char **json)
{
    assay_training *training = NULL;
    assay_error *err = &call->error;
    assay_status status = assay_training_open(&training, &call->options, &call->context, err);
    if (status == ASSAY_OK) status = assay_training_start(training, &call->context, err);
    if (status == ASSAY_OK)
        status = assay_api_text(plan_json(training), json, err);
    else if (status == ASSAY_E_NO_FIT)
        status = assay_api_text(json_pack("{s:b, s:s}", "fits", 0, "reason", err->text), json, err);
    assay_training_close(training);
    return status;
}

int assay_plan_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json, assay_failure *failure)
{
    assay_api_call call;
    *json = NULL;
    assay_status status = assay_api_begin(&call, ASSAY_FOR_PLAN, "plan", settings, count, listener);
    if (status == ASSAY_OK) status = plan(&call, json);
    int code = assay_api_result(status, &call.error, failure);
    assay_api_end(&call);
    return code;
}
