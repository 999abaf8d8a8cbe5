/* stderr as a person sees it: notes and warnings (the sink of base/log.h), broken between words, and one live line at
 * the bottom that they do not tear apart. On anything but a terminal the live line does not exist. NO_COLOR and
 * TERM=dumb are honoured. */
#ifndef ASSAY_CLI_TERMINAL_H
#define ASSAY_CLI_TERMINAL_H

#include "base/log.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct assay_terminal {
    FILE *out; /* stderr */
    bool live; /* a terminal: lines may be rewritten */
    bool color;
    bool quiet;      /* no notes, no live line; warnings and errors stay */
    bool line_shown; /* a live line is on the screen */
    bool answered;   /* stdout has the one object of --json, or lines: an error gets none there */
    int columns;     /* when it was opened */
} assay_terminal;

void assay_terminal_open(assay_terminal *terminal, FILE *out);
assay_log assay_terminal_log(assay_terminal *terminal); /* the terminal must outlive the log */

/* Columns a live line may take. The terminal is asked again, because windows are resized; beside them there is room for
 * the ^C that it shows when Ctrl-C is pressed. */
size_t assay_terminal_room(const assay_terminal *terminal);

/* The live line; text without newline, cut to assay_terminal_room. Nothing happens where `live` is false. */
void assay_terminal_line(assay_terminal *terminal, const char *text);
void assay_terminal_clear_line(assay_terminal *terminal);
/* One whole line that stays. */
void assay_terminal_say(assay_terminal *terminal, const char *text);

/* What the terminal itself has written into an empty line, the ^C of a Ctrl-C, goes. */
void assay_terminal_clear_echo(assay_terminal *terminal);

/* "assay: TEXT" */
void assay_terminal_error(assay_terminal *terminal, const char *text);

/* One JSON object and a newline on stdout, keys as inserted, numbers at full precision. A full disk or a closed pipe is
 * an error. */
assay_status assay_print_json(const json_t *object, assay_error *err);

/* Text for a person on stdout, flushed; the same errors. What files bring into it cannot move the cursor: but for line
 * feeds and tabs it is made visible (base/text.h). */
assay_status assay_print_text(const char *text, assay_error *err);

/* Text for programs, JSON lines for example, as it is. */
assay_status assay_print_exact(const char *text, assay_error *err);

#endif
