#include "base/alloc.h"
#include "base/buf.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "task/training.h"
#include "train/verify.h"

#include <stdio.h>

typedef struct listener {
    const assay_command_context *context;
    int layers;
} listener;

static bool is_equal(const assay_verify_cell *cell)
{
    return !cell->tensors_different && cell->loss_equal && cell->rewards_equal;
}

static const char *outcome_of(const assay_verify_cell *cell)
{
    static const char *const skipped[] = {[ASSAY_VERIFY_NO_ROOM] = "skipped: does not fit in --memory",
                                          [ASSAY_VERIFY_NO_TIME] = "skipped: --time is over"};
    if (cell->skip != ASSAY_VERIFY_RAN) return skipped[cell->skip];
    return is_equal(cell) ? "same bits" : "DIFFERENT";
}

static void on_cell(void *context, const assay_verify_result *r, size_t index)
{
    const listener *l = context;
    const assay_verify_cell *cell = &r->cells[index];
    char schedule[64], took[32];
    assay_format_seconds(cell->seconds, took, sizeof took);
    assay_verify_schedule_name(&r->schedules[cell->schedule], l->layers, schedule, sizeof schedule);
    assay_note(l->context->task.log, "way %zu/%zu: %s, micro-batches of %zu tokens, %d threads: %s (%s)", index + 1,
               r->cell_count, schedule, r->micros[cell->micro], r->threads[cell->thread], outcome_of(cell), took);
}

static json_t *names_json(const bool *flags, const assay_program *program)
{
    json_t *names = json_array();
    for (size_t i = 0; i < program->param_count; i++)
        if (flags[i]) json_array_append_new(names, json_string(program->params[i].name));
    return names;
}

static json_t *schedules_json(const assay_verify_result *r, int layers)
{
    json_t *schedules = json_array();
    for (int i = 0; i < r->schedule_count; i++) {
        char name[64];
        assay_verify_schedule_name(&r->schedules[i], layers, name, sizeof name);
        json_array_append_new(schedules,
                              json_pack("{s:s, s:i, s:i}", "name", name, "layers_replayed", r->schedules[i].replayed,
                                        "layers_spilled", r->schedules[i].spilled));
    }
    return schedules;
}

static json_t *cells_json(const assay_verify_result *r)
{
    static const char *const skips[] = {
        [ASSAY_VERIFY_RAN] = NULL, [ASSAY_VERIFY_NO_ROOM] = "memory", [ASSAY_VERIFY_NO_TIME] = "time"};
    json_t *cells = json_array();
    for (size_t i = 0; i < r->cell_count; i++) {
        const assay_verify_cell *c = &r->cells[i];
        json_array_append_new(cells, json_pack("{s:i, s:I, s:i, s:I, s:I, s:s?, s:b, s:I, s:I, s:f}", "schedule",
                                               c->schedule, "micro_tokens", (json_int_t)r->micros[c->micro], "threads",
                                               r->threads[c->thread], "micro_batches", (json_int_t)c->micro_batches,
                                               "arena_bytes", (json_int_t)c->arena_bytes, "skipped", skips[c->skip],
                                               "equal", c->skip == ASSAY_VERIFY_RAN && is_equal(c), "tensors_different",
                                               (json_int_t)c->tensors_different, "bits_different",
                                               (json_int_t)c->bits_different, "seconds", c->seconds));
    }
    return cells;
}

static bool loss_is_equal(const assay_verify_result *r)
{
    for (size_t i = 0; i < r->cell_count; i++)
        if (r->cells[i].skip == ASSAY_VERIFY_RAN && !(r->cells[i].loss_equal && r->cells[i].rewards_equal))
            return false;
    return true;
}

static assay_status print_json(const assay_verify_result *r, const assay_training *t, assay_error *err)
{
    const assay_program *program = t->model->program;
    json_t *threads = json_array(), *micros = json_array(), *different = names_json(r->different, program);
    for (int i = 0; i < r->thread_count; i++) json_array_append_new(threads, json_integer(r->threads[i]));
    for (int i = 0; i < r->micro_count; i++) json_array_append_new(micros, json_integer((json_int_t)r->micros[i]));
    json_t *gradients = json_pack("{s:I, s:I, s:o, s:o, s:o, s:s}", "tensors", (json_int_t)r->tensors, "different",
                                  (json_int_t)json_array_size(different), "zero", names_json(r->zero, program),
                                  "cancelled", names_json(r->cancelled, program), "different_names", different,
                                  "compared_by", r->by_hash ? "hash" : "bits");
    json_t *object =
        json_pack("{s:b, s:b, s:f, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:o}", "equal",
                  r->unequal == 0, "loss_bits_equal", loss_is_equal(r), "loss", r->loss, "gradients", gradients,
                  "schedules", schedules_json(r, program->layers), "threads", threads, "micro_tokens", micros, "pairs",
                  (json_int_t)r->pairs, "tokens", (json_int_t)r->tokens, "ways", (json_int_t)r->ran, "ways_different",
                  (json_int_t)r->unequal, "ways_skipped", (json_int_t)r->skipped, "kernels", t->kernels->name,
                  "precision", assay_program_precision(program), "cells", cells_json(r));
    ASSAY_TRY_ALLOC(object, "a result", err);
    assay_status status = assay_print_json(object, err);
    json_decref(object);
    return status;
}

static assay_status write_names(assay_buf *out, const char *what, const bool *flags, const assay_program *program,
                                assay_error *err)
{
    for (size_t i = 0; i < program->param_count; i++)
        if (flags[i]) ASSAY_TRY(assay_buf_printf(out, err, "%s: %s\n", what, program->params[i].name));
    return ASSAY_OK;
}

static assay_status write_table(assay_buf *out, const assay_verify_result *r, const assay_training *t, assay_error *err)
{
    const assay_program *program = t->model->program;
    ASSAY_TRY(assay_buf_printf(out, err, "%-20s %13s %7s %12s %7s  %s\n", "schedule", "micro-batches", "threads",
                               "step memory", "seconds", "bits"));
    for (size_t i = 0; i < r->cell_count; i++) {
        const assay_verify_cell *c = &r->cells[i];
        char schedule[64], micro[48], arena[32];
        assay_verify_schedule_name(&r->schedules[c->schedule], program->layers, schedule, sizeof schedule);
        assay_format_bytes(c->arena_bytes, arena, sizeof arena);
        if (c->skip == ASSAY_VERIFY_RAN)
            snprintf(micro, sizeof micro, "%zu x %zu", c->micro_batches, r->micros[c->micro]);
        else snprintf(micro, sizeof micro, "- x %zu", r->micros[c->micro]);
        ASSAY_TRY(assay_buf_printf(out, err, "%-20s %13s %7d %12s %7.2f  %s\n", schedule, micro, r->threads[c->thread],
                                   arena, c->seconds, outcome_of(c)));
    }
    ASSAY_TRY(assay_buf_printf(out, err,
                               "%zu pairs, %zu tokens, %zu gradients compared %s, kernels %s:\n"
                               "%zu of %zu ways differ, %zu skipped\n",
                               r->pairs, r->tokens, r->tensors,
                               r->by_hash ? "by a 128-bit hash of each" : "bit for bit", t->kernels->name, r->unequal,
                               r->ran, r->skipped));
    ASSAY_TRY(write_names(out, "different", r->different, program, err));
    ASSAY_TRY(write_names(out, "zero gradient", r->zero, program, err));
    return write_names(out, "no gradient by nature (shifts both rewards alike; --center gives it one)", r->cancelled,
                       program, err);
}

static assay_status print_table(const assay_verify_result *result, const assay_training *t, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 16 << 20);
    assay_status status = write_table(&text, result, t, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status verify(assay_training *t, const assay_options *options, const assay_command_context *context,
                           assay_error *err)
{
    assay_verify_result result;
    listener l = {.context = context, .layers = t->model->program->layers};
    assay_verify_setup setup = {.settings = &t->settings,
                                .stream = t->stream,
                                .model = t->model,
                                .examples = &t->examples,
                                .kernels = t->kernels,
                                .pairs = (size_t)options->verify_pairs,
                                .threads = options->threads ? (int)options->threads : assay_processors(),
                                .micro_tokens = (size_t)options->micro_tokens,
                                .combinations = options->all_combinations,
                                .time_limit = options->time_limit,
                                .interrupted = context->task.interrupted,
                                .on_cell = on_cell,
                                .listener = &l};
    ASSAY_TRY(assay_verify(&setup, &result, err));
    if (result.seeded)
        assay_note(context->task.log,
                   "%zu zero tensors (adapters' B, or the head) were filled with seeded numbers in memory, so that all "
                   "others get a gradient",
                   result.seeded);
    assay_status status = options->json ? print_json(&result, t, err) : print_table(&result, t, err);
    if (status == ASSAY_OK) status = assay_verify_judge(&result, t->model->program, err);
    assay_verify_release(&result);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_training *training;
    ASSAY_TRY(assay_training_open(&training, options, &context->task, err));
    assay_status status = verify(training, options, context, err);
    assay_training_close(training);
    return status;
}

const assay_command assay_command_verify = {
    .name = "verify",
    .summary = "proves that recomputing changes no bit, on your model and data",
    .arguments = "--model M --data PATH [options]",
    .help =
        "Computes one training step of your model on your pairs in many ways: every schedule (keeping everything, "
        "recomputing nothing, some\n"
        "layers, all layers), several micro-batch sizes and thread counts. Loss and all gradients must be the same to "
        "the last bit, and\n"
        "every trained tensor must get a gradient; otherwise it names the tensors and exits 4. Nothing is written.\n"
        "Ways that do not fit in --memory, or come after --time, are skipped and said.\n"
        "\n"
        "Examples:\n"
        "  assay verify --model ./chatglm3-6b --data pairs.jsonl\n"
        "  assay verify --model ./llama --data pairs.jsonl --tuning full --pairs 8 --all-combinations --json\n"
        "  assay verify --model ./chatglm3-6b --data pairs.jsonl --pairs 2 --max-length 256 --time 30m\n",
    .takes = ASSAY_FOR_VERIFY,
    .saves = true,
    .reports_first = true,
    .run = run,
};
