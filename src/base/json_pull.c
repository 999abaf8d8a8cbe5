/* The reader is a state machine with one bit of stack a level (object or array), so depth costs nothing and is bounded
 * by the width of a word. Strings are validated in place once; decoding is separate, because most callers only compare.
 * Escaped text is never shorter than what it stands for (\u00e9 is six bytes for two), so a buffer of the raw length
 * always holds the decoded one. */
#include "base/json_pull.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

enum { STATE_VALUE, STATE_FIRST_KEY, STATE_KEY, STATE_FIRST_ITEM, STATE_AFTER, STATE_ENDED };

void assay_json_pull_init(assay_json_pull *pull, const char *text, size_t size, const char *where)
{
    *pull = (assay_json_pull){.text = text, .size = size, .where = where, .state = STATE_VALUE};
}

static assay_status error_at(const assay_json_pull *pull, size_t offset, const char *message, assay_error *err)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < offset && i < pull->size; i++)
        if (pull->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    size_t column = offset - start + 1;
    if (!pull->document)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s:%zu:%zu: %s", pull->where, line, column, message);
    if (line == 1)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: not valid JSON at column %zu: %s", pull->where, column,
                               message);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: not valid JSON at line %zu, column %zu: %s", pull->where, line,
                           column, message);
}

assay_status assay_json_pull_error(const assay_json_pull *pull, assay_error *err, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    assay_text_sentence(message, sizeof message, format, args);
    va_end(args);
    return error_at(pull, pull->start, message, err);
}

static bool hex4(const char *text, size_t left, uint32_t *out)
{
    *out = 0;
    if (left < 4) return false;
    for (int i = 0; i < 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* Bytes of the escape at `text` (which begins with a backslash) and the code point it stands for; 0 when it is none. */
static size_t read_escape(const char *text, size_t left, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (left < 2) return 0;
    const char *found = text[1] ? strchr(letters, text[1]) : NULL;
    if (found) {
        *code = (uint8_t)values[found - letters];
        return 2;
    }
    uint32_t low;
    if (text[1] != 'u' || !hex4(text + 2, left - 2, code)) return 0;
    if (*code < 0xd800 || *code > 0xdfff) return 6;
    if (*code > 0xdbff || left < 12 || text[6] != '\\' || text[7] != 'u' || !hex4(text + 8, left - 8, &low)) return 0;
    if (low < 0xdc00 || low > 0xdfff) return 0;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* An escape that is half of a surrogate pair; it stands for U+FFFD. */
static size_t read_half(const char *text, size_t left, uint32_t *code)
{
    if (left < 6 || text[1] != 'u' || !hex4(text + 2, left - 2, code) || *code < 0xd800 || *code > 0xdfff) return 0;
    *code = 0xfffd;
    return 6;
}

static size_t string_escape(assay_json_pull *pull, size_t at, uint32_t *code)
{
    size_t length = read_escape(pull->text + at, pull->size - at, code);
    if (length || !pull->halves) return length;
    length = read_half(pull->text + at, pull->size - at, code);
    pull->half |= length > 0;
    return length;
}

static assay_status read_string(assay_json_pull *pull, assay_json_event event, assay_error *err)
{
    size_t at = pull->start + 1;
    uint32_t code;
    pull->escaped = pull->half = false;
    while (at < pull->size && pull->text[at] != '"') {
        bool escape = pull->text[at] == '\\';
        if ((uint8_t)pull->text[at] < 0x20)
            return error_at(pull, at, "a control character inside a string must be escaped", err);
        size_t length =
            escape ? string_escape(pull, at, &code) : assay_text_character(pull->text + at, pull->size - at);
        if (length == 0) return error_at(pull, at, escape ? "not a valid escape" : "not valid UTF-8", err);
        pull->escaped |= escape;
        at += length;
    }
    if (at >= pull->size) return error_at(pull, pull->start, "the string has no end", err);
    pull->event = event;
    pull->token = pull->text + pull->start + 1;
    pull->token_size = at - pull->start - 1;
    pull->at = at + 1;
    return ASSAY_OK;
}

static size_t put_utf8(uint32_t code, char *dst)
{
    if (code < 0x80) {
        dst[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6) dst[i] = (char)(0x80 | (code & 0x3f));
    dst[0] = (char)(leads[length] | code);
    return length;
}

size_t assay_json_pull_text(const assay_json_pull *pull, char *dst)
{
    if (!pull->escaped) {
        if (pull->token_size) memcpy(dst, pull->token, pull->token_size);
        return pull->token_size;
    }
    size_t used = 0;
    for (size_t at = 0; at < pull->token_size;) {
        uint32_t code = 0;
        if (pull->token[at] != '\\') {
            dst[used++] = pull->token[at++];
            continue;
        }
        size_t length = read_escape(pull->token + at, pull->token_size - at, &code);
        at += length ? length : read_half(pull->token + at, pull->token_size - at, &code);
        used += put_utf8(code, dst + used);
    }
    return used;
}

bool assay_json_pull_equals(const assay_json_pull *pull, const char *text)
{
    size_t length = strlen(text), matched = 0;
    for (size_t at = 0; at < pull->token_size;) {
        char piece[4];
        size_t size = 1;
        uint32_t code = 0;
        piece[0] = pull->token[at];
        if (piece[0] == '\\') {
            size_t taken = read_escape(pull->token + at, pull->token_size - at, &code);
            at += taken ? taken : read_half(pull->token + at, pull->token_size - at, &code);
            size = put_utf8(code, piece);
        } else {
            at++;
        }
        if (size > length - matched || memcmp(text + matched, piece, size) != 0) return false;
        matched += size;
    }
    return matched == length;
}

static size_t digits(const assay_json_pull *pull, size_t at)
{
    size_t start = at;
    while (at < pull->size && pull->text[at] >= '0' && pull->text[at] <= '9') at++;
    return at - start;
}

static char peek(const assay_json_pull *pull, size_t at) { return at < pull->size ? pull->text[at] : 0; }

static assay_status read_number(assay_json_pull *pull, assay_error *err)
{
    size_t at = pull->start, count;
    if (peek(pull, at) == '-') at++;
    bool zero = peek(pull, at) == '0';
    count = digits(pull, at);
    if (count == 0) return error_at(pull, pull->start, "a value was expected here", err);
    if (zero && count > 1) return error_at(pull, pull->start, "a number may not begin with 0", err);
    at += count;
    if (peek(pull, at) == '.') {
        count = digits(pull, at + 1);
        if (count == 0) return error_at(pull, pull->start, "a number needs digits behind its point", err);
        at += 1 + count;
    }
    if ((peek(pull, at) | 32) == 'e') {
        at++;
        if (peek(pull, at) == '+' || peek(pull, at) == '-') at++;
        count = digits(pull, at);
        if (count == 0) return error_at(pull, pull->start, "a number needs digits in its exponent", err);
        at += count;
    }
    pull->event = ASSAY_JSON_NUMBER;
    pull->token = pull->text + pull->start;
    pull->token_size = at - pull->start;
    pull->at = at;
    return ASSAY_OK;
}

static assay_status open_container(assay_json_pull *pull, bool object, assay_error *err)
{
    if (pull->depth == ASSAY_JSON_MAX_DEPTH) return error_at(pull, pull->start, "nested more than 64 deep", err);
    uint64_t bit = (uint64_t)1 << pull->depth++;
    pull->objects = object ? pull->objects | bit : pull->objects & ~bit;
    pull->event = object ? ASSAY_JSON_OBJECT : ASSAY_JSON_ARRAY;
    pull->state = object ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
    pull->at++;
    return ASSAY_OK;
}

static assay_status close_container(assay_json_pull *pull, bool object)
{
    pull->depth--;
    pull->event = object ? ASSAY_JSON_OBJECT_END : ASSAY_JSON_ARRAY_END;
    pull->state = STATE_AFTER;
    pull->at++;
    return ASSAY_OK;
}

static bool read_word(assay_json_pull *pull, const char *word, assay_json_event event)
{
    size_t length = strlen(word);
    if (length > pull->size - pull->at || memcmp(pull->text + pull->at, word, length) != 0) return false;
    pull->event = event;
    pull->at += length;
    return true;
}

static bool read_python_number(assay_json_pull *pull)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    size_t at = pull->at;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!read_word(pull, words[i], ASSAY_JSON_NUMBER)) continue;
        pull->token = pull->text + at;
        pull->token_size = pull->at - at;
        return true;
    }
    return false;
}

static assay_status read_value(assay_json_pull *pull, assay_error *err)
{
    char c = peek(pull, pull->at);
    if (c == '{' || c == '[') return open_container(pull, c == '{', err);
    pull->state = STATE_AFTER;
    if (c == '"') return read_string(pull, ASSAY_JSON_STRING, err);
    if (c == 't' && read_word(pull, "true", ASSAY_JSON_TRUE)) return ASSAY_OK;
    if (c == 'f' && read_word(pull, "false", ASSAY_JSON_FALSE)) return ASSAY_OK;
    if (c == 'n' && read_word(pull, "null", ASSAY_JSON_NULL)) return ASSAY_OK;
    return pull->python && read_python_number(pull) ? ASSAY_OK : read_number(pull, err);
}

static void skip_space(assay_json_pull *pull)
{
    while (pull->at < pull->size && strchr(" \t\n\r", pull->text[pull->at]) && pull->text[pull->at]) pull->at++;
    pull->start = pull->at;
}

static assay_status read_key(assay_json_pull *pull, assay_error *err)
{
    if (peek(pull, pull->at) != '"') return error_at(pull, pull->at, "a key in double quotes was expected here", err);
    ASSAY_TRY(read_string(pull, ASSAY_JSON_KEY, err));
    size_t start = pull->start;
    skip_space(pull);
    if (peek(pull, pull->at) != ':') return error_at(pull, pull->at, "a colon was expected behind the key", err);
    pull->at++;
    pull->start = start;
    pull->state = STATE_VALUE;
    return ASSAY_OK;
}

/* Behind a value: a comma and the next one, the container's end, or the document's. */
static assay_status read_after(assay_json_pull *pull, assay_error *err)
{
    char c = peek(pull, pull->at);
    if (pull->depth == 0) {
        if (pull->at < pull->size) return error_at(pull, pull->at, "nothing may follow the document", err);
        pull->event = ASSAY_JSON_END;
        pull->state = STATE_ENDED;
        return ASSAY_OK;
    }
    bool object = pull->objects >> (pull->depth - 1) & 1;
    if (c == (object ? '}' : ']')) return close_container(pull, object);
    if (c != ',')
        return error_at(pull, pull->at, object ? "a comma or } was expected here" : "a comma or ] was expected here",
                        err);
    pull->at++;
    skip_space(pull);
    return object ? read_key(pull, err) : read_value(pull, err);
}

static assay_status read_token(assay_json_pull *pull, assay_error *err)
{
    switch (pull->state) {
    case STATE_FIRST_KEY:
        return peek(pull, pull->at) == '}' ? close_container(pull, true) : read_key(pull, err);
    case STATE_FIRST_ITEM:
        return peek(pull, pull->at) == ']' ? close_container(pull, false) : read_value(pull, err);
    case STATE_AFTER:
        return read_after(pull, err);
    case STATE_VALUE:
        return read_value(pull, err);
    default:
        return error_at(pull, pull->at, "read beyond the end", err);
    }
}

assay_status assay_json_pull_next(assay_json_pull *pull, assay_error *err)
{
    assay_json_pull before = *pull;
    skip_space(pull);
    assay_status status = read_token(pull, err);
    if (status != ASSAY_OK) *pull = before;
    return status;
}

assay_status assay_json_pull_expect(assay_json_pull *pull, assay_json_event event, assay_error *err)
{
    static const char *const names[] = {"an object", "the object's end", "a list", "the list's end", "a key",
                                        "a string",  "a number",         "true",   "false",          "null",
                                        "the end"};
    ASSAY_TRY(assay_json_pull_next(pull, err));
    if (pull->event == event) return ASSAY_OK;
    return assay_json_pull_error(pull, err, "%s was expected here, not %s", names[event], names[pull->event]);
}

assay_status assay_json_pull_skip(assay_json_pull *pull, assay_error *err)
{
    if (pull->event != ASSAY_JSON_OBJECT && pull->event != ASSAY_JSON_ARRAY) return ASSAY_OK;
    for (int outer = pull->depth - 1; pull->depth > outer;) ASSAY_TRY(assay_json_pull_next(pull, err));
    return ASSAY_OK;
}

assay_status assay_json_pull_size(const assay_json_pull *pull, uint64_t *out, assay_error *err)
{
    uint64_t value = 0;
    for (size_t i = 0; i < pull->token_size; i++) {
        char c = pull->token[i];
        bool fits = c >= '0' && c <= '9' && !__builtin_mul_overflow(value, 10, &value) &&
                    !__builtin_add_overflow(value, (uint64_t)(c - '0'), &value);
        if (!fits) return assay_json_pull_error(pull, err, "a whole number from 0 to 2^64 - 1 was expected here");
    }
    *out = value;
    return ASSAY_OK;
}
