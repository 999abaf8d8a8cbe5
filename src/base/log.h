/* Notes and warnings on their way to the person: a sink given by whoever owns the terminal. Library code never prints.
 * It gets an `const assay_log *` (NULL: silence) and says what is worth knowing; the command line's sink writes it to
 * stderr. Texts are one sentence without a final newline. */
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include "base/status.h"

typedef enum assay_log_level { ASSAY_LOG_NOTE, ASSAY_LOG_WARNING } assay_log_level;

typedef struct assay_log {
    void (*sink)(void *context, assay_log_level level, const char *text);
    void *context;
} assay_log;

void assay_note(const assay_log *log, const char *format, ...) ASSAY_PRINTF(2, 3);
void assay_warn(const assay_log *log, const char *format, ...) ASSAY_PRINTF(2, 3);

#endif
