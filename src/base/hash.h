/* Fingerprints: XXH3 with 128 bits, as 32 hex digits. They tell files and settings apart; they do not withstand an
 * attacker. */
#ifndef ASSAY_BASE_HASH_H
#define ASSAY_BASE_HASH_H

#include "base/status.h"

#include <stdint.h>
#include <xxhash.h>

enum { ASSAY_HASH_TEXT = 33 };

void assay_hash_text(XXH128_hash_t hash, char text[ASSAY_HASH_TEXT]);

/* Adds a file's bytes to the state; *size: how many. */
assay_status assay_hash_file(XXH3_state_t *state, const char *path, uint64_t *size, assay_error *err);

#endif
