/* The root state looks for the next tag; what stands before it is data, less what white space control cuts off:
 *   {%- and friends take all white space before them, {%+ none;
 *   without a sign, a block, comment or raw tag that is the first thing on its line takes the blanks of that line;
 *   -%} takes all white space behind it, a block's or comment's plain end one line end.
 * Comments and raw blocks are dealt with whole. Inside a tag, its end is only recognised while no bracket is open. */
#include "jinja/jinja_lexer.h"

#include "base/text.h"
#include "python/py_literal.h"
#include "python/py_number.h"
#include "python/py_point.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void count_lines(assay_jinja_lexer *lexer)
{
    for (; lexer->counted < lexer->at; lexer->counted++) lexer->line += lexer->text[lexer->counted] == '\n';
}

/* An error at the current line. */
static assay_status ASSAY_PRINTF(2, 3) fail(assay_jinja_lexer *lexer, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    assay_text_vformat(text, sizeof text, format, args);
    va_end(args);
    count_lines(lexer);
    return assay_error_set(lexer->err, ASSAY_E_FORMAT, "%s, line %d: %s", lexer->name, lexer->line, text);
}

assay_status assay_jinja_lexer_start(assay_jinja_lexer *lexer, const char *name, const char *text, size_t size,
                                     assay_py_arena *arena, assay_error *err)
{
    char *copy = assay_py_arena_bytes(arena, size + 1);
    size_t used = 0;
    *lexer = (assay_jinja_lexer){.name = name, .line = 1, .line_starting = true, .arena = arena, .err = err};
    ASSAY_TRY_ALLOC(copy, name, err);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n') continue;
        copy[used++] = text[i] == '\r' ? '\n' : text[i];
    }
    lexer->text = copy;
    lexer->size = used && copy[used - 1] == '\n' ? used - 1 : used;
    return ASSAY_OK;
}

static bool stands(const assay_jinja_lexer *lexer, size_t at, const char *what)
{
    size_t size = strlen(what);
    return at + size <= lexer->size && memcmp(lexer->text + at, what, size) == 0;
}

static size_t skip_space(const assay_jinja_lexer *lexer, size_t at)
{
    size_t size;
    while (at < lexer->size && assay_py_point_is_space(assay_py_point_decode(lexer->text + at, &size))) at += size;
    return at;
}

static size_t back_over_space(const assay_jinja_lexer *lexer, size_t from, size_t to)
{
    while (to > from) {
        size_t size = 1, unused;
        while (size < to - from && ((unsigned char)lexer->text[to - size] & 0xc0) == 0x80) size++;
        if (!assay_py_point_is_space(assay_py_point_decode(lexer->text + to - size, &unused))) break;
        to -= size;
    }
    return to;
}

static void move_to(assay_jinja_lexer *lexer, size_t at)
{
    lexer->at = at;
    lexer->line_starting = at > 0 && lexer->text[at - 1] == '\n';
}

/* What is left of the data [from, to) in front of a tag with this sign. */
static size_t cut_data(const assay_jinja_lexer *lexer, size_t from, size_t to, char sign, bool variable)
{
    if (sign == '-') return back_over_space(lexer, from, to);
    if (sign == '+' || variable) return to;
    size_t line = to;
    while (line > from && lexer->text[line - 1] != '\n') line--;
    bool starts_line = line > from || lexer->line_starting;
    return starts_line && back_over_space(lexer, line, to) == line ? line : to;
}

static char sign_at(const assay_jinja_lexer *lexer, size_t at)
{
    char sign = at < lexer->size ? lexer->text[at] : 0;
    return sign == '-' || sign == '+' ? sign : 0;
}

/* Where a tag's end stands at `at`: the place behind it and the white space it takes. 0: it does not. `plus`: +%} is
 * one. */
static size_t tag_end(const assay_jinja_lexer *lexer, size_t at, const char *end, bool plus, bool trim)
{
    size_t size = strlen(end);
    if (stands(lexer, at, "-") && stands(lexer, at + 1, end)) return skip_space(lexer, at + 1 + size);
    if (plus && stands(lexer, at, "+") && stands(lexer, at + 1, end)) return at + 1 + size;
    if (!stands(lexer, at, end)) return 0;
    return at + size + (trim && stands(lexer, at + size, "\n"));
}

static size_t comment_end(const assay_jinja_lexer *lexer, size_t at)
{
    for (; at < lexer->size; at++) {
        size_t behind = tag_end(lexer, at, "#}", true, true);
        if (behind) return behind;
    }
    return 0;
}

/* {% raw %} at `at`: the place behind it; 0: some other block. */
static size_t raw_begin(const assay_jinja_lexer *lexer, size_t at)
{
    at = skip_space(lexer, at + 2 + (sign_at(lexer, at + 2) != 0));
    if (!stands(lexer, at, "raw")) return 0;
    return tag_end(lexer, skip_space(lexer, at + 3), "%}", false, false);
}

static void give_data(assay_jinja_lexer *lexer, assay_jinja_token *out, size_t from, size_t to)
{
    *out = (assay_jinja_token){
        .kind = ASSAY_JINJA_TOKEN_DATA, .line = lexer->line, .text = lexer->text + from, .size = to - from};
    out->value = assay_py_value_text(out->text, out->size);
}

/* From behind {% raw %} to behind {% endraw %}. */
static assay_status lex_raw(assay_jinja_lexer *lexer, size_t from, assay_jinja_token *out)
{
    lexer->line_starting = lexer->text[from - 1] == '\n';
    for (size_t at = from; at < lexer->size; at++) {
        if (!stands(lexer, at, "{%")) continue;
        char sign = sign_at(lexer, at + 2);
        size_t word = skip_space(lexer, at + 2 + (sign != 0));
        if (!stands(lexer, word, "endraw")) continue;
        size_t behind = tag_end(lexer, skip_space(lexer, word + 6), "%}", true, true);
        if (!behind) continue;
        give_data(lexer, out, from, cut_data(lexer, from, at, sign, false));
        move_to(lexer, behind);
        return ASSAY_OK;
    }
    return fail(lexer, "{%% raw %%} without {%% endraw %%}");
}

static size_t find_tag(const assay_jinja_lexer *lexer, size_t at)
{
    while (at + 1 < lexer->size) {
        const char *brace = memchr(lexer->text + at, '{', lexer->size - at - 1);
        if (!brace) break;
        at = (size_t)(brace - lexer->text);
        if (brace[1] == '{' || brace[1] == '%' || brace[1] == '#') return at;
        at++;
    }
    return lexer->size;
}

/* Data up to the next tag, which is kept as pending, or is a comment or raw block and done with. */
static assay_status lex_data(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    size_t from = lexer->at, at = find_tag(lexer, from);
    count_lines(lexer);
    if (at == lexer->size) {
        give_data(lexer, out, from, at);
        lexer->at = at;
        return ASSAY_OK;
    }
    char kind = lexer->text[at + 1], sign = sign_at(lexer, at + 2);
    give_data(lexer, out, from, cut_data(lexer, from, at, sign, kind == '{'));
    lexer->at = at;
    size_t raw = kind == '%' ? raw_begin(lexer, at) : 0;
    if (raw) {
        assay_jinja_token inside;
        if (out->size) { /* the text before comes first; the block is met again with nothing in front of it */
            lexer->line_starting = false;
            return ASSAY_OK;
        }
        ASSAY_TRY(lex_raw(lexer, raw, &inside));
        *out = inside;
        return ASSAY_OK;
    }
    if (kind == '#') {
        size_t behind = comment_end(lexer, at + 2 + (sign != 0));
        if (!behind) return fail(lexer, "a comment {# has no end #}");
        move_to(lexer, behind);
        return ASSAY_OK;
    }
    lexer->state = kind == '{' ? ASSAY_JINJA_LEX_VARIABLE : ASSAY_JINJA_LEX_BLOCK;
    move_to(lexer, at + 2 + (sign != 0));
    count_lines(lexer);
    lexer->pending = (assay_jinja_token){
        .kind = kind == '{' ? ASSAY_JINJA_TOKEN_VARIABLE_BEGIN : ASSAY_JINJA_TOKEN_BLOCK_BEGIN, .line = lexer->line};
    return ASSAY_OK;
}

static size_t digits_from(const assay_jinja_lexer *lexer, size_t at, const char *allowed)
{
    size_t start = at;
    while (at < lexer->size && lexer->text[at]) {
        size_t digit = at + (at > start && lexer->text[at] == '_');
        if (digit >= lexer->size || !lexer->text[digit] || !strchr(allowed, tolower((unsigned char)lexer->text[digit])))
            break;
        at = digit + 1;
    }
    return at;
}

/* The end of a float at `at`, or 0: digits with a fraction or an exponent. */
static size_t float_end(const assay_jinja_lexer *lexer, size_t at)
{
    static const char decimal[] = "0123456789";
    bool any = false;
    if (at > 0 && lexer->text[at - 1] == '.') return 0;
    size_t end = digits_from(lexer, at, decimal);
    if (stands(lexer, end, ".") && digits_from(lexer, end + 1, decimal) > end + 1) {
        end = digits_from(lexer, end + 1, decimal);
        any = true;
    }
    if (end < lexer->size && (lexer->text[end] | 32) == 'e') {
        size_t digits = end + 1 + (sign_at(lexer, end + 1) != 0), behind = digits_from(lexer, digits, decimal);
        if (behind > digits) return behind;
    }
    return any ? end : 0;
}

/* 0x, 0o and 0b take underscores behind the letter too; a leading zero takes only zeros. */
static size_t whole_end(const assay_jinja_lexer *lexer, size_t at)
{
    static const struct {
        char letter;
        const char *digits;
    } bases[] = {{'x', "0123456789abcdef"}, {'o', "01234567"}, {'b', "01"}};
    if (lexer->text[at] != '0') return digits_from(lexer, at, "0123456789");
    for (size_t i = 0; i < 3 && at + 1 < lexer->size; i++) {
        if ((lexer->text[at + 1] | 32) != bases[i].letter) continue;
        size_t from = at + (stands(lexer, at + 2, "_") ? 3 : 2), end = digits_from(lexer, from, bases[i].digits);
        if (end > from) return end;
    }
    return digits_from(lexer, at, "0");
}

static assay_status lex_number(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    size_t at = lexer->at, end = float_end(lexer, at);
    double real;
    int64_t whole;
    bool fits;
    out->kind = ASSAY_JINJA_TOKEN_NUMBER;
    if (end) {
        if (!assay_py_number_read_real(lexer->text + at, end - at, &real))
            return fail(lexer, "a number with too many digits");
        out->value = assay_py_value_float(real);
    } else {
        end = whole_end(lexer, at);
        if (!assay_py_number_read_whole(lexer->text + at, end - at, 0, &whole, &fits) || !fits)
            return fail(lexer, "a whole number beyond 64 bits");
        out->value = assay_py_value_int(whole);
    }
    move_to(lexer, end);
    return ASSAY_OK;
}

static assay_status lex_name(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    size_t end = lexer->at, size;
    while (end < lexer->size && assay_py_point_is_name(assay_py_point_decode(lexer->text + end, &size))) end += size;
    *out = (assay_jinja_token){ASSAY_JINJA_TOKEN_NAME, lexer->line, 0, lexer->text + lexer->at, end - lexer->at, {0}};
    move_to(lexer, end);
    return ASSAY_OK;
}

static assay_status lex_text(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    const char *fault;
    char quote = lexer->text[lexer->at];
    size_t from = lexer->at + 1, end = from;
    while (end < lexer->size && lexer->text[end] != quote) end += lexer->text[end] == '\\' ? 2 : 1;
    if (end >= lexer->size) return fail(lexer, "a string that begins with %c has no end", quote);
    out->kind = ASSAY_JINJA_TOKEN_TEXT;
    assay_status status = assay_py_literal_read(lexer->arena, lexer->text + from, end - from, &out->value, &fault);
    if (status == ASSAY_E_FORMAT) return fail(lexer, "%s", fault);
    if (status != ASSAY_OK) return assay_error_set(lexer->err, status, "out of memory for %s", lexer->name);
    move_to(lexer, end + 1);
    return ASSAY_OK;
}

static assay_status balance(assay_jinja_lexer *lexer, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    if (strchr(opening, c)) {
        if (lexer->open_count == ASSAY_JINJA_BRACKETS)
            return fail(lexer, "more than %d brackets are open at once", ASSAY_JINJA_BRACKETS);
        lexer->open[lexer->open_count++] = closing[strchr(opening, c) - opening];
        return ASSAY_OK;
    }
    if (!strchr(closing, c)) return ASSAY_OK;
    if (!lexer->open_count) return fail(lexer, "unexpected '%c'", c);
    char expected = lexer->open[--lexer->open_count];
    if (expected != c) return fail(lexer, "unexpected '%c', expected '%c'", c, expected);
    return ASSAY_OK;
}

static assay_status lex_operator(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    static const char *const pairs[] = {"==", "!=", "<=", ">=", "//", "**"};
    char c = lexer->text[lexer->at];
    out->kind = ASSAY_JINJA_TOKEN_OPERATOR;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!stands(lexer, lexer->at, pairs[i])) continue;
        out->op = pairs[i][0] << 8 | pairs[i][1];
        move_to(lexer, lexer->at + 2);
        return ASSAY_OK;
    }
    if (!c || !strchr("+-/*%~[](){}<>=.:|,;", c)) {
        size_t size;
        int32_t point = assay_py_point_decode(lexer->text + lexer->at, &size);
        return fail(lexer, "unexpected character U+%04X in a tag", (unsigned)point);
    }
    ASSAY_TRY(balance(lexer, c));
    out->op = (unsigned char)c;
    move_to(lexer, lexer->at + 1);
    return ASSAY_OK;
}

static bool lex_tag_end(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    bool block = lexer->state == ASSAY_JINJA_LEX_BLOCK;
    size_t behind = lexer->open_count ? 0 : tag_end(lexer, lexer->at, block ? "%}" : "}}", block, block);
    if (!behind) return false;
    out->kind = block ? ASSAY_JINJA_TOKEN_BLOCK_END : ASSAY_JINJA_TOKEN_VARIABLE_END;
    lexer->state = ASSAY_JINJA_LEX_DATA;
    move_to(lexer, behind);
    return true;
}

static assay_status lex_tag(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    for (;;) {
        count_lines(lexer);
        *out = (assay_jinja_token){.line = lexer->line, .text = lexer->text + lexer->at};
        if (lexer->at >= lexer->size) return ASSAY_OK;
        if (lex_tag_end(lexer, out)) return ASSAY_OK;
        size_t behind = skip_space(lexer, lexer->at);
        if (behind == lexer->at) break;
        move_to(lexer, behind);
    }
    size_t size;
    int32_t point = assay_py_point_decode(lexer->text + lexer->at, &size);
    if (point >= '0' && point <= '9') return lex_number(lexer, out);
    if (assay_py_point_is_name(point)) return lex_name(lexer, out);
    if (point == '\'' || point == '"') return lex_text(lexer, out);
    return lex_operator(lexer, out);
}

assay_status assay_jinja_lexer_next(assay_jinja_lexer *lexer, assay_jinja_token *out)
{
    for (;;) {
        if (lexer->pending.kind != ASSAY_JINJA_TOKEN_END) {
            *out = lexer->pending;
            lexer->pending.kind = ASSAY_JINJA_TOKEN_END;
            return ASSAY_OK;
        }
        if (lexer->state != ASSAY_JINJA_LEX_DATA) return lex_tag(lexer, out);
        if (lexer->at >= lexer->size) {
            count_lines(lexer);
            *out = (assay_jinja_token){.line = lexer->line};
            return ASSAY_OK;
        }
        ASSAY_TRY(lex_data(lexer, out));
        if (out->size) return ASSAY_OK;
    }
}
