/* Anonymous memory of this process (RssAnon): what no file backs and the kernel cannot drop. Predicted before a weight
 * is loaded, read while it runs.
 *
 *     assay_anonymous_parts parts = {.weights = weights, .trained = trained, .moments = moments};
 *     parts.arena = arena;
 *     parts.lines = lines;
 *     assay_anonymous_present(&parts); // data, tokenizer and threads are there, no weight is
 *     uint64_t peak = assay_anonymous_plan(&parts);
 *
 * Mapped weights are not in it: the kernel reads them again when it must. What is read where the system does not tell
 * is 0. */
#ifndef ASSAY_MACHINE_PROCESS_MEMORY_H
#define ASSAY_MACHINE_PROCESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of anonymous memory resident now. */
uint64_t assay_anonymous_bytes(void);

/* All resident memory of this process, mapped pages too, bytes; 0 where the system does not tell. */
uint64_t assay_resident_bytes(void);

/* What a run is made of, in bytes unless said. */
typedef struct assay_anonymous_parts {
    uint64_t present; /* held already */
    uint64_t before;  /* the most held so far: reading a large tokenizer takes more than is kept of it */
    uint64_t weights; /* the model's own */
    uint64_t tensors; /* number of weights: each of the model's own begins a page */
    uint64_t trained; /* number of floats held of trained values besides them: gradients */
    uint64_t moments; /* bytes of their moments */
    uint64_t arena;   /* until the last step; then given back */
    /* of a tokenizer that is written as new JSON behind the last step (of a GGUF file); 0: copied, or none */
    uint64_t tokens;
    uint64_t rows; /* number of tokens of a micro-batch: their ids, positions and folds */
    /* number of pairs, and of those to evaluate: places in an epoch's order, rewards, segments of a step */
    uint64_t pairs;
    uint64_t lines; /* number of lines of metrics: kept for trainer_state.json, read again for the report */
} assay_anonymous_parts;

/* Fills in `present` and `before` as they are now. */
void assay_anonymous_present(assay_anonymous_parts *parts);

/* The peak to expect, buffers for writing files included: never meant to fall short. UINT64_MAX where it overflows. */
uint64_t assay_anonymous_plan(const assay_anonymous_parts *parts);

/* The part of the plan that is neither weights nor gradients, moments or the arena: what a limit must leave besides
 * those. */
uint64_t assay_anonymous_besides(const assay_anonymous_parts *parts);

/* What writing the tokenizer takes, in the arena's place. */
uint64_t assay_anonymous_tokenizer(const assay_anonymous_parts *parts);

#endif
