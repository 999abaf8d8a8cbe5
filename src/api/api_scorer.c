/* Lines are rendered and packed as trees (what a line's answers begin with is computed once) until the micro-batch is
 * full, then computed together. The order of all sums is the tree's own, so a score's bits do not depend on what else
 * is in the call. */
#include "api/api_private.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "data/input_file.h"
#include "score/pack_answers.h"
#include "task/scoring.h"

#include <string.h>

enum { SCORED_ROWS = 1024 };

struct assay_scorer {
    assay_api_call call;
    assay_scoring *scoring;
    assay_text_arena arena;    /* of the line being read */
    assay_answer_list answers; /* of that line */
};

/* The scores of one call. */
typedef struct harvest {
    double *scores;
    size_t count, capacity; /* received; room */
} harvest;

static void close_all(assay_scorer *scorer)
{
    assay_answer_list_release(&scorer->answers);
    assay_text_arena_release(&scorer->arena);
    assay_scoring_close(scorer->scoring);
    assay_api_end(&scorer->call);
    assay_free(scorer);
}

static assay_status load(assay_scorer *scorer)
{
    assay_api_call *call = &scorer->call;
    ASSAY_TRY(assay_scoring_open(&scorer->scoring, &call->options, &call->context,
                                 &(assay_scoring_wants){.need_head = true}, &call->error));
    return assay_scoring_answer_engine(scorer->scoring, &call->options, SCORED_ROWS, &call->error);
}

int assay_scorer_open(assay_scorer **out, const assay_setting *settings, size_t count, const assay_listener *listener,
                      assay_failure *failure)
{
    static const assay_error no_memory = {ASSAY_E_MEMORY, "out of memory for a scorer"};
    assay_scorer *scorer = assay_alloc(1, sizeof *scorer);
    *out = NULL;
    if (!scorer) return assay_api_result(ASSAY_E_MEMORY, &no_memory, failure);
    assay_status status = assay_api_begin(&scorer->call, ASSAY_FOR_SCORE, "score", settings, count, listener);
    if (status == ASSAY_OK) status = load(scorer);
    int code = assay_api_result(status, &scorer->call.error, failure);
    if (status == ASSAY_OK) *out = scorer;
    else close_all(scorer);
    return code;
}

void assay_scorer_close(assay_scorer *scorer)
{
    if (scorer) close_all(scorer);
}

static assay_status flush(assay_scorer *scorer, harvest *h, assay_error *err)
{
    assay_scoring *s = scorer->scoring;
    size_t rows = s->pack.scored;
    if (rows == 0) return ASSAY_OK;
    if (*scorer->call.context.interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
    ASSAY_TRY(assay_engine_forward(s->engine, assay_pack_finish(&s->pack), 0, 0, false, err));
    const float *rewards = assay_engine_rewards(s->engine);
    for (size_t i = 0; i < rows; i++) {
        ASSAY_TRY(assay_scoring_check(s, (double)rewards[i], err));
        h->scores[h->count++] = (double)rewards[i] + s->source->score_offset;
    }
    assay_pack_clear(&s->pack);
    return ASSAY_OK;
}

/* Answers that do not fit into one micro-batch go into several trees with the same prompt. */
static assay_status add_answers(assay_scorer *scorer, size_t count, harvest *h, assay_error *err)
{
    assay_scoring *s = scorer->scoring;
    const assay_ids *answers = scorer->answers.ids;
    size_t shared = assay_answers_shared(answers, count), planned = s->plan.bounds.rows[ASSAY_SCORED],
           rows = planned < SCORED_ROWS ? planned : SCORED_ROWS;
    for (size_t done = 0, added; done < count; done += added) {
        added = assay_pack_answers(&s->pack, rows, answers + done, count - done, shared);
        if (added) continue;
        if (s->pack.scored == 0)
            return assay_error_set(err, ASSAY_E_NO_FIT,
                                   "an answer of %zu tokens does not fit into a micro-batch of %zu",
                                   answers[done].count, s->pack.token_capacity);
        ASSAY_TRY(flush(scorer, h, err));
    }
    return ASSAY_OK;
}

static assay_status add_line(assay_scorer *scorer, const json_t *line, harvest *h, size_t *added, assay_error *err)
{
    assay_input input;
    assay_text_arena_reset(&scorer->arena);
    ASSAY_TRY(assay_input_read(&input, line, &scorer->arena, err));
    size_t waiting = h->count + scorer->scoring->pack.scored;
    ASSAY_TRY(assay_grow((void **)&h->scores, &h->capacity, waiting + input.count, sizeof *h->scores, err));
    ASSAY_TRY(assay_scoring_answers(scorer->scoring, &scorer->call.options, &input, &scorer->answers, err));
    *added = input.count;
    return add_answers(scorer, input.count, h, err);
}

static assay_status add_text(assay_scorer *scorer, const char *text, size_t index, harvest *h, size_t *added,
                             assay_error *err)
{
    json_t *line = NULL;
    if (!text) return assay_error_set(err, ASSAY_E_USAGE, "line %zu is NULL", index);
    assay_status status = assay_json_parse(text, strlen(text), "line", &line, err);
    if (status == ASSAY_OK) status = add_line(scorer, line, h, added, err);
    json_decref(line);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "line %zu: ", index);
}

int assay_scorer_score_lines(assay_scorer *scorer, const char *const *lines, size_t count, double **scores,
                             size_t *counts, size_t *total, assay_failure *failure)
{
    harvest h = {0};
    size_t added = 0;
    assay_error *err = &scorer->call.error;
    assay_status status = assay_grow((void **)&h.scores, &h.capacity, count + 1, sizeof *h.scores, err);
    assay_pack_clear(&scorer->scoring->pack);
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        status = add_text(scorer, lines[i], i, &h, &added, err);
        if (counts) counts[i] = added;
    }
    if (status == ASSAY_OK) status = flush(scorer, &h, err);
    if (status != ASSAY_OK) {
        assay_free(h.scores);
        h = (harvest){0};
    }
    *scores = h.scores;
    if (total) *total = h.count;
    return assay_api_result(status, err, failure);
}

int assay_scorer_score_answer(assay_scorer *scorer, const char *prompt, const char *answer, double *score,
                              assay_failure *failure)
{
    harvest h = {.scores = score, .capacity = 1};
    size_t added;
    assay_error *err = &scorer->call.error;
    json_t *line = json_pack("{s:s, s:s}", "prompt", prompt, "response", answer);
    assay_status status =
        line ? ASSAY_OK : assay_error_set(err, ASSAY_E_FORMAT, "prompt and answer must be UTF-8 texts");
    assay_pack_clear(&scorer->scoring->pack);
    if (status == ASSAY_OK) status = add_line(scorer, line, &h, &added, err);
    if (status == ASSAY_OK) status = flush(scorer, &h, err);
    json_decref(line);
    return assay_api_result(status, err, failure);
}

int assay_scorer_describe(const assay_scorer *scorer, char **json, assay_failure *failure)
{
    assay_error error;
    char print[40] = "";
    const assay_model_source *source = scorer->scoring->source;
    *json = NULL;
    assay_status status = assay_checkpoint_fingerprint(source->checkpoint, print, &error);
    if (status == ASSAY_OK)
        status = assay_api_text(json_pack("{s:s, s:s, s:s, s:I, s:f, s:s}", "architecture", source->config.arch->name,
                                          "model", source->checkpoint->name, "template", source->template_name,
                                          "max_length", (json_int_t)source->max_length, "score_offset",
                                          source->score_offset, "fingerprint", print),
                                json, &error);
    return assay_api_result(status, &error, failure);
}
