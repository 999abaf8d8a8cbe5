/* What a line says of its pair beside the texts: by how much chosen is better, how sure that is, what the pair counts.
 *
 *     margin               a number from -1e6 to 1e6: the distance asked for
 *     p                    0 to 1: the probability (share of votes) that chosen is the better answer
 *     preference           the same where it is a number from 0 to 1; anything else is another project's field and left
 *                          alone, as unknown fields are
 *     tie, winner_tie      true or 1: neither is better, p = 1/2
 *     overall_preference   0: a tie (HelpSteer3); other values say what chosen and rejected say already
 *     weight               a number above 0, at most 1e6
 *
 * All may be missing or null, and be the text of the number, as CSV has them ("" is missing).
 */
#ifndef ASSAY_DATA_PAIR_LABEL_H
#define ASSAY_DATA_PAIR_LABEL_H

#include "base/json_doc.h"
#include "data/pair_set.h"

/* Fills pair's margin, share and weight, each of which stays as it is where the line has no such field. ASSAY_E_FORMAT
 * names the field; it carries no place. */
assay_status assay_pair_label_read(const json_t *line, assay_pair *pair, assay_error *err);

#endif
