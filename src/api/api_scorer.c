/* Lines are read, rendered and scored through score/score_lines.h. One engine is used by all calls, so calls of several
 * threads wait for each other. */
#include "api/api_private.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "data/input_file.h"
#include "score/score_lines.h"
#include "task/scoring.h"

#include <pthread.h>
#include <string.h>

enum { SCORED_ROWS = 1024 };

struct assay_scorer {
    assay_api_call call;
    pthread_mutex_t busy; /* held while all below is used */
    assay_scoring *scoring;
    assay_text_arena arena;   /* of the line being read */
    assay_answer_ids answers; /* of that line */
};

/* The scores of one call. */
typedef struct harvest {
    double *scores;
    size_t count, capacity; /* received; room */
    assay_score_lines *lines;
} harvest;

static void close_all(assay_scorer *scorer)
{
    assay_answer_ids_release(&scorer->answers);
    assay_text_arena_release(&scorer->arena);
    assay_scoring_close(scorer->scoring);
    assay_api_end(&scorer->call);
    pthread_mutex_destroy(&scorer->busy);
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
    if (!out) return assay_api_missing("out", failure);
    *out = NULL;
    if (!settings && count) return assay_api_missing("settings", failure);
    assay_scorer *scorer = assay_alloc(1, sizeof *scorer);
    if (!scorer) return assay_api_result(ASSAY_E_MEMORY, &no_memory, failure);
    pthread_mutex_init(&scorer->busy, NULL);
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

static assay_status take(void *context, assay_lot *lot, assay_error *err)
{
    harvest *h = context;
    if (lot->status != ASSAY_OK) return assay_error_prefix(err, lot->status, "line %zu: ", lot->number);
    ASSAY_TRY(assay_grow(&h->scores, &h->capacity, h->count + lot->count, sizeof *h->scores, err));
    memcpy(h->scores + h->count, lot->scores, lot->count * sizeof *h->scores);
    h->count += lot->count;
    return ASSAY_OK;
}

/* The line's answers into scorer->answers. */
static assay_status render(assay_scorer *scorer, const json_t *line, size_t *count, assay_error *err)
{
    assay_input input;
    assay_text_arena_reset(&scorer->arena);
    ASSAY_TRY(assay_input_read(&input, line, &scorer->arena, err));
    *count = input.count;
    return assay_scoring_answers(scorer->scoring, &scorer->call.options, &input, &scorer->answers, err);
}

static assay_status render_text(assay_scorer *scorer, const char *text, size_t index, size_t *count, assay_error *err)
{
    json_t *line = NULL;
    if (!text) return assay_error_set(err, ASSAY_E_USAGE, "line %zu is NULL", index);
    assay_status status = assay_json_parse(text, strlen(text), "line", &line, err);
    if (status == ASSAY_OK) status = render(scorer, line, count, err);
    json_decref(line);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "line %zu: ", index);
}

static assay_status add_lines(assay_scorer *scorer, const char *const *lines, size_t count, harvest *h, size_t *counts,
                              assay_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t answers = 0;
        if (*scorer->call.context.interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
        ASSAY_TRY(render_text(scorer, lines[i], i, &answers, err));
        ASSAY_TRY(assay_score_lines_add(h->lines, scorer->answers.ids, scorer->answers.ends, answers, NULL, err));
        if (counts) counts[i] = answers;
    }
    if (*scorer->call.context.interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
    return assay_score_lines_finish(h->lines, err);
}

static assay_status score_lines(assay_scorer *scorer, const char *const *lines, size_t count, harvest *h,
                                size_t *counts, assay_error *err)
{
    const assay_score_taker taker = {.take = take, .context = h};
    ASSAY_TRY(assay_grow(&h->scores, &h->capacity, count + 1, sizeof *h->scores, err));
    ASSAY_TRY(assay_score_lines_open(&h->lines, &scorer->scoring->batch, &taker, err));
    assay_status status = add_lines(scorer, lines, count, h, counts, err);
    assay_score_lines_close(h->lines);
    return status;
}

int assay_scorer_score_lines(assay_scorer *scorer, const char *const *lines, size_t count, double **scores,
                             size_t *counts, size_t *total, assay_failure *failure)
{
    harvest h = {0};
    assay_error error;
    if (scores) *scores = NULL;
    if (total) *total = 0;
    if (!scorer) return assay_api_missing("scorer", failure);
    if (!lines && count) return assay_api_missing("lines", failure);
    if (!scores) return assay_api_missing("scores", failure);
    pthread_mutex_lock(&scorer->busy);
    assay_status status = score_lines(scorer, lines, count, &h, counts, &error);
    pthread_mutex_unlock(&scorer->busy);
    if (status != ASSAY_OK) {
        assay_free(h.scores);
        h = (harvest){0};
    }
    *scores = h.scores;
    if (total) *total = h.count;
    return assay_api_result(status, &error, failure);
}

static assay_status score_answer(assay_scorer *scorer, const json_t *line, double *score, assay_error *err)
{
    size_t count;
    assay_lot lot;
    ASSAY_TRY(render(scorer, line, &count, err));
    if (*scorer->call.context.interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
    ASSAY_TRY(assay_lot_begin(&lot, scorer->answers.ids, count, false, err));
    assay_status status = scorer->answers.ends ? assay_lot_want_steps(&lot, scorer->answers.ends, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_score_batch_all(&scorer->scoring->batch, &lot, err);
    if (status == ASSAY_OK) *score = lot.scores[0];
    assay_lot_release(&lot);
    return status;
}

int assay_scorer_score_answer(assay_scorer *scorer, const char *prompt, const char *answer, double *score,
                              assay_failure *failure)
{
    assay_error error;
    if (!scorer) return assay_api_missing("scorer", failure);
    if (!prompt) return assay_api_missing("prompt", failure);
    if (!answer) return assay_api_missing("answer", failure);
    if (!score) return assay_api_missing("score", failure);
    json_t *line = json_pack("{s:s, s:s}", "prompt", prompt, "response", answer);
    assay_status status =
        line ? ASSAY_OK : assay_error_set(&error, ASSAY_E_FORMAT, "prompt and answer must be UTF-8 texts");
    pthread_mutex_lock(&scorer->busy);
    if (status == ASSAY_OK) status = score_answer(scorer, line, score, &error);
    pthread_mutex_unlock(&scorer->busy);
    json_decref(line);
    return assay_api_result(status, &error, failure);
}

int assay_scorer_describe(const assay_scorer *scorer, char **json, assay_failure *failure)
{
    assay_error error;
    char print[40] = "";
    if (json) *json = NULL;
    if (!scorer) return assay_api_missing("scorer", failure);
    if (!json) return assay_api_missing("json", failure);
    const assay_model_source *source = scorer->scoring->source;
    assay_status status = assay_checkpoint_fingerprint(source->checkpoint, print, &error);
    if (status == ASSAY_OK)
        status = assay_api_text(json_pack("{s:s, s:s, s:s, s:I, s:f, s:s}", "architecture", source->config.arch->name,
                                          "model", source->checkpoint->name, "template", source->template_name,
                                          "max_length", (json_int_t)source->max_length, "score_offset",
                                          source->notes.score_offset, "fingerprint", print),
                                json, &error);
    return assay_api_result(status, &error, failure);
}
