/* A PEFT adapter folder: adapter_config.json and adapter_model.safetensors. Naming on disk (PEFT,
 * src/peft/utils/save_and_load.py): "base_model.model." + module path + ".lora_A.weight" [r, in], ".lora_B.weight"
 * [out, r]; a fully trained module (the head) plain, "base_model.model.score.weight". Older adapters' variants
 * "...score.modules_to_save.default.weight", "...lora_A.default.weight" and a missing "base_model.model." are accepted,
 * and so is a value head (v_head.*, value_head.*) among them or in a file of its own: value_head.safetensors or .bin
 * (LLaMA-Factory), or all that model.safetensors or pytorch_model.bin holds (TRL);
 * what changes the mathematics and is not supported (DoRA, bias other than none, layer replication, trainable tokens
 * ...) is refused by name. */
#ifndef ASSAY_CHECKPOINT_ADAPTER_FILE_H
#define ASSAY_CHECKPOINT_ADAPTER_FILE_H

#include "base/json_doc.h"
#include "container/tensor_file.h"

typedef struct assay_adapter_config {
    int rank; /* r; 0 for a head-only adapter: on disk r is then 1 and target_modules "dummy-target-modules", PEFT's own
                 word for "no module" (src/peft/utils/constants.py), read back as 0 and no targets */
    double alpha, dropout;
    bool rslora;                /* scale = alpha / sqrt(r) instead of alpha / r */
    const char *base;           /* base_model_name_or_path */
    const char *const *targets; /* target_modules as a list of names; a single string (regex or "all-linear") is kept
                                   as one entry with target_is_pattern */
    size_t target_count;
    bool target_is_pattern;
    const char *const *saved_modules; /* modules_to_save */
    size_t saved_module_count;
    bool task_type_null; /* write "task_type": null (architectures whose code lacks output_attentions) */
    bool token_classes;  /* "TOKEN_CLS": the head is read at many places of a text, as TRL's PRMTrainer has it */
    json_t *rank_pattern, *alpha_pattern; /* objects, owned; may be NULL or empty */
} assay_adapter_config;

void assay_adapter_config_release(assay_adapter_config *config);

typedef struct assay_adapter_file {
    assay_adapter_config config;
    assay_tensor_file
        *tensors; /* names normalised: no "base_model.model.", no ".default", no "modules_to_save."; sorted. Every
                     lora_A [r, in] has its lora_B [out, r]; all are F32, F16, BF16 or F64 */
    char *names;  /* the block those names lie in */
    assay_tensor_file *head; /* a value head in a file of its own, whose tensors are among `tensors`; NULL: none */
} assay_adapter_file;

bool assay_is_adapter_folder(const char *path);
assay_status assay_adapter_open(assay_adapter_file **out, const char *folder, assay_error *err);
void assay_adapter_close(assay_adapter_file *adapter); /* NULL is fine */

/* The factor s of y = Wx + s B(Ax) for one module ("model.layers.0.self_attn.q_proj") whose A has `rank` rows: alpha /
 * rank, or alpha / sqrt(rank) with rslora, where alpha_pattern's first key that matches the module's end replaces alpha
 * (PEFT, src/peft/utils/other.py, get_pattern_key: the regular expression (.*\.)?(KEY)$). An invalid expression is an
 * error. */
assay_status assay_adapter_scale(const assay_adapter_config *config, const char *module, size_t rank, double *scale,
                                 assay_error *err);

/* Writes both files (PEFT's keys, indent 2, sorted), making the folder if need be. Tensor names without the
 * "base_model.model." prefix, which is added. */
assay_status assay_adapter_write(const char *folder, const assay_adapter_config *config, const assay_tensor *tensors,
                                 size_t count, assay_error *err);

/* A head in a file of its own beside them, value_head.safetensors, names as they are; to be written first, since a
 * folder with adapter_config.json is whole. */
assay_status assay_adapter_write_head(const char *folder, const assay_tensor *tensors, size_t count, assay_error *err);

#endif
