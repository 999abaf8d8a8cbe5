/* Heads of other trainers and classes: one constant descriptor a file, one line in the map below. A descriptor says how
 * such a head is told by a checkpoint's tensors and config, and what it makes of a hidden state; the arithmetic is the
 * model's (model/decoder.c writes the layers as steps of the program). Those of one number are trained on, and what is
 * saved has the same kind (model/model_save.h).
 * Whoever opens a checkpoint fills in a view of it and asks assay_head_find; where that finds nothing, the head is the
 * family's own, or there is none. */
#ifndef ASSAY_HEAD_HEAD_KIND_H
#define ASSAY_HEAD_HEAD_KIND_H

#include "head/head.h"

/* What a kind may ask of a checkpoint. */
typedef struct assay_head_view {
    const json_t *config;
    const char *plain; /* the module of the family's own head */
    size_t hidden;
    const struct assay_head_kind *declared; /* by whoever made the tensors; NULL: the config's class says it */
    const void *context;
    /* Rows and columns of a tensor; a vector has 0 columns. False: it is not there, or has more dimensions. */
    bool (*shape)(const void *context, const char *name, size_t shape[2]);
} assay_head_view;

typedef struct assay_head_kind {
    const char *name;           /* "trl" */
    const char *title;          /* for people: what it is and who has it */
    const char *const *classes; /* of `architectures` that have no other head; NULL-terminated, may be NULL */
    const char *class_ending;   /* the same for all classes that end so, "ForTokenClassification"; NULL: none */
    const char *const *keys;    /* of the config that it reads; NULL-terminated, may be NULL */
    const char *end_key;        /* of the config: a token that ends every text that is read; NULL: none */
    const char *separator;      /* ends each step, where its own code reads it; NULL: it is read at one token alone */
    /* The name of an output that the config does not tell; NULL where it has none. May be NULL. */
    const char *(*label)(const json_t *config, size_t index);
    bool stops_at_pad; /* its class reads the token before the first pad of the config; else the last */
    /* Fills in `out`, which is zero, and sets *found, where the tensors are those of this kind. declared: the config's
     * class is one of `classes`. `where` is for messages; ASSAY_E_UNSUPPORTED: they are, but the config asks for more
     * than is read here. label: left 0, the chosen one is put in by whoever asks. */
    assay_status (*read)(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err);
    bool own_file; /* with an adapter its tensors lie in value_head.safetensors; else among the adapter's own */
    /* What `init --head` writes (head/head_make.h): layers, the last of them without a module, outputs 0 for as many as
     * the hidden state has columns; and JSON members of the config. Both may be NULL: no layers, no tiny one.
     * init_gate: what a gated kind adds, else NULL. */
    const assay_head_layer *init_layers;
    const char *init_config;
    void (*init_gate)(assay_head *head);
} assay_head_kind;

/* All kinds: a new one gets one line here. */
#define ASSAY_HEAD_MAP(X) \
    X(mlp)                \
    X(grm)                \
    X(armorm)             \
    X(internlm2)          \
    X(trl)                \
    X(openrlhf)           \
    X(ultrarm)            \
    X(beaver)             \
    X(process)            \
    X(tokens)

#define ASSAY_HEAD_DECLARE(name) extern const assay_head_kind assay_head_##name;
ASSAY_HEAD_MAP(ASSAY_HEAD_DECLARE)
#undef ASSAY_HEAD_DECLARE

const assay_head_kind *assay_head_kind_at(size_t index); /* NULL behind the last */

/* The first kind whose tensors are there; none: *found is false and *out as it was. */
assay_status assay_head_find(assay_head *out, const assay_head_view *view, const char *where, bool *found,
                             assay_error *err);

/* The kind that the config's class says; NULL: none, or a class that says nothing of its head. */
const assay_head_kind *assay_head_of_class(const json_t *config);

/* The token that ends every text of such a class; -1: none. */
int64_t assay_head_end_token(const json_t *config);

/* NULL is no kind, and reads none. */
bool assay_head_reads_key(const assay_head_kind *kind, const char *key);

/* ---- pieces that kinds share ---- */

/* True where `module` is a linear layer of one output on the hidden state; it is then the whole head. */
bool assay_head_is_linear(const assay_head_view *view, const char *module, assay_head *out);

/* The same of several outputs: the next of the head's layers. */
bool assay_head_add_layer(const assay_head_view *view, const char *module, size_t inputs, assay_head *out);

/* The chain prefix.0, prefix.step, prefix.2 step ... from the hidden state on, as far as it goes; how many layers. */
size_t assay_head_add_chain(const assay_head_view *view, const char *prefix, size_t step, assay_head *out);

/* Every layer has a bias: a class that gives one to all, and a layer without, are no match. */
bool assay_head_has_biases(const assay_head *head);

#endif
