/* Messages as JSON again, in the form in which assay_turns_list (data/turns.h) reads them back: what a record said of a
 * message besides role and text is there as it stood. */
#ifndef ASSAY_DATA_TURN_WRITE_H
#define ASSAY_DATA_TURN_WRITE_H

#include "data/turns.h"

/* A list of messages; the caller's. NULL: out of memory. */
json_t *assay_turns_json(const assay_turns *turns);

/* Puts tools and the template's variables beside the messages, as they were read; NULL: there are none. Not 0: out of
 * memory. */
int assay_context_write(json_t *line, const char *context);

#endif
