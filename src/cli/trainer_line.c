/* A line is read in three steps: the program's words say whose it is, a launcher's options say how many processes there
 * are, and names that mean something else here (or that only this trainer has) are replaced. All other names are the
 * option table's business: it knows Hugging Face's. */
#include "cli/trainer_line.h"

#include "base/alloc.h"
#include "base/text.h"
#include "options/option_alias.h"
#include "options/trainer_defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct renamed {
    const char *theirs, *ours; /* ours NULL: dropped, with its values */
} renamed;

/* OpenRLHF's names, the dotted ones of 0.10 and later and those before. */
static const renamed openrlhf_names[] = {
    {"model.model_name_or_path", "model"},
    {"pretrain", "model"},
    {"data.dataset", "data"},
    {"eval.dataset", "eval-data"},
    {"data.max_len", "max-length"},
    {"max_len", "max-length"},
    {"data.max_samples", "max-train-samples"},
    {"adam.lr", "lr"},
    {"adam.eps", "adam-epsilon"},
    {"adam.weight_decay", "weight-decay"},
    {"l2", "weight-decay"},
    {"train.batch_size", "batch-pairs"},
    {"train_batch_size", "batch-pairs"},
    {"data.prompt_key", NULL},
    {"prompt_key", NULL},
    {"data.chosen_key", NULL},
    {"chosen_key", NULL},
    {"data.rejected_key", NULL},
    {"rejected_key", NULL},
    {"train.micro_batch_size", NULL},
    {"micro_train_batch_size", NULL},
    {"train.max_epochs", "epochs"},
    {"max_epochs", "epochs"},
    {"train.seed", "seed"},
    {"lr_scheduler", "lr_scheduler_type"},
    {"lr_warmup_ratio", "warmup_ratio"},
    {"min_lr_ratio", "min-lr"},
    {"max_norm", "clip"},
    {"ds.lora.rank", "lora-rank"},
    {"ds.lora.alpha", "lora-alpha"},
    {"ds.lora.dropout", "lora-dropout"},
    {"ds.lora.target_modules", "target_modules"},
    {"ckpt.output_dir", "output"},
    {"save_path", "output"},
    {"ckpt.max_num", "keep"},
    {"eval.steps", "eval-steps"},
    {"logger.logging_steps", "log-steps"},
};

/* Options of trainers and launchers without a meaning here that the option table does not know. * ends a beginning. */
static const char *const dropped[] = {
    "model.*",         "data.*",        "ds.*",         "ckpt.*",
    "logger.*",        "eval.*",        "muon.*",       "apply_chat_template",
    "param_dtype",     "zero_stage",    "adam_offload", "load_checkpoint",
    "packing_samples", "ckpt_path",     "loss",         "save_hf_ckpt",
    "master_port",     "rdzv_*",        "nnodes",       "nproc_per_node",
    "nproc-per-node",  "num_processes", "num_machines", "machine_rank",
    "standalone",      "module",        "config_file",  "num_gpus",
};

/* What would be trained otherwise, and has no name here. */
static const renamed warned[] = {
    {"load_in_4bit", "weights keep their type: the rounding of 4 bits is not trained around"},
    {"load_in_8bit", "weights keep their type: the rounding of 8 bits is not trained around"},
    {"quantization_bit", "weights keep their type: their rounding is not trained around"},
    {"lr_scheduler_kwargs", "see --schedule and --min-lr; what it says is not taken over"},
    {"use_galore", "AdamW is the optimizer"},
    {"use_muon", "AdamW is the optimizer"},
    {"use_adam_mini", "AdamW is the optimizer"},
    {"loraplus_lr_ratio", "both parts of an adapter have one learning rate"},
    {"dataset_dir", "names of dataset_info.json are no paths: give the files themselves as --data"},
};

static bool matches(const char *pattern, const char *name, size_t length)
{
    size_t stem = strlen(pattern);
    if (pattern[stem - 1] == '*') return length >= stem - 1 && !strncmp(pattern, name, stem - 1);
    return stem == length && !strncmp(pattern, name, length);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

static const char *base_name(const char *path) { return strrchr(path, '/') ? strrchr(path, '/') + 1 : path; }

static bool is_option(const char *word) { return !strncmp(word, "--", 2) && word[2]; }

/* The value of a name, as the next word or behind =; NULL: not there. */
static const char *value_of(const assay_string_list *words, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i] + (is_option(words->items[i]) ? 2 : 0);
        if (strncmp(word, name, length) != 0) continue;
        if (word[length] == '=') return word + length + 1;
        if (!word[length] && is_option(words->items[i]) && i + 1 < words->count) return words->items[i + 1];
    }
    return NULL;
}

static bool has_word(const assay_string_list *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (!strcmp(words->items[i], word)) return true;
    return false;
}

static bool has_medicalgpt_name(const assay_string_list *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (is_option(words->items[i]) &&
            assay_is_medicalgpt_name(words->items[i] + 2, strcspn(words->items[i] + 2, "=")))
            return true;
    return false;
}

static int64_t number_of(const char *text)
{
    char *end;
    long value = text ? strtol(text, &end, 10) : 0;
    return text && end != text && value > 0 && value < 1 << 20 ? value : 1;
}

static int64_t processes_of(const assay_string_list *words)
{
    static const char *const names[] = {"nproc_per_node", "nproc-per-node", "num_processes", "NPROC_PER_NODE",
                                        "num_gpus"};
    int64_t each = 1;
    for (size_t i = 0; i < sizeof names / sizeof *names && each == 1; i++) each = number_of(value_of(words, names[i]));
    return each * number_of(value_of(words, "nnodes"));
}

static assay_status refuse_stage(const char *what, const char *stage, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "this line trains no reward model (%s %.80s); Assay does nothing else", what, stage);
}

typedef enum program { NOT_KNOWN, OPTIONS_ALONE, OWN, SCRIPT, TRL, LLAMAFACTORY, SWIFT, OPENRLHF } program;

static program program_of(const assay_string_list *words, size_t *first)
{
    *first = 0;
    if (words->count && is_option(words->items[0])) return OPTIONS_ALONE;
    for (size_t i = 0; i < words->count; i++) {
        const char *name = base_name(words->items[i]), *next = i + 1 < words->count ? words->items[i + 1] : "";
        *first = i + 1;
        if (!strcmp(name, "assay") || (i == 0 && !strcmp(name, "train") && is_option(next))) return OWN;
        if (!strcmp(name, "trl")) return TRL;
        if (!strcmp(name, "llamafactory-cli") || !strcmp(name, "lmf")) return LLAMAFACTORY;
        if (!strcmp(name, "swift")) return SWIFT;
        if (ends_with(name, "train_rm") || !strcmp(name, "train_rm.py")) return OPENRLHF;
        if (!strcmp(name, "reward.py")) return TRL;
        if (ends_with(name, ".py") && !is_option(words->items[i]))
            return !has_medicalgpt_name(words) && value_of(words, "dataset_name") ? TRL : SCRIPT;
    }
    return NOT_KNOWN;
}

static assay_status check_stage(program which, const assay_string_list *words, size_t first, assay_error *err)
{
    const char *verb = first < words->count ? words->items[first] : "", *rlhf = value_of(words, "rlhf_type");
    bool named = verb[0] && !is_option(verb);
    if (which == TRL && named && !ends_with(verb, ".yaml") && strcmp(verb, "reward") != 0)
        return refuse_stage("trl", verb, err);
    if (which == SWIFT && (strcmp(verb, "rlhf") != 0 || !rlhf || strcmp(rlhf, "rm") != 0))
        return refuse_stage("swift", rlhf ? rlhf : verb, err);
    if (which == LLAMAFACTORY && strcmp(verb, "train") != 0) return refuse_stage("llamafactory-cli", verb, err);
    const char *stage = value_of(words, "stage");
    if (which == LLAMAFACTORY && stage && strcmp(stage, "rm") != 0) return refuse_stage("stage", stage, err);
    return ASSAY_OK;
}

static assay_status add(assay_trainer_line *line, const char *text, assay_error *err)
{
    char *copy = assay_strdup(text);
    ASSAY_TRY_ALLOC(copy, "a command line", err);
    assay_status status = assay_string_list_add(&line->owned, copy, err);
    if (status != ASSAY_OK) assay_free(copy);
    return status == ASSAY_OK ? assay_string_list_add(&line->words, copy, err) : status;
}

static assay_status add_named(assay_trainer_line *line, const char *name, const char *value, assay_error *err)
{
    char word[400];
    snprintf(word, sizeof word, "--%s", name);
    ASSAY_TRY(add(line, word, err));
    return value ? add(line, value, err) : ASSAY_OK;
}

/* OpenRLHF names each field with an option of its own. */
static assay_status add_columns(assay_trainer_line *line, const assay_string_list *words, assay_error *err)
{
    static const char *const keys[][3] = {{"prompt", "data.prompt_key", "prompt_key"},
                                          {"chosen", "data.chosen_key", "chosen_key"},
                                          {"rejected", "data.rejected_key", "rejected_key"}};
    char text[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *field = value_of(words, keys[i][1]);
        if (!field) field = value_of(words, keys[i][2]);
        if (!field) continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%.256s", used ? "," : "", keys[i][0], field);
    }
    return used ? add_named(line, "columns", text, err) : ASSAY_OK;
}

/* OpenRLHF's pairs of values and numbers that stand for "not". */
static assay_status add_special(assay_trainer_line *line, const assay_string_list *words, assay_error *err)
{
    for (size_t i = 0; i + 2 < words->count; i++) {
        const char *name = words->items[i];
        if (strcmp(name, "--adam.betas") != 0 && strcmp(name, "--adam_betas") != 0) continue;
        ASSAY_TRY(add_named(line, "adam-beta1", words->items[i + 1], err));
        ASSAY_TRY(add_named(line, "adam-beta2", words->items[i + 2], err));
    }
    ASSAY_TRY(add_columns(line, words, err));
    const char *rank = value_of(words, "ds.lora.rank");
    if (!rank) rank = value_of(words, "lora_rank");
    return rank && strcmp(rank, "0") != 0 ? add_named(line, "tuning", "lora", err) : ASSAY_OK;
}

/* *ours: the name to write, NULL: the word and its values go. */
static bool rename_word(program which, const char *name, size_t length, const char *value, const char **ours)
{
    *ours = NULL;
    for (size_t i = 0; which == OPENRLHF && i < sizeof openrlhf_names / sizeof *openrlhf_names; i++) {
        if (!matches(openrlhf_names[i].theirs, name, length)) continue;
        bool off = openrlhf_names[i].ours && value &&
                   (!strcmp(value, "-1") || (!strcmp(openrlhf_names[i].ours, "lora-rank") && !strcmp(value, "0")));
        *ours = off ? NULL : openrlhf_names[i].ours;
        return true;
    }
    if (which == OPENRLHF && (matches("adam.betas", name, length) || matches("adam_betas", name, length) ||
                              (matches("lora_rank", name, length) && value && !strcmp(value, "0")) ||
                              (matches("save_steps", name, length) && value && !strcmp(value, "-1")) ||
                              (matches("eval_steps", name, length) && value && !strcmp(value, "-1"))))
        return true;
    for (size_t i = 0; which > SCRIPT && i < sizeof dropped / sizeof *dropped; i++)
        if (matches(dropped[i], name, length)) return true;
    return false;
}

static assay_status copy_options(assay_trainer_line *line, program which, const assay_string_list *words, size_t first,
                                 assay_error *err)
{
    bool keep = true;
    for (size_t i = first; i < words->count; i++) {
        const char *word = words->items[i], *ours;
        if (!is_option(word)) {
            if (keep) ASSAY_TRY(add(line, word, err));
            continue;
        }
        size_t length = strcspn(word + 2, "=");
        const char *value = word[2 + length] ? word + 3 + length : i + 1 < words->count ? words->items[i + 1] : NULL;
        keep = true;
        if (!rename_word(which, word + 2, length, value, &ours)) ASSAY_TRY(add(line, word, err));
        else if ((keep = ours != NULL)) ASSAY_TRY(add_named(line, ours, word[2 + length] ? value : NULL, err));
    }
    return ASSAY_OK;
}

static void warn(const assay_string_list *words, const char *optimizer, const assay_log *log)
{
    for (size_t i = 0; i < sizeof warned / sizeof *warned; i++) {
        const char *value = value_of(words, warned[i].theirs);
        if (value && assay_text_compare(value, "false") != 0)
            assay_warn(log, "%s changes what is trained: %s", warned[i].theirs, warned[i].ours);
    }
    if (optimizer && strncmp(optimizer, "adam", 4) != 0)
        assay_warn(log, "%s is the optimizer there, AdamW here: the best learning rate is another", optimizer);
}

static const assay_trainer_kind *defaults_of(program which)
{
    return which == TRL            ? &assay_trainer_trl
           : which == LLAMAFACTORY ? &assay_trainer_llamafactory
           : which == SWIFT        ? &assay_trainer_swift
           : which == OPENRLHF     ? &assay_trainer_openrlhf
                                   : NULL;
}

static void tell(const assay_trainer_line *line, program which, const assay_string_list *words, const assay_log *log)
{
    const char *tuning = value_of(words, "use_peft");
    bool lora = has_word(words, "--use_peft") && !(tuning && assay_text_compare(tuning, "false") == 0);
    warn(words, value_of(words, "optim"), log);
    if (line->processes > 1 && which != OPENRLHF)
        assay_note(log, "%lld processes there: a step has so many times the pairs of one", (long long)line->processes);
    if (which == TRL && !lora)
        assay_warn(log, "TRL trains all weights without --use_peft, and so does this line; --tuning lora needs a "
                        "fraction of the memory");
    if (which == TRL && lora && !value_of(words, "lora_target_modules"))
        assay_warn(log, "without --lora_target_modules PEFT adapts what it has listed for the model (mostly "
                        "q_proj,v_proj); here it is every linear layer: --lora-targets says which");
    if (which == SWIFT && !value_of(words, "max_length"))
        assay_warn(log, "ms-swift has no limit of length where none is given; here longer pairs than --max-length are "
                        "left out and counted");
    if (which == LLAMAFACTORY)
        assay_note(log, "LLaMA-Factory cuts pairs longer than cutoff_len, here they are left out and counted; "
                        "--truncate cuts");
}

assay_status assay_trainer_line_read(assay_trainer_line *line, const assay_string_list *words, const assay_log *log,
                                     assay_error *err)
{
    size_t first;
    program which = program_of(words, &first);
    *line = (assay_trainer_line){.trainer = defaults_of(which), .processes = 1};
    if (which == NOT_KNOWN)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "nothing is recognised in \"%.200s%s\": no file, no error that is known here, and no "
                               "training command of MedicalGPT, TRL, LLaMA-Factory, ms-swift or OpenRLHF",
                               words->items[0], words->count > 1 ? " ..." : "");
    ASSAY_TRY(check_stage(which, words, first, err));
    if (which != OPENRLHF) line->processes = processes_of(words);
    bool verb = which == TRL || which == LLAMAFACTORY || which == SWIFT || which == OWN;
    if (verb && first < words->count && !is_option(words->items[first]) && !ends_with(words->items[first], ".yaml"))
        first++;
    const char *file = first < words->count && ends_with(words->items[first], ".yaml") ? words->items[first++] : NULL;
    if (file) ASSAY_TRY(add_named(line, "config", file, err));
    if (which == OPENRLHF) ASSAY_TRY(add_special(line, words, err));
    ASSAY_TRY(copy_options(line, which, words, first, err));
    tell(line, which, words, log);
    return ASSAY_OK;
}

/* ---- YAML ---- */

/* The text behind "key:" at a line's beginning, without blanks and comment; NULL: there is no such line. */
static const char *yaml_value(const char *text, const char *key, char *space, size_t size)
{
    size_t length = strlen(key);
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (strncmp(at, key, length) != 0 || at[length] != ':') continue;
        at += length + 1;
        at += strspn(at, " \t");
        snprintf(space, size, "%.*s", (int)strcspn(at, " \t\r\n#"), at);
        return space;
    }
    return NULL;
}

static program yaml_program(const char *text)
{
    char value[100];
    if (yaml_value(text, "rlhf_type", value, sizeof value)) return SWIFT;
    if (yaml_value(text, "stage", value, sizeof value) || yaml_value(text, "finetuning_type", value, sizeof value))
        return LLAMAFACTORY;
    if (yaml_value(text, "train_file_dir", value, sizeof value)) return SCRIPT;
    if (yaml_value(text, "model_name_or_path", value, sizeof value)) return TRL;
    return yaml_value(text, "model", value, sizeof value) ? OWN : NOT_KNOWN;
}

assay_status assay_trainer_line_of_yaml(assay_trainer_line *line, const char *path, const char *text, bool *is_run,
                                        const assay_log *log, assay_error *err)
{
    char value[100];
    program which = yaml_program(text);
    *line = (assay_trainer_line){.trainer = defaults_of(which), .processes = 1};
    *is_run = which != NOT_KNOWN;
    if (!*is_run) return ASSAY_OK;
    const char *stage = yaml_value(text, which == SWIFT ? "rlhf_type" : "stage", value, sizeof value);
    if (stage && strcmp(stage, "rm") != 0) return refuse_stage("stage", stage, err);
    ASSAY_TRY(add_named(line, "config", path, err));
    for (size_t i = 0; i < sizeof warned / sizeof *warned; i++)
        if (yaml_value(text, warned[i].theirs, value, sizeof value) && strcmp(value, "false") != 0)
            assay_warn(log, "%s changes what is trained: %s", warned[i].theirs, warned[i].ours);
    if (which == TRL && !yaml_value(text, "use_peft", value, sizeof value))
        assay_warn(log, "TRL trains all weights without use_peft, and so does this line; --tuning lora needs a "
                        "fraction of the memory");
    return ASSAY_OK;
}

void assay_trainer_line_release(assay_trainer_line *line)
{
    for (size_t i = 0; i < line->owned.count; i++) assay_free((void *)(uintptr_t)line->owned.items[i]);
    assay_free((void *)line->owned.items);
    assay_free((void *)line->words.items);
    *line = (assay_trainer_line){0};
}
