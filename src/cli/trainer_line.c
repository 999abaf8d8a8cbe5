/* A line is read in three steps: the program's words say whose it is, a launcher's options say how many processes there
 * are, and names that mean something else here (or that only this trainer has) are replaced. All other names are the
 * option table's business: it knows Hugging Face's. */
#include "cli/trainer_line.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/trainer_program.h"
#include "options/trainer_defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESSES_MOST = 1 << 16, YAML_CEILING = 1 << 20 };

typedef struct renamed {
    const char *theirs, *ours; /* ours NULL: dropped, with its values */
} renamed;

/* OpenRLHF's names, the dotted ones of 0.10.2 and later and those before. */
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

static bool has_word(const assay_string_list *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (!strcmp(words->items[i], word)) return true;
    return false;
}

/* How many processes a launcher starts, where its word is a number that can be one; "gpu", "auto" and variables of the
 * shell depend on a machine that is not this one. */
static assay_status read_processes(const char *name, const char *text, int64_t *count, const assay_log *log,
                                   assay_error *err)
{
    char *end;
    *count = 1;
    if (!text) return ASSAY_OK;
    long long value = strtoll(text, &end, 10);
    bool number = end != text && !*end;
    if (number && (value < 1 || value > PROCESSES_MOST))
        return assay_error_set(err, ASSAY_E_USAGE, "%s %.40s: it is a number from 1 to %d", name, text, PROCESSES_MOST);
    if (number) *count = value;
    else
        assay_warn(log,
                   "how many processes \"%s %.40s\" starts is not known here, one is counted: with N of them "
                   "--batch-pairs is N times the number below",
                   name, text);
    return ASSAY_OK;
}

static assay_status count_processes(assay_trainer_line *line, const assay_string_list *words, const assay_log *log,
                                    assay_error *err)
{
    static const char *const names[] = {"nproc_per_node", "nproc-per-node", "num_processes", "NPROC_PER_NODE",
                                        "num_gpus"};
    int64_t each = 1, nodes;
    for (size_t i = 0; i < sizeof names / sizeof *names && each == 1; i++)
        ASSAY_TRY(read_processes(names[i], assay_trainer_program_value(words, names[i]), &each, log, err));
    ASSAY_TRY(read_processes("nnodes", assay_trainer_program_value(words, "nnodes"), &nodes, log, err));
    line->processes = each * nodes;
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
        const char *field = assay_trainer_program_value(words, keys[i][1]);
        if (!field) field = assay_trainer_program_value(words, keys[i][2]);
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
    const char *rank = assay_trainer_program_value(words, "ds.lora.rank");
    if (!rank) rank = assay_trainer_program_value(words, "lora_rank");
    return rank && strcmp(rank, "0") != 0 ? add_named(line, "tuning", "lora", err) : ASSAY_OK;
}

/* *ours: the name to write, NULL: the word and its values go. */
static bool rename_word(assay_trainer_program which, const char *name, size_t length, const char *value,
                        const char **ours)
{
    *ours = NULL;
    for (size_t i = 0; which == ASSAY_TRAINER_OPENRLHF && i < sizeof openrlhf_names / sizeof *openrlhf_names; i++) {
        if (!matches(openrlhf_names[i].theirs, name, length)) continue;
        bool off = openrlhf_names[i].ours && value &&
                   (!strcmp(value, "-1") || (!strcmp(openrlhf_names[i].ours, "lora-rank") && !strcmp(value, "0")));
        *ours = off ? NULL : openrlhf_names[i].ours;
        return true;
    }
    if (which == ASSAY_TRAINER_OPENRLHF &&
        (matches("adam.betas", name, length) || matches("adam_betas", name, length) ||
         (matches("lora_rank", name, length) && value && !strcmp(value, "0")) ||
         (matches("save_steps", name, length) && value && !strcmp(value, "-1")) ||
         (matches("eval_steps", name, length) && value && !strcmp(value, "-1"))))
        return true;
    for (size_t i = 0; which > ASSAY_TRAINER_SCRIPT && i < sizeof dropped / sizeof *dropped; i++)
        if (matches(dropped[i], name, length)) return true;
    return false;
}

static assay_status copy_options(assay_trainer_line *line, assay_trainer_program which, const assay_string_list *words,
                                 size_t first, assay_error *err)
{
    bool keep = true;
    for (size_t i = first; i < words->count; i++) {
        const char *word = words->items[i], *ours;
        if (!assay_word_is_option(word)) {
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
        const char *value = assay_trainer_program_value(words, warned[i].theirs);
        if (value && assay_text_compare(value, "false") != 0)
            assay_warn(log, "%s changes what is trained: %s", warned[i].theirs, warned[i].ours);
    }
    if (optimizer && strncmp(optimizer, "adam", 4) != 0)
        assay_warn(log, "%s is the optimizer there, AdamW here: the best learning rate is another", optimizer);
}

static const assay_trainer_kind *defaults_of(assay_trainer_program which)
{
    return which == ASSAY_TRAINER_TRL            ? &assay_trainer_trl
           : which == ASSAY_TRAINER_LLAMAFACTORY ? &assay_trainer_llamafactory
           : which == ASSAY_TRAINER_SWIFT        ? &assay_trainer_swift
           : which == ASSAY_TRAINER_OPENRLHF     ? &assay_trainer_openrlhf
                                                 : NULL;
}

static void tell(const assay_trainer_line *line, assay_trainer_program which, const assay_string_list *words,
                 const assay_log *log)
{
    const char *tuning = assay_trainer_program_value(words, "use_peft");
    bool lora = has_word(words, "--use_peft") && !(tuning && assay_text_compare(tuning, "false") == 0);
    warn(words, assay_trainer_program_value(words, "optim"), log);
    if (line->processes > 1 && which != ASSAY_TRAINER_OPENRLHF)
        assay_note(
            log,
            "%lld processes there: a step has so many times the pairs of one; on one machine threads do here what "
            "they do there, on several: mpirun -n %lld assay train ... (docs/clusters.md)",
            (long long)line->processes, (long long)line->processes);
    if (which == ASSAY_TRAINER_TRL && !lora)
        assay_warn(log, "TRL trains all weights without --use_peft, and so does this line; --tuning lora needs a "
                        "fraction of the memory");
    if (which == ASSAY_TRAINER_TRL && lora && !assay_trainer_program_value(words, "lora_target_modules"))
        assay_warn(log, "without --lora_target_modules PEFT adapts what it has listed for the model (mostly "
                        "q_proj,v_proj); here it is every linear layer: --lora-targets says which");
    if (which == ASSAY_TRAINER_SWIFT && !assay_trainer_program_value(words, "max_length"))
        assay_warn(log, "ms-swift has no limit of length where none is given; here longer pairs than --max-length are "
                        "left out and counted");
    if (which == ASSAY_TRAINER_LLAMAFACTORY)
        assay_note(log, "LLaMA-Factory cuts pairs longer than cutoff_len, here they are left out and counted; "
                        "--truncate cuts");
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

static assay_trainer_program yaml_program(const char *text)
{
    char value[100];
    if (yaml_value(text, "rlhf_type", value, sizeof value)) return ASSAY_TRAINER_SWIFT;
    if (yaml_value(text, "stage", value, sizeof value) || yaml_value(text, "finetuning_type", value, sizeof value))
        return ASSAY_TRAINER_LLAMAFACTORY;
    if (yaml_value(text, "train_file_dir", value, sizeof value)) return ASSAY_TRAINER_SCRIPT;
    if (yaml_value(text, "model_name_or_path", value, sizeof value)) return ASSAY_TRAINER_TRL;
    return yaml_value(text, "model", value, sizeof value) ? ASSAY_TRAINER_OWN : ASSAY_TRAINER_UNKNOWN;
}

/* LLaMA-Factory's files name a stage, or mean its default; ms-swift's an rlhf_type. */
static assay_status check_yaml(assay_trainer_program which, const char *text, assay_error *err)
{
    char value[100];
    bool swift = which == ASSAY_TRAINER_SWIFT;
    const char *stage = yaml_value(text, swift ? "rlhf_type" : "stage", value, sizeof value);
    if (!stage && which == ASSAY_TRAINER_LLAMAFACTORY) stage = ASSAY_TRAINER_FACTORY_STAGE;
    return stage && strcmp(stage, "rm") != 0 ? assay_trainer_program_refuse("stage", stage, err) : ASSAY_OK;
}

/* Of a file that a command line names; one that cannot be read is an error later, where its options are. */
static assay_status check_yaml_file(assay_trainer_program which, const char *path, assay_error *err)
{
    char *text;
    size_t size;
    if (assay_file_read(path, YAML_CEILING, &text, &size, NULL) != ASSAY_OK) return ASSAY_OK;
    assay_status status = check_yaml(which, text, err);
    assay_free(text);
    return status;
}

/* ---- lines ---- */

assay_status assay_trainer_line_read(assay_trainer_line *line, const assay_string_list *words, const assay_log *log,
                                     assay_error *err)
{
    assay_trainer_words found;
    assay_trainer_program_find(&found, words);
    assay_trainer_program which = found.program;
    *line = (assay_trainer_line){.trainer = defaults_of(which), .processes = 1};
    if (which == ASSAY_TRAINER_UNKNOWN)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "nothing is recognised in \"%.200s%s\": no file, no error that is known here, and no "
                               "training command of MedicalGPT, TRL, LLaMA-Factory, ms-swift or OpenRLHF",
                               words->items[0], words->count > 1 ? " ..." : "");
    const char *next = found.first < words->count ? words->items[found.first] : "";
    const char *file = assay_text_ends(next, ".yaml") ? next : NULL;
    ASSAY_TRY(assay_trainer_program_check(&found, words, file != NULL, err));
    if (file && !assay_trainer_program_value(words, "stage")) ASSAY_TRY(check_yaml_file(which, file, err));
    if (which != ASSAY_TRAINER_OPENRLHF) ASSAY_TRY(count_processes(line, words, log, err));
    if (file) ASSAY_TRY(add_named(line, "config", file, err));
    if (which == ASSAY_TRAINER_OPENRLHF) ASSAY_TRY(add_special(line, words, err));
    ASSAY_TRY(copy_options(line, which, words, found.first + (file != NULL), err));
    tell(line, which, words, log);
    return ASSAY_OK;
}

assay_status assay_trainer_line_of_yaml(assay_trainer_line *line, const char *path, const char *text, bool *is_run,
                                        const assay_log *log, assay_error *err)
{
    char value[100];
    assay_trainer_program which = yaml_program(text);
    *line = (assay_trainer_line){.trainer = defaults_of(which), .processes = 1};
    *is_run = which != ASSAY_TRAINER_UNKNOWN;
    if (!*is_run) return ASSAY_OK;
    ASSAY_TRY(check_yaml(which, text, err));
    ASSAY_TRY(add_named(line, "config", path, err));
    for (size_t i = 0; i < sizeof warned / sizeof *warned; i++)
        if (yaml_value(text, warned[i].theirs, value, sizeof value) && strcmp(value, "false") != 0)
            assay_warn(log, "%s changes what is trained: %s", warned[i].theirs, warned[i].ours);
    if (which == ASSAY_TRAINER_TRL && !yaml_value(text, "use_peft", value, sizeof value))
        assay_warn(log, "TRL trains all weights without use_peft, and so does this line; --tuning lora needs a "
                        "fraction of the memory");
    return ASSAY_OK;
}

void assay_trainer_line_release(assay_trainer_line *line)
{
    for (size_t i = 0; i < line->owned.count; i++) assay_free(line->owned.items[i]);
    assay_free((void *)line->owned.items);
    assay_free((void *)line->words.items);
    *line = (assay_trainer_line){0};
}
