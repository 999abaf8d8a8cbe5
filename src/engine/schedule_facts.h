/* What of a program a schedule is made from, found once and laid close together: a program of a thousand layers is
 * scheduled a thousand times (once for each number of replayed layers), and a step as the program has it is ten times
 * as long.
 *
 *     assay_schedule_facts facts;
 *     ASSAY_TRY(assay_schedule_facts_find(&facts, program, stream, work, err));
 *     assay_schedule_facts_free(&facts);
 */
#ifndef ASSAY_ENGINE_SCHEDULE_FACTS_H
#define ASSAY_ENGINE_SCHEDULE_FACTS_H

#include "engine/schedule.h"

typedef struct assay_operand_fact {
    int value;
    uint32_t range; /* which of all column ranges that readers take of values */
    bool wanted;    /* its gradient is */
    bool hands_on;  /* the gradient of the step's output may become its gradient, memory and all */
} assay_operand_fact;

typedef struct assay_step_fact {
    assay_operand_fact in[ASSAY_MAX_INPUTS];
    int out[ASSAY_MAX_OUTPUTS];
    uint8_t inputs, outputs;
    bool workspace;
    bool in_place;  /* output 0 may take input 0's memory, unless that is kept */
    bool backward;  /* it has one, and the gradient of its output is wanted */
    unsigned reads; /* what backward reads */
    int layer;
    int group;         /* of streamed weights that it reads; ASSAY_STREAM_NOT: none */
    bool weights_back; /* backward reads them, too */
    const int *param;  /* the program's own list */
    int params;
} assay_step_fact;

/* In place of a step: none adds to it; it is not trained. */
enum { ASSAY_ADDED_NEVER = -1, ASSAY_ADDED_FROZEN = -2 };

typedef struct assay_value_fact {
    int maker, layer;
    bool crosses;   /* from one layer to another */
    bool pointwise; /* made by a pointwise operation */
} assay_value_fact;

typedef struct assay_schedule_facts {
    size_t step_count, value_count;
    assay_step_fact *steps;
    assay_value_fact *values;
    double *flops; /* per step: forward, backward; NULL: not counted */
    size_t param_count;
    int *last_added; /* per parameter: the last step, on the way back, that adds to its gradient */
    size_t range_count;
    int output;
    /* NULL: no weight is streamed */
    const assay_stream_list *stream;
    size_t groups;    /* of weights: layers, those behind and before them, rows, none */
    bool *comes_back; /* per layer: it has streamed weights, and something of it is differentiated */
} assay_schedule_facts;

/* stream NULL: no weight is streamed. work NULL: FLOPs are not counted. On failure there is nothing to free. */
assay_status assay_schedule_facts_find(assay_schedule_facts *out, const assay_program *program,
                                       const assay_stream_list *stream, const assay_step_work *work, assay_error *err);
void assay_schedule_facts_free(assay_schedule_facts *facts);

#endif
