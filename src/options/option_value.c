#include "options/option_value.h"

#include "base/text.h"
#include "options/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool assay_bool_parse(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "f", "t", "n", "y", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (assay_text_compare(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    return false;
}

/* A decimal number at the front; *end behind it. Hexadecimal, infinities and NaN are refused. */
static bool number_at(const char *text, const char **end, double *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits) && !(*digits == '.' && isdigit((unsigned char)digits[1]))) return false;
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) return false;
    char *stop;
    *out = assay_text_real(text, &stop);
    *end = stop;
    return isfinite(*out);
}

bool assay_size_parse(const char *text, double *bytes)
{
    static const char units[] = "KMGT";
    const char *end;
    if (!number_at(text, &end, bytes)) return false;
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        *bytes = ldexp(*bytes, 10 * (int)(unit - units + 1));
        end++;
        if (*end == 'i' && (end[1] == 'B' || end[1] == 'b')) end++;
    }
    if (*end == 'B' || *end == 'b') end++;
    return *end == '\0';
}

static double seconds_in(char unit)
{
    switch (unit) {
    case 'd':
        return 86400;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
        return 1;
    default:
        return 0;
    }
}

bool assay_duration_parse(const char *text, double *seconds)
{
    const char *end;
    double part;
    *seconds = 0;
    if (number_at(text, &end, &part) && *end == '\0') {
        *seconds = part;
        return true;
    }
    while (*text) {
        if (!number_at(text, &end, &part) || seconds_in(*end) == 0) return false;
        *seconds += part * seconds_in(*end);
        text = end + 1;
    }
    return *seconds > 0;
}

static bool whole_parse(const char *text, double *out)
{
    const char *end;
    return number_at(text, &end, out) && *end == '\0';
}

static bool int_parse(const char *text, double *out)
{
    for (const char *at = text + (*text == '-'); *at; at++)
        if (!isdigit((unsigned char)*at)) return false;
    return whole_parse(text, out);
}

static bool is_int_row(const assay_option_row *row) { return row->type == ASSAY_OPTION_INT; }

static const char *kind_of(const assay_option_row *row)
{
    switch (row->type) {
    case ASSAY_OPTION_INT:
        return "a whole number";
    case ASSAY_OPTION_SIZE:
        return "a size like 6G or 512M";
    case ASSAY_OPTION_DURATION:
        return "a duration like 2h, 90m or 1h30m";
    default:
        return "a number";
    }
}

static bool read_number(const assay_option_row *row, const char *text, double *value)
{
    switch (row->type) {
    case ASSAY_OPTION_INT:
        return int_parse(text, value);
    case ASSAY_OPTION_SIZE:
        return assay_size_parse(text, value);
    case ASSAY_OPTION_DURATION:
        return assay_duration_parse(text, value);
    default:
        return whole_parse(text, value);
    }
}

static const assay_option_word *word_of(const assay_option_row *row, const char *text)
{
    for (size_t i = 0; i < 2; i++)
        if (row->words[i].word && assay_text_compare(row->words[i].word, text) == 0) return &row->words[i];
    return NULL;
}

static const char *or_words(const assay_option_row *row, char *space, size_t size)
{
    const char *first = row->words[0].word, *second = row->words[1].word;
    snprintf(space, size, "%s%s%s%s", first ? " or " : "", first ? first : "", second ? " or " : "",
             second ? second : "");
    return space;
}

static assay_status number_error(const assay_option_row *row, const char *name, const char *text, bool readable,
                                 assay_error *err)
{
    char words[64];
    or_words(row, words, sizeof words);
    if (!readable)
        return assay_error_set(err, ASSAY_E_USAGE, "%s: \"%s\" is not %s%s", name, text, kind_of(row), words);
    return assay_error_set(err, ASSAY_E_USAGE, "%s: %s is out of range, from %.16g to %.16g%s", name, text, row->low,
                           row->high, words);
}

static assay_status store_number(void *field, const assay_option_row *row, const char *name, const char *text,
                                 assay_error *err)
{
    double value;
    const assay_option_word *word = word_of(row, text);
    if (word) {
        value = word->value;
    } else {
        if (!read_number(row, text, &value)) return number_error(row, name, text, false, err);
        if (value < row->low || value > row->high) return number_error(row, name, text, true, err);
    }
    if (is_int_row(row)) *(int64_t *)field = (int64_t)value;
    else if (row->type == ASSAY_OPTION_SIZE) *(uint64_t *)field = (uint64_t)value;
    else *(double *)field = value;
    return ASSAY_OK;
}

/* true and false among the choices may also be said yes, no, on, off, ... */
static const char *plain_choice(const assay_option_row *row, const char *text)
{
    bool flag;
    if (!assay_option_is_flag(row) || !assay_bool_parse(text, &flag)) return text;
    return flag ? "true" : "false";
}

static assay_status store_choice(int *field, const assay_option_row *row, const char *name, const char *text,
                                 assay_error *err)
{
    char choices[128], *rest = choices;
    assay_nearest nearest;
    snprintf(choices, sizeof choices, "%s", row->choices);
    text = plain_choice(row, text);
    assay_nearest_begin(&nearest, text, strlen(text));
    int index = 0;
    for (char *choice = strsep(&rest, "|"); choice; choice = strsep(&rest, "|"), index++) {
        if (assay_text_compare(choice, text) == 0) {
            *field = index;
            return ASSAY_OK;
        }
        assay_nearest_offer(&nearest, choice);
    }
    if (nearest.best && nearest.distance <= 2)
        return assay_error_set(err, ASSAY_E_USAGE, "%s: \"%s\" is none of %s; did you mean %s?", name, text,
                               row->choices, nearest.best);
    return assay_error_set(err, ASSAY_E_USAGE, "%s: \"%s\" is none of %s", name, text, row->choices);
}

static assay_status store_list(assay_options *options, assay_string_list *list, const assay_option_row *row,
                               const char *name, const char *text, assay_error *err)
{
    bool split = row->flags & ASSAY_OPTION_COMMA;
    while (true) {
        size_t length = split ? strcspn(text, ",") : strlen(text);
        if (length == 0) return assay_error_set(err, ASSAY_E_USAGE, "%s: an empty name in the list", name);
        const char *item = assay_options_keep(options, text, length);
        ASSAY_TRY_ALLOC(item, "an option", err);
        ASSAY_TRY(assay_string_list_add(list, item, err));
        if (text[length] == '\0') return ASSAY_OK;
        text += length + 1;
    }
}

static assay_status store_string(assay_options *options, const char **field, const assay_option_row *row,
                                 const char *name, const char *text, assay_error *err)
{
    if (*text == '\0' && !(row->flags & ASSAY_OPTION_OPTIONAL))
        return assay_error_set(err, ASSAY_E_USAGE, "%s: the value is empty", name);
    *field = assay_options_keep(options, text, strlen(text));
    ASSAY_TRY_ALLOC(*field, "an option", err);
    return ASSAY_OK;
}

assay_status assay_option_store(assay_options *options, const assay_option_row *row, const char *name, const char *text,
                                assay_error *err)
{
    void *field = (char *)options + row->offset;
    switch (row->type) {
    case ASSAY_OPTION_STRING:
    case ASSAY_OPTION_PATH:
        return store_string(options, field, row, name, text, err);
    case ASSAY_OPTION_LIST:
        return store_list(options, field, row, name, text, err);
    case ASSAY_OPTION_ENUM:
        return store_choice(field, row, name, text, err);
    case ASSAY_OPTION_BOOL:
        if (assay_bool_parse(text, field)) return ASSAY_OK;
        return assay_error_set(err, ASSAY_E_USAGE, "%s: \"%s\" is neither true nor false", name, text);
    default:
        return store_number(field, row, name, text, err);
    }
}
