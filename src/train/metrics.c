#include "train/metrics.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "base/sizes.h"
#include "machine/process_memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METRICS_CEILING = 1 << 30 };

/* Keeps the lines up to `step`; their JSON becomes the history. */
static assay_status keep_lines(assay_metrics *metrics, const char *text, size_t size, uint64_t step, assay_buf *kept,
                               assay_error *err)
{
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        json_t *line = NULL;
        if (!end) break;
        size_t length = (size_t)(end - text) - at + 1;
        if (assay_json_parse(text + at, length, metrics->path, &line, NULL) != ASSAY_OK) break;
        int64_t at_step = 0;
        assay_status status = assay_json_int(line, "step", false, &at_step, metrics->path, err);
        bool wanted = at_step >= 0 && (uint64_t)at_step <= step;
        if (status == ASSAY_OK && wanted) status = assay_buf_append(kept, text + at, length, err);
        if (status == ASSAY_OK && wanted) json_array_append(metrics->history, line);
        json_decref(line);
        ASSAY_TRY(status);
        at += length;
    }
    return ASSAY_OK;
}

static assay_status carry_over(assay_metrics *metrics, uint64_t step, assay_error *err)
{
    char *text;
    size_t size;
    assay_buf kept;
    if (step == 0 || !assay_path_exists(metrics->path)) return assay_file_write_atomic(metrics->path, "", 0, err);
    ASSAY_TRY(assay_file_read(metrics->path, METRICS_CEILING, &text, &size, err));
    assay_buf_init(&kept, METRICS_CEILING);
    assay_status status = keep_lines(metrics, text, size, step, &kept, err);
    if (status == ASSAY_OK) status = assay_file_write_atomic(metrics->path, kept.data, kept.size, err);
    assay_buf_release(&kept);
    assay_free(text);
    return status;
}

assay_status assay_metrics_open(assay_metrics *metrics, const char *folder, uint64_t step, assay_error *err)
{
    *metrics = (assay_metrics){.path = assay_path_join(folder, "metrics.jsonl"), .history = json_array()};
    assay_status status = metrics->path && metrics->history
                              ? carry_over(metrics, step, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for metrics");
    if (status == ASSAY_OK && !(metrics->file = fopen(metrics->path, "a")))
        status = assay_error_set(err, ASSAY_E_IO, "cannot open %s: %s", metrics->path, strerror(errno));
    if (status == ASSAY_OK) status = assay_tfevents_open(&metrics->events, folder, metrics->history, err);
    if (status != ASSAY_OK) assay_metrics_close(metrics);
    return status;
}

void assay_metrics_close(assay_metrics *metrics)
{
    if (metrics->file) fclose(metrics->file);
    assay_tfevents_close(&metrics->events);
    json_decref(metrics->history);
    assay_free(metrics->path);
    *metrics = (assay_metrics){0};
}

static void put(json_t *line, const char *key, double value)
{
    json_object_set_new(line, key, assay_json_number(value));
}
static void put_count(json_t *line, const char *key, uint64_t value)
{
    json_object_set_new(line, key, json_integer((json_int_t)value));
}

static assay_status write_line(assay_metrics *metrics, json_t *line, assay_error *err)
{
    char *text = assay_json_dump(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    bool written =
        text && fputs(text, metrics->file) != EOF && fputc('\n', metrics->file) != EOF && fflush(metrics->file) == 0;
    assay_status status = written ? ASSAY_OK
                          : text
                              ? assay_error_set(err, ASSAY_E_IO, "cannot write %s: %s", metrics->path, strerror(errno))
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line of %s", metrics->path);
    assay_free(text);
    if (status == ASSAY_OK) status = assay_tfevents_add(&metrics->events, line, err);
    if (line) json_array_append(metrics->history, line);
    json_decref(line);
    return status;
}

static void put_memory(json_t *line, const assay_trainer *trainer)
{
    put_count(line, "planned_bytes", trainer->plan.total_bytes);
    put_count(line, "peak_bytes", assay_trainer_peak_bytes(trainer));
    put_count(line, "rss_bytes", assay_resident_bytes());
    put_count(line, "anon_planned_bytes", trainer->planned_anonymous);
    put_count(line, "anon_peak_bytes", trainer->peak_anonymous);
}

assay_status assay_metrics_step(assay_metrics *metrics, assay_trainer *trainer, const assay_step_record *r,
                                assay_error *err)
{
    json_t *line = json_object();
    ASSAY_TRY_ALLOC(line, "a metrics line", err);
    trainer->peak_anonymous = assay_larger_bytes(trainer->peak_anonymous, assay_anonymous_bytes());
    put_count(line, "step", r->step);
    put(line, "epoch", r->epoch);
    put(line, "loss", r->skipped ? (double)NAN : r->loss);
    put(line, "accuracy", r->skipped ? (double)NAN : r->accuracy);
    if (assay_objective_number(&trainer->settings.objective) != 0)
        json_object_set_new(line, "objective", json_string(assay_objective_name(&trainer->settings.objective)));
    put_count(line, "ties", r->ties);
    if (trainer->settings.objective.tie_learned) put(line, "tie_parameter", r->tie_parameter);
    if (trainer->examples->items[0].steps) put(line, "first_error_accuracy", r->skipped ? (double)NAN : r->first_error);
    put(line, "margin", r->margin);
    put(line, "reward_chosen", r->reward_chosen);
    put(line, "reward_rejected", r->reward_rejected);
    put(line, "grad_norm", r->grad_norm);
    put(line, "lr", r->lr);
    put_count(line, "pairs", r->pairs);
    put_count(line, "tokens", r->tokens);
    put_count(line, "tokens_shared", r->tokens_shared);
    put(line, "seconds", r->seconds);
    put(line, "tokens_per_second", r->seconds > 0 ? (double)(r->tokens - r->tokens_shared) / r->seconds : 0);
    put_memory(line, trainer);
    if (trainer->plan.streamed) put_count(line, "read_bytes", r->read_bytes);
    if (trainer->plan.spilled) put_count(line, "spill_bytes", r->spill_bytes);
    if (r->skipped) json_object_set_new(line, "skipped", json_true());
    return write_line(metrics, line, err);
}

assay_status assay_metrics_evaluation(assay_metrics *metrics, const assay_trainer *trainer,
                                      const assay_judgement *judgement, double seconds, assay_error *err)
{
    json_t *line = json_object(), *values = assay_judgement_json(judgement), *value;
    const char *key;
    if (!line || !values) {
        json_decref(line);
        json_decref(values);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a metrics line");
    }
    put_count(line, "step", trainer->step);
    put(line, "epoch",
        (double)trainer->step / (double)assay_steps_per_epoch(trainer->examples->count, trainer->settings.batch_pairs));
    json_object_foreach(values, key, value)
    {
        char name[64];
        snprintf(name, sizeof name, "eval_%s", key);
        json_object_set(line, name, value);
    }
    put(line, "eval_seconds", seconds);
    json_decref(values);
    return write_line(metrics, line, err);
}

/* Names as Transformers logs them. */
static json_t *history_for_transformers(const json_t *history)
{
    json_t *out = json_array(), *line;
    size_t index;
    json_array_foreach(history, index, line)
    {
        json_t *copy = json_copy(line), *lr = json_object_get(copy, "lr");
        if (lr) json_object_set(copy, "learning_rate", lr);
        json_object_del(copy, "lr");
        json_array_append_new(out, copy);
    }
    return out;
}

/* Transformers knows no key for it, and refuses a state with keys that it does not know. */
static json_t *callbacks_state(const assay_trainer *t)
{
    bool finished = t->step >= t->total_steps;
    return finished ? json_object() : json_pack("{s:{s:b}}", "assay", "finished", 0);
}

assay_status assay_metrics_trainer_state(const assay_metrics *metrics, const assay_trainer *t, int64_t log_steps,
                                         int64_t eval_steps, int64_t save_steps, const char *folder, assay_error *err)
{
    double per_epoch = (double)assay_steps_per_epoch(t->examples->count, t->settings.batch_pairs);
    json_t *state = json_pack(
        "{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:f, s:o, s:n, s:n, s:n, s:b, s:b, s:b, s:n, s:n, s:o}", "epoch",
        (double)t->step / per_epoch, "global_step", (json_int_t)t->step, "max_steps", (json_int_t)t->total_steps,
        "logging_steps", (json_int_t)log_steps, "eval_steps", (json_int_t)eval_steps, "save_steps",
        (json_int_t)save_steps, "train_batch_size", (json_int_t)t->settings.batch_pairs, "num_train_epochs",
        (int)ceil((double)t->total_steps / per_epoch), "num_input_tokens_seen", (json_int_t)t->tokens_seen,
        "total_flos", 0.0, "log_history", history_for_transformers(metrics->history), "best_metric", "best_global_step",
        "best_model_checkpoint", "is_local_process_zero", 1, "is_world_process_zero", 1, "is_hyper_param_search", 0,
        "trial_name", "trial_params", "stateful_callbacks", callbacks_state(t));
    char *path = assay_path_join(folder, "trainer_state.json");
    assay_status status = state && path ? assay_json_save(state, path, err)
                                        : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for trainer_state.json");
    json_decref(state);
    assay_free(path);
    return status;
}
