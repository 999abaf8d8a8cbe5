/* What a served model's answers depend on, in 32 hex digits: two servers (or one before and after a reload) that say
 * the same give the same score to the same request.
 *
 * Of: the base's weights and config (`base`, from assay_checkpoint_fingerprint), the adapter's two files, the tokenizer
 * (its files where it has a folder, its tokens), what the template makes of a conversation, and the settings: rule for
 * the end of a text, length and the side that is cut, precision, score offset, activation. assay.json and `assay
 * inspect` print the fingerprint of the weights alone. ASSAY_E_IO: a file cannot be read.
 */
#ifndef ASSAY_SERVE_SERVED_FINGERPRINT_H
#define ASSAY_SERVE_SERVED_FINGERPRINT_H

#include "base/hash.h"
#include "task/scoring.h"

assay_status assay_served_fingerprint(char text[ASSAY_HASH_TEXT], const char *base, const assay_scoring *scoring,
                                      const assay_options *options, assay_error *err);

#endif
