/* What the functions of include/assay.h share: settings to options, statuses to codes, the listener as log and
 * context. */
#ifndef ASSAY_API_API_PRIVATE_H
#define ASSAY_API_API_PRIVATE_H

#include "options/options.h"
#include "task/context.h"

#include <jansson.h>

#include <assay.h>

/* One call's, or one scorer's, surroundings. Points into itself: not to be moved. */
typedef struct assay_api_call {
    assay_listener listener;
    assay_log log;
    assay_task_context context;
    assay_options options;
    assay_error error;
} assay_api_call;

/* Options of a command by settings. After a failure too: assay_api_end. */
assay_status assay_api_begin(assay_api_call *call, unsigned command, const char *command_name,
                             const assay_setting *settings, size_t count, const assay_listener *listener);
void assay_api_end(assay_api_call *call);

/* The code of a status; the error's text goes into *failure (may be NULL). */
int assay_api_result(assay_status status, const assay_error *error, assay_failure *failure);

/* ASSAY_CODE_USAGE, with a sentence: an argument that may not be NULL is. */
int assay_api_missing(const char *argument, assay_failure *failure);

/* A JSON value as text in fresh memory; takes the value over. NULL value: out of memory. */
assay_status assay_api_text(json_t *value, char **text, assay_error *err);

#endif
