#include "base/alloc.h"
#include "base/buf.h"
#include "cli/pair_input.h"
#include "cli/scoring.h"
#include "score/judge.h"

#include <math.h>
#include <stdio.h>

static assay_status print_text(const assay_judgement *j, const assay_example_set *set, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 16);
    assay_status status = assay_buf_printf(&text, err,
                                           "pairs               %zu (%zu left out)\n"
                                           "accuracy            %.4f   95 %% interval %.4f to %.4f, %zu ties\n"
                                           "longer answer wins  %.4f   the baseline to beat\n"
                                           "loss                %.4f\n"
                                           "margin              %.4f\n"
                                           "reward chosen       %.4f\n"
                                           "reward rejected     %.4f\n"
                                           "reward ~ length     %.4f   (correlation)\n"
                                           "mse, mae            %.4f, %.4f   (MedicalGPT's)\n",
                                           j->pairs, set->drop_count, j->accuracy, j->accuracy_low, j->accuracy_high, j->ties, j->longer_wins, j->loss, j->margin,
                                           j->reward_chosen, j->reward_rejected, j->length_correlation, j->mse, j->mae);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status print_json(const assay_judgement *judgement, assay_error *err)
{
    json_t *object = assay_judgement_json(judgement);
    ASSAY_TRY_ALLOC(object, "a result", err);
    assay_status status = assay_print_json(object, err);
    json_decref(object);
    return status;
}

static assay_status judge(assay_scoring *s, const assay_example_set *set, const assay_options *options, const assay_command_context *context, assay_error *err)
{
    size_t most = 0;
    assay_judgement judgement;
    for (size_t i = 0; i < set->count; i++)
        if (assay_example_tokens(&set->items[i]) > most) most = assay_example_tokens(&set->items[i]);
    ASSAY_TRY(assay_scoring_engine(s, options, set->longest, most, 2 * set->count, NULL, err));
    float *rewards = assay_alloc(2 * set->count, sizeof *rewards);
    ASSAY_TRY_ALLOC(rewards, "rewards", err);
    assay_status status = assay_score_examples(s->engine, &s->pack, set, NULL, set->count, s->plan.micro_tokens, context->interrupted, rewards, err);
    for (size_t i = 0; i < 2 * set->count; i++) rewards[i] += (float)s->source->score_offset;
    for (size_t i = 0; i < 2 * set->count && status == ASSAY_OK; i++)
        if (!isfinite(rewards[i]))
            status = assay_error_set(err, ASSAY_E_NUMERIC, "pair %zu: a score is %g; the weights hold NaN or infinity, or are not a model's", i / 2 + 1, (double)rewards[i]);
    if (status == ASSAY_OK) status = assay_judge(set, rewards, &judgement, err);
    assay_free(rewards);
    ASSAY_TRY(status);
    return options->json ? print_json(&judgement, err) : print_text(&judgement, set, err);
}

static assay_status evaluate(assay_scoring *s, const assay_pair_set *pairs, const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_example_set set;
    assay_example_options rule = {.max_length = (size_t)s->source->max_length, .truncate = assay_pair_input_truncate(options)};
    ASSAY_TRY(assay_example_set_build(&set, pairs, NULL, 0, &s->renderer, &rule, err));
    if (set.drop_count) assay_warn(context->log, "%zu pairs are left out, most of them for %s", set.drop_count, assay_drop_text(set.drops[0].reason));
    assay_status status = judge(s, &set, options, context, err);
    assay_example_set_release(&set);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_pair_set *pairs;
    assay_scoring *scoring = NULL;
    ASSAY_TRY(assay_pair_input_read(&pairs, &options->data, options, context->log, err));
    assay_status status = assay_scoring_open(&scoring, options, context, &(assay_scoring_wants){0}, err);
    if (status == ASSAY_OK) status = evaluate(scoring, pairs, options, context, err);
    assay_scoring_close(scoring);
    assay_pair_set_free(pairs);
    return status;
}

const assay_command assay_command_eval = {
    .name = "eval",
    .summary = "accuracy and more on pairs",
    .arguments = "--model M --data PATH [options]",
    .help = "Scores both answers of every pair and reports accuracy (with its 95 % interval; a tie counts half and is also counted apart),\n"
            "loss, margin, and whether the longer answer wins.\n"
            "\n"
            "Examples:\n"
            "  assay eval --model my-reward --data dev.jsonl\n"
            "  assay eval --model Qwen/Qwen2.5-0.5B --adapter my-reward --data dev.jsonl --json\n",
    .takes = ASSAY_FOR_EVAL,
    .run = run,
};
