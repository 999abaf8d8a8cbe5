#include "base/alloc.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/eval_report.h"
#include "cli/step_report.h"
#include "task/folder_lock.h"
#include "task/step_input.h"

#include <math.h>

/* Of several processes one looks at what it may write to, writes and prints. */
static bool leads(const assay_command_context *context) { return assay_comm_rank(context->task.comm) == 0; }

static bool is_right(const assay_judged *judged) { return judged->chosen > judged->rejected; }

/* Both lists are in the data's order; a pair that one model had to leave out is compared by neither. */
static void compare_pairs(assay_comparison *comparison, const assay_verdict *this, const assay_verdict *other)
{
    for (size_t a = 0, b = 0; a < this->count && b < other->count;) {
        uint32_t x = this->judged[a].pair, y = other->judged[b].pair;
        if (x == y) assay_comparison_add(comparison, is_right(&this->judged[a]), is_right(&other->judged[b]));
        a += x <= y;
        b += y <= x;
    }
    assay_comparison_finish(comparison);
}

static void compare_choices(assay_comparison *comparison, const assay_verdict *this, const assay_verdict *other)
{
    for (size_t a = 0, b = 0; a < this->choice_count && b < other->choice_count;) {
        uint32_t x = this->choice_places[a], y = other->choice_places[b];
        if (x == y)
            assay_comparison_add(comparison, assay_choice_credit(&this->judged_choices[a]) == 1,
                                 assay_choice_credit(&other->judged_choices[b]) == 1);
        a += x <= y;
        b += y <= x;
    }
    assay_comparison_finish(comparison);
}

/* OTHER is a model, or, where it is an adapter and --model a base (with or without another adapter), an adapter on that
 * base. */
static assay_status compare(assay_eval_report *report, const assay_options *options,
                            const assay_command_context *context, assay_error *err)
{
    assay_verdict other;
    assay_options again = *options;
    bool on_base = assay_is_adapter_folder(options->against) && !assay_is_adapter_folder(options->model);
    again.model = on_base ? options->model : options->against;
    again.adapter = on_base ? options->against : NULL;
    ASSAY_TRY(assay_verdict_make(&other, report->data, &again, &context->task, err));
    compare_pairs(&report->pairs, report->verdict, &other);
    compare_choices(&report->choices, report->verdict, &other);
    report->against = options->against;
    report->other_accuracy = other.has_pairs ? other.judgement.accuracy : (double)NAN;
    report->other_choices = other.has_choices ? other.choices.accuracy : (double)NAN;
    assay_verdict_release(&other);
    return ASSAY_OK;
}

static assay_status print_text(const assay_eval_report *report, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = assay_eval_report_text(report, &text, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status print_json(const assay_eval_report *report, assay_error *err)
{
    json_t *object;
    ASSAY_TRY(assay_eval_report_json(report, &object, err));
    assay_status status = assay_print_json(object, err);
    json_decref(object);
    return status;
}

static assay_status report_on(const assay_eval_data *data, const assay_verdict *verdict, const assay_options *options,
                              const assay_command_context *context, assay_error *err)
{
    char *stored = NULL;
    assay_eval_report report = {
        .data = data, .verdict = verdict, .model = options->model, .worst = (size_t)options->worst};
    assay_status status = options->against ? compare(&report, options, context, err) : ASSAY_OK;
    if (!leads(context)) return status;
    if (status == ASSAY_OK && options->store) status = assay_verdict_store(verdict, context->task.log, &stored, err);
    report.stored = stored;
    if (status == ASSAY_OK) status = options->json ? print_json(&report, err) : print_text(&report, err);
    assay_free(stored);
    return status;
}

/* Said before hours of scoring, not after them. */
static assay_status look_at_lock(const assay_options *options, assay_error *err)
{
    const char *folder = options->adapter ? options->adapter : options->model;
    return options->store && folder ? assay_folder_lock_look(folder, err) : ASSAY_OK;
}

static assay_status refuse_for_steps(const char *option, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s is of pairs, and the data holds answers in labelled steps; leave it out", option);
}

static assay_status run_steps(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_step_verdict verdict;
    if (options->against) return refuse_for_steps("--against", err);
    if (options->store) return refuse_for_steps("--store", err);
    if (options->worst) return refuse_for_steps("--worst", err);
    if (options->columns.count) return refuse_for_steps("--columns", err);
    if (options->truncate != ASSAY_OPT_DROP)
        return assay_error_set(err, ASSAY_E_USAGE, "--truncate: where steps are judged, none is cut off; leave it out");
    ASSAY_TRY(assay_step_verdict_make(&verdict, options, &context->task, err));
    assay_status status = leads(context) ? assay_step_report_print(&verdict, options->json, err) : ASSAY_OK;
    assay_step_verdict_release(&verdict);
    return status;
}

static assay_status judge(const assay_eval_data *data, const assay_options *options,
                          const assay_command_context *context, assay_error *err)
{
    assay_verdict verdict;
    ASSAY_TRY(assay_verdict_make(&verdict, data, options, &context->task, err));
    assay_status status = report_on(data, &verdict, options, context, err);
    assay_verdict_release(&verdict);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    bool steps;
    assay_comm *comm = context->task.comm;
    ASSAY_TRY(assay_comm_agree(comm, assay_step_input_are(&steps, &options->data, err), NULL, err));
    ASSAY_TRY(assay_comm_compare(comm, steps, "the kind of the data", err));
    if (steps) return run_steps(options, context, err);
    assay_eval_data data;
    assay_status status = leads(context) ? look_at_lock(options, err) : ASSAY_OK;
    ASSAY_TRY(assay_comm_agree(comm, status, NULL, err));
    status = assay_eval_data_read(&data, options, context->task.log, err);
    status = assay_comm_agree(comm, status, NULL, err);
    if (status == ASSAY_OK) status = judge(&data, options, context, err);
    assay_eval_data_release(&data);
    return status;
}

const assay_command assay_command_eval = {
    .name = "eval",
    .summary = "accuracy and more on pairs and best-of-N choices",
    .arguments = "--model M --data PATH [options]",
    .help = "Scores both answers of every pair and reports accuracy (with its 95 % interval; a tie counts half and is "
            "also counted apart),\n"
            "the gain over picking the longer answer, accuracy among answers of equal length, loss, margin, and how "
            "far sigmoid(margin) is\n"
            "from the share of right ones (calibration). By subset where the data names them (\"subset\", "
            "\"category\", or several files);\n"
            "RewardBench's subsets also give its section scores. Lines whose \"chosen\" and \"rejected\" are lists of "
            "texts are choices\n"
            "(RewardBench 2): a right answer must come first. Answers in labelled steps (TRL stepwise, PRM800K, "
            "Math-Shepherd, ProcessBench)\n"
            "give the share of steps called right and ProcessBench's first errors, for models that score steps.\n"
            "\n"
            "Examples:\n"
            "  assay eval --model my-reward --data dev.jsonl\n"
            "  assay eval --model my-reward --data dev.jsonl --worst 20\n"
            "\n"
            "  # is new better than old, or is it chance?\n"
            "  assay eval --model Qwen/Qwen2.5-0.5B --adapter new --against old --data dev.jsonl\n"
            "\n"
            "  # keep what score --normalized needs\n"
            "  assay eval --model my-reward --data dev.jsonl --store\n",
    .takes = ASSAY_FOR_EVAL,
    .saves = true,
    .together = true,
    .run = run,
};
