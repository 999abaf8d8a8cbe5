/* One named value on its way into the options, wherever it was said. Used by command line and --config. */
#ifndef ASSAY_OPTIONS_OPTION_SET_H
#define ASSAY_OPTIONS_OPTION_SET_H

#include "options/option_alias.h"
#include "options/option_table.h"

typedef enum assay_match_kind {
    ASSAY_MATCH_ROW,     /* row (and alias, if it is one) */
    ASSAY_MATCH_IGNORED, /* reason */
    ASSAY_MATCH_REFUSED, /* reason: the value without effect */
    ASSAY_MATCH_OTHER,   /* an option, but of other commands: row */
    ASSAY_MATCH_UNKNOWN
} assay_match_kind;

typedef struct assay_option_match {
    assay_match_kind kind;
    const assay_option_row *row;
    const assay_option_alias *alias; /* NULL: the row's own name */
    const char *reason;
    bool negated; /* --no-NAME */
    bool flag;    /* may stand without a value */
} assay_option_match;

typedef struct assay_option_source {
    assay_origin origin;
    unsigned command;
    const char *command_name;
    const char *where; /* "" or "run.yaml:12: " */
    const char *dash;  /* "--" or "" */
} assay_option_source;

assay_option_match assay_option_match_name(const char *name, size_t length, unsigned command);

/* For UNKNOWN and OTHER: the error, which names the nearest. */
assay_status assay_option_no_match(const assay_option_match *match, const assay_option_source *source, const char *name,
                                   size_t length, assay_error *err);

/* value NULL: the name stood alone. Two different names for one option with different values in the same place are an
 * error; the same name again wins (a list grows). A higher origin replaces a lower one. */
assay_status assay_option_set(assay_options *options, const assay_option_match *match,
                              const assay_option_source *source, const char *name, size_t length, const char *value,
                              assay_error *err);

#endif
