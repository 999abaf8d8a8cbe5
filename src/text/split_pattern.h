/* The patterns that cut a text into words before BPE. The three patterns nearly every model uses (GPT-2, Llama 3,
 * Qwen2) are recognised by their exact text and scanned by hand; a literal string is searched; any other regular
 * expression goes through PCRE2 after a translation from Oniguruma's syntax, with limits on steps, depth and memory: a
 * pattern from a file may be hostile. Constructs whose meaning differs are refused by name. Const after loading.
 *
 * Steps are counted over a whole text (assay_effort), not by the match: a pattern that takes a million steps at every
 * letter stays below any limit on one match that honest patterns need on a long word. */
#ifndef ASSAY_TEXT_SPLIT_PATTERN_H
#define ASSAY_TEXT_SPLIT_PATTERN_H

#include "base/json_doc.h"

typedef struct assay_split_pattern assay_split_pattern;

extern const char assay_pattern_gpt2[], assay_pattern_llama3[], assay_pattern_qwen2[];

/* What working on one text may still cost: ASSAY_EFFORT_PER_BYTE steps for each of its bytes, and a few thousand. A
 * step is one of the matcher's that leads beyond the ASSAY_EFFORT_FREE that each place of the text has for nothing, or
 * one byte walked over once more. */
enum { ASSAY_EFFORT_PER_BYTE = 500, ASSAY_EFFORT_FREE = 256 };
typedef struct assay_effort {
    size_t left;
} assay_effort;

assay_effort assay_effort_for(size_t bytes);
bool assay_effort_spend(assay_effort *effort, size_t steps); /* false: more than was left */

typedef struct assay_split_scan {
    const char *text;
    size_t size;
    size_t at;         /* where to look on */
    bool empty_before; /* the match before was empty: do not match the same emptiness again */
    assay_effort *effort;
    void *state, *limits; /* the matcher's; released by assay_split_scan_end */
} assay_split_scan;

/* node: {"Regex": text} or {"String": text}. */
assay_status assay_split_pattern_read(assay_split_pattern **out, const json_t *node, const char *where,
                                      assay_error *err);
assay_status assay_split_pattern_regex(assay_split_pattern **out, const char *text, const char *where,
                                       assay_error *err);
void assay_split_pattern_free(assay_split_pattern *pattern); /* NULL is fine */

/* The next match from scan->at on: found, and [*start, *end). */
assay_status assay_split_pattern_next(const assay_split_pattern *pattern, assay_split_scan *scan, bool *found,
                                      size_t *start, size_t *end, assay_error *err);
void assay_split_scan_end(assay_split_scan *scan);

/* The hand-coded scanners, each giving the end of the match at `at` (there always is one). In split_scanner.c. */
typedef size_t assay_scanner(const char *text, size_t size, size_t at);
assay_scanner assay_scan_gpt2, assay_scan_llama3, assay_scan_qwen2;

#endif
