/* A checkpoint as the rest of Assay sees it: a config in Hugging Face's words and weights by Hugging Face's names.
 * assay_checkpoint_open takes a Hugging Face folder (model.safetensors, sharded safetensors with its index, or
 * pytorch_model*.bin, or a packed body), or a .gguf file, whose metadata and tensor names are translated; or a hub id
 * ("Qwen/Qwen2.5-0.5B"), looked for in the local Hugging Face and ModelScope caches (HF_HUB_CACHE, HF_HOME,
 * ~/.cache/huggingface/hub, MODELSCOPE_CACHE, ~/.cache/modelscope/hub) and otherwise refused with the download command.
 * With ASSAY_CHECKPOINT_CONFIG_ONLY the weight files are not looked for. Weights stay mapped; assay_checkpoint_read
 * converts to f32 and undoes GGUF's row permutation of q and k (llama family). A weight whose `permuted_heads` is 0 and
 * whose dtype is plain may also be used in place through `tensor.data`. */
#ifndef ASSAY_CHECKPOINT_CHECKPOINT_H
#define ASSAY_CHECKPOINT_CHECKPOINT_H

#include "base/json_doc.h"
#include "checkpoint/adapter_file.h"
#include "container/gguf.h"
#include "container/tensor_file.h"

struct assay_adapter_file;

typedef enum assay_checkpoint_kind { ASSAY_CHECKPOINT_HF, ASSAY_CHECKPOINT_GGUF } assay_checkpoint_kind;

typedef struct assay_weight {
    assay_tensor tensor; /* Hugging Face's name; data as in the file */
    int permuted_heads;  /* > 0: rows are permuted per head as llama.cpp's converter does; read() undoes it */
    int grouped_heads;   /* > 0: the file has all q, all k, all v; read() gives (q, k, v) head by head, of so many heads
                          */
    bool plus_one;       /* the file holds one more (GGUF's norms of a family that stores them less one); read() undoes
                            it */
    const char *file;    /* base name of the file it lies in */
} assay_weight;

typedef struct assay_checkpoint {
    assay_checkpoint_kind kind;
    char *path;            /* folder, or the .gguf file; absolute */
    char *name;            /* as the user gave it */
    json_t *config;        /* config.json; for GGUF made from the metadata with Hugging Face's keys */
    assay_weight *weights; /* sorted by tensor.name; empty with CONFIG_ONLY */
    size_t weight_count;
    size_t unlisted_count; /* weights that lie in a shard but not in its index; worth a warning */
    assay_tensor_file **files;
    size_t file_count;
    assay_gguf *gguf;   /* for the tokenizer; NULL for a folder */
    assay_gguf *body;   /* a folder's packed weights, ASSAY_BODY_FILE; NULL: it has others */
    assay_parts *parts; /* of weights of several tensors (bitsandbytes), which stand in the list as one */
    void **kept;        /* memory of weights that are in no file (assay_checkpoint_keep) */
    size_t kept_count, kept_capacity;
    bool owns_names; /* the weights' names are translations, freed with the checkpoint */
} assay_checkpoint;

enum { ASSAY_CHECKPOINT_CONFIG_ONLY = 1 };

/* What convert --quantize writes beside config.json: tensors under llama.cpp's names and in its order where the
 * family's table knows them, else as Hugging Face has them. */
#define ASSAY_BODY_FILE "model.gguf"

assay_status assay_checkpoint_open(assay_checkpoint **out, const char *path, unsigned flags, assay_error *err);
/* A checkpoint that is a config alone, without files: takes over the config, also when it fails. */
assay_status assay_checkpoint_of_config(assay_checkpoint **out, const char *name, json_t *config, assay_error *err);
void assay_checkpoint_close(assay_checkpoint *checkpoint); /* NULL is fine */

/* Memory to be freed with the checkpoint; taken over when this fails, too. */
assay_status assay_checkpoint_keep(assay_checkpoint *checkpoint, void *memory, assay_error *err);

/* NULL: not there. */
const assay_weight *assay_checkpoint_find(const assay_checkpoint *checkpoint, const char *name);

/* Hugging Face's row -> the row in the file, for a weight of so many rows. */
size_t assay_weight_source_row(const assay_weight *weight, size_t rows, size_t row);

/* Its inverse: the row in the file -> Hugging Face's. */
size_t assay_weight_model_row(const assay_weight *weight, size_t rows, size_t row);

/* The whole weight as f32 rows; dst holds the product of its shape. ASSAY_E_UNSUPPORTED for integer tensors. */
assay_status assay_checkpoint_read(const assay_checkpoint *checkpoint, const assay_weight *weight, float *dst,
                                   assay_error *err);

/* Where bytes that lie in a mapped file are in it. */
typedef struct assay_file_place {
    const char *path; /* the checkpoint's */
    uint64_t file_bytes, offset;
} assay_file_place;

/* False: they lie in none of the checkpoint's files, but in memory made of one (a compressed archive's). */
bool assay_checkpoint_locate_bytes(const assay_checkpoint *checkpoint, const void *data, size_t bytes,
                                   assay_file_place *place);

/* Takes keys out of the config, as if they were not there; a key that it has not got is none of this call's business.
 * Returns how many were there. */
size_t assay_checkpoint_ignore(assay_checkpoint *checkpoint, const char *const *keys, size_t count);

/* Makes one label of a classifier its score: `label` is a name of id2label or a number from 0, and is written into the
 * config (head/head.h). adapter: the one whose head goes before the checkpoint's, or NULL. To be called before the
 * config is read. One label alone stays as it is; ASSAY_E_USAGE, with the labels there are, where none or several are
 * called so, or there is no head. */
assay_status assay_checkpoint_choose_label(assay_checkpoint *checkpoint, const struct assay_adapter_file *adapter,
                                           const char *label, assay_error *err);

/* The types that its matrices have, each once: "BF16", "Q4_K Q6_K". "": it has none, or ASSAY_CHECKPOINT_CONFIG_ONLY.
 */
enum { ASSAY_CHECKPOINT_TYPES_SIZE = 256 };
void assay_checkpoint_types(const assay_checkpoint *checkpoint, char text[ASSAY_CHECKPOINT_TYPES_SIZE]);

/* Some of its weights are in a type of blocks or parts. */
bool assay_checkpoint_is_packed(const assay_checkpoint *checkpoint);

/* Identity of the weights and config: hex of XXH3-128 over config (sorted) and every tensor's name, dtype, shape and
 * bytes. Reads all bytes once. `text` holds at least 33 bytes. */
assay_status assay_checkpoint_fingerprint(const assay_checkpoint *checkpoint, char *text, assay_error *err);

#endif
