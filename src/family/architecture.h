/* Families of models: one constant descriptor a file, one line in the list (architecture_list.c). A descriptor holds
 * all that differs: how to recognise a config.json, how to read it into an assay_model_config, what the weights are
 * called in Hugging Face's files and in GGUF, the shapes that `init` knows, the classes that are written. The layer
 * is the common one (model/decoder.c) unless the family names its own (model/layer.h); what a family's block has beyond
 * plain pre-norm, grouped keys, rotary positions and a gated MLP is said by fields of the config and by names that are
 * there or not.
 *
 * A new family is one file and one line. It may use what several share: assay_config_read_decoder and
 * assay_config_make_decoder (Llama's spelling of a config), assay_names_llama (its names), assay_gguf_llama_keys.
 */
#ifndef ASSAY_FAMILY_ARCHITECTURE_H
#define ASSAY_FAMILY_ARCHITECTURE_H

#include "base/json_doc.h"
#include "base/prefix_rule.h"
#include "head/head.h"

typedef enum assay_rope_scaling {
    ASSAY_ROPE_PLAIN,
    ASSAY_ROPE_LINEAR,
    ASSAY_ROPE_LLAMA3,
    ASSAY_ROPE_YARN,
    ASSAY_ROPE_LONG /* one factor a frequency; texts longer than original_positions have other ones */
} assay_rope_scaling;

enum { ASSAY_MOST_ROPE_FACTORS = 256 };

typedef struct assay_rope_config {
    double base;
    assay_rope_scaling scaling;
    /* attention_factor, mscale, mscale_all_dim 0: not said */
    double factor, low_freq_factor, high_freq_factor, beta_fast, beta_slow, attention_factor, mscale, mscale_all_dim;
    bool half;          /* frequencies are rounded to f16, as the model's own code keeps them */
    bool keep_fraction; /* yarn: the borders of the ramp are not rounded to whole numbers ("truncate": false) */
    size_t original_positions;
    size_t short_count; /* longrope: of short_factors, rotary / 2 */
    float short_factors[ASSAY_MOST_ROPE_FACTORS];
} assay_rope_config;

/* Module paths below the model; "%d" is the layer. A NULL name: not there. */
typedef struct assay_module_names {
    const char *prefix; /* the base model's, which files may omit ("model.", "transformer.") */
    const char *embedding;
    const char *embedding_norm;
    const char *input_norm, *attention_norm; /* before attention; behind it, before the residual is added */
    const char *post_norm, *mlp_norm;        /* the same of the MLP */
    const char *final_norm;
    const char *qkv;             /* one fused module, or */
    const char *q, *k, *v;       /* three */
    const char *q_norm, *k_norm; /* used where the config says so (qk_norm) */
    const char *out;
    const char *gate_up;   /* one fused module [gate | up], or */
    const char *gate, *up; /* two; or `up` alone: an MLP without a gate */
    const char *down;
    const char *head;          /* "score", "classifier_head" */
    const char *language_head; /* not part of a reward model */
} assay_module_names;

typedef enum assay_norm_kind {
    ASSAY_NORM_RMS,
    ASSAY_NORM_RMS_PLUS_ONE, /* weights are stored less one */
    ASSAY_NORM_LAYER         /* mean taken off; a bias where norm_bias */
} assay_norm_kind;

typedef enum assay_qk_norm {
    ASSAY_QK_PLAIN,
    ASSAY_QK_HEADS, /* over each head's columns, one weight for all heads */
    ASSAY_QK_ROWS   /* over the whole row */
} assay_qk_norm;

/* How a fused query-key-value module lays out its rows. */
typedef enum assay_qkv_layout {
    ASSAY_QKV_BLOCKS, /* [all q | all k | all v] */
    ASSAY_QKV_GROUPS  /* for each key head [its q heads | k | v] */
} assay_qkv_layout;

typedef enum assay_activation { ASSAY_SILU, ASSAY_GELU_TANH } assay_activation;

/* What a query sees of its path, and how it knows where a key is. */
typedef enum assay_positions { ASSAY_POSITIONS_ROTARY, ASSAY_POSITIONS_ALIBI } assay_positions;

enum { ASSAY_MOST_LAYERS = 4096 };

/* One bit a layer. */
typedef struct assay_layer_set {
    uint64_t bits[ASSAY_MOST_LAYERS / 64];
} assay_layer_set;

static inline bool assay_layer_in(const assay_layer_set *set, size_t layer)
{
    return layer < ASSAY_MOST_LAYERS && (set->bits[layer / 64] >> layer % 64 & 1);
}

static inline void assay_layer_add(assay_layer_set *set, size_t layer)
{
    if (layer < ASSAY_MOST_LAYERS) set->bits[layer / 64] |= (uint64_t)1 << layer % 64;
}

struct assay_architecture;

/* A config as numbers. Zero is the plain case everywhere: a family sets what it has. */
typedef struct assay_model_config {
    const struct assay_architecture *arch;
    size_t vocab, hidden, ffn, layers, heads, kv_heads, head_dim, max_positions;
    assay_positions positions;
    size_t rotary;            /* rotated columns of each head; with two axes, of each axis */
    size_t position_axes;     /* 0: one; 2: the next `rotary` columns of a head turn by the second (prefix_rule.h) */
    assay_prefix_rule prefix; /* what is read both ways */
    bool adjacent;            /* pairs (2i, 2i+1) instead of (i, i + rotary/2) */
    assay_rope_config rope;
    assay_rope_config local_rope; /* of the layers with a window, where base is not 0 */
    assay_layer_set unrotated;    /* layers without rotary positions */
    size_t window;                /* keys that a query of a windowed layer sees, itself included; 0: no window */
    assay_layer_set windowed;     /* layers that have it */
    assay_norm_kind norm;
    bool norm_bias;
    float eps;
    assay_qk_norm qk_norm;
    assay_qkv_layout qkv_layout;
    assay_activation activation;
    bool parallel;                         /* attention and MLP both read the one norm and add to the one residual */
    float embedding_scale, residual_scale; /* 0: 1 */
    float normed_residual; /* the layer chatglm1's alone: what the norm's output is multiplied with as residual */
    float attention_scale; /* of q k^T; 0: 1 / sqrt(head_dim) */
    float attention_cap;   /* scores become cap * tanh(score / cap); 0: none */
    bool qkv_bias, out_bias, mlp_bias, head_bias;
    assay_head head; /* its kind by the class; the rest by the tensors (model/model_tensors.h) */
    int64_t pad_token, bos_token, eos_token; /* -1: none */
} assay_model_config;

/* A shape for `init`, `plan` and `bench`. */
typedef struct assay_model_shape {
    const char *name;
    bool tiny; /* a family in small */
    size_t vocab, hidden, ffn, layers, heads, kv_heads, head_dim, max_positions;
    double eps, rope_base;
    double llama3_factor; /* rope scaling of Llama 3.1 and later; 0: none */
} assay_model_shape;

/* ---- GGUF (keys and names: llama.cpp, gguf-py/gguf/constants.py and tensor_mapping.py) ---- */

typedef struct assay_name_pair {
    const char *gguf, *hf;
} assay_name_pair;

typedef struct assay_gguf_key {
    const char *gguf; /* behind "<architecture>." */
    const char *hf;
    bool real; /* a number with a fraction; else a positive whole one */
    bool optional;
} assay_gguf_key;

typedef struct assay_gguf_family {
    const char *name;                        /* general.architecture */
    const char *block;                       /* what stands before a block's number in Hugging Face's names */
    const assay_name_pair *whole, *in_block; /* stems, NULL-terminated */
    bool permuted;                           /* llama.cpp's converter permuted the rows of q and k */
    bool norm_plus_one;                      /* its converter added one to the norms' weights */
    const assay_gguf_key *keys;              /* NULL-terminated */
    const assay_gguf_key *own_keys;          /* more of them, where `keys` is shared; may be NULL */
    const char *fixed;                       /* JSON members that every such model has */
    const assay_name_pair *switches;         /* tensor -> key that is true where the tensor is there; may be NULL */
    /* last touches on the config; may be NULL */
    assay_status (*complete)(json_t *config, assay_error *err);
    const char *vocab_key;    /* rows of the embedding */
    const char *head_dim_key; /* written where the metadata has it, or always (head_dim_always) */
    bool head_dim_always;
    const char *kv_heads_key;              /* where the config has the key heads */
    bool grouped_qkv;                      /* its converter put all q, all k, all v of (q, k, v) head by head */
    bool unrotated;                        /* positions are no rotation: no key is written of one */
    const char *ratio_key;                 /* where the config has the rotated part of a head; NULL: always... */
    double ratio;                          /* ...this part of it; 0: the whole head */
    const char *theta_key;                 /* where the config has the rotary base; NULL: rope_theta */
    double theta_unit;                     /* in these units; 0: 1 */
    const char *class_prefix, *base_class; /* "Llama", "ForCausalLM" */
} assay_gguf_family;

extern const assay_gguf_key assay_gguf_llama_keys[];
extern const assay_name_pair assay_gguf_llama_whole[], assay_gguf_llama_block[];

/* ---- the descriptor ---- */

/* Which token of a text the reference's class for sequence classification reads, by ids alone. Of the config's pad it
 * is blind (LAST), looks for the rightmost token that is another (NOT_PAD: Transformers since 4.49), or stops before
 * the first one (BEFORE_PAD: older code, which remote code still is; a text that begins with pad is read at its end).
 */
typedef enum assay_pooling { ASSAY_POOL_NOT_PAD, ASSAY_POOL_LAST, ASSAY_POOL_BEFORE_PAD } assay_pooling;

typedef struct assay_architecture {
    const char *name;           /* "llama" */
    const char *title;          /* "Llama 2/3, SmolLM2, TinyLlama ..." for `models` */
    const char *base_class;     /* "LlamaForCausalLM" */
    const char *sequence_class; /* class name of the reward model in Hugging Face; NULL: it has none, base_class is
                                   written and the head beside it */
    const char *token_head; /* the head's module in Hugging Face's class for token classification; NULL: it has none */
    assay_pooling pooling;  /* of sequence_class */
    const assay_module_names *names;
    const char *own_layer;           /* a layer of its own (model/layer.h); NULL: the common one */
    bool peft_task_type_null;        /* its own code lacks output_attentions: PEFT's SEQ_CLS wrapper would raise */
    bool keeps_language_head;        /* its own reward class holds the language head and a table of frequencies, too */
    const char *frequencies;         /* name of that table; NULL: none */
    const char *native;              /* the family that computes the same without remote code (--format NAME) */
    const char *eps_key;             /* where the config has the norm's epsilon */
    const char *template_hint;       /* for `models` */
    const assay_model_shape *shapes; /* the last has no name */
    const assay_gguf_family *gguf;   /* NULL: llama.cpp does not know it, or under another family's name */
    bool own_spelling;               /* its config has its own words, none of config_decoder.c's */
    const char *const *keys;         /* config keys that the reader looks at beyond those every family has
                                        (config_audit.c); NULL-terminated, may be NULL */
    bool (*recognise)(const json_t *config); /* NULL: model_type is `name` */
    assay_status (*read_config)(const json_t *config, const char *where, assay_model_config *out, assay_error *err);
    /* config.json of a new checkpoint (init); NULL on out of memory */
    json_t *(*make_config)(const assay_model_config *wanted);
} assay_architecture;

/* NULL behind the last. */
const assay_architecture *assay_architecture_at(size_t index);
const assay_architecture *assay_architecture_find(const char *name); /* NULL: not there */

const assay_architecture *assay_architecture_of(const json_t *config); /* NULL: none knows it */

/* Finds the architecture and reads the config; the error lists what is supported. */
assay_status assay_model_config_read(const json_t *config, const char *where, assay_model_config *out,
                                     assay_error *err);

/* ---- pieces that families share ---- */

extern const assay_module_names assay_names_llama;

assay_status assay_config_size(const json_t *config, const char *key, size_t most, size_t *out, const char *where,
                               assay_error *err);
assay_status assay_config_size_or(const json_t *config, const char *key, size_t most, size_t fallback, size_t *out,
                                  const char *where, assay_error *err);
assay_status assay_config_real(const json_t *config, const char *key, float fallback, float *out, const char *where,
                               assay_error *err);
/* A norm's epsilon, where the class's own default differs from Llama's. */
assay_status assay_config_eps(const json_t *config, const char *key, double fallback, assay_model_config *out,
                              const char *where, assay_error *err);
/* Refuses a switch that is not as `wanted`; `family`, for the message, is what was released with it. */
assay_status assay_config_expect(const json_t *config, const char *key, bool fallback, bool wanted, const char *family,
                                 const char *where, assay_error *err);
assay_status assay_config_rope(const json_t *config, double base, size_t max_positions, assay_rope_config *out,
                               const char *where, assay_error *err);
/* The same from one object in rope_parameters' spelling. */
assay_status assay_config_rope_object(const json_t *object, size_t max_positions, assay_rope_config *out,
                                      const char *where, assay_error *err);
/* partial_rotary_factor, in rope_parameters or beside it, sets `rotary`. */
assay_status assay_config_partial_rotary(const json_t *config, double fallback, assay_model_config *out,
                                         const char *where, assay_error *err);
assay_status assay_config_tokens(const json_t *config, assay_model_config *out, const char *where, assay_error *err);
/* The activation by its name in Transformers. */
assay_status assay_config_activation(const json_t *config, const char *key, const char *fallback,
                                     assay_model_config *out, const char *where, assay_error *err);
/* "layer_types" where it is there: layers called sliding_attention get the window, full_attention none. `fallback`, may
 * be NULL, decides where it is not. */
assay_status assay_config_layer_types(const json_t *config, bool (*fallback)(const json_t *config, size_t layer),
                                      assay_model_config *out, const char *where, assay_error *err);
/* A window as the key says (null or absent: none), for every layer. */
assay_status assay_config_window(const json_t *config, const char *key, assay_model_config *out, const char *where,
                                 assay_error *err);
bool assay_config_is_type(const json_t *config, const char *model_type);

/* Llama's spelling: sizes, heads, rms_norm_eps, attention_bias, mlp_bias, hidden_act, rope. */
assay_status assay_config_read_decoder(const json_t *config, const char *where, assay_model_config *out,
                                       assay_error *err);
json_t *assay_config_make_decoder(const assay_model_config *wanted);
/* The same with another model_type and class; `drop`: keys this family has not, NULL-terminated, may be NULL. */
json_t *assay_config_make_like(const assay_model_config *wanted, const char *model_type, const char *class_name,
                               const char *const *drop);

/* The tokens of the longest text whose positions are those of the config as read: original_positions of a longrope,
 * whose reference turns every token of a longer text by long_factor; SIZE_MAX of all others. */
size_t assay_rope_longest(const assay_rope_config *rope);
/* inverse[i] for i < rotary / 2, formed in f32 as the reference does; *angle_scale multiplies cos and sin. */
void assay_rope_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale);

#endif
