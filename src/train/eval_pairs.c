#include "train/eval_pairs.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "data/json_text.h"

#include <math.h>
#include <string.h>

enum { FILE_CEILING = 1 << 30, CONTENT_BYTES = 4000 };

/* Of the labelled step whose score is farthest on the wrong side of 1/2. */
static double step_margin(const double *labels, const double *scores, size_t count)
{
    double least = 1;
    for (size_t i = 0; i < count; i++) {
        if (isnan(scores[i])) return (double)NAN;
        if (labels[i] > 0.5) least = fmin(least, scores[i] - 0.5);
        if (labels[i] < 0.5) least = fmin(least, 0.5 - scores[i]);
    }
    return least;
}

static double margin_of(const assay_example_set *set, const double *rewards, size_t i)
{
    const assay_example *e = &set->items[i];
    if (e->steps) return step_margin(set->values + e->answers, rewards + e->answers, e->count);
    double best = rewards[e->answers];
    if (set->label_count) {
        double target = set->targets[e->answers * set->label_count];
        return isnan(target) ? 0 : -fabs(best - target);
    }
    if (e->count == 1) return e->share > 0.5 ? best : -best;
    return best - rewards[e->answers + e->count - 1];
}

/* A margin that is no number counts as the worst. */
static bool is_worse(const assay_example_set *set, const double *rewards, size_t a, size_t b)
{
    double x = margin_of(set, rewards, a), y = margin_of(set, rewards, b);
    if (isnan(x) || isnan(y)) return isnan(x) && (!isnan(y) || a < b);
    return x < y || (!(y < x) && a < b);
}

/* The indices of the worst pairs, worst first. */
static size_t find_worst(const assay_example_set *set, const double *rewards, size_t worst[ASSAY_WORST_PAIRS])
{
    size_t found = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_t place = found;
        while (place > 0 && is_worse(set, rewards, i, worst[place - 1])) place--;
        if (place == ASSAY_WORST_PAIRS) continue;
        if (found < ASSAY_WORST_PAIRS) found++;
        memmove(worst + place + 1, worst + place, (found - 1 - place) * sizeof *worst);
        worst[place] = i;
    }
    return found;
}

/* At most CONTENT_BYTES, cut between characters. This and the next: NULL when out of memory. */
static json_t *content(const assay_message *message)
{
    size_t size = message->size;
    if (size > CONTENT_BYTES)
        for (size = CONTENT_BYTES; size > 0 && ((unsigned char)message->text[size] & 0xc0) == 0x80;) size--;
    json_t *text = json_stringn(message->text, size);
    if (!text || size == message->size) return text;
    json_t *cut = json_sprintf("%s...", json_string_value(text));
    json_decref(text);
    return cut;
}

static json_t *messages(const assay_turns *turns)
{
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < turns->count && !failed; i++)
        failed = json_array_append_new(list, json_pack("{s:s, s:o}", "role", assay_role_name(turns->items[i].role),
                                                       "content", content(&turns->items[i])));
    if (!failed) return list;
    json_decref(list);
    return NULL;
}

/* The score of an answer in steps is its worst step's. */
static double score_of(const assay_example *e, const double *rewards)
{
    double score = rewards[e->answers];
    for (size_t i = 1; e->steps && i < e->count; i++)
        if (!(rewards[e->answers + i] >= score)) score = rewards[e->answers + i];
    return score;
}

static json_t *steps_json(const assay_example_set *set, const assay_example *e, const double *rewards)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < e->count; i++) {
        size_t at = e->answers + i;
        json_t *step = json_pack("{s:o, s:o}", "score", assay_json_number(rewards[at]), "label",
                                 assay_json_number(set->values[at]));
        if (!json_array_append_new(list, step)) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

static json_t *line_of(const assay_example_set *set, const double *rewards, size_t i, uint64_t step, bool with_text)
{
    const assay_example *e = &set->items[i];
    const assay_pair *pair = &set->pairs->pairs[e->pair];
    const assay_example_answer *best = assay_example_best(set, e), *worst = assay_example_worst(set, e);
    bool alone = e->steps || e->count == 1;
    size_t tokens = e->steps ? assay_example_length(set, e) : best->count;
    char *at = set->pairs->file_count ? assay_pair_set_place(set->pairs, pair->place) : NULL;
    json_t *line =
        json_pack("{s:I, s:s*, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "step", (json_int_t)step, "at", at, "chosen",
                  assay_json_number(score_of(e, rewards)), "rejected",
                  assay_json_number(alone ? (double)NAN : rewards[e->answers + e->count - 1]), "margin",
                  assay_json_number(margin_of(set, rewards, i)), "tokens_chosen", (json_int_t)tokens, "tokens_rejected",
                  (json_int_t)(alone ? 0 : worst->count), "chars_chosen", (json_int_t)assay_turns_length(&pair->chosen),
                  "chars_rejected", (json_int_t)assay_turns_length(&pair->rejected));
    assay_free(at);
    int failed = !line;
    if (!failed && e->steps) failed = json_object_set_new(line, "steps", steps_json(set, e, rewards));
    if (!failed && pair->id) failed = json_object_set_new(line, "id", assay_json_value(pair->id));
    if (!failed && with_text)
        failed = json_object_set_new(line, "texts",
                                     json_pack("{s:o, s:o, s:o}", "prompt", messages(&pair->prompt), "chosen",
                                               messages(&pair->chosen), "rejected", messages(&pair->rejected)));
    if (!failed) return line;
    json_decref(line);
    return NULL;
}

static bool is_among(const size_t *worst, size_t count, size_t i)
{
    for (size_t w = 0; w < count; w++)
        if (worst[w] == i) return true;
    return false;
}

static assay_status write_lines(assay_buf *out, const assay_example_set *set, const double *rewards, uint64_t step,
                                assay_error *err)
{
    size_t worst[ASSAY_WORST_PAIRS + 1], count = find_worst(set, rewards, worst);
    for (size_t i = 0; i < set->count; i++) {
        json_t *line = line_of(set, rewards, i, step, is_among(worst, count, i));
        ASSAY_TRY_ALLOC(line, "a line of " ASSAY_EVAL_PAIRS_NAME, err);
        assay_status status = assay_json_text(line, out, err);
        json_decref(line);
        ASSAY_TRY(status);
        ASSAY_TRY(assay_buf_byte(out, '\n', err));
    }
    return ASSAY_OK;
}

assay_status assay_eval_pairs_write(const assay_example_set *set, const double *rewards, uint64_t step,
                                    const char *folder, assay_error *err)
{
    assay_buf out;
    char *path = assay_path_join(folder, ASSAY_EVAL_PAIRS_NAME);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_buf_init(&out, FILE_CEILING);
    assay_status status = write_lines(&out, set, rewards, step, err);
    if (status == ASSAY_OK) status = assay_file_write_atomic(path, out.data, out.size, err);
    assay_buf_release(&out);
    assay_free(path);
    return status;
}
