/* The one table of options. Command line, --config, help and completion are all driven by it. A row is a name, a type,
 * a default and a place in assay_options. The same name may have several rows with disjoint sets of commands (serve's
 * --adapter is a list). Hidden rows hold what names from elsewhere say; no help lists them. In names `-` and `_` are
 * the same; the table uses `-`. */
#ifndef ASSAY_OPTIONS_OPTION_TABLE_H
#define ASSAY_OPTIONS_OPTION_TABLE_H

#include "options/options.h"

typedef enum assay_option_type {
    ASSAY_OPTION_STRING,
    ASSAY_OPTION_PATH,
    ASSAY_OPTION_LIST, /* assay_string_list */
    ASSAY_OPTION_INT,  /* int64_t */
    ASSAY_OPTION_DOUBLE,
    ASSAY_OPTION_BOOL,
    ASSAY_OPTION_ENUM,    /* an int, the index into `choices` */
    ASSAY_OPTION_SIZE,    /* uint64_t bytes: 6G, 512M */
    ASSAY_OPTION_DURATION /* double seconds: 2h, 1h30m */
} assay_option_type;

enum {
    ASSAY_OPTION_COMMA = 1,    /* a list whose words are split at commas */
    ASSAY_OPTION_OPTIONAL = 2, /* the value may be missing: "" */
    ASSAY_OPTION_HIDDEN = 4
};

typedef enum assay_option_group {
    ASSAY_GROUP_FILES,
    ASSAY_GROUP_TUNING,
    ASSAY_GROUP_TRAINING,
    ASSAY_GROUP_TEXT,
    ASSAY_GROUP_MACHINE,
    ASSAY_GROUP_RUN,
    ASSAY_GROUP_GENERAL,
    ASSAY_GROUP_COUNT
} assay_option_group;

typedef struct assay_option_word {
    const char *word; /* accepted in place of a number */
    double value;
} assay_option_word;

typedef struct assay_option_row {
    const char *name;
    const char *value_name; /* for help: "PATH", "N"; NULL: choices or nothing */
    assay_option_type type;
    unsigned flags;
    unsigned commands;
    assay_option_group group;
    const char *default_text; /* read by the same parser as the user's; NULL: zero */
    const char *choices;      /* ENUM: "lora|full|head" */
    double low, high;         /* numbers, sizes and durations; both ends included */
    assay_option_word words[2];
    size_t offset; /* in assay_options */
    const char *help;
} assay_option_row;

size_t assay_option_count(void);
const assay_option_row *assay_option_at(size_t index);
size_t assay_option_index(const assay_option_row *row);

/* The row of a name (with - or _) for a command; NULL when the command has none. command ~0u: any command. */
const assay_option_row *assay_option_find(const char *name, size_t length, unsigned command);

/* True if the row takes `--name` and `--no-name`: a bool, or an enum with true and false among its choices. */
bool assay_option_is_flag(const assay_option_row *row);

/* Are two names the same with - and _ alike? */
bool assay_option_same_name(const char *name, const char *given, size_t length);

#endif
