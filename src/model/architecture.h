/* Architectures: one constant descriptor a file, one line in the list (architecture_list.c). A descriptor says how to
 * recognise a config.json, how to read it into an assay_model_config, and what the weights are called. All present
 * families share one recipe (decoder.c: pre-norm decoder, grouped-query attention, rotary positions, SwiGLU); a family
 * with another block adds its steps there behind a field of assay_model_config, or writes a recipe of its own
 * (CONTRIBUTING.md). */
#ifndef ASSAY_MODEL_ARCHITECTURE_H
#define ASSAY_MODEL_ARCHITECTURE_H

#include "base/json_doc.h"
#include "program/program.h"

typedef enum assay_rope_scaling {
    ASSAY_ROPE_PLAIN,
    ASSAY_ROPE_LINEAR,
    ASSAY_ROPE_LLAMA3,
    ASSAY_ROPE_YARN
} assay_rope_scaling;

typedef struct assay_rope_config {
    double base;
    assay_rope_scaling scaling;
    /* attention_factor 0: by formula */
    double factor, low_freq_factor, high_freq_factor, beta_fast, beta_slow, attention_factor;
    size_t original_positions;
} assay_rope_config;

/* Module paths below the model; "%d" is the layer. A NULL name: not there. */
typedef struct assay_module_names {
    const char *embedding, *input_norm, *post_norm, *final_norm;
    const char *qkv;       /* one fused module [q | k | v], or */
    const char *q, *k, *v; /* three */
    const char *out;
    const char *gate_up;   /* one fused module [gate | up], or */
    const char *gate, *up; /* two */
    const char *down;
    const char *head;   /* "score", "classifier_head" */
    const char *prefix; /* the base model's prefix, which files may omit ("model.", "transformer.") */
} assay_module_names;

struct assay_architecture;

typedef struct assay_model_config {
    const struct assay_architecture *arch;
    size_t vocab, hidden, ffn, layers, heads, kv_heads, head_dim, max_positions;
    size_t rotary; /* rotated columns of each head */
    bool adjacent; /* pairs (2i, 2i+1) instead of (i, i + rotary/2) */
    assay_rope_config rope;
    float eps;
    bool qkv_bias, out_bias, mlp_bias, head_bias;
    int64_t pad_token, bos_token, eos_token; /* -1: none */
} assay_model_config;

typedef struct assay_architecture {
    const char *name;           /* "llama" */
    const char *title;          /* "Llama 2/3, SmolLM2, TinyLlama ..." for `models` */
    const char *sequence_class; /* class name of the reward model in Hugging Face */
    assay_module_names names;
    bool peft_task_type_null;  /* its own code lacks output_attentions: PEFT's SEQ_CLS wrapper would raise */
    const char *template_hint; /* for `models` */
    bool (*recognise)(const json_t *config);
    assay_status (*read_config)(const json_t *config, const char *where, assay_model_config *out, assay_error *err);
    /* config.json of a new checkpoint (init); NULL on out of memory */
    json_t *(*make_config)(const assay_model_config *wanted);
} assay_architecture;

extern const assay_architecture assay_arch_llama, assay_arch_qwen2, assay_arch_chatglm, assay_arch_glm;

/* NULL behind the last. */
const assay_architecture *assay_architecture_at(size_t index);

/* Finds the architecture and reads the config; the error lists what is supported. */
assay_status assay_model_config_read(const json_t *config, const char *where, assay_model_config *out,
                                     assay_error *err);

/* Pieces that config readers share. */
assay_status assay_config_size(const json_t *config, const char *key, size_t most, size_t *out, const char *where,
                               assay_error *err);
assay_status assay_config_size_or(const json_t *config, const char *key, size_t most, size_t fallback, size_t *out,
                                  const char *where, assay_error *err);
assay_status assay_config_rope(const json_t *config, double base, size_t max_positions, assay_rope_config *out,
                               const char *where, assay_error *err);
assay_status assay_config_tokens(const json_t *config, assay_model_config *out, const char *where, assay_error *err);
assay_status assay_config_check(const assay_model_config *config, const char *where, assay_error *err);
bool assay_config_is_type(const json_t *config, const char *model_type);

/* inverse[i] for i < rotary / 2, formed in f32 as the reference does; *angle_scale multiplies cos and sin. */
void assay_rope_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale);

#endif
