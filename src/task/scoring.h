/* From options to a model that scores: what eval, score and forward share.
 *
 *     assay_scoring *scoring;
 *     ASSAY_TRY(assay_scoring_open(&scoring, options, context, &wants, err));
 *     ... scoring->renderer, scoring->source, scoring->model ...
 *     // once the sizes are known
 *     ASSAY_TRY(assay_scoring_engine(scoring, options, longest_path, longest_tree, scored, observed, err));
 *     ... scores come out of scoring->batch: score/score_lines.h, score_examples.h, score_batch.h
 *     assay_scoring_close(scoring);
 */
#ifndef ASSAY_TASK_SCORING_H
#define ASSAY_TASK_SCORING_H

#include "data/input_file.h"
#include "engine/planner.h"
#include "model/model.h"
#include "score/score_examples.h"
#include "task/context.h"
#include "task/model_source.h"

/* What the engines of several models may take together. */
typedef struct assay_scoring_room {
    size_t budget;  /* bytes, for a model's weights and all engines */
    size_t own;     /* bytes for all engines, by limits of the process alone */
    size_t engines; /* that may exist at once; 0: one, alone, and --memory and the machine say what it may take */
} assay_scoring_room;

typedef struct assay_scoring {
    assay_model_source *source;
    assay_renderer renderer;
    assay_model *model;
    int32_t head_tokens[2]; /* of --head-from-tokens */
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_scoring_room room; /* zeroed, until whoever has several engines says it, before the engine is made */
    assay_comm *comm;        /* the processes that score together; NULL: this one is alone */
    assay_plan plan;
    assay_stream_list *stream; /* weights that do not stay in memory; NULL: all do */
    size_t streamed;           /* bytes of those */
    bool every_token;          /* as it was wanted */
    const assay_log *log;      /* of the context */
    assay_engine *engine;
    assay_score_batch batch; /* of the engine */
} assay_scoring;

typedef struct assay_scoring_wants {
    bool need_head;   /* a model without reward head is an error; else a random head is made, and said */
    bool all_rows;    /* every layer for every token */
    bool every_token; /* a reward for each (traces); all_rows too */
    /* f32 whatever the options say (and said where they say bf16): values are to be compared with a reference's */
    bool exact;
} assay_scoring_wants;

/* Every process of context->comm calls it with the same options, and all return alike: ASSAY_E_UNEQUAL where they do
 * not compute alike (task/likeness.h). */
assay_status assay_scoring_open(assay_scoring **out, const assay_options *options, const assay_task_context *context,
                                const assay_scoring_wants *wants, assay_error *err);
/* Appends the ids of an input's item, rendered as the model was trained to read (a text as it stands). ends: of a model
 * that reads steps, where they end; else NULL. */
assay_status assay_scoring_render(const assay_scoring *scoring, const assay_input *input, size_t item, assay_ids *ids,
                                  assay_ids *ends, assay_error *err);
/* The answers of one input as ids; the memory is used over and over. */
typedef struct assay_answer_ids {
    assay_ids *ids;
    assay_ids *ends; /* of each answer's steps; NULL: the model reads none */
    size_t capacity, end_capacity;
    size_t cut; /* texts, over all calls */
} assay_answer_ids;

/* ASSAY_E_UNSUPPORTED where the model scores the steps of an answer: for a command that reads one token of a text. */
assay_status assay_scoring_refuse_steps(const assay_scoring *scoring, const char *command, assay_error *err);

/* Cuts what is longer than the model's --max-length at the side that --truncate says; false: it is as it was. */
bool assay_scoring_cut(const assay_scoring *scoring, const assay_options *options, assay_ids *ids);

/* All of an input into list->ids[0 .. input->count - 1], cut where --truncate says so. ASSAY_E_FORMAT, with no
 * place: one is empty or too long. */
assay_status assay_scoring_answers(const assay_scoring *scoring, const assay_options *options, const assay_input *input,
                                   assay_answer_ids *list, assay_error *err);
void assay_answer_ids_release(assay_answer_ids *list); /* safe on a zeroed list */
void assay_scoring_close(assay_scoring *scoring);      /* NULL is fine */

/* observed: per program value, NULL: none (see engine.h). Plans within --memory; where that is too little for the
 * weights, those of the layers are streamed (stream/stream_list.h), with the same bits, and a note says so. */
assay_status assay_scoring_engine(assay_scoring *scoring, const assay_options *options, size_t longest_path,
                                  size_t longest_tree, size_t scored, const bool *observed, assay_error *err);
/* For prompts with answers: micro-batches in which a prompt with several answers fits whole are quicker; where memory
 * (or --micro-tokens) forbids them, one text must fit. */
assay_status assay_scoring_answer_engine(assay_scoring *scoring, const assay_options *options, size_t scored,
                                         assay_error *err);

#endif
