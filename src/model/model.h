/* A model: a program and its weights.
 *
 *     assay_model_options options = {.tuning = ASSAY_TUNE_LORA, .lora = &spec, .seed = 42};
 *     ASSAY_TRY(assay_model_open(&model, checkpoint, adapter_or_null, &options, err));
 *     ... the engine is made of model->program; then its parameters are bound, each a weight of the model
 *     for (size_t i = 0; i < model->program->param_count; i++) assay_engine_bind(engine, (int)i, &model->params[i]);
 *     ...
 *     assay_model_close(model);
 *
 * Of a slice (program/slice.h) only the weights that it reads are looked for; the views of the others have no data.
 *
 * The checkpoint and adapter are borrowed and must outlive the model: frozen matrices in F32, F16, BF16 or a
 * packed type are used where they lie in the mapped file, everything else (vectors, trained weights, permuted matrices
 * that are not packed) is converted to f32 memory of the model's own. Every weight the program names must be there with
 * the right shape; the error names the tensor, both shapes and the file.
 */
#ifndef ASSAY_MODEL_MODEL_H
#define ASSAY_MODEL_MODEL_H

#include "checkpoint/adapter_file.h"
#include "checkpoint/checkpoint.h"
#include "model/decoder.h"
#include "model/lora.h"
#include "program/slice.h"
#include "tensor/planes.h"

typedef struct assay_model_options {
    assay_tuning tuning;
    const assay_lora_spec *lora; /* a new adapter (ignored where an adapter is loaded); NULL: none */
    bool bf16;                   /* bf16: token rows stored and products multiplied in bf16 */
    bool all_rows;
    bool half_weights;          /* trained matrices that are bulk (program/program.h) are held in bf16 alone */
    bool planes;                /* those that products of bf16 alone read are held in two planes (tensor/planes.h) */
    bool head_zero;             /* a new head starts at zero instead of normal(0, 1/sqrt(hidden + 1)) */
    const int32_t *head_tokens; /* NULL, or two: a new head is the language head's row of the first less the second's */
    bool need_head;             /* a missing head is an error (scoring) instead of newly made (training) */
    assay_slice slice;          /* of the program, all that is loaded; end 0: all of it */
    size_t outputs;             /* numbers of a new head, and what is trained on must have; 0: one */
    bool steps;                 /* the head trained is one that reads steps (assay_model_config_take_steps) */
    uint64_t seed;
    /* for assay_model_measure: matrices will be packed before the model is opened (model_pack.h); ASSAY_F32: not */
    assay_dtype quantise;
    bool double_quant;
} assay_model_options;

/* Memory of the model's own that holds one parameter: `bytes` bytes of elements of `dtype`. data NULL: none. Never a
 * typed pointer: what is in there is f32 for vectors and trained weights, bf16 for frozen matrices of a bf16 run, u32
 * for the row map of packed weights, and whoever reads it has to ask which. */
typedef struct assay_owned_weight {
    void *data;
    assay_dtype dtype;
    bool planes; /* BF16, the high plane; the rest of the values is behind it */
    size_t bytes;
} assay_owned_weight;

typedef struct assay_model {
    assay_model_config config;
    assay_program *program;
    const assay_checkpoint *checkpoint;
    assay_param_view *params;  /* one a program parameter; gradient NULL until the trainer sets it */
    assay_owned_weight *owned; /* one a program parameter */
    size_t owned_bytes, borrowed_bytes;
    bool head_is_new;
} assay_model;

assay_status assay_model_open(assay_model **out, const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                              const assay_model_options *options, assay_error *err);
void assay_model_close(assay_model *model); /* NULL is fine */

/* What assay_model_open would build and take, without reading a weight: the program (the caller's to free) and bytes. A
 * checkpoint opened with its config alone is taken to hold matrices of the config's torch_dtype. */
typedef struct assay_model_size {
    size_t owned, borrowed; /* bytes: the model's own memory, and weights used where they lie */
    size_t adapters;        /* of owned: adapters and head */
    size_t trained;         /* trained values */
} assay_model_size;

assay_status assay_model_measure(assay_program **program, assay_model_size *size, const assay_checkpoint *checkpoint,
                                 const assay_adapter_file *adapter, const assay_model_options *options,
                                 assay_error *err);

/* The program of all layers, whatever of it is loaded. */
const assay_program *assay_model_whole(const assay_model *model);

/* Number of scalar weights of the whole: all, and those trained. */
size_t assay_model_weights(const assay_model *model, bool trained_only);

/* The model's own f32 memory of a parameter, to be changed by whoever trains it; NULL where it holds none, or holds
 * another type. A trained parameter has one of the three. */
float *assay_model_own_f32(const assay_model *model, size_t param);
uint16_t *assay_model_own_bf16(const assay_model *model, size_t param);      /* its memory in bf16 alone, likewise */
assay_planes assay_model_own_planes(const assay_model *model, size_t param); /* in planes, likewise */

/* Memory of the model's own that holds what the base's own memory holds, type and bytes, goes back, and is borrowed
 * from the base, which must outlive the model. For several adapters on one base. */
void assay_model_share(assay_model *model, const assay_model *base);

#endif
