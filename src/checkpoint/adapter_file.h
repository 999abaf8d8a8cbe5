/* A PEFT adapter folder: adapter_config.json and adapter_model.safetensors.
 *
 * Naming on disk (PEFT, src/peft/utils/save_and_load.py): "base_model.model." + module path + ".lora_A.weight" [r, in],
 * ".lora_B.weight" [out, r]; a fully trained module (the head) plain, "base_model.model.score.weight". Older adapters'
 * variants "...score.modules_to_save.default.weight", "...lora_A.default.weight" and a missing "base_model.model." are accepted; what
 * changes the mathematics and is not supported (DoRA, bias other than none, layer replication, trainable tokens ...) is refused by name.
 */
#ifndef ASSAY_CHECKPOINT_ADAPTER_FILE_H
#define ASSAY_CHECKPOINT_ADAPTER_FILE_H

#include "base/json_doc.h"
#include "container/tensor_file.h"

typedef struct assay_adapter_config {
    int rank;                 /* r; 0 for a head-only adapter (peft_type null is not writable, so r and targets are kept minimal) */
    double alpha, dropout;
    bool rslora;              /* scale = alpha / sqrt(r) instead of alpha / r */
    char *base;               /* base_model_name_or_path */
    char **targets;           /* target_modules as a list of names; a single string (regex or "all-linear") is kept as one entry
                                 with target_is_pattern */
    size_t target_count;
    bool target_is_pattern;
    char **saved_modules;     /* modules_to_save */
    size_t saved_module_count;
    bool task_type_null;      /* write "task_type": null (architectures whose code lacks output_attentions) */
    json_t *rank_pattern, *alpha_pattern; /* objects, owned; may be NULL or empty */
} assay_adapter_config;

void assay_adapter_config_release(assay_adapter_config *config);

typedef struct assay_adapter_file {
    assay_adapter_config config;
    assay_tensor_file *tensors; /* names normalised: no "base_model.model.", no ".default", no "modules_to_save."; sorted */
} assay_adapter_file;

bool assay_is_adapter_folder(const char *path);
assay_status assay_adapter_open(assay_adapter_file **out, const char *folder, assay_error *err);
void assay_adapter_close(assay_adapter_file *adapter); /* NULL is fine */

/* Writes both files (PEFT's key set, indent 2, sorted keys). Tensor names without the "base_model.model." prefix, which is added. */
assay_status assay_adapter_write(const char *folder, const assay_adapter_config *config, const assay_tensor *tensors, size_t count,
                                 assay_error *err);

#endif
