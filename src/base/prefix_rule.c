#include "base/prefix_rule.h"

#include <string.h>

static size_t find(const int32_t *ids, size_t count, int32_t id)
{
    size_t at = 0;
    while (at < count && ids[at] != id) at++;
    return at;
}

size_t assay_prefix_length(const assay_prefix_rule *rule, const int32_t *ids, size_t count)
{
    return find(ids, count, rule->end);
}

size_t assay_prefix_mark(const assay_prefix_rule *rule, const int32_t *ids, size_t length)
{
    size_t first = find(ids, length, rule->mark[0]);
    return first < length ? first : find(ids, length, rule->mark[1]);
}

size_t assay_prefix_shared(const assay_prefix_rule *rule, const int32_t *ids, size_t shared)
{
    return rule && rule->on && assay_prefix_length(rule, ids, shared) == shared ? 0 : shared;
}

size_t assay_prefix_gate(const assay_prefix_rule *rule, const int32_t *ids, size_t count)
{
    if (!rule || rule->gate_count == 0 || count < rule->gate_count) return 0;
    for (size_t end = count - rule->gate_count + 1; end > 0; end--)
        if (!memcmp(ids + end - 1, rule->gate, rule->gate_count * sizeof *ids)) return end;
    return 0;
}

static assay_status check_gate(const assay_prefix_rule *rule, const int32_t *ids, size_t count, assay_error *err)
{
    if (!rule || rule->gate_count == 0 || assay_prefix_gate(rule, ids, count)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "the text has no run of ids %d, %d ... (%zu of them) before the answer, where this model's "
                           "gate is read; give messages that end with the assistant's, in the model's own template: "
                           "assay tokenize shows the ids",
                           (int)rule->gate[0], (int)rule->gate[1], rule->gate_count);
}

assay_status assay_prefix_check(const assay_prefix_rule *rule, const int32_t *ids, size_t count, assay_error *err)
{
    ASSAY_TRY(check_gate(rule, ids, count, err));
    if (!rule || !rule->on) return ASSAY_OK;
    size_t length = assay_prefix_length(rule, ids, count);
    if (length < count && assay_prefix_mark(rule, ids, length) < length) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "the text has no [gMASK] or [MASK] (id %d, %d) before a <sop> (id %d), by which this model "
                           "tells what it reads both ways; --template chatglm writes them, and the tokenizer's own "
                           "special tokens do",
                           (int)rule->mark[0], (int)rule->mark[1], (int)rule->end);
}

assay_status assay_prefix_check_trace(const assay_prefix_rule *rule, assay_error *err)
{
    if (rule && rule->gate_count)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "a reward at every token (trace): this model's head reads the end of the prompt besides "
                               "the token itself, so tokens before it have none; score without it");
    if (!rule || !rule->on) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "a reward at every token (trace): this model reads a text's beginning both ways, so a token "
                           "there has none of its own; score without it");
}
