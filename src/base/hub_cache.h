/* What other programs have fetched from the Hugging Face hub or ModelScope, found in their caches. Nothing is
 * downloaded.
 *
 *     if (assay_hub_id_is(path)) folder = assay_hub_cache_find(ASSAY_HUB_MODEL, path); // NULL: not there
 *
 * Hugging Face: CACHE/models--ORG--NAME/snapshots/REVISION (datasets--ORG--NAME for data), where the file refs/main
 * holds the revision (huggingface_hub, file_download.py, constants.py). CACHE is the first of $HF_HUB_CACHE,
 * $HUGGINGFACE_HUB_CACHE, $HF_HOME/hub, $XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub that holds it.
 * ModelScope: CACHE/[models/]ORG/NAME (datasets/ORG/NAME) with the dots of a name written as three underscores
 * (modelscope/hub/utils/utils.py and its cache folders of several generations). */
#ifndef ASSAY_BASE_HUB_CACHE_H
#define ASSAY_BASE_HUB_CACHE_H

#include <stdbool.h>

typedef enum assay_hub_kind { ASSAY_HUB_MODEL, ASSAY_HUB_DATASET } assay_hub_kind;

/* org/name: one slash, letters, digits and ._- only, neither part beginning with a dot. */
bool assay_hub_id_is(const char *path);

/* The folder with the files, in fresh memory; NULL: no cache holds it, or no memory. */
char *assay_hub_cache_find(assay_hub_kind kind, const char *id);

#endif
