/* What model_save.c, model_save_config.c and model_save_glm.c share; nobody else includes this. */
#ifndef ASSAY_MODEL_MODEL_SAVE_PRIVATE_H
#define ASSAY_MODEL_MODEL_SAVE_PRIVATE_H

#include "model/model_save.h"
#include "model/model_save_tensors.h"

/* A copy of the base's config.json, the caller's. With a head it becomes that of a reward model (sequence_class).
 * dtype: of the weights on disk; the base's spelling of the key is kept (torch_dtype, or dtype as Transformers 5 writes
 * it). */
typedef struct assay_save_config_request {
    const json_t *base;
    const char *sequence_class;
    size_t outputs;       /* of the head; 0: none */
    const json_t *labels; /* their names; NULL: the base's, or LABEL_0 ... */
    assay_dtype dtype;
    int64_t pad_token;
} assay_save_config_request;

assay_status assay_save_config(const assay_save_config_request *request, json_t **out, assay_error *err);

/* ChatGLM as Glm: the config, and the list rewritten (names, q, k and v apart, the head's bias dropped into *offset).
 * The list holds ChatGLM's names with their prefix. */
assay_status assay_save_glm_config(const assay_model_config *model, const json_t *base, const char *where, json_t **out,
                                   assay_error *err);
assay_status assay_save_glm_list(assay_save_list *list, const assay_model_config *model, double *offset,
                                 assay_error *err);

/* A packed body (model_save_packed.c): the list's types and names changed, and, once it is written, what rounding took:
 * [{"name", "type", "error"}], error the root of the squares lost over those there were. *out is the caller's. */
assay_status assay_save_pack_list(assay_save_list *list, const assay_architecture *arch, const json_t *config,
                                  assay_dtype wanted, assay_error *err);
assay_status assay_save_pack_report(const assay_save_list *list, json_t **out, assay_error *err);

/* The list into the folder's weight files, NF4 and INT8 as bitsandbytes writes them (model_save_bitsandbytes.c), and
 * what config.json says of it, a new value; NULL: out of memory. plain: the type of weights that are not packed. */
assay_status assay_save_list_write_parts(assay_save_list *list, bool nested, const char *folder, size_t shard_bytes,
                                         assay_error *err);
json_t *assay_save_parts_config(const assay_architecture *arch, assay_dtype packed, assay_dtype plain, bool nested);

#endif
