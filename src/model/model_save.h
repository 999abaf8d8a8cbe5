/* What was trained, as files that Hugging Face and PEFT load and score the same.
 *
 *     assay_save_options options = {.lora = &spec, .pad_token = -1};
 *     // LoRA or head: adapter_model.safetensors, adapter_config.json
 *     ASSAY_TRY(assay_model_save_adapter(model, &options, folder, err));
 *     // config.json, model.safetensors, .py files of remote code
 *     ASSAY_TRY(assay_model_save_full(model, &options, folder, err));
 *     // the same from a checkpoint's weights, head or none
 *     ASSAY_TRY(assay_model_convert(checkpoint, &options, folder, err));
 *
 * The folder is made if need be and should hold nothing of another model; every file is written whole or not at all,
 * but the folder is complete only when the call returned ASSAY_OK: write into a temporary one and rename it. Tokenizer
 * files are not among them (tokenizer/tokenizer_save.h).
 *
 * A head of another kind (head/head_kind.h) stays of that kind, and the config keeps its class and keys: what was
 * trained on loads where the base did. An adapter's modules_to_save names it; a kind that its trainers keep in a file
 * of its own (TRL's value head) goes into value_head.safetensors beside the adapter.
 *
 * Weights are streamed: row by row they are read (from the mapped base or the model's own memory), adapters are added
 * in f32 as PEFT's merge does (W + scale * (B A)), and the result is rounded once to the type on disk. Nothing of a
 * model's size is ever allocated.
 *
 * --format glm: Transformers' Glm classes compute what ChatGLM2/3 computes (models/glm/modeling_glm.py), with q, k and
 * v apart and a head without a bias; so ChatGLM becomes a model that needs no remote code. The head's bias cannot
 * travel: it is returned in *score_offset, to be added to every score.
 */
#ifndef ASSAY_MODEL_MODEL_SAVE_H
#define ASSAY_MODEL_MODEL_SAVE_H

#include "base/held_files.h"
#include "model/model.h"

typedef enum assay_save_format {
    ASSAY_SAVE_OWN, /* the architecture's own classes */
    ASSAY_SAVE_GLM  /* ChatGLM2/3 as Transformers' Glm classes; any other architecture is refused */
} assay_save_format;

typedef struct assay_save_options {
    /* adapter */
    const char *base;            /* base_model_name_or_path; NULL: the checkpoint's absolute path */
    const assay_lora_spec *lora; /* how the adapter was made, or */
    /* the config of the adapter that was gone on from. Both NULL: the head alone was trained */
    const assay_adapter_config *adapter;
    /* full, convert */
    const json_t *labels; /* an array: names of the head's outputs; NULL: the base's, else LABEL_0 ... */
    assay_dtype dtype;    /* F32, BF16 or F16 */
    bool keep_dtype;      /* convert: plain types as they are, block types as f32; dtype is not read */
    /* convert: a block type for the body's matrices, in ASSAY_BODY_FILE; NF4 or INT8 for its linear layers, as
     * bitsandbytes writes them; ASSAY_F32: none */
    assay_dtype quantise;
    bool double_quant;  /* of NF4: the scales are packed, too */
    json_t **quantised; /* out, may be NULL: then [{"name", "type", "error"}], the caller's (json_decref) */
    assay_save_format format;
    int64_t pad_token;  /* a token that never ends a text: Hugging Face scores the last token that differs from it.
                           -1: the base's */
    size_t shard_bytes; /* 0: Transformers' 5 GB */
    const assay_held_files *code; /* .py files held before; NULL: those that the checkpoint's folder has now */
    double *score_offset;         /* out, may be NULL: the head's bias that --format glm had to drop; else 0 */
} assay_save_options;

/* Holds the .py files of a checkpoint's remote code (base/held_files.h), for assay_save_options.code. A checkpoint
 * without any holds nothing. */
assay_status assay_model_hold_code(const assay_checkpoint *checkpoint, assay_held_files *held, assay_error *err);

/* The model's adapters and head. The tensors are f32. */
assay_status assay_model_save_adapter(const assay_model *model, const assay_save_options *options, const char *folder,
                                      assay_error *err);

/* The whole model with its adapters folded in and its head, as XForSequenceClassification. */
assay_status assay_model_save_full(const assay_model *model, const assay_save_options *options, const char *folder,
                                   assay_error *err);

/* A checkpoint's weights as they are. With a reward head it becomes XForSequenceClassification without language model
 * head; without one it stays what it is, all tensors kept (--format glm: GlmForCausalLM). A head of several
 * labels keeps their names; it is refused where it is to become Glm's, and one of another kind also where it is to be
 * packed. */
assay_status assay_model_convert(const assay_checkpoint *checkpoint, const assay_save_options *options,
                                 const char *folder, assay_error *err);

#endif
