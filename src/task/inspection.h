/* What a path is, what Assay can do with it, what is wrong with it: one JSON object of plain facts.
 *
 * Nothing found wrong is an error of the call: it becomes a sentence in "problems". Only a path that does not exist
 * (and is in no hub cache), or memory, fails. Keys always there: path, kind ("checkpoint", "gguf", "adapter", "run",
 * "safetensors", "bin", "tokenizer", "unknown"), architecture, parameters, dtype, head, supported, problems,
 * fingerprint (null where there is none). */
#ifndef ASSAY_TASK_INSPECTION_H
#define ASSAY_TASK_INSPECTION_H

#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"

assay_status assay_inspect(const char *path, json_t **out, assay_error *err);

/* For inspection*.c. */
void assay_inspect_problem(json_t *report, const char *format, ...) ASSAY_PRINTF(2, 3);
void assay_inspect_set(json_t *report, const char *key, json_t *value);

/* parameters, dtype and fingerprint of a list of weights. */
void assay_inspect_weights(json_t *report, const assay_checkpoint *weights);

/* Fills the report of a folder or .gguf file with weights; of an adapter's folder. */
void assay_inspect_checkpoint(json_t *report, const char *path);
void assay_inspect_adapter(json_t *report, const char *path);
void assay_inspect_tokenizer(json_t *report, const char *folder, const assay_gguf *gguf, size_t vocab);

#endif
