/* New heads for `init --head`: what a kind's own class would save, in small. First assay_head_make, into the
 * model's config: its program has the head's weights then (model/decoder.h); then assay_head_make_config,
 * into config.json.
 */
#ifndef ASSAY_HEAD_HEAD_MAKE_H
#define ASSAY_HEAD_HEAD_MAKE_H

#include "head/head_kind.h"

/* text: a number of labels, for the family's own module `plain` (with a bias where the family has one), or a kind's
 * name. ASSAY_E_USAGE: neither; the message lists the kinds. */
assay_status assay_head_make(assay_head *out, const char *text, const char *plain, size_t hidden, bool bias,
                             assay_error *err);

/* Writes into config what such a checkpoint's has: class, labels, the kind's own keys. */
assay_status assay_head_make_config(const assay_head *head, json_t *config, const char *base_class,
                                    const char *sequence_class, assay_error *err);

#endif
