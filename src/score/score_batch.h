/* The one front door of scoring: texts as ids in, scores out. Whoever wants a reward of a trained model comes through
 * here: the commands, the library, the server, an evaluation during training.
 *
 *     assay_score_batch batch;
 *     ASSAY_TRY(assay_score_batch_init(&batch, &setup, err));
 *     assay_lot lot;
 *     ASSAY_TRY(assay_lot_begin(&lot, texts, count, false, err));
 *     // as many texts of as many lots as the micro-batch holds; false: some of this lot's are left for the next one
 *     while (!assay_score_batch_add(&batch, &lot)) ASSAY_TRY(assay_score_batch_run(&batch, err));
 *     ASSAY_TRY(assay_score_batch_run(&batch, err));
 *     ... lot.scored == lot.count: lot.scores is whole, or assay_score_batch_why says what is wrong
 *     assay_lot_release(&lot);
 *     assay_score_batch_release(&batch);
 *
 * What is decided here, and nowhere else:
 *     which row     a text is read at its last token (which texts end before a pad token is decided where they are
 *                   rendered, template/chat_template.h)
 *     which number  of a head of several labels, the chosen one is the score; a gated head's own is, but for a choice
 *     which step    of a head of steps (head/head.h), the score of a text is that of its worst step, as a chain is as
 *                   strong as its weakest link (Math-Shepherd, arXiv:2312.08935)
 *     offset        a score is the head's number, as double, normalised where the head's kind says so (head/head.h),
 *                   plus the model's offset
 *     not a number  no NaN and no infinity leaves: a sentence names the weight that makes it
 * What a score means among others is judge/reward_scale.h.
 *
 * Neither neighbours nor order nor the cutting into micro-batches changes a bit of a score (docs/numerics.md). A trace
 * is the reward at every token, what the model would have said had the text ended there; its last one has the bits of
 * the text's score. A program whose last layer is made for all rows gives it in one pass; any other takes the text as a
 * chain of segments of one token, every one of them scored.
 *
 * One thread at a time. Order over several batches (lines that leave as they came) is score/score_lines.h.
 */
#ifndef ASSAY_SCORE_SCORE_BATCH_H
#define ASSAY_SCORE_SCORE_BATCH_H

#include "engine/engine.h"
#include "model/model.h"
#include "packing/pack_texts.h"

/* Texts that came together, and where their scores go. */
typedef struct assay_lot {
    const assay_ids *texts; /* borrowed until all are packed; each of at least one id */
    size_t count;
    double *scores;  /* [count], the lot's own */
    double **traces; /* NULL, or [count] lists of a reward for every id of the text; the lot's own */
    double *labels;  /* NULL, or [count, outputs]: every label's number, the score's among them; the lot's own */
    assay_ids *ends; /* NULL, or [count] lists of where a text's steps end; the lot's own */
    double **steps;  /* NULL, or [count] lists of a score for each of them; the lot's own */
    size_t packed, scored;
    assay_status status; /* ASSAY_OK, or of the first of its texts that has no score */
    double bad;          /* that score, where status is ASSAY_E_NUMERIC */
    size_t number;       /* of lines before it (score/score_lines.h) */
    void *owner;         /* the caller's */
} assay_lot;

/* Fills in all but the owner. After a failure there is nothing to release. */
assay_status assay_lot_begin(assay_lot *lot, const assay_ids *texts, size_t count, bool traces, assay_error *err);
void assay_lot_release(assay_lot *lot); /* safe on a zeroed lot */

/* Makes room for the numbers of all labels, before the lot is added. outputs: the batch's; of one, the score is all
 * there is, and nothing happens. */
assay_status assay_lot_want_labels(assay_lot *lot, size_t outputs, assay_error *err);

/* Of a head of steps: where each text's end, at least one. The lists are copied; before the lot is added. */
assay_status assay_lot_want_steps(assay_lot *lot, const assay_ids *ends, assay_error *err);

typedef struct assay_score_setup {
    assay_engine *engine;     /* forward only is enough; borrowed */
    const assay_model *model; /* of the engine; borrowed */
    size_t tokens, rows;      /* of a micro-batch: as the engine's bounds allow */
    double offset;            /* added to every number of the head; 0: none */
    bool every_row;           /* the program was made with all_rows: SCORED is every token */
    /* Instead of the engine's forward pass, of a slice between others; scores of one that goes on are 0. NULL: none. */
    assay_status (*forward)(void *context, const assay_geometry *geometry, assay_error *err);
    void *context;
} assay_score_setup;

typedef struct assay_placed {
    assay_lot *lot;
    size_t text;
    int segment; /* the text's last one */
} assay_placed;

typedef struct assay_score_batch {
    assay_score_setup setup;
    assay_pack pack;
    assay_placed *placed; /* [placed_count], the texts in the pack */
    size_t placed_count, capacity;
    size_t outputs, label; /* of the head: numbers a row, and which is the score */
    size_t first, labels;  /* those of them that have names (assay_head_labels) */
    double *scores;        /* [rows], of the last run */
    const float *numbers;  /* [rows, outputs], of the last run: the engine's */
    size_t last_texts;     /* of the last run, and its tokens as computed: shared ones once */
    size_t last_tokens;
    assay_error failure; /* of the last pass that failed */
    bool looked;         /* for the culprit, once: it is slow */
    char culprit[400];   /* "": no weight is to blame */
} assay_score_batch;

assay_status assay_score_batch_init(assay_score_batch *batch, const assay_score_setup *setup, assay_error *err);
void assay_score_batch_release(assay_score_batch *batch); /* safe on a zeroed batch */

/* Packs texts of the lot from lot->packed on. True: all are packed. False: the rest waits for the next micro-batch. */
bool assay_score_batch_add(assay_score_batch *batch, assay_lot *lot);

/* Computes what is packed, gives it to the lots and empties the micro-batch; nothing packed: nothing happens. A text
 * that has no number as score fails its own lot alone. A pass that fails fails every lot that is in it, and is
 * returned. */
assay_status assay_score_batch_run(assay_score_batch *batch, assay_error *err);

/* Forgets what is packed. */
void assay_score_batch_clear(assay_score_batch *batch);

/* The lot's status and its sentence; of a pass that failed: until the next one. */
assay_status assay_score_batch_why(assay_score_batch *batch, const assay_lot *lot, assay_error *err);

/* Adds to an empty batch, runs, and again until the lot is done. ASSAY_E_NO_FIT: a text is larger than a micro-batch;
 * the lot's own failure otherwise. Scores are in the lot. */
assay_status assay_score_batch_all(assay_score_batch *batch, assay_lot *lot, assay_error *err);

/* For whoever fills batch->pack in another way: computes it; batch->scores[i] belongs to the i-th scored segment,
 * those at which a gate is read among them. They are not looked at: assay_score_batch_check. */
assay_status assay_score_batch_compute(assay_score_batch *batch, assay_error *err);

/* Of a row then every label's number: numbers[labels]. */
void assay_score_batch_labels(const assay_score_batch *batch, size_t row, double *numbers);

/* ASSAY_OK for a finite score. Else ASSAY_E_NUMERIC, with the weight that is NaN or infinite where there is one;
 * whoever calls puts in front which text it was of. */
assay_status assay_score_batch_check(assay_score_batch *batch, double score, assay_error *err);

/* "a text of N tokens does not fit ...": for a lot whose next text an empty micro-batch did not take. */
assay_status assay_score_batch_no_fit(const assay_score_batch *batch, const assay_lot *lot, assay_error *err);

#endif
