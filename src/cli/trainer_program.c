/* A word is read as a module is called: a path of Python's loses its .py and has dots for slashes, so that
 * "trl/scripts/reward.py" and "-m trl.scripts.reward" are one case. */
#include "cli/trainer_program.h"

#include "base/text.h"
#include "options/option_alias.h"

#include <stdio.h>
#include <string.h>

typedef struct known {
    const char *word;
    assay_trainer_program program;
} known;

/* The next word is the verb. */
static const known commands[] = {
    {"trl", ASSAY_TRAINER_TRL},
    {"trl.cli", ASSAY_TRAINER_TRL},
    {"llamafactory-cli", ASSAY_TRAINER_LLAMAFACTORY},
    {"lmf", ASSAY_TRAINER_LLAMAFACTORY},
    {"llamafactory.cli", ASSAY_TRAINER_LLAMAFACTORY},
    {"swift", ASSAY_TRAINER_SWIFT},
    {"swift.cli.main", ASSAY_TRAINER_SWIFT},
};

/* What follows is the verb. */
static const known packages[] = {
    {"trl.scripts.", ASSAY_TRAINER_TRL},
    {"swift.cli.", ASSAY_TRAINER_SWIFT},
    {"openrlhf.cli.", ASSAY_TRAINER_OPENRLHF},
};

/* First parts of the names of scripts, of TRL's examples and of MedicalGPT, that train something else. */
static const char *const other_scripts[] = {
    "sft", "dpo", "grpo", "kto",  "rloo",   "ppo", "orpo",         "cpo",        "gkd",         "xpo",
    "bco", "prm", "opd",  "nash", "online", "mpo", "distillation", "supervised", "pretraining",
};

bool assay_word_is_option(const char *word) { return !strncmp(word, "--", 2) && word[2]; }

const char *assay_trainer_program_value(const assay_string_list *words, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i] + (assay_word_is_option(words->items[i]) ? 2 : 0);
        if (strncmp(word, name, length) != 0) continue;
        if (word[length] == '=') return word + length + 1;
        if (!word[length] && assay_word_is_option(words->items[i]) && i + 1 < words->count) return words->items[i + 1];
    }
    return NULL;
}

static bool has_medicalgpt_name(const assay_string_list *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (assay_word_is_option(words->items[i]) &&
            assay_is_medicalgpt_name(words->items[i] + 2, strcspn(words->items[i] + 2, "=")))
            return true;
    return false;
}

static const char *base_name(const char *path) { return strrchr(path, '/') ? strrchr(path, '/') + 1 : path; }

/* As a module is called; a word too long for any is cut. */
static void as_module(const char *word, char *module, size_t size)
{
    bool script = assay_text_ends(word, ".py");
    snprintf(module, size, "%.*s", (int)(strlen(word) - (script ? 3 : 0)), word);
    for (char *at = module; script && *at; at++)
        if (*at == '/') *at = '.';
}

static bool is_other_script(const char *name)
{
    size_t length = strcspn(name, "_.");
    for (size_t i = 0; i < sizeof other_scripts / sizeof *other_scripts; i++)
        if (strlen(other_scripts[i]) == length && !strncmp(other_scripts[i], name, length)) return true;
    return false;
}

static void set(assay_trainer_words *found, assay_trainer_program program, size_t first, const char *verb)
{
    found->program = program;
    found->first = first;
    snprintf(found->space, sizeof found->space, "%s", verb);
    found->verb = found->space;
}

static bool find_command(assay_trainer_words *found, const char *module, const char *next, size_t first)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(base_name(module), commands[i].word) != 0) continue;
        bool verb = *next && !assay_word_is_option(next) && !assay_text_ends(next, ".yaml");
        set(found, commands[i].program, first + verb, "");
        if (verb) found->verb = next;
        return true;
    }
    return false;
}

static bool find_package(assay_trainer_words *found, const char *module, size_t first)
{
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        const char *at = strstr(module, packages[i].word);
        if (!at || (at > module && at[-1] != '.')) continue;
        set(found, packages[i].program, first, at + strlen(packages[i].word));
        return true;
    }
    return false;
}

/* A .py file is known by its name, or by its options. */
static void find_script(assay_trainer_words *found, const char *word, const assay_string_list *words, size_t first)
{
    char name[sizeof found->space];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(base_name(word)) - 3), base_name(word));
    bool of_trl = !has_medicalgpt_name(words) && assay_trainer_program_value(words, "dataset_name");
    const char *verb = is_other_script(name) ? name : "reward";
    if (!strcmp(name, "train_rm")) set(found, ASSAY_TRAINER_OPENRLHF, first, name);
    else if (assay_trainer_program_value(words, "stage") || assay_trainer_program_value(words, "finetuning_type"))
        set(found, ASSAY_TRAINER_LLAMAFACTORY, first, "train");
    else set(found, of_trl || !strcmp(name, "reward") ? ASSAY_TRAINER_TRL : ASSAY_TRAINER_SCRIPT, first, verb);
}

void assay_trainer_program_find(assay_trainer_words *found, const assay_string_list *words)
{
    set(found, ASSAY_TRAINER_UNKNOWN, 0, "");
    if (words->count && assay_word_is_option(words->items[0])) set(found, ASSAY_TRAINER_OPTIONS, 0, "");
    for (size_t i = 0; i < words->count && found->program == ASSAY_TRAINER_UNKNOWN; i++) {
        const char *word = words->items[i], *next = i + 1 < words->count ? words->items[i + 1] : "";
        char module[256];
        as_module(word, module, sizeof module);
        bool train = i == 0 && !strcmp(word, "train");
        if (!strcmp(base_name(word), "assay"))
            set(found, ASSAY_TRAINER_OWN, i + 1 + (*next && !assay_word_is_option(next)), "");
        else if (train && assay_word_is_option(next)) set(found, ASSAY_TRAINER_OWN, i + 1, "");
        else if (assay_word_is_option(word) || find_command(found, module, next, i + 1) ||
                 find_package(found, module, i + 1))
            continue;
        else if (assay_text_ends(word, ".py")) find_script(found, word, words, i + 1);
    }
}

assay_status assay_trainer_program_refuse(const char *what, const char *stage, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "this line trains no reward model (%s %.80s); Assay does nothing else", what, stage);
}

assay_status assay_trainer_program_check(const assay_trainer_words *found, const assay_string_list *words,
                                         bool with_file, assay_error *err)
{
    const char *verb = found->verb, *stage = assay_trainer_program_value(words, "stage"),
               *type = assay_trainer_program_value(words, "rlhf_type");
    switch (found->program) {
    case ASSAY_TRAINER_TRL:
        return *verb && strcmp(verb, "reward") != 0 ? assay_trainer_program_refuse("trl", verb, err) : ASSAY_OK;
    case ASSAY_TRAINER_SCRIPT:
        return strcmp(verb, "reward") != 0 ? assay_trainer_program_refuse("script", verb, err) : ASSAY_OK;
    case ASSAY_TRAINER_OPENRLHF:
        return strcmp(verb, "train_rm") != 0 ? assay_trainer_program_refuse("openrlhf", verb, err) : ASSAY_OK;
    case ASSAY_TRAINER_SWIFT:
        if (!strcmp(verb, "rlhf") && type && !strcmp(type, "rm")) return ASSAY_OK;
        return assay_trainer_program_refuse("swift", type ? type : verb, err);
    case ASSAY_TRAINER_LLAMAFACTORY:
        if (strcmp(verb, "train") != 0) return assay_trainer_program_refuse("llamafactory-cli", verb, err);
        if (!stage && !with_file) stage = "sft, which it takes where none is named";
        return stage && strcmp(stage, "rm") != 0 ? assay_trainer_program_refuse("stage", stage, err) : ASSAY_OK;
    default:
        return ASSAY_OK;
    }
}
