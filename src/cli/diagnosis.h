/* Other people's texts, read for what `assay doctor` can say about them: logs with a known error, scripts with a
 * command line. An error is known by pieces of text that must all be there. Causes were measured (docs/why.md) or are
 * the library's own words; each comes with what to do in Assay. A text may have several. */
#ifndef ASSAY_CLI_DIAGNOSIS_H
#define ASSAY_CLI_DIAGNOSIS_H

#include "base/status.h"
#include "options/options.h"

#include <jansson.h>

typedef struct assay_diagnosis {
    const char *signs[3]; /* NULL ends */
    const char *cause, *advice;
} assay_diagnosis;

/* The next diagnosis of the text from *at on; NULL: no more. Start with *at = 0. */
const assay_diagnosis *assay_diagnosis_next(const char *text, size_t *at);

/* The words of the first command line in a script or log that runs a trainer (a line, with its \-continuations, that
 * names a .py file or a trainer's program and has options), as a shell would cut them: quotes, backslashes and comments
 * are understood, variables are not replaced. No such line: *words is empty. *kept is the memory that the words point
 * to (assay_free; then the list's items too). */
assay_status assay_command_words(const char *text, assay_string_list *words, char **kept, assay_error *err);

#endif
