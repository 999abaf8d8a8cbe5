/* One slice of a program between others: micro-batches go up through the slices of a row of processes, gradients come
 * down, several of them on their way at once.
 *
 *     assay_pipe pipe = {.row = row, .engine = engine, .program = slice, .flights = n};
 *     assay_pipe_begin(&pipe);
 *     ASSAY_TRY(assay_pipe_forward(&pipe, &pass, err));   // every process of the row, the same micro-batches
 *     ...                                                  // at most `flights` forward passes ahead
 *     ASSAY_TRY(assay_pipe_backward(&pipe, &pass, d, err)); // in the order of the forward passes
 *     ASSAY_TRY(assay_pipe_end(&pipe, err));
 *
 * A process s of S goes S - s passes ahead (or all there are), so that all compute at once and none waits for one that
 * waits for it: what it sends is under way while it computes and receives.
 *
 * What fails in one process (or a signal: assay_pipe_give_up) must not leave the others waiting: messages go on in the
 * same order, but without rows, and nothing is computed any more; assay_pipe_end says what failed here. Only a message
 * that fails ends all at once. So it is agreed on behind the end (assay_comm_agree). */
#ifndef ASSAY_TRAIN_PIPE_H
#define ASSAY_TRAIN_PIPE_H

#include "comm/comm.h"
#include "engine/engine.h"

typedef struct assay_pipe {
    assay_comm *row; /* the slices in their order; borrowed; NULL: one slice, all there is */
    assay_engine *engine;
    const assay_program *program;
    int flights; /* that the engine has */
    /* Of the passes between begin and end: */
    bool given_up;
    bool without; /* gradients: a loss is not finite */
    bool looks;   /* for the first number that is NaN or infinite; its name is then what failed (ASSAY_E_NUMERIC) */
    assay_status status;
    assay_error why;
} assay_pipe;

typedef struct assay_pass {
    const assay_geometry *geometry;
    size_t number; /* of micro-batches, from 0 */
    uint64_t seed, step;
    bool training;
} assay_pass;

bool assay_pipe_ends(const assay_pipe *pipe); /* this slice gives the rewards */

void assay_pipe_begin(assay_pipe *pipe);
void assay_pipe_give_up(assay_pipe *pipe, assay_status status, const char *why);
/* Behind it, where the pipe ends and was not given up, the engine has rewards. */
assay_status assay_pipe_forward(assay_pipe *pipe, const assay_pass *pass, assay_error *err);
/* d_rewards: where the pipe ends; NULL: no gradients, from now to the end. */
assay_status assay_pipe_backward(assay_pipe *pipe, const assay_pass *pass, const float *d_rewards, assay_error *err);
assay_status assay_pipe_end(assay_pipe *pipe, assay_error *err);

#endif
