/* Keys that may ask: a UTF-8 file with one key a line; blanks around a key, blank lines, lines that begin with # and a
 * byte order mark are passed over. A file without a key, in UTF-16, or with a zero byte is an error: half of it would
 * be taken for the key. */
#ifndef ASSAY_SERVE_API_KEYS_H
#define ASSAY_SERVE_API_KEYS_H

#include "base/alloc.h"

typedef struct assay_api_keys {
    char *text;
    const char **keys;
    size_t count, capacity;
    bool readable_by_all; /* the file: worth a warning */
} assay_api_keys;

assay_status assay_api_keys_read(assay_api_keys *keys, const char *path, assay_error *err);
void assay_api_keys_release(assay_api_keys *keys); /* safe on a zeroed list */

/* given: NULL or what the client sent, of that length. Looks at every key, and at every byte of what was sent, whatever
 * the first bytes are: the time does not tell how much of a guess was right. */
bool assay_api_keys_match(const assay_api_keys *keys, const char *given, size_t length);

#endif
