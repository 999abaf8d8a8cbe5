/* Parsing words as the command line does, and what the option tests assert about it. One set of options per program. */
#ifndef ASSAY_TESTS_OPTIONS_FIXTURE_H
#define ASSAY_TESTS_OPTIONS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "options/option_alias.h"
#include "options/option_table.h"
#include "options/option_value.h"
#include "options/options.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 100 };

static assay_options options;
static assay_error error;
static char notes[8192];

static inline void keep_note(void *context, assay_log_level level, const char *text)
{
    (void)context;
    (void)level;
    strncat(notes, text, sizeof notes - strlen(notes) - 2);
    strcat(notes, "\n");
}

static inline assay_status parse_words(unsigned command, const char *name, size_t positionals, const char *const *words,
                                       int count)
{
    static const assay_log log = {keep_note, NULL};
    assay_options_release(&options);
    notes[0] = '\0';
    error = (assay_error){0};
    assert_int_equal(assay_options_init(&options, &error), ASSAY_OK);
    return assay_options_parse(&options, command, name, positionals, count, words, &log, &error);
}

/* Splits at spaces. The text must outlive the options' words. */
static inline assay_status parse_as(unsigned command, const char *name, size_t positionals, const char *text)
{
    static char copy[4096];
    const char *words[WORDS_MAX];
    char *rest = copy;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*word) words[count++] = word;
    return parse_words(command, name, positionals, words, count);
}

static inline assay_status parse(const char *text) { return parse_as(ASSAY_FOR_TRAIN, "train", 0, text); }

static inline void parse_ok(const char *text)
{
    assay_status status = parse(text);
    if (status != ASSAY_OK) print_error("%s\n", error.text);
    assert_int_equal(status, ASSAY_OK);
}

static inline void assert_says(const char *part)
{
    if (!strstr(error.text, part)) print_error("\"%s\" does not say \"%s\"\n", error.text, part);
    assert_non_null(strstr(error.text, part));
}

static inline void assert_noted(const char *part)
{
    if (!strstr(notes, part)) print_error("\"%s\" does not say \"%s\"\n", notes, part);
    assert_non_null(strstr(notes, part));
}

static inline void parse_fails(const char *text, const char *part)
{
    assert_int_equal(parse(text), ASSAY_E_USAGE);
    assert_says(part);
}

/* A value each row of a type takes. */
static inline const char *sample_of(const assay_option_row *row)
{
    switch (row->type) {
    case ASSAY_OPTION_INT:
        return "7";
    case ASSAY_OPTION_DOUBLE:
        return "0.25";
    case ASSAY_OPTION_SIZE:
        return "3G";
    case ASSAY_OPTION_DURATION:
        return "3h";
    case ASSAY_OPTION_BOOL:
        return "true";
    case ASSAY_OPTION_ENUM:
        return NULL;
    default:
        return "word";
    }
}

#endif
