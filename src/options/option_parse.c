/* The options' life, and the command line: words are walked once for --config and --help, the file is read, then the
 * words are walked again, so that what is said on the command line lies over what the file says. */
#include "options/options.h"

#include "options/option_config.h"
#include "options/option_resolve.h"
#include "options/option_set.h"
#include "options/option_value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

assay_status assay_options_init(assay_options *options, assay_error *err)
{
    *options = (assay_options){0};
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        if (row->default_text) ASSAY_TRY(assay_option_store(options, row, row->name, row->default_text, err));
    }
    return ASSAY_OK;
}

void assay_options_release(assay_options *options)
{
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        assay_string_list *list = (void *)((char *)options + row->offset);
        if (row->type == ASSAY_OPTION_LIST) {
            assay_free(list->items);
            *list = (assay_string_list){0};
        }
    }
    for (size_t i = 0; i < options->owned.count; i++) assay_free(options->owned.items[i]);
    assay_free(options->owned.items);
    assay_free(options->ignored.items);
    assay_free(options->positionals.items);
    *options = (assay_options){0};
}

assay_origin assay_options_origin(const assay_options *options, const char *name)
{
    assay_origin origin = ASSAY_ORIGIN_DEFAULT;
    for (size_t i = 0; i < assay_option_count(); i++)
        if (assay_option_same_name(assay_option_at(i)->name, name, strlen(name)) && options->origin[i] > origin)
            origin = options->origin[i];
    return origin;
}

bool assay_options_given(const assay_options *options, const char *name)
{
    return assay_options_origin(options, name) >= ASSAY_ORIGIN_CONFIG;
}

enum { STRAYS_MAX = 3, GUESS_BYTES = 1000 };

typedef struct word_walk {
    assay_options *options;
    assay_option_source source;
    size_t positionals_max;
    int count, at;
    const char *const *args;
    bool only_config;               /* the first walk */
    const char *strays[STRAYS_MAX]; /* words that no option takes */
    size_t stray_count;
    assay_error *err;
} word_walk;

/* The next word, if it is no option. A negative number is no option. */
static const char *peek_value(const word_walk *walk)
{
    if (walk->at >= walk->count) return NULL;
    const char *word = walk->args[walk->at];
    return strncmp(word, "--", 2) == 0 ? NULL : word;
}

static assay_status set_value(word_walk *walk, const assay_option_match *match, const char *name, size_t length,
                              const char *value)
{
    if (walk->only_config && !(match->row && strcmp(match->row->name, "config") == 0)) return ASSAY_OK;
    return assay_option_set(walk->options, match, &walk->source, name, length, value, walk->err);
}

/* A flag takes the next word only when it reads as a value of it: true, false, a choice. */
static const char *flag_value(word_walk *walk, const assay_option_match *match)
{
    bool on;
    const char *word = peek_value(walk);
    if (!word || match->negated) return NULL;
    bool optional = match->row->flags & ASSAY_OPTION_OPTIONAL;
    bool choice = match->row->type == ASSAY_OPTION_ENUM && !match->alias && strcmp(word, "auto") == 0;
    if (!assay_bool_parse(word, &on) && !choice && !optional) return NULL;
    walk->at++;
    return word;
}

/* `--data a b`, where the command takes no words of its own. */
static assay_status set_more(word_walk *walk, const assay_option_match *match, const char *name, size_t length)
{
    const char *word;
    bool list = match->row && match->row->type == ASSAY_OPTION_LIST;
    while (walk->positionals_max == 0 && (list || !match->row) && (word = peek_value(walk)) != NULL) {
        walk->at++;
        ASSAY_TRY(set_value(walk, match, name, length, word));
    }
    return ASSAY_OK;
}

static assay_status missing_value(word_walk *walk, const assay_option_match *match, const char *name, size_t length)
{
    const assay_option_row *row = match->row;
    const char *what = !row ? "a value" : row->choices ? row->choices : row->value_name;
    return assay_error_set(walk->err, ASSAY_E_USAGE, "--%.*s needs a value: %s%s%s", (int)length, name, what,
                           row ? ", " : "", row ? row->help : "");
}

static assay_status take_option(word_walk *walk, const char *name)
{
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    assay_option_match match = assay_option_match_name(name, length, walk->source.command);
    if (match.kind == ASSAY_MATCH_OTHER || match.kind == ASSAY_MATCH_UNKNOWN)
        return assay_option_no_match(&match, &walk->source, name, length, walk->err);
    if (value) return set_value(walk, &match, name, length, value);
    if (match.kind == ASSAY_MATCH_ROW && match.flag)
        return set_value(walk, &match, name, length, flag_value(walk, &match));
    value = peek_value(walk);
    if (value) walk->at++;
    if (!value && match.kind != ASSAY_MATCH_IGNORED) return missing_value(walk, &match, name, length);
    ASSAY_TRY(set_value(walk, &match, name, length, value));
    return set_more(walk, &match, name, length);
}

/* `reward_modeling.py` may stay where a command line was taken over with only its first words replaced. */
static bool is_script_name(const char *word)
{
    size_t length = strlen(word);
    return length > 3 && strcmp(word + length - 3, ".py") == 0;
}

static assay_status take_word(word_walk *walk, const char *word)
{
    if (walk->only_config || (walk->positionals_max == 0 && is_script_name(word))) return ASSAY_OK;
    if (walk->options->positionals.count < walk->positionals_max)
        return assay_string_list_add(&walk->options->positionals, word, walk->err);
    if (walk->stray_count < STRAYS_MAX) walk->strays[walk->stray_count++] = word;
    return ASSAY_OK;
}

/* The options that words without one mostly stand for, in the order in which people write them. */
static const char *const usual[] = {"model", "input", "data", "output"};

/* "--model rm --input answers.jsonl": each word goes to the next of the usual options that was not given. */
static bool guess_meaning(const word_walk *walk, char *text)
{
    size_t used = 0, next = 0;
    for (size_t i = 0; i < walk->stray_count; i++, next++) {
        while (next < sizeof usual / sizeof *usual &&
               (!assay_option_find(usual[next], strlen(usual[next]), walk->source.command) ||
                assay_options_given(walk->options, usual[next])))
            next++;
        if (next == sizeof usual / sizeof *usual) return false;
        used += (size_t)snprintf(text + used, GUESS_BYTES - used, "%s--%s %.300s", i ? " " : "", usual[next],
                                 walk->strays[i]);
    }
    return true;
}

static assay_status refuse_strays(const word_walk *walk)
{
    char meaning[GUESS_BYTES];
    if (!walk->stray_count) return ASSAY_OK;
    if (!guess_meaning(walk, meaning))
        return assay_error_set(walk->err, ASSAY_E_USAGE,
                               "\"%.300s\" is a word too many; options begin with --, see assay help %s",
                               walk->strays[0], walk->source.command_name);
    return assay_error_set(walk->err, ASSAY_E_USAGE,
                           "\"%.300s\" is a word too many; did you mean %s? Options begin with --, see assay help %s",
                           walk->strays[0], meaning, walk->source.command_name);
}

static assay_status walk_words(word_walk *walk)
{
    bool only_words = false;
    for (walk->at = 0; walk->at < walk->count && !walk->options->help;) {
        const char *word = walk->args[walk->at++];
        if (only_words || word[0] != '-' || word[1] == '\0') {
            ASSAY_TRY(take_word(walk, word));
        } else if (strcmp(word, "--") == 0) {
            only_words = true;
        } else if (strcmp(word, "-h") == 0) {
            walk->options->help = true;
        } else if (word[1] == '-') {
            ASSAY_TRY(take_option(walk, word + 2));
        } else {
            return assay_error_set(walk->err, ASSAY_E_USAGE,
                                   "options have long names, with two dashes: \"%.300s\" is none", word);
        }
    }
    return refuse_strays(walk);
}

static bool wants_help(int count, const char *const *args)
{
    for (int i = 0; i < count && strcmp(args[i], "--") != 0; i++)
        if (strcmp(args[i], "--help") == 0 || strcmp(args[i], "-h") == 0) return true;
    return false;
}

assay_status assay_options_parse(assay_options *options, unsigned command, const char *command_name,
                                 size_t positionals_max, int count, const char *const *args, const assay_log *log,
                                 assay_error *err)
{
    word_walk walk = {.options = options,
                      .positionals_max = positionals_max,
                      .count = count,
                      .args = args,
                      .only_config = true,
                      .err = err};
    walk.source = (assay_option_source){ASSAY_ORIGIN_COMMAND_LINE, command, command_name, "", "--"};
    options->help = wants_help(count, args);
    if (options->help) return ASSAY_OK;
    ASSAY_TRY(walk_words(&walk));
    if (options->config) ASSAY_TRY(assay_option_config_read(options, options->config, command, command_name, err));
    walk.only_config = false;
    ASSAY_TRY(walk_words(&walk));
    return assay_options_resolve(options, command, options->quiet ? NULL : log, err);
}
