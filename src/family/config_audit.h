/* Nothing in a config.json is passed over in silence. Every key is one of these:
 *   - read by the family (its descriptor's keys, and Llama's where it spells a config so);
 *   - harmless: how the model was made, trained or is to be talked to, and what concerns the language head alone;
 *   - known to change the mathematics of some model: then it must have the value at which it changes nothing, or the
 *     config is refused by name. Where the reference's own class does not look at the key either, the user may say so
 *     with --ignore-config KEY, which takes it out of the config before it is read;
 *   - unknown: a note where it holds a number or a switch (assay_config_notes). */
#ifndef ASSAY_FAMILY_CONFIG_AUDIT_H
#define ASSAY_FAMILY_CONFIG_AUDIT_H

#include "family/architecture.h"
#include "head/head_kind.h"

/* Refuses what would be computed otherwise than the config says, other heads and quantised checkpoints among it. */
assay_status assay_config_audit(const json_t *config, const assay_architecture *arch, const char *where,
                                assay_error *err);

/* Sentences worth saying once when a model is opened, as a JSON array of strings (the caller's; may be empty, NULL when
 * out of memory). `head`: the checkpoint has a reward head; kind: which, NULL: the family's own. */
json_t *assay_config_notes(const json_t *config, const assay_architecture *arch, const assay_head_kind *kind,
                           bool head);

#endif
