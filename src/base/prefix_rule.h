/* What a model looks for in a text by its ids, besides reading them.
 *
 * A prefix that is read both ways, and the rest from left to right (GLM: Du et al., arXiv:2103.10360; the first
 * ChatGLM-6B). An id ends the prefix: all ids before it see each other, and it and all behind it see what lies before
 * them. Positions have two axes: within the prefix they count on the first and stay 0 on the second; behind it they
 * stand still on the first, where the mark is, and count on the second from 1. A rule that is not `on` is any other
 * model's: nobody sees ahead, and positions count.
 *
 * A gate: a head that reads a second token (head/head_armorm.c), the first of the last run of ids that is the gate's
 * pattern. It is where the prompt ends.
 */
#ifndef ASSAY_BASE_PREFIX_RULE_H
#define ASSAY_BASE_PREFIX_RULE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_GATE_IDS = 8 };

typedef struct assay_prefix_rule {
    bool on;
    int32_t end;     /* the first such id ends the prefix (<sop>) */
    int32_t mark[2]; /* the place of what is behind it: the first mark[0] ([gMASK]), else the first mark[1] ([MASK]) */
    int32_t gate[ASSAY_GATE_IDS]; /* the pattern, of gate_count ids; 0: no gate */
    size_t gate_count;
} assay_prefix_rule;

/* Ids of the prefix: those before the first `end`; all of them where there is none. */
size_t assay_prefix_length(const assay_prefix_rule *rule, const int32_t *ids, size_t count);

/* Where what is behind the prefix of `length` stands on the first axis; `length` where there is no mark. */
size_t assay_prefix_mark(const assay_prefix_rule *rule, const int32_t *ids, size_t length);

/* How many of the `shared` ids that several texts begin with may be computed once for all of them: none where the
 * prefix goes on behind them, for its ids see what differs. rule may be NULL. */
size_t assay_prefix_shared(const assay_prefix_rule *rule, const int32_t *ids, size_t shared);

/* How many ids come before the gate's second token; 0: there is no pattern, or no gate. */
size_t assay_prefix_gate(const assay_prefix_rule *rule, const int32_t *ids, size_t count);

/* ASSAY_E_FORMAT where a text lacks the end or a mark before it, or the gate's pattern; the model's own code raises
 * there. rule may be NULL. */
assay_status assay_prefix_check(const assay_prefix_rule *rule, const int32_t *ids, size_t count, assay_error *err);

/* ASSAY_E_UNSUPPORTED where the rule is on: a reward at every token cannot be told, as tokens of the prefix see what
 * follows them; or where there is a gate, before which there is no reward. rule may be NULL. */
assay_status assay_prefix_check_trace(const assay_prefix_rule *rule, assay_error *err);

#endif
