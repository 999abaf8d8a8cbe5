/* A regular expression in Oniguruma's syntax (Ruby) rewritten for PCRE2.
 *
 * - Classes nest as unions there: inner brackets are dropped.
 * - \p{Han} and other scripts mean the Script property there, Script_Extensions in PCRE2: \p{sc:Han}.
 * - The categories of its Unicode 16 are wider than those of PCRE2 10.42 (Unicode 14): the difference, measured code
 * point by code point
 *   (tests/oracle/unicode_classes.py), is added as ranges. Two-letter categories that are not in the table stay as they
 *   are.
 * - \s is the White_Space property there; PCRE2's also takes U+180E.
 * - What would silently mean something else (\w, \b, \h, &&, ...) is refused by name. */
#include "text/pattern_translate.h"

#include <string.h>

typedef struct property {
    const char *name, *more;
} property;

static const property newer[] = {
    {"L", "\\x{1c89}-\\x{1c8a}\\x{a7cb}-\\x{a7cd}\\x{a7da}-\\x{a7dc}\\x{105c0}-\\x{105f3}\\x{10d4a}-\\x{10d65}\\x{"
          "10d6f}-\\x{10d85}\\x{10ec2}-\\x{10ec4}\\x{1123f}-\\x{11240}\\x{11380}-\\x{11389}\\x{1138b}\\x{1138e}\\x{"
          "11390}-\\x{113b5}\\x{113b7}\\x{113d1}\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{11f02}\\x{11f04}-\\x{11f10}\\x{"
          "11f12}-\\x{11f33}\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}\\x{16100}-\\x{1611d}\\x{16d40}-\\x{"
          "16d6c}\\x{18cff}\\x{1b132}\\x{1b155}\\x{1df25}-\\x{1df2a}\\x{1e030}-\\x{1e06d}\\x{1e4d0}-\\x{1e4eb}\\x{"
          "1e5d0}-\\x{1e5ed}\\x{1e5f0}\\x{2b739}\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"},
    {"N", "\\x{10d40}-\\x{10d49}\\x{116d0}-\\x{116e3}\\x{11bf0}-\\x{11bf9}\\x{11f50}-\\x{11f59}\\x{16130}-\\x{16139}"
          "\\x{16d70}-\\x{16d79}\\x{1ccf0}-\\x{1ccf9}\\x{1d2c0}-\\x{1d2d3}\\x{1e4f0}-\\x{1e4f9}\\x{1e5f1}-\\x{1e5fa}"},
    {"S", "\\x{2427}-\\x{2429}\\x{2ffc}-\\x{2fff}\\x{31e4}-\\x{31e5}\\x{31ef}\\x{10d8e}-\\x{10d8f}\\x{1cc00}-\\x{1ccef}"
          "\\x{1cd00}-\\x{1ceb3}\\x{1f6dc}\\x{1f774}-\\x{1f776}\\x{1f77b}-\\x{1f77f}\\x{1f7d9}\\x{1f8b2}-\\x{1f8bb}\\x{"
          "1f8c0}-\\x{1f8c1}\\x{1fa75}-\\x{1fa77}\\x{1fa87}-\\x{1fa89}\\x{1fa8f}\\x{1faad}-\\x{1faaf}\\x{1fabb}-\\x{"
          "1fabf}\\x{1fac6}\\x{1face}-\\x{1facf}\\x{1fada}-\\x{1fadc}\\x{1fadf}\\x{1fae8}-\\x{1fae9}\\x{1faf7}-\\x{"
          "1faf8}\\x{1fbcb}-\\x{1fbef}"},
    {"P", "\\x{1b4e}-\\x{1b4f}\\x{1b7f}\\x{10d6e}\\x{113d4}-\\x{113d5}\\x{113d7}-\\x{113d8}\\x{11b00}-\\x{11b09}\\x{"
          "11be1}\\x{11f43}-\\x{11f4f}\\x{16d6d}-\\x{16d6f}\\x{1e5ff}"},
    {"M", "\\x{897}\\x{cf3}\\x{ece}\\x{10d69}-\\x{10d6d}\\x{10efc}-\\x{10eff}\\x{11241}\\x{113b8}-\\x{113c0}\\x{113c2}"
          "\\x{113c5}\\x{113c7}-\\x{113ca}\\x{113cc}-\\x{113d0}\\x{113d2}\\x{113e1}-\\x{113e2}\\x{11f00}-\\x{11f01}\\x{"
          "11f03}\\x{11f34}-\\x{11f3a}\\x{11f3e}-\\x{11f42}\\x{11f5a}\\x{13440}\\x{13447}-\\x{13455}\\x{1611e}-\\x{"
          "1612f}\\x{1e08f}\\x{1e4ec}-\\x{1e4ef}\\x{1e5ee}-\\x{1e5ef}"},
    {"Lu", "\\x{1c89}\\x{a7cb}-\\x{a7cc}\\x{a7da}\\x{a7dc}\\x{10d50}-\\x{10d65}"},
    {"Ll", "\\x{1c8a}\\x{a7cd}\\x{a7db}\\x{10d70}-\\x{10d85}\\x{1df25}-\\x{1df2a}"},
    {"Lm", "\\x{10d4e}\\x{10d6f}\\x{16d40}-\\x{16d42}\\x{16d6b}-\\x{16d6c}\\x{1e030}-\\x{1e06d}\\x{1e4eb}"},
    {"Lo", "\\x{105c0}-\\x{105f3}\\x{10d4a}-\\x{10d4d}\\x{10d4f}\\x{10ec2}-\\x{10ec4}\\x{1123f}-\\x{11240}\\x{11380}-"
           "\\x{11389}\\x{1138b}\\x{1138e}\\x{11390}-\\x{113b5}\\x{113b7}\\x{113d1}\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{"
           "11f02}\\x{11f04}-\\x{11f10}\\x{11f12}-\\x{11f33}\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}\\x{"
           "16100}-\\x{1611d}\\x{16d43}-\\x{16d6a}\\x{18cff}\\x{1b132}\\x{1b155}\\x{1e4d0}-\\x{1e4ea}\\x{1e5d0}-\\x{"
           "1e5ed}\\x{1e5f0}\\x{2b739}\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"},
    {"Han", "\\x{2b739}\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"},
};

typedef struct translator {
    const char *text, *where;
    size_t size, at;
    unsigned depth; /* of brackets */
    assay_buf *out;
} translator;

static assay_status refuse(const translator *this, const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: %s in the pattern \"%.400s\" is not supported", this->where,
                           what, this->text);
}

static char peek(const translator *this, size_t ahead)
{
    return this->at + ahead < this->size ? this->text[this->at + ahead] : 0;
}

static assay_status keep(translator *this, size_t count, assay_error *err)
{
    size_t left = this->size - this->at;
    if (count > left) count = left;
    ASSAY_TRY(assay_buf_append(this->out, this->text + this->at, count, err));
    this->at += count;
    return ASSAY_OK;
}

static bool is_category(const char *name)
{
    return strchr("LMNPSZC", name[0]) && (!name[1] || (!name[2] && strchr("ultmonecdksifqpr&", name[1])));
}

/* \p{NAME} or \P{NAME} at `at`. */
static assay_status property_put(translator *this, assay_error *err)
{
    char name[32] = "";
    const char *start = this->text + this->at + 3, *end = memchr(start, '}', this->size - this->at - 3), *more = "";
    if (!end || end == start || (size_t)(end - start) >= sizeof(name)) return refuse(this, "an unknown property", err);
    memcpy(name, start, (size_t)(end - start));
    if (name[0] == '^') return refuse(this, "a negated property", err);
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        if (strcmp(newer[i].name, name) == 0) more = newer[i].more;
    const char *script = is_category(name) ? "" : "sc:";
    bool negated = peek(this, 1) == 'P';
    this->at = (size_t)(end - this->text) + 1;
    if (this->depth && negated) return assay_buf_printf(this->out, err, "\\P{%s%s}", script, name);
    if (this->depth) return assay_buf_printf(this->out, err, "\\p{%s%s}%s", script, name, more);
    return assay_buf_printf(this->out, err, "[%s\\p{%s%s}%s]", negated ? "^" : "", script, name, more);
}

#define SPACES "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"

static assay_status space_put(translator *this, assay_error *err)
{
    bool negated = peek(this, 1) == 'S';
    this->at += 2;
    if (this->depth) return assay_buf_text(this->out, negated ? "\\S\\x{180e}" : SPACES, err);
    return assay_buf_text(this->out, negated ? "[^" SPACES "]" : "[" SPACES "]", err);
}

static assay_status escape_put(translator *this, assay_error *err)
{
    char what[] = {'\\', peek(this, 1), 0};
    if (!what[1]) return refuse(this, "a backslash at the end", err);
    if (strchr("wWbBhHRXyYKGQE", what[1])) return refuse(this, what, err);
    if (what[1] == 's' || what[1] == 'S') return space_put(this, err);
    if ((what[1] == 'p' || what[1] == 'P') && peek(this, 2) == '{') return property_put(this, err);
    return keep(this, 2, err);
}

static assay_status bracket_put(translator *this, assay_error *err)
{
    char next = peek(this, 1);
    if (this->depth++ == 0) return keep(this, next == '^' ? 2 : 1, err);
    if (next == '^' || next == ':') return refuse(this, "a negated or named class inside a class", err);
    this->at++;
    return ASSAY_OK;
}

assay_status assay_pattern_translate(const char *text, size_t size, const char *where, assay_buf *out, assay_error *err)
{
    translator this = {.text = text, .where = where, .size = size, .out = out};
    while (this.at < size) {
        char byte = text[this.at];
        if (byte == '\\') {
            ASSAY_TRY(escape_put(&this, err));
        } else if (byte == '[') {
            ASSAY_TRY(bracket_put(&this, err));
        } else if (byte == ']' && this.depth) {
            if (--this.depth) this.at++;
            else ASSAY_TRY(keep(&this, 1, err));
        } else if (byte == '&' && this.depth && peek(&this, 1) == '&') {
            return refuse(&this, "an intersection (&&)", err);
        } else {
            ASSAY_TRY(keep(&this, 1, err));
        }
    }
    return ASSAY_OK;
}
