#include "task/run_output.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/version.h"
#include "head/head_kind.h"
#include "machine/machine_facts.h"
#include "options/option_dump.h"
#include "report/model_card.h"
#include "report/report.h"
#include "task/adapter_base.h"
#include "task/output_guard.h"
#include "task/training_attributes.h"
#include "tokenizer/tokenizer_save.h"

#include <math.h>
#include <string.h>

/* --force removes what was there: only what is plainly a run's or a model's folder. */
static assay_status check_removable(const char *folder, assay_error *err)
{
    static const char *const signs[] = {"metrics.jsonl", ASSAY_NOTES_NAME, "adapter_config.json", "config.json"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        char *path = assay_path_join(folder, signs[i]);
        bool found = path && assay_path_exists(path);
        assay_free(path);
        if (found) return ASSAY_OK;
    }
    return assay_error_set(
        err, ASSAY_E_USAGE,
        "--output %s holds something that is neither a run nor a model; --force does not remove that", folder);
}

static bool is_lock(const char *name) { return !strcmp(name, ASSAY_FOLDER_LOCK_NAME); }

static assay_status is_empty(const char *folder, bool *empty, assay_error *err)
{
    char **names;
    size_t count;
    *empty = true;
    if (!assay_path_is_dir(folder)) return ASSAY_OK;
    ASSAY_TRY(assay_list_dir(folder, &names, &count, err));
    *empty = count == 0 || (count == 1 && is_lock(names[0]));
    assay_names_free(names, count);
    return ASSAY_OK;
}

/* Whether what is there may be kept or removed. */
static assay_status check_present(const assay_options *options, assay_error *err)
{
    bool exists, is_dir, empty;
    ASSAY_TRY(assay_path_look(options->output, &exists, &is_dir, err));
    if (exists && !is_dir)
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s is a file, not a folder", options->output);
    ASSAY_TRY(is_empty(options->output, &empty, err));
    if (empty || options->resume) return ASSAY_OK;
    if (options->force) return check_removable(options->output, err);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--output %s is not empty: --resume goes on with it, --force replaces it", options->output);
}

assay_status assay_output_check(const assay_options *options, assay_error *err)
{
    if (!options->output)
        return assay_error_set(err, ASSAY_E_USAGE, "--output is missing: the folder that the trained model goes to");
    ASSAY_TRY(assay_output_guard(options, err));
    return check_present(options, err);
}

/* All but the lock, which is held. */
static assay_status remove_contents(const char *folder, assay_error *err)
{
    char **names;
    size_t count;
    ASSAY_TRY(assay_list_dir(folder, &names, &count, err));
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        if (is_lock(names[i])) continue;
        char *path = assay_path_join(folder, names[i]);
        status = path ? assay_remove_tree(path, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        assay_free(path);
    }
    assay_names_free(names, count);
    return status;
}

static assay_status prepare(const assay_options *options, assay_error *err)
{
    ASSAY_TRY(check_present(options, err)); /* somebody may have written there since assay_output_check */
    return options->force && !options->resume ? remove_contents(options->output, err) : ASSAY_OK;
}

assay_status assay_output_make(const assay_training *training, const assay_options *options, const assay_log *log,
                               assay_folder_lock *lock, assay_error *err)
{
    ASSAY_TRY(assay_output_guard_source(options, training->source->checkpoint->path, err));
    ASSAY_TRY(assay_folder_lock_take(lock, options->output, log, err));
    assay_status status = prepare(options, err);
    if (status != ASSAY_OK) assay_folder_lock_release(lock);
    return status;
}

static json_t *plan_json(const assay_trainer *t)
{
    return json_pack("{s:I, s:I, s:I, s:i}", "total_bytes", (json_int_t)t->plan.total_bytes, "arena_bytes",
                     (json_int_t)t->plan.arena_bytes, "micro_tokens", (json_int_t)t->plan.micro_tokens,
                     "layers_replayed", t->plan.replayed);
}

/* Since this start of the run. */
static json_t *pairs_by_rank(const assay_trainer *t)
{
    json_t *list = json_array();
    for (int r = 0; list && r < assay_comm_size(t->shares.comm); r++)
        json_array_append_new(list, json_integer((json_int_t)t->shares.pairs[r]));
    return list;
}

/* NULL: one process, whose plan says it. */
static json_t *memory_by_rank(const assay_training *t)
{
    json_t *list = t->of_ranks ? json_array() : NULL;
    for (int r = 0; list && r < assay_comm_size(t->trainer->shares.comm); r++)
        json_array_append_new(list, json_pack("{s:I, s:I}", "planned_bytes", (json_int_t)t->of_ranks[r].planned,
                                              "peak_bytes", (json_int_t)t->of_ranks[r].peak));
    return list;
}

/* Of the run alone; what scoring needs besides is the source's (task/source_notes.c). The offset that a base's own
 * scores have is none of the trained model's. */
static json_t *run_json(const assay_training *t, const assay_options *options)
{
    double tie = t->trainer->settings.objective.tie_parameter; /* as it is now, where it was learned */
    return json_pack("{s:I, s:I, s:i, s:i, s:o*, s:o*, s:s, s:s, s:o*, s:o*, s:f, s:I, s:o*, s:o*, s:{s:s, s:s}}",
                     "steps", (json_int_t)t->trainer->step, "lanes", (json_int_t)t->trainer->settings.lanes,
                     "processes", assay_comm_size(t->trainer->shares.comm), "stages", t->staging.stages,
                     "pairs_by_rank", pairs_by_rank(t->trainer), "memory_by_rank", memory_by_rank(t), "precision",
                     assay_program_precision(t->model->program), "objective",
                     assay_objective_name(&t->settings.objective), "tie_parameter", tie > 0 ? json_real(tie) : NULL,
                     "labels", assay_training_labels_json(t), "score_offset", 0.0, "seed", (json_int_t)options->seed,
                     "options", assay_options_json(options, ASSAY_FOR_TRAIN, false), "plan", plan_json(t->trainer),
                     "fingerprints", "base", t->prints.base, "data", t->prints.data);
}

static assay_status write_notes(const assay_training *t, const assay_options *options, const assay_run_outcome *outcome,
                                const char *folder, assay_error *err)
{
    json_t *notes, *run = run_json(t, options);
    assay_status status = assay_source_notes(t->source, &notes, err);
    int failed = status == ASSAY_OK && (!run || json_object_update(notes, run));
    if (!failed && t->tuning != ASSAY_TUNE_FULL) failed |= assay_adapter_base_note(notes, t->source->checkpoint);
    if (!failed && outcome->has_evaluation) {
        failed |= json_object_set_new(notes, "evaluation", assay_judgement_json(&outcome->after));
        if (outcome->after.scale.count)
            failed |= json_object_set_new(notes, "rewards", assay_reward_scale_json(&outcome->after.scale));
    }
    if (failed) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for " ASSAY_NOTES_NAME);
    if (status == ASSAY_OK) status = assay_notes_save(notes, folder, err);
    json_decref(notes);
    json_decref(run);
    return status;
}

/* Where Hugging Face has no class for the reward model: its base and the head beside it. */
static assay_status loading_by_hand(const assay_training *t, assay_buf *card, assay_error *err)
{
    const assay_architecture *arch = t->model->config.arch;
    if (t->tuning != ASSAY_TUNE_FULL)
        ASSAY_TRY(assay_buf_printf(
            card, err,
            "Transformers has no class for sequence classification of %s. Fold the adapter in, once: `assay merge "
            "--model PATH --output MERGED`; then, with MERGED for PATH:\n\n",
            arch->title));
    return assay_buf_printf(card, err,
                            "```python\nfrom safetensors.torch import load_file\nfrom transformers import AutoModel, "
                            "AutoTokenizer\nmodel, tokenizer = (kind.from_pretrained(\"PATH\") for kind in (AutoModel, "
                            "AutoTokenizer))\nhead = load_file(\"PATH/model.safetensors\")[\"%s.weight\"]\nscore = "
                            "(model(**tokenizer(text, return_tensors=\"pt\")).last_hidden_state[0, -1] @ "
                            "head[0]).item()\n```\n",
                            arch->names->head);
}

/* TRL's way to load what its PRMTrainer has trained. */
static assay_status loading_tokens(const assay_training *t, assay_buf *card, assay_error *err)
{
    if (t->tuning == ASSAY_TUNE_FULL)
        return assay_buf_text(
            card,
            "```python\nfrom transformers import AutoModelForTokenClassification, AutoTokenizer\nmodel = "
            "AutoModelForTokenClassification.from_pretrained(\"PATH\")\ntokenizer = "
            "AutoTokenizer.from_pretrained(\"PATH\")\n```\n",
            err);
    return assay_buf_printf(
        card, err,
        "```python\nfrom transformers import AutoModelForTokenClassification; from peft import PeftModel\nbase = "
        "AutoModelForTokenClassification.from_pretrained(\"%s\", num_labels=2)\nmodel = "
        "PeftModel.from_pretrained(base, \"PATH\").eval()\n```\n",
        t->source->checkpoint->name);
}

/* A head that others began is loaded by the class that its base is loaded by. */
static assay_status loading_by_kind(const assay_training *t, assay_buf *card, assay_error *err)
{
    const json_t *name = json_array_get(json_object_get(t->source->checkpoint->config, "architectures"), 0);
    const assay_head_kind *kind = t->model->config.head.kind;
    if (t->tuning == ASSAY_TUNE_FULL)
        return assay_buf_printf(card, err, "The head is %s. PATH loads as its base does, by the class `%s`.\n",
                                kind->title, json_string_value(name));
    return assay_buf_printf(card, err,
                            "The head is %s. Load the base (%s) by its class `%s`, then the adapter: "
                            "`PeftModel.from_pretrained(base, \"PATH\")`.%s\n",
                            kind->title, t->source->checkpoint->name, json_string_value(name),
                            kind->own_file && t->tuning == ASSAY_TUNE_LORA
                                ? " The value head lies in value_head.safetensors, where LLaMA-Factory looks for it."
                                : "");
}

/* The lines that load the model, for the card; what load_back in tests/oracle runs. */
static assay_status loading_lines(const assay_training *t, assay_buf *card, assay_error *err)
{
    const assay_architecture *arch = t->model->config.arch;
    bool tokens = t->model->config.head.kind == &assay_head_tokens;
    if (tokens && arch->token_head) return loading_tokens(t, card, err);
    if (t->model->config.head.kind) return loading_by_kind(t, card, err);
    if (!arch->sequence_class) return loading_by_hand(t, card, err);
    if (t->tuning == ASSAY_TUNE_FULL)
        return assay_buf_printf(
            card, err,
            "```python\nfrom transformers import AutoModelForSequenceClassification, AutoTokenizer\n"
            "model = AutoModelForSequenceClassification.from_pretrained(\"PATH\"%s)\ntokenizer = "
            "AutoTokenizer.from_pretrained(\"PATH\"%s)\n```\n",
            arch->peft_task_type_null ? ", trust_remote_code=True" : "",
            arch->peft_task_type_null ? ", trust_remote_code=True" : "");
    bool gguf = t->source->checkpoint->kind == ASSAY_CHECKPOINT_GGUF;
    if (gguf)
        ASSAY_TRY(assay_buf_printf(
            card, err, "The base is a GGUF file; for Hugging Face, once: `assay convert %s --output base-hf`\n\n",
            t->source->checkpoint->name));
    return assay_buf_printf(
        card, err,
        "```python\nfrom transformers import AutoModelForSequenceClassification; from peft import PeftModel\n"
        "base = AutoModelForSequenceClassification.from_pretrained(\"%s\", num_labels=%zu%s)\nmodel = "
        "PeftModel.from_pretrained(base, \"PATH\").eval()\n```\n",
        gguf ? "base-hf" : t->source->checkpoint->name, assay_head_outputs(&t->model->config.head),
        arch->peft_task_type_null ? ", trust_remote_code=True" : "");
}

static assay_status put_labels(const assay_training *t, assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < t->labels.count; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "%s`%s`%s", i ? ", " : "\nIts logits are, in this order: ",
                                   t->labels.names[i], i + 1 < t->labels.count ? "" : ".\n"));
    return ASSAY_OK;
}

static assay_status card_body(const assay_training *t, const assay_options *options, const assay_card *card,
                              assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_card_metadata(out, card, err));
    ASSAY_TRY(assay_buf_printf(out, err,
                               "# %s\n\nA %s reward model, trained with Assay %s on %zu %s (%s, %llu steps).\n\n",
                               card->name, t->model->config.arch->name, ASSAY_VERSION, t->examples.count,
                               t->examples.items[0].steps        ? "answers in labelled steps"
                               : t->labels.count                 ? "answers with attributes"
                               : t->examples.items[0].count == 1 ? "labelled answers"
                                                                 : "preference pairs",
                               t->tuning == ASSAY_TUNE_FULL   ? "all weights"
                               : t->tuning == ASSAY_TUNE_HEAD ? "head only"
                                                              : "LoRA",
                               (unsigned long long)t->trainer->step));
    ASSAY_TRY(assay_card_evaluation(out, card, err));
    ASSAY_TRY(assay_buf_text(out, "## Use\n\n", err));
    ASSAY_TRY(loading_lines(t, out, err));
    ASSAY_TRY(put_labels(t, out, err));
    const char *read_at = t->examples.items[0].steps ? "each step is read at the last token of the separator behind it"
                                                     : "the score is read at the last token";
    return assay_buf_printf(out, err,
                            "\nTexts are rendered with the template `%s` (end of text: %s), at most %lld tokens; %s.\n"
                            "With Assay: `assay score --model PATH`. Seed %lld.\n",
                            t->source->template_name, assay_append_eos_word(t->source->append_eos),
                            (long long)t->source->max_length, read_at, (long long)options->seed);
}

static assay_status card_text(const assay_training *t, const assay_options *options, const assay_run_outcome *outcome,
                              assay_buf *out, assay_error *err)
{
    char *name = NULL;
    json_t *said = assay_options_json(options, ASSAY_FOR_TRAIN, false),
           *evaluation = outcome->has_evaluation ? assay_judgement_json(&outcome->after) : NULL;
    assay_card card = {.base = t->source->checkpoint->name,
                       .library = t->tuning == ASSAY_TUNE_FULL ? "transformers" : "peft",
                       .license = t->license,
                       .data = json_object_get(said, "data"),
                       .eval_data = t->eval_pairs ? json_object_get(said, "eval-data") : NULL,
                       .evaluation = evaluation};
    assay_status status = assay_path_absolute(options->output, &name, err);
    if (status == ASSAY_OK) {
        card.name = assay_path_base(name);
        status = card_body(t, options, &card, out, err);
    }
    json_decref(said);
    json_decref(evaluation);
    assay_free(name);
    return status;
}

static assay_status write_card(const assay_training *t, const assay_options *options, const assay_run_outcome *outcome,
                               const char *folder, assay_error *err)
{
    assay_buf card;
    assay_buf_init(&card, ASSAY_CARD_BYTES);
    assay_status status = card_text(t, options, outcome, &card, err);
    if (status == ASSAY_OK) status = assay_card_save(&card, folder, err);
    assay_buf_release(&card);
    return status;
}

static assay_status drop_report(const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, ASSAY_REPORT_NAME);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_remove_tree(path, err);
    assay_free(path);
    return status;
}

assay_status assay_output_write(assay_training *t, const assay_options *options, const assay_run_outcome *outcome,
                                assay_error *err)
{
    const char *pad = t->pad_token >= 0 ? assay_tokenizer_token(t->source->tokenizer, (int32_t)t->pad_token) : NULL;
    ASSAY_TRY(drop_report(options->output, err));
    ASSAY_TRY(assay_training_save(t, options->output, err));
    const assay_gguf *gguf = t->source->tokenizer_folder ? NULL : t->source->checkpoint->gguf;
    ASSAY_TRY(assay_tokenizer_save_held(&t->tokenizer_files, gguf, options->output, pad, err));
    ASSAY_TRY(assay_source_template_save(t->source, options->output, err));
    ASSAY_TRY(assay_machine_facts_save(options->output, assay_pool_size(t->pool), t->kernels->name, err));
    ASSAY_TRY(write_card(t, options, outcome, options->output, err));
    ASSAY_TRY(write_notes(t, options, outcome, options->output, err));
    return assay_report_write(options->output, NULL, NULL, err);
}

bool assay_output_is_whole(const assay_training *t, const assay_options *options)
{
    assay_notes notes;
    if (!assay_folder_holds(options->output, ASSAY_REPORT_NAME)) return false;
    if (assay_notes_find(&notes, options->output, NULL) != ASSAY_OK) return false;
    bool whole = notes.steps >= 0 && (uint64_t)notes.steps == t->trainer->total_steps;
    assay_notes_release(&notes);
    return whole;
}
