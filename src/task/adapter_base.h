/* Whether an adapter is put on the weights it was trained on. It loads wherever the shapes fit, and scores nonsense on
 * another model, and something near to what it was trained to on the same model in another type. */
#ifndef ASSAY_TASK_ADAPTER_BASE_H
#define ASSAY_TASK_ADAPTER_BASE_H

#include "base/log.h"
#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"

#include <jansson.h>

/* Where the base is that an adapter's config names: an absolute path or a hub id as it stands, a relative path from
 * here or else from beside the adapter's folder. The caller's (assay_free); NULL: out of memory. */
char *assay_adapter_base_path(const char *folder, const char *base);

/* Warns of a base in another place than the adapter's own config says, and of one whose weights have other types than
 * the adapter's assay.json says. `folder` is the adapter's, `notes` its assay.json; NULL: it has none. */
void assay_adapter_base_warn(const assay_adapter_file *adapter, const char *folder, const json_t *notes,
                             const assay_checkpoint *base, const assay_log *log);

/* What the check above reads, into the notes of a run on that base. Returns jansson's 0 or -1. */
int assay_adapter_base_note(json_t *notes, const assay_checkpoint *base);

#endif
