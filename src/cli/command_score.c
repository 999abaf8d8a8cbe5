/* Lines are rendered and packed until the micro-batch is full, then computed together: memory is bounded by one micro-batch, and neither the
 * batch nor the order changes a score. Results leave in input order. */
#include "base/alloc.h"
#include "base/buf.h"
#include "cli/pair_input.h"
#include "cli/scoring.h"
#include "data/input_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINES_AT_ONCE = 256, ANSWERS_AT_MOST = 1024 };

/* A line whose scores are still to come. */
typedef struct waiting {
    uint64_t index;
    char *id;
    size_t scores;
    bool list;
} waiting;

typedef struct scorer {
    assay_scoring *scoring;
    const assay_options *options;
    waiting lines[LINES_AT_ONCE];
    size_t line_count;
    assay_ids answers[ANSWERS_AT_MOST];
    assay_error *err;
} scorer;

static assay_status print_line(const waiting *line, const float *rewards, double offset, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 24);
    assay_status status = assay_buf_printf(&text, err, "{\"index\":%llu,\"score\":%s", (unsigned long long)line->index, line->list ? "[" : "");
    for (size_t i = 0; i < line->scores && status == ASSAY_OK; i++) {
        if (!isfinite(rewards[i]))
            status = assay_error_set(err, ASSAY_E_NUMERIC, "input %llu: the score is %g; the weights hold NaN or infinity, or are not a model's", (unsigned long long)line->index,
                                     (double)rewards[i]);
        else
            status = assay_buf_printf(&text, err, "%s%.9g", i ? "," : "", (double)rewards[i] + offset);
    }
    if (status == ASSAY_OK) status = assay_buf_text(&text, line->list ? "]" : "", err);
    if (status == ASSAY_OK && line->id) status = assay_buf_printf(&text, err, ",\"id\":%s", line->id);
    if (status == ASSAY_OK) status = assay_buf_text(&text, "}\n", err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status flush(scorer *s)
{
    if (s->line_count == 0) return ASSAY_OK;
    ASSAY_TRY(assay_engine_forward(s->scoring->engine, assay_pack_finish(&s->scoring->pack), 0, 0, false, s->err));
    const float *rewards = assay_engine_rewards(s->scoring->engine);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < s->line_count; i++) {
        if (status == ASSAY_OK) status = print_line(&s->lines[i], rewards, s->scoring->source->score_offset, s->err);
        rewards += s->lines[i].scores;
        assay_free(s->lines[i].id);
    }
    s->line_count = 0;
    assay_pack_clear(&s->scoring->pack);
    return status;
}

static assay_status render(scorer *s, const assay_input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        assay_ids *ids = &s->answers[i];
        ids->count = 0;
        ASSAY_TRY(assay_scoring_render(s->scoring, input, i, ids, s->err));
        size_t most = (size_t)s->scoring->source->max_length;
        if (ids->count == 0) return assay_error_set(s->err, ASSAY_E_FORMAT, "%s: an empty text cannot be scored", input->where);
        if (ids->count > most && s->options->truncate == ASSAY_OPT_TRUNCATE_RIGHT) ids->count = most;
        if (ids->count > most)
            return assay_error_set(s->err, ASSAY_E_FORMAT, "%s: %zu tokens, --max-length allows %zu; raise it or give --truncate right", input->where, ids->count, most);
    }
    return ASSAY_OK;
}

/* Leading ids that all answers have in common; each keeps at least one of its own. */
static size_t shared_ids(const scorer *s, size_t count)
{
    size_t shared = count > 1 ? s->answers[0].count - 1 : 0;
    for (size_t i = 1; i < count; i++) {
        size_t most = s->answers[i].count - 1, n = 0;
        while (n < shared && n < most && s->answers[i].data[n] == s->answers[0].data[n]) n++;
        shared = n;
    }
    return shared;
}

static size_t tree_tokens(const scorer *s, size_t count, size_t shared)
{
    size_t tokens = shared;
    for (size_t i = 0; i < count; i++) tokens += s->answers[i].count - shared;
    return tokens;
}

/* A line is one tree: its answers share what they begin with. Lines go together until the micro-batch is full; scores do not depend on it. */
static assay_status add_answers(scorer *s, const assay_input *input)
{
    size_t shared = shared_ids(s, input->count);
    bool together = tree_tokens(s, input->count, shared) <= s->scoring->pack.token_capacity && input->count + 1 <= s->scoring->pack.segment_capacity;
    if (!together) return assay_error_set(s->err, ASSAY_E_NO_FIT, "%s: %zu answers have %zu tokens together; give a larger --micro-tokens", input->where, input->count,
                                          tree_tokens(s, input->count, shared));
    bool fits = assay_pack_fits(&s->scoring->pack, tree_tokens(s, input->count, shared), input->count + 1) &&
                s->scoring->pack.scored + input->count <= s->scoring->plan.bounds.rows[ASSAY_SCORED];
    if (!fits || s->line_count == LINES_AT_ONCE) ASSAY_TRY(flush(s));
    char *id = assay_strdup(input->id);
    if (input->id && !id) return assay_error_set(s->err, ASSAY_E_MEMORY, "out of memory for the id of %s", input->where);
    assay_pack_tree(&s->scoring->pack, 0);
    int prompt = shared ? assay_pack_segment(&s->scoring->pack, s->answers[0].data, shared, -1, false) : -1;
    for (size_t i = 0; i < input->count; i++)
        assay_pack_segment(&s->scoring->pack, s->answers[i].data + shared, s->answers[i].count - shared, prompt, true);
    s->lines[s->line_count++] = (waiting){.index = input->index, .id = id, .scores = input->count, .list = input->is_list || input->is_pair};
    return ASSAY_OK;
}

static assay_status all_lines(scorer *s, assay_inputs *inputs, const assay_command_context *context)
{
    for (;;) {
        const assay_input *input;
        if (*context->interrupted) return assay_error_set(s->err, ASSAY_E_STOPPED, "interrupted");
        ASSAY_TRY(assay_inputs_next(inputs, &input, s->err));
        if (!input) return flush(s);
        if (input->count > ANSWERS_AT_MOST) return assay_error_set(s->err, ASSAY_E_FORMAT, "%s: %zu answers, at most %d", input->where, input->count, ANSWERS_AT_MOST);
        ASSAY_TRY(render(s, input));
        ASSAY_TRY(add_answers(s, input));
    }
}

static assay_status score(scorer *s, const assay_command_context *context)
{
    assay_inputs *inputs = NULL;
    assay_columns columns = {0};
    size_t most = (size_t)s->scoring->source->max_length, tree = 2 * most > 4096 ? 2 * most : 4096;
    assay_status status = assay_scoring_engine(s->scoring, s->options, most, tree, LINES_AT_ONCE * 4, NULL, s->err);
    if (status == ASSAY_OK) status = assay_pair_input_columns(&columns, s->options, s->err);
    if (status == ASSAY_OK) status = assay_inputs_open(&inputs, s->options->input ? s->options->input : "-", &columns, s->err);
    if (status == ASSAY_OK) status = all_lines(s, inputs, context);
    for (size_t i = 0; i < s->line_count; i++) assay_free(s->lines[i].id);
    assay_inputs_close(inputs);
    assay_columns_release(&columns);
    for (size_t i = 0; i < ANSWERS_AT_MOST; i++) assay_ids_release(&s->answers[i]);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    scorer *s = assay_alloc(1, sizeof *s);
    ASSAY_TRY_ALLOC(s, "the scorer", err);
    s->options = options;
    s->err = err;
    assay_status status = assay_scoring_open(&s->scoring, options, context, &(assay_scoring_wants){.need_head = true}, err);
    if (status == ASSAY_OK) status = score(s, context);
    assay_scoring_close(s->scoring);
    assay_free(s);
    return status;
}

const assay_command assay_command_score = {
    .name = "score",
    .summary = "scores answers: JSON lines in, JSON lines out",
    .arguments = "--model M [--input FILE] [options]",
    .help = "Reads one JSON object a line: {\"prompt\", \"response\"}, {\"messages\"}, {\"conversations\"}, {\"text\"} or a pair, and writes\n"
            "{\"index\", \"score\"} (and the input's id) a line, in input order and full precision. A score does not depend on its neighbours.\n"
            "\n"
            "Examples:\n"
            "  echo '{\"prompt\": \"2+2?\", \"response\": \"4\"}' | assay score --model my-reward\n"
            "  assay score --model my-reward --input answers.jsonl > scores.jsonl\n",
    .takes = ASSAY_FOR_SCORE,
    .run = run,
};
