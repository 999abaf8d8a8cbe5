/* Lines are rendered and packed until the micro-batch is full, then computed together: memory is bounded by one
 * micro-batch and one line, and neither the batch nor the order changes a score. A line whose answers do not fit
 * together is computed in several goes. Results leave in input order.
 *
 * Invariant: the lines that wait are complete up to the last one, and the scored segments of the pack belong to them in
 * order. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/score_line.h"
#include "data/input_file.h"
#include "score/pack_answers.h"
#include "score/score_trace.h"
#include "task/pair_input.h"
#include "task/scoring.h"

#include <string.h>

enum { LINES_AT_ONCE = 256, SCORES_AT_ONCE = 1024 };

typedef struct scorer {
    assay_scoring *scoring;
    const assay_options *options;
    assay_score_style style;
    assay_score_line lines[LINES_AT_ONCE];
    size_t line_count, skipped; /* skipped: lines that make no pair */
    assay_answer_list answers;  /* of the line being packed */
    assay_error *err;
} scorer;

/* ---- results ---- */

static assay_status keep_trace(scorer *s, assay_score_trace_of *trace, size_t segment, const float *rewards)
{
    const assay_pack *pack = &s->scoring->pack;
    trace->count = assay_trace_length(pack, segment);
    trace->ids = assay_alloc(trace->count, sizeof *trace->ids);
    trace->rewards = assay_alloc(trace->count, sizeof *trace->rewards);
    if (!trace->ids || !trace->rewards)
        return assay_error_set(s->err, ASSAY_E_MEMORY, "out of memory for a trace of %zu tokens", trace->count);
    assay_trace_path(pack, segment, rewards, trace->ids, trace->rewards);
    for (size_t t = 0; t < trace->count; t++) trace->rewards[t] += (float)s->scoring->source->score_offset;
    return ASSAY_OK;
}

/* Gives every scored segment's reward to the line it belongs to. */
static assay_status hand_out(scorer *s, const float *rewards)
{
    const assay_pack *pack = &s->scoring->pack;
    assay_score_line *line = s->lines;
    for (size_t i = 0; i < pack->segment_count; i++) {
        const assay_segment *segment = &pack->segments[i];
        if (segment->scored_row < 0) continue;
        while (line->received == line->count) line++;
        size_t row = s->style.trace ? (size_t)segment->first + segment->rows - 1 : (size_t)segment->scored_row;
        if (s->style.trace) ASSAY_TRY(keep_trace(s, &line->traces[line->received], i, rewards));
        double score = (double)rewards[row] + s->scoring->source->score_offset;
        assay_status status = assay_scoring_check(s->scoring, score, s->err);
        if (status != ASSAY_OK)
            return assay_error_prefix(s->err, status, "input %llu: ", (unsigned long long)line->index);
        line->scores[line->received++] = score;
    }
    return ASSAY_OK;
}

/* A line teaches nothing as a pair when it has one answer, or only equal scores. */
static bool makes_no_pair(const assay_score_line *line)
{
    size_t best, worst;
    assay_score_line_ends(line, &best, &worst);
    return line->scores[best] == line->scores[worst];
}

static assay_status print_finished(scorer *s)
{
    size_t done = 0;
    assay_status status = ASSAY_OK;
    for (; done < s->line_count && s->lines[done].received == s->lines[done].count; done++) {
        bool skip = s->style.pairs && makes_no_pair(&s->lines[done]);
        s->skipped += skip;
        if (status == ASSAY_OK && !skip) status = assay_score_line_print(&s->lines[done], &s->style, s->err);
        assay_score_line_release(&s->lines[done]);
    }
    memmove(s->lines, s->lines + done, (s->line_count - done) * sizeof *s->lines);
    s->line_count -= done;
    return status;
}

static assay_status flush(scorer *s)
{
    assay_scoring *scoring = s->scoring;
    const float *rewards;
    if (scoring->pack.scored == 0) return ASSAY_OK;
    if (s->style.trace) {
        ASSAY_TRY(assay_score_trace(scoring->engine, &scoring->pack, &rewards, s->err));
    } else {
        ASSAY_TRY(assay_engine_forward(scoring->engine, assay_pack_finish(&scoring->pack), 0, 0, false, s->err));
        rewards = assay_engine_rewards(scoring->engine);
    }
    ASSAY_TRY(hand_out(s, rewards));
    assay_pack_clear(&scoring->pack);
    return print_finished(s);
}

/* ---- inputs ---- */

static assay_status render(scorer *s, const assay_input *input)
{
    assay_status status = assay_scoring_answers(s->scoring, s->options, input, &s->answers, s->err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(s->err, status, "%s: ", input->where);
}

static assay_status add_line(scorer *s, const assay_input *input)
{
    assay_pack *pack = &s->scoring->pack;
    size_t rows = s->style.trace ? SCORES_AT_ONCE : s->scoring->plan.bounds.rows[ASSAY_SCORED],
           shared = assay_answers_shared(s->answers.ids, input->count);
    if (s->line_count == LINES_AT_ONCE || !assay_pack_answers_fit(pack, rows, s->answers.ids, input->count, shared))
        ASSAY_TRY(flush(s));
    ASSAY_TRY(assay_score_line_begin(&s->lines[s->line_count++], input, &s->style, s->err));
    for (size_t done = 0; done < input->count;) {
        done += assay_pack_answers(pack, rows, s->answers.ids + done, input->count - done, shared);
        if (done < input->count) ASSAY_TRY(flush(s));
    }
    return ASSAY_OK;
}

/* Reads and renders a line. *bad: it cannot be scored, but the next one may (--skip-bad-lines). */
static assay_status next_line(scorer *s, assay_inputs *inputs, const assay_input **input, bool *bad)
{
    assay_status status = assay_inputs_next(inputs, input, s->err);
    if (status == ASSAY_OK && *input) status = render(s, *input);
    bool passable = status == ASSAY_E_FORMAT && !assay_inputs_broken(inputs);
    *bad = passable && s->options->skip_bad_lines;
    if (!passable || *bad) return *bad ? ASSAY_OK : status;
    const assay_error problem = *s->err;
    return assay_error_set(s->err, status, "%.1900s (--skip-bad-lines leaves such lines out)", problem.text);
}

static assay_status all_lines(scorer *s, assay_inputs *inputs, const assay_command_context *context)
{
    for (;;) {
        const assay_input *input;
        bool bad;
        if (*context->task.interrupted) return assay_error_set(s->err, ASSAY_E_STOPPED, "interrupted");
        ASSAY_TRY(next_line(s, inputs, &input, &bad));
        if (bad) assay_warn(context->task.log, "left out: %s", s->err->text);
        else if (!input) return flush(s);
        else ASSAY_TRY(add_line(s, input));
    }
}

/* ---- the run ---- */

static assay_status find_scale(scorer *s)
{
    const assay_model_source *source = s->scoring->source;
    if (!s->options->normalized) return ASSAY_OK;
    if (!source->rewards.count)
        return assay_error_set(
            s->err, ASSAY_E_USAGE,
            "--normalized: no held-out rewards are stored with %s; assay eval --store --data PAIRS does it",
            s->options->model);
    s->style.scale = &source->rewards;
    return ASSAY_OK;
}

static assay_status score(scorer *s, const assay_command_context *context)
{
    assay_inputs *inputs = NULL;
    assay_columns columns = {0};
    s->style.tokenizer = s->scoring->source->tokenizer;
    ASSAY_TRY(find_scale(s));
    ASSAY_TRY(
        assay_scoring_answer_engine(s->scoring, s->options, s->style.trace ? SIZE_MAX / 4 : SCORES_AT_ONCE, s->err));
    assay_status status = assay_pair_input_columns(&columns, s->options, s->err);
    if (status == ASSAY_OK)
        status = assay_inputs_open(&inputs, s->options->input ? s->options->input : "-", &columns, s->err);
    if (status == ASSAY_OK) status = all_lines(s, inputs, context);
    if (s->skipped)
        assay_warn(context->task.log, "%zu lines make no pair: one answer, or answers with equal scores", s->skipped);
    assay_inputs_close(inputs);
    assay_columns_release(&columns);
    return status;
}

static assay_status check_style(const assay_options *options, assay_error *err)
{
    if (options->best + options->make_pairs + options->trace > 1)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--best, --pairs and --trace are different outputs: give one of them");
    return ASSAY_OK;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    ASSAY_TRY(check_style(options, err));
    scorer *s = assay_alloc(1, sizeof *s);
    ASSAY_TRY_ALLOC(s, "the scorer", err);
    s->options = options;
    s->style = (assay_score_style){.best = options->best, .pairs = options->make_pairs, .trace = options->trace};
    s->err = err;
    assay_status status =
        assay_scoring_open(&s->scoring, options, &context->task,
                           &(assay_scoring_wants){.need_head = true, .all_rows = options->trace}, err);
    if (status == ASSAY_OK) status = score(s, context);
    for (size_t i = 0; i < s->line_count; i++) assay_score_line_release(&s->lines[i]);
    assay_answer_list_release(&s->answers);
    assay_scoring_close(s->scoring);
    assay_free(s);
    return status;
}

const assay_command assay_command_score = {
    .name = "score",
    .summary = "scores answers: JSON lines in, JSON lines out",
    .arguments = "--model M [--input FILE] [options]",
    .help = "Reads one JSON object a line: {\"prompt\", \"response\"}, {\"prompt\", \"responses\": [...]} (the prompt "
            "is computed once), {\"messages\"},\n"
            "{\"conversations\"}, {\"text\"} or a pair, and writes {\"index\", \"score\"} (and the input's id) a line, "
            "in input order and full\n"
            "precision. A score does not depend on its neighbours. It is the raw reward; only differences between "
            "answers to one prompt mean\n"
            "something, unless --normalized puts it among held-out answers.\n"
            "\n"
            "Examples:\n"
            "  echo '{\"prompt\": \"2+2?\", \"response\": \"4\"}' | assay score --model my-reward\n"
            "  assay score --model my-reward --input answers.jsonl > scores.jsonl\n"
            "  assay score --model my-reward --input sixteen-each.jsonl --best > winners.jsonl\n"
            "  assay score --model my-reward --input sixteen-each.jsonl --pairs > pairs.jsonl\n",
    .takes = ASSAY_FOR_SCORE,
    .reports_first = true,
    .run = run,
};
