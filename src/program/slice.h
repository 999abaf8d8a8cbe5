/* A built program, cut at the borders of layers, for processes that each compute some of its layers.
 *
 *     bool can = assay_program_border(program, layer) >= 0; // it can be cut below that layer
 *     ASSAY_TRY(assay_program_slice(&slice, program, &(assay_slice){first, end}, err));
 *     ...
 *     assay_program_free(slice); // before the program, whose tables it borrows; or slice->whole = program frees both
 *
 * A slice has the program's values and parameters under their numbers, and of its steps those of its layers, as they
 * are: places of dropout stay, and so does every bit. What crosses a border is one value, the hidden state of all
 * tokens; what the batch alone says (angles) is computed by every slice that reads it. The value from below comes from
 * a step of its own, the first, which computes nothing: its rows are put in place before each forward pass and its
 * gradient is taken behind each backward pass (engine/engine.h). Parameters that no step of the slice reads are absent,
 * and not trained there. */
#ifndef ASSAY_PROGRAM_SLICE_H
#define ASSAY_PROGRAM_SLICE_H

#include "program/program.h"

/* Layers first to end - 1; with the first of all comes what is below it, with the last what is above. */
typedef struct assay_slice {
    int first, end;
} assay_slice;

/* The value that crosses the border below a layer from 1 to layers - 1. -1: there is none such, or more than one
 * crosses, or a trained weight is read on both sides, or their numbers do not rise with the layers. */
int assay_program_border(const assay_program *program, int layer);

/* *out: the caller's. ASSAY_E_UNSUPPORTED: a border of the slice is none. */
assay_status assay_program_slice(assay_program **out, const assay_program *program, const assay_slice *slice,
                                 assay_error *err);

#endif
