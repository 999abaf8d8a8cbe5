/* Which token of a text a trained head is read at, and that in words.
 *
 * A head that others trained is read where the reference's class reads it (family/architecture.h); a new one is trained
 * at the last token, whatever the base's pad, and so were Assay's own. */
#ifndef ASSAY_TASK_POOLING_H
#define ASSAY_TASK_POOLING_H

#include "base/json_doc.h"
#include "family/architecture.h"

/* Of a checkpoint's config.json, read into model, whose head Assay did not write. ASSAY_POOL_LAST where it has no
 * trained head, or names no pad. */
assay_pooling assay_pooling_of(const json_t *config, const assay_model_config *model);

/* A noun: "the last token that is not the config's pad". */
const char *assay_pooling_words(assay_pooling pooling);

#endif
