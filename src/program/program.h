/* What is to be computed, as plain data: values, parameters and steps. No pointer to a weight, no memory, no order of
 * keeping or dropping; the engine decides those. Model code writes programs, everything else reads them.
 *
 *     assay_program *program;
 *     ASSAY_TRY(assay_program_create(&program, err));
 *     int x = assay_program_value(program, ASSAY_TOKENS, hidden, -1, "embeddings");
 *     assay_param weight = {.name = "model.embed_tokens.weight", .rows = vocab, .cols = hidden};
 *     int w = assay_program_param(program, &weight);
 *     assay_step step = {.op = &assay_op_embedding, .out = {x}, .outputs = 1, .param = &w, .params = 1, .layer = -1};
 *     assay_program_step(program, &step);
 *     ...
 *     ASSAY_TRY(assay_program_verify(program, err)); // also reports any out-of-memory met while building
 *
 * Steps are in an order in which every input is made before it is read. Each value is made by exactly one step (single
 * assignment). An operand may be a range of a value's columns; the ranges that different readers take of one value are
 * equal or disjoint and together cover it, so that its gradient is written whole.
 */
#ifndef ASSAY_PROGRAM_PROGRAM_H
#define ASSAY_PROGRAM_PROGRAM_H

#include "ops/op.h"

/* Everything of one layer (block) has its number; -1 before the first, `layers` behind the last. The engine uses it as
 * a unit of replaying, nothing else. */
typedef struct assay_value {
    const char *name; /* owned by the program */
    assay_space_id space;
    assay_dtype dtype; /* F32, or BF16 where the model's writer chose it; gradients are f32 all the same */
    size_t cols;
    int layer;
    int maker; /* index of the step that makes it */
} assay_value;

typedef enum assay_param_role {
    ASSAY_ROLE_BASE,
    ASSAY_ROLE_LORA_A,
    ASSAY_ROLE_LORA_B,
    ASSAY_ROLE_HEAD
} assay_param_role;

/* A weight by description. `name` is Hugging Face's (of the model, not of a file). */
typedef struct assay_param {
    const char *name; /* owned by the program */
    size_t rows, cols;
    bool vector;   /* shape [cols]; rows is 1 */
    bool no_decay; /* norms and biases: weight decay does not apply (Transformers' Trainer does the same) */
    assay_param_role role;
    bool trained;
    bool absent; /* of a slice (program/slice.h): no step of it reads this, and nobody looks at its values */
} assay_param;

typedef struct assay_operand {
    int value;        /* -1: absent */
    size_t col, cols; /* cols 0: all of the value's */
} assay_operand;

typedef struct assay_step {
    const assay_op *op;
    /* module name ("model.layers.0.self_attn.q_proj"); owned by the program; for messages and printing */
    const char *name;
    int layer;
    assay_op_attributes attr;
    int inputs, outputs, params;
    assay_operand in[ASSAY_MAX_INPUTS];
    int out[ASSAY_MAX_OUTPUTS];
    const int *param; /* [params]; the program has a copy of its own */
} assay_step;

typedef struct assay_program {
    assay_value *values;
    assay_step *steps;
    assay_param *params;
    size_t value_count, step_count, param_count;
    size_t value_capacity, step_capacity, param_capacity;
    size_t most_params; /* of a step */
    int layers;
    bool bf16;          /* some value is bf16 */
    int output;         /* the value holding one reward a scored row; of a slice that does not end: what goes on */
    int inlet;          /* of a slice that does not begin: the value that comes from below; -1: none */
    bool inlet_wants;   /* its gradient is wanted: something below is trained */
    bool goes_on;       /* a slice with another above it: `output` is no reward */
    int *hidden_states; /* layers + 1 values: what the reference calls hidden_states; owned */
    size_t hidden_count;
    float **tables; /* owned constants (inverse frequencies) */
    size_t table_count;
    struct assay_program *whole; /* what a slice was cut from, where that is freed with it; NULL */
    assay_status building;       /* first failure while building; verify returns it */
} assay_program;

assay_status assay_program_create(assay_program **out, assay_error *err);
void assay_program_free(assay_program *program); /* NULL is fine */

/* Builders: return the new index, or -1 after an allocation failure (remembered; verify reports it; -1 may be passed
 * on). Names are copied. */
int assay_program_value(assay_program *program, assay_space_id space, size_t cols, int layer, const char *name);
void assay_program_store_bf16(assay_program *program, int value); /* the value is stored in bf16 */
int assay_program_param(assay_program *program, const assay_param *param);
int assay_program_step(assay_program *program, const assay_step *step);
const float *assay_program_table(assay_program *program, const float *values, size_t count); /* copies */
void assay_program_hidden_state(assay_program *program, int value);

/* Checks every rule above and every operation's shape rule. */
assay_status assay_program_verify(const assay_program *program, assay_error *err);

/* The static shape of a step, as its operation wants it. wants: per value, whether its gradient is wanted (NULL: none
 * is). room: for most_params shapes of weights, which `shape` then points to; see assay_program_room. */
void assay_program_shape(const assay_program *program, const assay_step *step, const bool *wants, assay_op_shape *shape,
                         assay_param_shape *room);

/* For one assay_program_shape after the other; the caller frees it with assay_free. NULL: out of memory. */
assay_param_shape *assay_program_room(const assay_program *program);

/* wants[value] = its gradient is wanted: some trained parameter lies above it. wants holds value_count entries. */
void assay_program_wants(const assay_program *program, bool *wants);

/* A matrix of at least 4096 values that is no head and that no step reads by row: what most of a model's bytes are, and
 * what may be kept in fewer bits while it is trained. Rows of an embedding are seldom touched, and heads and vectors
 * are few. */
bool assay_program_is_bulk(const assay_program *program, size_t param);

/* Every product that reads it rounds it to bf16. What comes behind the last layer's attention is f32, in bf16 too, and
 * reads weights as they are. */
bool assay_program_reads_bf16(const assay_program *program, size_t param);

const char *assay_program_precision(const assay_program *program); /* "bf16" or "f32", as --precision names it */

int assay_program_find_param(const assay_program *program, const char *name); /* -1: not there */

#endif
