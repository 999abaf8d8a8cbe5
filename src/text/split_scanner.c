/* The three well-known patterns by hand. Each alternation is tried in the pattern's order at every place
 * (leftmost-first, not longest). The alternatives cover every character, so there is always a match and matches leave
 * no gaps.
 *
 *   GPT-2:   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *   Llama 3: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *   ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *   Qwen2:   the same with \p{N} for \p{N}{1,3}
 *
 * `(?i:'s` also takes U+017F, the long s, whose case folds to s. */
#include "text/split_pattern.h"

#include "text/unicode.h"

typedef struct view {
    const char *text;
    size_t size;
} view;

static assay_char_class class_at(view in, size_t at, size_t *length)
{
    return assay_char_classify(assay_utf8_get(in.text + at, length));
}

/* End of the run of one class from `at` on, at most `most` characters. */
static size_t run_end(view in, size_t at, assay_char_class kind, size_t most)
{
    size_t length;
    for (; most && at < in.size && class_at(in, at, &length) == kind; most--) at += length;
    return at;
}

static bool is_newline(char byte) { return byte == '\n' || byte == '\r'; }

/* Length of a contraction behind the apostrophe at `at`, 0: none. */
static size_t contraction_length(view in, size_t at, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (in.text[at] != '\'') return 0;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = 0;
        while (endings[i][length] && at + 1 + length < in.size &&
               (in.text[at + 1 + length] | (any_case ? 0x20 : 0)) == endings[i][length])
            length++;
        if (!endings[i][length]) return 1 + length;
    }
    if (any_case && in.size - at >= 3 && in.text[at + 1] == '\xc5' && in.text[at + 2] == '\xbf') return 3;
    return 0;
}

/* \s+(?!\S)|\s+ : the run, less its last character when something follows. */
static size_t spaces_end(view in, size_t at)
{
    size_t length, last = at, end = at;
    while (end < in.size && class_at(in, end, &length) == ASSAY_CHAR_SPACE) {
        last = end;
        end += length;
    }
    return end == in.size || last == at ? end : last;
}

size_t assay_scan_gpt2(const char *text, size_t size, size_t at)
{
    view in = {text, size};
    size_t length = contraction_length(in, at, false);
    if (length) return at + length;
    size_t word = at + (text[at] == ' ' && at + 1 < size);
    assay_char_class kind = class_at(in, word, &length);
    if (kind == ASSAY_CHAR_SPACE) return spaces_end(in, at);
    return run_end(in, word + length, kind, SIZE_MAX);
}

/* \s*[\r\n]+ at `at`: the run of spaces up to its last newline; `at` when it holds none. */
static size_t newlines_end(view in, size_t at)
{
    size_t length, end = at;
    for (size_t i = at; i < in.size && class_at(in, i, &length) == ASSAY_CHAR_SPACE; i += length)
        if (is_newline(in.text[i])) end = i + 1;
    return end;
}

static size_t scan_modern(view in, size_t at, size_t digits)
{
    size_t length, next_length, end = contraction_length(in, at, true);
    if (end) return at + end;
    assay_char_class kind = class_at(in, at, &length);
    size_t next = at + length;
    if (kind == ASSAY_CHAR_LETTER) return run_end(in, next, kind, SIZE_MAX);
    if (kind == ASSAY_CHAR_NUMBER) return run_end(in, next, kind, digits - 1);
    assay_char_class follower = next < in.size ? class_at(in, next, &next_length) : ASSAY_CHAR_SPACE;
    if (follower == ASSAY_CHAR_LETTER && !is_newline(in.text[at]))
        return run_end(in, next + next_length, follower, SIZE_MAX);
    bool spaced = in.text[at] == ' ' && follower == ASSAY_CHAR_OTHER;
    if (kind == ASSAY_CHAR_OTHER || spaced) {
        end = run_end(in, next, ASSAY_CHAR_OTHER, SIZE_MAX);
        while (end < in.size && is_newline(in.text[end])) end++;
        return end;
    }
    end = newlines_end(in, at);
    return end > at ? end : spaces_end(in, at);
}

size_t assay_scan_llama3(const char *text, size_t size, size_t at) { return scan_modern((view){text, size}, at, 3); }

size_t assay_scan_qwen2(const char *text, size_t size, size_t at) { return scan_modern((view){text, size}, at, 1); }
