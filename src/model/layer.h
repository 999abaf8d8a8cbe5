/* What a layer is written with: the common one (decoder.c) and those of families that go another way, each a file
 * layer_NAME.c with a function assay_layer_NAME and its line in the map below; the family's descriptor names it.
 *
 * Every part takes values of the program and returns the one it makes, and all of one layer are f32 or bf16 alike. A
 * pattern is a module's name with %d for the layer.
 */
#ifndef ASSAY_MODEL_LAYER_H
#define ASSAY_MODEL_LAYER_H

#include "model/decoder.h"

typedef struct assay_layer_writer assay_layer_writer;

/* One layer from the value x [T, hidden] to the next. scored_only: keys and values of all tokens, everything else of
 * the scored rows. */
typedef int assay_layer_block(assay_layer_writer *w, int x, bool scored_only);

struct assay_layer_writer {
    assay_program *program;
    const assay_model_config *config;
    const assay_decoder_options *options;
    assay_layer_block *write;
    int layer;
    uint32_t site;            /* counts adapters, for dropout */
    int angles, local_angles; /* of layers with a window, where they have their own */
    const float *slopes;      /* ALiBi's; NULL: none */
    bool wide;                /* from here on values are f32 in a bf16 run, too */
};

#define ASSAY_LAYER_MAP(X) X(chatglm1)

#define ASSAY_LAYER_DECLARE(name) assay_layer_block assay_layer_##name;
ASSAY_LAYER_MAP(ASSAY_LAYER_DECLARE)
#undef ASSAY_LAYER_DECLARE

/* ---- parts ---- */

/* In bf16 all token rows are stored so; the few scored rows stay f32, and so does what stands for them where all rows
 * are computed. */
int assay_layer_value(assay_layer_writer *w, assay_space_id space, size_t cols, const char *name);
size_t assay_layer_cols(const assay_layer_writer *w, int value);
int assay_layer_weight(assay_layer_writer *w, const char *module, const char *suffix, size_t rows, size_t cols,
                       bool vector);
/* A step from one operand to one value. */
assay_step assay_layer_unary(const assay_layer_writer *w, const assay_op *op, const char *name, assay_operand x, int y);

/* A linear module with its adapter; residual -1: none. */
int assay_layer_linear(assay_layer_writer *w, const char *pattern, int x, size_t out, bool bias, int residual);
/* A norm that the family has not got (pattern NULL) is x itself. */
int assay_layer_norm(assay_layer_writer *w, const char *pattern, int x);
/* The scored rows. */
int assay_layer_gather(assay_layer_writer *w, assay_operand from);
/* The three operands of attention, rotated: ranges of one value or three values. */
void assay_layer_qkv(assay_layer_writer *w, int x, assay_operand qkv[3]);
int assay_layer_attention(assay_layer_writer *w, const assay_operand qkv[3]);
/* The MLP up to its last product. */
int assay_layer_widened(assay_layer_writer *w, int x);
/* x + scale * scaled */
int assay_layer_sum(assay_layer_writer *w, int x, int scaled, float scale);
/* The last layer's values from here on are f32, unless gradients go below it. */
void assay_layer_widen_last(assay_layer_writer *w);

#endif
