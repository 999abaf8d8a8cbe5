#include "text/split_pattern.h"

#include "text/pattern_translate.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum { MATCH_STEPS = 5000000, MATCH_DEPTH = 200000, MATCH_KIB = 64 << 10, PATTERN_BYTES = 1 << 16 };

struct assay_split_pattern {
    assay_scanner *scanner; /* one of the known three, or NULL */
    pcre2_code *code;       /* or a regular expression, or NULL */
    pcre2_match_context *limits;
    char *text; /* the literal, or the pattern's text for messages */
    size_t size;
};

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define MODERN(digits)                                    \
    CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits \
                 "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const char assay_pattern_gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const char assay_pattern_llama3[] = MODERN("\\p{N}{1,3}");
const char assay_pattern_qwen2[] = MODERN("\\p{N}");

void assay_split_pattern_free(assay_split_pattern *pattern)
{
    if (!pattern) return;
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    assay_free(pattern->text);
    assay_free(pattern);
}

static assay_status pattern_compile(assay_split_pattern *pattern, const char *where, assay_error *err)
{
    assay_buf translated;
    int code = 0;
    PCRE2_SIZE place = 0;
    if (pattern->size > PATTERN_BYTES)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: a pattern of %zu bytes", where, pattern->size);
    assay_buf_init(&translated, 64 * PATTERN_BYTES);
    assay_status status = assay_pattern_translate(pattern->text, pattern->size, where, &translated, err);
    if (status == ASSAY_OK)
        pattern->code =
            pcre2_compile((PCRE2_SPTR)(translated.data ? translated.data : ""), translated.size,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &place, NULL);
    assay_buf_release(&translated);
    if (status != ASSAY_OK) return status;
    if (!pattern->code) {
        char reason[120] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason));
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the pattern \"%.400s\" does not compile: %s", where,
                               pattern->text, reason);
    }
    pattern->limits = pcre2_match_context_create(NULL);
    ASSAY_TRY_ALLOC(pattern->limits, "a pattern", err);
    pcre2_set_match_limit(pattern->limits, MATCH_STEPS);
    pcre2_set_depth_limit(pattern->limits, MATCH_DEPTH);
    pcre2_set_heap_limit(pattern->limits, MATCH_KIB);
    return ASSAY_OK;
}

static assay_status pattern_new(assay_split_pattern **out, const char *text, size_t size, const char *where,
                                assay_error *err)
{
    *out = assay_alloc(1, sizeof(**out));
    ASSAY_TRY_ALLOC(*out, where, err);
    (*out)->text = assay_strndup(text, size);
    (*out)->size = size;
    ASSAY_TRY_ALLOC((*out)->text, where, err);
    return ASSAY_OK;
}

static assay_status regex_new(assay_split_pattern **out, const char *text, size_t size, const char *where,
                              assay_error *err)
{
    ASSAY_TRY(pattern_new(out, text, size, where, err));
    if (strcmp(text, assay_pattern_gpt2) == 0) (*out)->scanner = assay_scan_gpt2;
    else if (strcmp(text, assay_pattern_llama3) == 0) (*out)->scanner = assay_scan_llama3;
    else if (strcmp(text, assay_pattern_qwen2) == 0) (*out)->scanner = assay_scan_qwen2;
    else return pattern_compile(*out, where, err);
    return ASSAY_OK;
}

static assay_status give_or_free(assay_split_pattern **out, assay_status status)
{
    if (status == ASSAY_OK) return status;
    assay_split_pattern_free(*out);
    *out = NULL;
    return status;
}

assay_status assay_split_pattern_regex(assay_split_pattern **out, const char *text, const char *where, assay_error *err)
{
    return give_or_free(out, regex_new(out, text, strlen(text), where, err));
}

assay_status assay_split_pattern_read(assay_split_pattern **out, const json_t *node, const char *where,
                                      assay_error *err)
{
    const json_t *regex = json_object_get(node, "Regex"), *literal = json_object_get(node, "String");
    const json_t *given = json_is_string(regex) ? regex : literal;
    *out = NULL;
    if (!json_is_string(given))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a pattern is neither {\"Regex\"} nor {\"String\"}", where);
    const char *text = json_string_value(given);
    size_t size = json_string_length(given);
    return give_or_free(out, given == regex ? regex_new(out, text, size, where, err)
                                            : pattern_new(out, text, size, where, err));
}

void assay_split_scan_end(assay_split_scan *scan)
{
    pcre2_match_data_free(scan->state);
    scan->state = NULL;
}

static assay_status regex_next(const assay_split_pattern *pattern, assay_split_scan *scan, bool *found, size_t *start,
                               size_t *end, assay_error *err)
{
    if (!scan->state) scan->state = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    ASSAY_TRY_ALLOC(scan->state, "a match", err);
    uint32_t options = PCRE2_NO_UTF_CHECK | (scan->empty_before ? PCRE2_NOTEMPTY_ATSTART : 0);
    int count =
        pcre2_match(pattern->code, (PCRE2_SPTR)scan->text, scan->size, scan->at, options, scan->state, pattern->limits);
    if (count == PCRE2_ERROR_NOMATCH) return ASSAY_OK;
    if (count < 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "the pattern \"%.400s\" needs too many steps on this text (code %d)", pattern->text,
                               count);
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(scan->state);
    *start = places[0];
    *end = places[1] < places[0] ? places[0] : places[1];
    scan->empty_before = *start == *end;
    scan->at = *end;
    *found = true;
    return ASSAY_OK;
}

static bool literal_next(const assay_split_pattern *pattern, assay_split_scan *scan, size_t *start, size_t *end)
{
    if (!pattern->size || scan->at >= scan->size) return false;
    const char *hit = memmem(scan->text + scan->at, scan->size - scan->at, pattern->text, pattern->size);
    if (!hit) return false;
    *start = (size_t)(hit - scan->text);
    scan->at = *end = *start + pattern->size;
    return true;
}

assay_status assay_split_pattern_next(const assay_split_pattern *pattern, assay_split_scan *scan, bool *found,
                                      size_t *start, size_t *end, assay_error *err)
{
    *found = false;
    if (pattern->code) return regex_next(pattern, scan, found, start, end, err);
    if (!pattern->scanner) {
        *found = literal_next(pattern, scan, start, end);
        return ASSAY_OK;
    }
    if (scan->at >= scan->size) return ASSAY_OK;
    *start = scan->at;
    scan->at = *end = pattern->scanner(scan->text, scan->size, scan->at);
    *found = true;
    return ASSAY_OK;
}
