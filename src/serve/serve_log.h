/* What the server says while it runs: a line an event, as text or as JSON, to whoever prints it.
 *
 *     assay_serve_log log = {.level = ASSAY_SERVE_INFO, .write = print};
 *     assay_serve_log_event(&log, ASSAY_SERVE_WARN, "reload", fields, "not reloaded: %s", error.text);
 *     assay_serve_log_request(&log, &request);
 *
 * Levels: ERROR what failed in the server itself; WARN refusals with their reason; INFO a line a request, start, stop
 * and reloads; DEBUG connections that are cut. No text of a request is ever in a line: reasons are cleared of what they
 * quote from it, but for names of fields. Lines have an end of line and nothing in them that acts on a terminal. May be
 * called from any thread; write gets whole lines, and is called by several threads at once.
 */
#ifndef ASSAY_SERVE_SERVE_LOG_H
#define ASSAY_SERVE_SERVE_LOG_H

#include "base/json_doc.h"

typedef enum assay_serve_level {
    ASSAY_SERVE_ERROR,
    ASSAY_SERVE_WARN,
    ASSAY_SERVE_INFO,
    ASSAY_SERVE_DEBUG
} assay_serve_level;

typedef struct assay_serve_log {
    assay_serve_level level; /* what is further down than this is left out */
    bool json;
    void (*write)(void *context, const char *line, size_t size); /* NULL: silence */
    void *context;
} assay_serve_log;

typedef struct assay_serve_log_line {
    const char *client, *method, *path;
    const char *model; /* NULL: none */
    unsigned code;
    size_t texts, tokens;
    double seconds;
    const char *reason; /* of a refusal; NULL: none */
} assay_serve_log_line;

/* fields: what JSON has besides the sentence; stolen, NULL: nothing. */
void assay_serve_log_event(const assay_serve_log *log, assay_serve_level level, const char *event, json_t *fields,
                           const char *format, ...) ASSAY_PRINTF(5, 6);
void assay_serve_log_request(const assay_serve_log *log, const assay_serve_log_line *line);

/* A reason without what it quotes from a request; writes at most `room` bytes. */
void assay_serve_log_clear(const char *reason, char *out, size_t room);

#endif
