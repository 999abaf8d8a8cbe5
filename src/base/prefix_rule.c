#include "base/prefix_rule.h"

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

assay_status assay_prefix_check(const assay_prefix_rule *rule, const int32_t *ids, size_t count, assay_error *err)
{
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
    if (!rule || !rule->on) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "a reward at every token (trace): this model reads a text's beginning both ways, so a token "
                           "there has none of its own; score without it");
}
