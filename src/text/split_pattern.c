/* How a regular expression is kept to its steps. PCRE2 counts steps from each place where a match is tried, and tells
 * nothing of them but that a limit was reached; what a single step walks over (a run of letters) it does not count at
 * all. So each try is given little: few steps, and a window of the text, at whose end PCRE2 stops and says so
 * (PCRE2_PARTIAL_HARD). What is found without coming to either end is what would be found with the whole text and no
 * limit. Where a limit is met, the place is tried again with four times as much, and that is taken from the effort; so
 * a text costs at most a constant for every byte, whatever the pattern. */
#include "text/split_pattern.h"

#include "text/pattern_translate.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum { MATCH_DEPTH = 200000, MATCH_KIB = 64 << 10, PATTERN_BYTES = 1 << 16 };
enum { WINDOW_BYTES = 256, MORE = 4, SMALL_TEXT_STEPS = 5000 };

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
    pcre2_match_context_free(scan->limits);
    scan->state = scan->limits = NULL;
}

assay_effort assay_effort_for(size_t bytes)
{
    size_t most = (SIZE_MAX - SMALL_TEXT_STEPS) / ASSAY_EFFORT_PER_BYTE;
    return (assay_effort){SMALL_TEXT_STEPS + ASSAY_EFFORT_PER_BYTE * (bytes < most ? bytes : most)};
}

bool assay_effort_spend(assay_effort *effort, size_t steps)
{
    bool enough = steps <= effort->left;
    effort->left = enough ? effort->left - steps : 0;
    return enough;
}

/* One search: from `at`, or at `at` alone where a place before cost too much to be one of many. */
typedef struct search {
    const assay_split_pattern *pattern;
    assay_split_scan *scan;
    size_t at, window, steps;
    bool alone;
} search;

static size_t next_character(const assay_split_scan *scan, size_t at)
{
    for (at++; at < scan->size && ((unsigned char)scan->text[at] & 0xc0) == 0x80;) at++;
    return at;
}

static size_t window_end(const search *s)
{
    if (s->scan->size - s->at <= s->window) return s->scan->size;
    return next_character(s->scan, s->at + s->window - 1);
}

static void start_anew(search *s, size_t at)
{
    s->at = at;
    s->window = WINDOW_BYTES;
    s->steps = ASSAY_EFFORT_FREE;
}

static int match_within(const search *s, size_t end)
{
    uint32_t options =
        PCRE2_NO_UTF_CHECK | (s->alone ? PCRE2_ANCHORED : 0) | (end < s->scan->size ? PCRE2_PARTIAL_HARD : 0);
    if (s->scan->empty_before && s->at == s->scan->at) options |= PCRE2_NOTEMPTY_ATSTART;
    pcre2_set_match_limit(s->scan->limits, (uint32_t)(s->steps < UINT32_MAX ? s->steps : UINT32_MAX));
    return pcre2_match(s->pattern->code, (PCRE2_SPTR)s->scan->text, end, s->at, options, s->scan->state,
                       s->scan->limits);
}

/* More of what ran out; false: the text has had all it may. */
static bool give_more(search *s, int code)
{
    if (code == PCRE2_ERROR_PARTIAL) s->window *= MORE;
    else if (!s->alone) s->alone = true;
    else s->steps *= MORE;
    return assay_effort_spend(s->scan->effort, code == PCRE2_ERROR_PARTIAL ? s->window : s->steps);
}

/* PCRE2's result for the whole text from scan->at on. At the end of a window an empty match may be one because the
 * window ends there, so that place is looked at again. */
static int search_text(search *s)
{
    for (;;) {
        size_t end = window_end(s);
        int code = match_within(s, end);
        bool all = end == s->scan->size, cut = code > 0 && !all && pcre2_get_ovector_pointer(s->scan->state)[0] >= end;
        if (code == PCRE2_ERROR_PARTIAL || code == PCRE2_ERROR_MATCHLIMIT) {
            if (!give_more(s, code)) return PCRE2_ERROR_MATCHLIMIT;
        } else if (code == PCRE2_ERROR_NOMATCH || cut) {
            if (all && (!s->alone || s->at >= end)) return code;
            start_anew(s, s->alone ? next_character(s->scan, s->at) : end);
        } else {
            return code;
        }
    }
}

static assay_status too_much(const assay_split_pattern *pattern, int code, assay_error *err)
{
    if (code == PCRE2_ERROR_MATCHLIMIT)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "the pattern \"%.400s\" needs too many steps on this text (more than %d a byte)",
                               pattern->text, ASSAY_EFFORT_PER_BYTE);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "the pattern \"%.400s\" needs too much on this text (code %d)",
                           pattern->text, code);
}

static assay_status regex_next(const assay_split_pattern *pattern, assay_split_scan *scan, bool *found, size_t *start,
                               size_t *end, assay_error *err)
{
    if (!scan->state) scan->state = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    ASSAY_TRY_ALLOC(scan->state, "a match", err);
    if (!scan->limits) scan->limits = pcre2_match_context_copy(pattern->limits);
    ASSAY_TRY_ALLOC(scan->limits, "a match", err);
    search s = {.pattern = pattern, .scan = scan};
    start_anew(&s, scan->at);
    int count = search_text(&s);
    if (count == PCRE2_ERROR_NOMATCH) return ASSAY_OK;
    if (count < 0) return too_much(pattern, count, err);
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
