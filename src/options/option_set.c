#include "options/option_set.h"

#include "base/text.h"
#include "options/nearest.h"
#include "options/option_value.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 300 };

static bool match_row(assay_option_match *match, const char *name, size_t length, unsigned command)
{
    match->row = assay_option_find(name, length, command);
    if (match->row) {
        match->flag = assay_option_is_flag(match->row) || (match->row->flags & ASSAY_OPTION_OPTIONAL);
        return true;
    }
    match->alias = assay_alias_find(name, length);
    if (!match->alias) return false;
    match->row = assay_option_find(match->alias->target, strlen(match->alias->target), command);
    match->flag = match->alias->flag;
    if (!match->row) match->alias = NULL;
    return match->row != NULL;
}

static bool starts_with_no(const char *name, size_t length)
{
    return length > 3 && strncmp(name, "no", 2) == 0 && (name[2] == '-' || name[2] == '_');
}

static const assay_option_row *row_elsewhere(const char *name, size_t length)
{
    assay_option_match match = {0};
    return match_row(&match, name, length, ~0u) ? match.row : NULL;
}

assay_option_match assay_option_match_name(const char *name, size_t length, unsigned command)
{
    assay_option_match match = {0};
    if (match_row(&match, name, length, command)) return match;
    if (starts_with_no(name, length) && match_row(&match, name + 3, length - 3, command) && match.flag) {
        match.negated = true;
        return match;
    }
    match = (assay_option_match){.kind = ASSAY_MATCH_IGNORED, .reason = assay_ignored_reason(name, length)};
    if (match.reason) return match;
    match = (assay_option_match){.kind = ASSAY_MATCH_REFUSED, .reason = assay_refused_neutral(name, length)};
    if (match.reason) return match;
    match = (assay_option_match){.kind = ASSAY_MATCH_OTHER, .row = row_elsewhere(name, length)};
    if (!match.row) match.kind = ASSAY_MATCH_UNKNOWN;
    return match;
}

/* ", but of train, plan ...": which commands have that option; the first few, in the order of the help. */
static void name_takers(const char *name, char *text, size_t size)
{
    static const char *const commands[] = {
#define ASSAY_COMMAND_WORD(word, bit) #word,
        ASSAY_COMMAND_MAP(ASSAY_COMMAND_WORD)
#undef ASSAY_COMMAND_WORD
    };
    enum { MOST = 4 };
    size_t used = 0, named = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands && used < size; i++) {
        const assay_option_row *row = assay_option_find(name, strlen(name), 1U << i);
        if (!row || named > MOST) continue;
        const char *word = i == ASSAY_NUMBER_INIT_CONFIG ? "init-config"
                           : i == ASSAY_NUMBER_HELP      ? "help"
                                                         : commands[i];
        used += (size_t)snprintf(text + used, size - used, "%s%s", named ? ", " : "", named < MOST ? word : "...");
        named++;
    }
}

static void offer_all(assay_nearest *nearest, unsigned command)
{
    for (size_t i = 0; i < assay_option_count(); i++)
        if (assay_option_at(i)->commands & command) assay_nearest_offer(nearest, assay_option_at(i)->name);
    for (size_t i = 0; i < assay_alias_count(); i++) {
        const char *target = assay_alias_at(i)->target;
        if (assay_option_find(target, strlen(target), command)) assay_nearest_offer(nearest, assay_alias_at(i)->name);
    }
}

assay_status assay_option_no_match(const assay_option_match *match, const assay_option_source *source, const char *name,
                                   size_t length, assay_error *err)
{
    int shown = length < SHOWN_MAX ? (int)length : SHOWN_MAX;
    if (match->kind == ASSAY_MATCH_OTHER) {
        char takers[128] = "";
        name_takers(match->row->name, takers, sizeof takers);
        return assay_error_set(err, ASSAY_E_USAGE, "%s%s%.*s is no option of %s (it is one of %s); see assay help %s",
                               source->where, source->dash, shown, name, source->command_name, takers,
                               source->command_name);
    }
    assay_nearest nearest;
    assay_nearest_begin(&nearest, name, length);
    offer_all(&nearest, source->command);
    return assay_error_set(err, ASSAY_E_USAGE, "%sunknown option %s%.*s; did you mean %s%s? See assay help %s",
                           source->where, source->dash, shown, name, source->dash, nearest.best, source->command_name);
}

static assay_status remember_ignored(assay_options *options, const assay_option_source *source, const char *name,
                                     size_t length, const char *reason, assay_error *err)
{
    char text[SHOWN_MAX];
    snprintf(text, sizeof text, "%s%.*s (%s)", source->dash, (int)length, name, reason);
    for (size_t i = 0; i < options->ignored.count; i++)
        if (strcmp(options->ignored.items[i], text) == 0) return ASSAY_OK;
    const char *kept = assay_options_keep(options, text, strlen(text));
    ASSAY_TRY_ALLOC(kept, "an option", err);
    return assay_string_list_add(&options->ignored, kept, err);
}

/* Other programs write None for "not set". */
static bool is_none(const char *value)
{
    return value && (assay_text_compare(value, "none") == 0 || assay_text_compare(value, "null") == 0);
}

static bool is_neutral(const char *value, const char *neutral)
{
    bool on;
    if (!value) return false;
    if (is_none(value) || strcmp(value, neutral) == 0 || strcmp(value, "0.0") == 0) return true;
    return assay_bool_parse(value, &on) && !on;
}

static assay_status refuse(const assay_option_match *match, const assay_option_source *source, const char *name,
                           size_t length, const char *value, assay_error *err)
{
    if (is_neutral(value, match->reason)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "%s%s%.*s is not supported; leave it out or set it to %s", source->where,
                           source->dash, (int)length, name, match->reason);
}

static bool same_value(const assay_option_row *row, const void *before, const assay_options *options)
{
    const void *now = (const char *)options + row->offset;
    switch (row->type) {
    case ASSAY_OPTION_STRING:
    case ASSAY_OPTION_PATH:
        return strcmp(*(const char *const *)before, *(const char *const *)now) == 0;
    case ASSAY_OPTION_LIST:
        return true;
    case ASSAY_OPTION_BOOL:
        return *(const bool *)before == *(const bool *)now;
    case ASSAY_OPTION_ENUM:
        return memcmp(before, now, sizeof(int)) == 0;
    default:
        return memcmp(before, now, 8) == 0;
    }
}

/* The value under the row, written over what lower origins said. `shown` is kept text: the name as given. */
static assay_status store(assay_options *options, const assay_option_match *match, const assay_option_source *source,
                          const char *shown, const char *value, assay_error *err)
{
    const assay_option_row *row = match->row;
    size_t index = assay_option_index(row);
    void *field = (char *)options + row->offset;
    unsigned char before[8] = {0};
    size_t width = row->type == ASSAY_OPTION_BOOL ? sizeof(bool) : row->type == ASSAY_OPTION_ENUM ? sizeof(int) : 8;
    memcpy(before, field, width);
    if (row->type == ASSAY_OPTION_LIST && options->origin[index] < source->origin)
        ((assay_string_list *)field)->count = 0;
    assay_status status = assay_option_store(options, row, shown, value, err);
    if (status != ASSAY_OK) return assay_error_prefix(err, status, "%s", source->where);
    bool again = options->origin[index] == source->origin && options->given_as[index];
    if (again && !assay_option_same_name(options->given_as[index], shown, strlen(shown)) &&
        !same_value(row, before, options))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "%s%s and %s are the same option, given with different values; keep one", source->where,
                               options->given_as[index], shown);
    options->origin[index] = (uint8_t)source->origin;
    options->given_as[index] = shown;
    return ASSAY_OK;
}

static const char *shown_name(assay_options *options, const assay_option_source *source, const char *name,
                              size_t length)
{
    char text[SHOWN_MAX];
    snprintf(text, sizeof text, "%s%.*s", source->dash, (int)length, name);
    return assay_options_keep(options, text, strlen(text));
}

/* What the parser of the row gets to read; NULL: as if the name had not been given. */
static const char *value_text(assay_options *options, const assay_option_match *match, const char *value)
{
    bool on;
    if (match->alias && match->alias->translate)
        return match->alias->translate(options, value ? value : match->negated ? "false" : "true");
    if (match->negated) return match->row->flags & ASSAY_OPTION_OPTIONAL ? NULL : "false";
    if (!(match->row->flags & ASSAY_OPTION_OPTIONAL)) return value ? value : "true";
    if (!value) return "";
    if (!assay_bool_parse(value, &on)) return value;
    return on ? "" : NULL;
}

static assay_status set_row(assay_options *options, const assay_option_match *match, const assay_option_source *source,
                            const char *name, size_t length, const char *value, assay_error *err)
{
    size_t no = match->negated ? 3 : 0; /* --no-force is --force */
    const char *shown = shown_name(options, source, name + no, length - no);
    ASSAY_TRY_ALLOC(shown, "an option", err);
    if (match->negated && value)
        return assay_error_set(err, ASSAY_E_USAGE, "%s%s%.*s takes no value", source->where, source->dash, (int)length,
                               name);
    if (assay_is_medicalgpt_name(name, length) && !options->foreign.medicalgpt) options->foreign.medicalgpt = shown;
    if ((match->alias || (match->row->flags & ASSAY_OPTION_HIDDEN)) && is_none(value)) return ASSAY_OK;
    const char *text = value_text(options, match, value);
    if (text) return store(options, match, source, shown, text, err);
    const char *reason = match->alias ? assay_ignored_reason(name, length) : NULL;
    if (reason) return remember_ignored(options, source, name, length, reason, err);
    if (match->row->flags & ASSAY_OPTION_OPTIONAL) *(const char **)((char *)options + match->row->offset) = NULL;
    return ASSAY_OK;
}

assay_status assay_option_set(assay_options *options, const assay_option_match *match,
                              const assay_option_source *source, const char *name, size_t length, const char *value,
                              assay_error *err)
{
    switch (match->kind) {
    case ASSAY_MATCH_ROW:
        return set_row(options, match, source, name, length, value, err);
    case ASSAY_MATCH_IGNORED:
        if (assay_is_medicalgpt_name(name, length) && !options->foreign.medicalgpt)
            options->foreign.medicalgpt = shown_name(options, source, name, length);
        return remember_ignored(options, source, name, length, match->reason, err);
    case ASSAY_MATCH_REFUSED:
        return refuse(match, source, name, length, value, err);
    default:
        return assay_option_no_match(match, source, name, length, err);
    }
}
