#include "api/api_private.h"

#include "base/alloc.h"
#include "base/version.h"
#include "data/json_text.h"

#include <stdio.h>
#include <string.h>

/* The pointer goes where the command line's flag of the same kind goes. */
_Static_assert(sizeof(int) == sizeof(sig_atomic_t), "assay_listener.stop is an int");

static const volatile sig_atomic_t never = 0;

static void sink(void *context, assay_log_level level, const char *text)
{
    const assay_api_call *call = context;
    if (call->listener.note) call->listener.note(call->listener.context, level == ASSAY_LOG_WARNING, text);
}

static assay_status add_word(const char **words, int *count, const assay_setting *setting, assay_error *err)
{
    if (!setting->name || !*setting->name) return assay_error_set(err, ASSAY_E_USAGE, "a setting without a name");
    const char *name = setting->name + strspn(setting->name, "-");
    if (!strcmp(name, "help")) return assay_error_set(err, ASSAY_E_USAGE, "\"help\" is no setting");
    char *word = setting->value ? assay_strfmt("--%s=%s", name, setting->value) : assay_strfmt("--%s", name);
    ASSAY_TRY_ALLOC(word, "a setting", err);
    words[(*count)++] = word;
    return ASSAY_OK;
}

static assay_status parse(assay_api_call *call, unsigned command, const char *name, const assay_setting *settings,
                          size_t count, assay_error *err)
{
    int made = 0;
    const char **words = assay_alloc(count + 1, sizeof *words);
    ASSAY_TRY_ALLOC(words, "settings", err);
    assay_status status =
        count < 100000 ? ASSAY_OK : assay_error_set(err, ASSAY_E_USAGE, "%zu settings are too many", count);
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) status = add_word(words, &made, &settings[i], err);
    if (status == ASSAY_OK)
        status = assay_options_parse(&call->options, command, name, 0, made, words, &call->log, err);
    for (int i = 0; i < made; i++) assay_free(words[i]);
    assay_free(words);
    return status;
}

assay_status assay_api_begin(assay_api_call *call, unsigned command, const char *command_name,
                             const assay_setting *settings, size_t count, const assay_listener *listener)
{
    *call = (assay_api_call){0};
    if (listener) call->listener = *listener;
    call->log = (assay_log){sink, call};
    const volatile sig_atomic_t *stop = (const volatile sig_atomic_t *)call->listener.stop;
    call->context = (assay_task_context){&call->log, stop ? stop : &never, NULL};
    ASSAY_TRY(assay_options_init(&call->options, &call->error));
    return parse(call, command, command_name, settings, count, &call->error);
}

void assay_api_end(assay_api_call *call) { assay_options_release(&call->options); }

static int code_of(assay_status status)
{
    switch (status) {
    case ASSAY_OK:
        return ASSAY_CODE_OK;
    case ASSAY_E_IO:
        return ASSAY_CODE_IO;
    case ASSAY_E_FORMAT:
        return ASSAY_CODE_FORMAT;
    case ASSAY_E_UNSUPPORTED:
        return ASSAY_CODE_UNSUPPORTED;
    case ASSAY_E_MEMORY:
        return ASSAY_CODE_MEMORY;
    case ASSAY_E_NUMERIC:
        return ASSAY_CODE_NUMERIC;
    case ASSAY_E_USAGE:
        return ASSAY_CODE_USAGE;
    case ASSAY_E_NO_FIT:
        return ASSAY_CODE_NO_FIT;
    case ASSAY_E_UNEQUAL:
        return ASSAY_CODE_UNEQUAL;
    case ASSAY_E_YIELDED:
    case ASSAY_E_STOPPED:
        return ASSAY_CODE_STOPPED;
    default:
        return ASSAY_CODE_UNSUPPORTED;
    }
}

int assay_api_result(assay_status status, const assay_error *error, assay_failure *failure)
{
    int code = code_of(status);
    if (code != ASSAY_CODE_OK && failure) {
        failure->code = code;
        snprintf(failure->text, sizeof failure->text, "%s", error->text);
    }
    return code;
}

int assay_api_missing(const char *argument, assay_failure *failure)
{
    assay_error error;
    assay_status status = assay_error_set(&error, ASSAY_E_USAGE, "the argument \"%s\" is NULL", argument);
    return assay_api_result(status, &error, failure);
}

assay_status assay_api_text(json_t *value, char **text, assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, SIZE_MAX / 4);
    assay_status status = assay_json_text(value, &out, err);
    json_decref(value);
    if (status == ASSAY_OK && !(*text = assay_buf_take(&out, NULL)))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a result");
    assay_buf_release(&out);
    return status;
}

const char *assay_library_version(void) { return ASSAY_VERSION; }

int assay_library_api(void) { return ASSAY_API_LEVEL; }

void assay_release(void *block) { assay_free(block); }
