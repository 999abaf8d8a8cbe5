/* Lines are rendered and go through task/shared_lines.h: memory is bounded by one micro-batch and the lines that wait,
 * neither the batch nor the order nor the number of processes changes a score, and results leave in input order. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/score_line.h"
#include "data/input_file.h"
#include "task/pair_input.h"
#include "task/scoring.h"
#include "task/shared_lines.h"

enum { SCORES_AT_ONCE = 1024 };

typedef struct scorer {
    assay_scoring *scoring;
    const assay_options *options;
    assay_score_style style;
    assay_shared_lines *lines;
    size_t skipped;           /* lines that make no pair */
    assay_answer_ids answers; /* of the line being read */
    assay_error *err;
    bool said_text_prompts;
} scorer;

/* ---- results ---- */

/* A line teaches nothing as a pair when it has one answer, or only equal scores. */
static bool makes_no_pair(const assay_lot *lot)
{
    size_t best, worst;
    assay_score_line_ends(lot, &best, &worst);
    return lot->scores[best] == lot->scores[worst];
}

static assay_status take(void *context, assay_lot *lot, assay_error *err)
{
    scorer *s = context;
    assay_score_line *line = lot->owner;
    if (lot->status != ASSAY_OK)
        return assay_error_prefix(err, lot->status, "input %llu: ", (unsigned long long)line->index);
    bool skip = s->style.pairs && makes_no_pair(lot);
    s->skipped += skip;
    return skip ? ASSAY_OK : assay_score_line_print(line, lot, &s->style, err);
}

static void drop(void *line) { assay_score_line_free(line); }

/* ---- inputs ---- */

static assay_status render(scorer *s, const assay_input *input)
{
    assay_status status = assay_scoring_answers(s->scoring, s->options, input, &s->answers, s->err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(s->err, status, "%s: ", input->where);
}

static assay_status add_line(scorer *s, const assay_input *input)
{
    assay_score_line *line;
    ASSAY_TRY(assay_score_line_make(&line, input, s->answers.ids, &s->style, s->err));
    return assay_shared_lines_add(s->lines, s->answers.ids, s->answers.ends, input->count, input->index, line, s->err);
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
        if (!bad && input && input->from_text && !s->said_text_prompts)
            assay_source_say_text_prompts(s->scoring->source, context->task.log);
        s->said_text_prompts |= !bad && input && input->from_text;
        if (bad) assay_warn(context->task.log, "left out: %s", s->err->text);
        else if (!input) return ASSAY_OK;
        else ASSAY_TRY(add_line(s, input));
    }
}

/* ---- the run ---- */

static assay_status find_scale(scorer *s)
{
    const assay_model_source *source = s->scoring->source;
    if (!s->options->normalized) return ASSAY_OK;
    if (!source->notes.rewards.count)
        return assay_error_set(
            s->err, ASSAY_E_USAGE,
            "--normalized: no held-out rewards are stored with %s; assay eval --store --data PAIRS does it",
            s->options->model);
    s->style.scale = &source->notes.rewards;
    return ASSAY_OK;
}

/* All that a process may fail at alone. */
static assay_status prepare(scorer *s)
{
    s->style.tokenizer = s->scoring->source->tokenizer;
    if (s->options->trace) ASSAY_TRY(assay_prefix_check_trace(s->scoring->renderer.prefix, s->err));
    ASSAY_TRY(find_scale(s));
    ASSAY_TRY(
        assay_scoring_answer_engine(s->scoring, s->options, s->style.trace ? SIZE_MAX / 4 : SCORES_AT_ONCE, s->err));
    s->style.config = s->scoring->source->checkpoint->config;
    s->style.head = &s->scoring->model->config.head;
    return ASSAY_OK;
}

static assay_status read_lines(scorer *s, const assay_command_context *context)
{
    assay_inputs *inputs = NULL;
    assay_columns columns = {0};
    assay_status status = assay_pair_input_columns(&columns, s->options, s->err);
    if (status == ASSAY_OK)
        status = assay_inputs_open(&inputs, s->options->input ? s->options->input : "-", &columns, s->err);
    if (status == ASSAY_OK) status = all_lines(s, inputs, context);
    assay_inputs_close(inputs);
    assay_columns_release(&columns);
    return status;
}

/* Of several processes the first reads and writes. */
static assay_status score(scorer *s, const assay_command_context *context)
{
    assay_comm *comm = context->task.comm;
    const assay_score_taker taker = {
        .take = take, .drop = drop, .context = s, .traces = s->style.trace, .labels = !s->style.pairs};
    ASSAY_TRY(assay_comm_agree(comm, prepare(s), NULL, s->err));
    assay_status status =
        assay_shared_lines_open(&s->lines, comm, &s->scoring->batch, &taker, context->task.interrupted, s->err);
    if (assay_comm_rank(comm) > 0) return assay_shared_lines_follow(s->lines, comm, status, s->err);
    if (status == ASSAY_OK) status = read_lines(s, context);
    status = assay_shared_lines_finish(s->lines, comm, status, s->err);
    assay_pair_input_say_cuts(s->answers.cut, "texts", s->options, context->task.log);
    if (s->skipped)
        assay_warn(context->task.log, "%zu lines make no pair: one answer, or answers with equal scores", s->skipped);
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
                           &(assay_scoring_wants){.need_head = true, .every_token = options->trace}, err);
    if (status == ASSAY_OK) status = score(s, context);
    assay_shared_lines_close(s->lines);
    assay_answer_ids_release(&s->answers);
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
            "precision. Of a classifier with several labels the score is the one of --label, and \"labels\" has them "
            "all by name; of one with a gate it is the gated sum, and \"gating\" has what each label counts. A score "
            "does not depend on its neighbours. It is the raw reward; only differences between "
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
    .together = true,
    .run = run,
};
