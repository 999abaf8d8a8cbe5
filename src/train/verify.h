/* Proves, on a user's own model and pairs, that how a step is computed leaves no trace in it: one step's loss, rewards
 * and gradients under every schedule (keep everything, recompute off, some layers replayed, all layers replayed, and
 * with a folder to spill to all layers spilled), several micro-batch sizes and thread counts, compared bit for bit with
 * those of the first way; and that every trained tensor gets a gradient that is not zero.
 *
 *     assay_verify_result result;
 *     ASSAY_TRY(assay_verify(&setup, &result, err)); // E_NO_FIT: not even the smallest way fits the budget
 *     ... result.cells, result.different, result.zero ...
 *     status = assay_verify_judge(&result, program, err); // E_UNEQUAL names the tensors
 *     assay_verify_release(&result);
 *
 * Weights are loaded once; engines are made one after another. Where the budget has room for the first way's gradients
 * beside the present ones they are compared word by word (and differing bits counted), else by a 128-bit hash of each
 * tensor (XXH3).
 *
 * A new adapter's B and a zero head are filled with seeded numbers in memory first: a zero B rightly gives its A no
 * gradient, a zero head gives nobody one. The model must not be saved afterwards. A head's bias shifts both rewards of
 * a pair alike, so without a center term its gradient cancels exactly: it is listed apart and is no failure.
 */
#ifndef ASSAY_TRAIN_VERIFY_H
#define ASSAY_TRAIN_VERIFY_H

#include "train/trainer.h"

typedef struct assay_verify_result assay_verify_result;

enum { ASSAY_VERIFY_SCHEDULES = 9, ASSAY_VERIFY_MICROS = 4, ASSAY_VERIFY_THREADS = 16 };

typedef enum assay_verify_skip { ASSAY_VERIFY_RAN, ASSAY_VERIFY_NO_ROOM, ASSAY_VERIFY_NO_TIME } assay_verify_skip;

typedef struct assay_verify_schedule {
    assay_keep keep;
    int replayed, spilled; /* layers */
} assay_verify_schedule;

/* One way of computing the step. */
typedef struct assay_verify_cell {
    int schedule, micro, thread; /* indices into the result's lists */
    size_t arena_bytes, micro_batches;
    assay_verify_skip skip;
    bool loss_equal, rewards_equal;
    size_t tensors_different;
    uint64_t bits_different; /* 0 also where gradients are compared by hash */
    double seconds;
} assay_verify_cell;

typedef struct assay_verify_setup {
    const assay_train_settings *settings; /* objective, margin, center, lanes, seed, spill and budget are read */
    assay_model *model;
    const assay_example_set *examples;
    const assay_kernels *kernels;
    const assay_stream_list *stream; /* weights that do not stay in memory, in every way; NULL: all do */
    size_t pairs;                    /* of the run's first step */
    int threads;                     /* counts 1 to this (beyond 4: powers of two) */
    size_t micro_tokens;             /* one more micro-batch size; 0: none */
    /* every schedule with every size with every count; else each schedule once, and off and all with each */
    bool combinations;
    double time_limit;                        /* seconds after which further ways are skipped; 0: none */
    const volatile sig_atomic_t *interrupted; /* may be NULL */
    void (*on_cell)(void *listener, const assay_verify_result *result, size_t cell); /* may be NULL */
    void *listener;
} assay_verify_setup;

struct assay_verify_result {
    assay_verify_schedule schedules[ASSAY_VERIFY_SCHEDULES];
    size_t micros[ASSAY_VERIFY_MICROS];
    int threads[ASSAY_VERIFY_THREADS];
    int schedule_count, micro_count, thread_count, layers;
    assay_verify_cell *cells;
    size_t cell_count, ran, skipped, unequal;
    size_t pairs, tokens, tensors, seeded; /* tokens: shared ones once; tensors: trained ones */
    bool by_hash;
    double loss;
    bool *different, *zero, *cancelled; /* per program parameter */
};

assay_status assay_verify(const assay_verify_setup *setup, assay_verify_result *result, assay_error *err);

/* ASSAY_E_UNEQUAL with the tensors' names where something differs or is zero; ASSAY_E_NO_FIT where fewer than two ways
 * were computed. */
assay_status assay_verify_judge(const assay_verify_result *result, const assay_program *program, assay_error *err);
void assay_verify_release(assay_verify_result *result); /* safe on a zeroed one */

/* "keep everything", "recompute off", "2 layers replayed", "recompute all" */
void assay_verify_schedule_name(const assay_verify_schedule *schedule, int layers, char *text, size_t size);

#endif
