/* Training is what the command does, without a terminal; planning is what `assay plan --json` prints. */
#include "api/api_private.h"

#include "notes/notes.h"
#include "task/process_forecast.h"
#include "task/train_task.h"
#include "task/training.h"

static assay_status read_notes(const char *folder, char **json, assay_error *err)
{
    json_t *notes;
    ASSAY_TRY(assay_notes_load(folder, &notes, err));
    if (!notes) return assay_error_set(err, ASSAY_E_IO, "%s: the run left no " ASSAY_NOTES_NAME, folder);
    return assay_api_text(notes, json, err);
}

int assay_train_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json,
                    assay_failure *failure)
{
    assay_api_call call;
    if (json) *json = NULL;
    if (!settings && count) return assay_api_missing("settings", failure);
    assay_status status = assay_api_begin(&call, ASSAY_FOR_TRAIN, "train", settings, count, listener);
    if (status == ASSAY_OK) status = assay_train_task(&call.options, &call.context, NULL, &call.error);
    if (status == ASSAY_OK && json) status = read_notes(call.options.output, json, &call.error);
    int code = assay_api_result(status, &call.error, failure);
    assay_api_end(&call);
    return code;
}

static assay_status plan(assay_api_call *call, char **json)
{
    assay_training *training;
    assay_status status = assay_training_open_plan(&training, &call->options, &call->context, &call->error);
    if (status == ASSAY_E_NO_FIT)
        return assay_api_text(json_pack("{s:b, s:s}", "fits", 0, "reason", call->error.text), json, &call->error);
    if (status != ASSAY_OK) return status;
    assay_process_forecast forecast = {0}, *f = assay_process_forecast_is_wanted(&call->options) ? &forecast : NULL;
    if (f) status = assay_process_forecast_make(f, training, &call->error);
    if (status == ASSAY_OK) status = assay_api_text(assay_process_forecast_json(f, training), json, &call->error);
    assay_process_forecast_release(&forecast);
    assay_training_close(training);
    return status;
}

int assay_plan_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json,
                   assay_failure *failure)
{
    assay_api_call call;
    if (json) *json = NULL;
    if (!json) return assay_api_missing("json", failure);
    if (!settings && count) return assay_api_missing("settings", failure);
    assay_status status = assay_api_begin(&call, ASSAY_FOR_PLAN, "plan", settings, count, listener);
    if (status == ASSAY_OK) status = plan(&call, json);
    int code = assay_api_result(status, &call.error, failure);
    assay_api_end(&call);
    return code;
}
