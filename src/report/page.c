#include "report/page.h"

#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { PAGE_CEILING = 256 << 20, PIECE = 4096 };

void assay_page_init(assay_page *page, assay_error *err)
{
    *page = (assay_page){.status = ASSAY_OK, .err = err};
    assay_buf_init(&page->buf, PAGE_CEILING);
}

void assay_page_release(assay_page *page) { assay_buf_release(&page->buf); }

static void add(assay_page *page, const char *text, size_t size)
{
    if (page->status == ASSAY_OK) page->status = assay_buf_append(&page->buf, text, size, page->err);
}

void assay_page_add(assay_page *page, const char *format, ...)
{
    char piece[PIECE];
    va_list args;
    va_start(args, format);
    int length = assay_text_vformat(piece, sizeof piece, format, args);
    va_end(args);
    if (length > 0) add(page, piece, (size_t)length < sizeof piece ? (size_t)length : sizeof piece - 1);
}

static const char *entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return c < 0x20 || c == 0x7f ? ASSAY_TEXT_NO_CHARACTER : NULL;
    }
}

void assay_page_text(assay_page *page, const char *text)
{
    if (!text) return;
    for (size_t plain; *text; text += plain) {
        for (plain = 0; text[plain] && !entity((unsigned char)text[plain]);) plain++;
        if (plain) add(page, text, plain);
        if (!text[plain]) return;
        const char *name = entity((unsigned char)text[plain++]);
        add(page, name, strlen(name));
    }
}

static void add_list(assay_page *page, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i) add(page, ", ", 2);
        assay_page_value(page, json_array_get(list, i));
    }
}

void assay_page_value(assay_page *page, const json_t *value)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        assay_page_text(page, json_string_value(value));
        break;
    case JSON_INTEGER:
        assay_page_add(page, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        assay_page_add(page, "%.6g", json_real_value(value));
        break;
    case JSON_TRUE:
        assay_page_add(page, "true");
        break;
    case JSON_FALSE:
        assay_page_add(page, "false");
        break;
    case JSON_ARRAY:
        add_list(page, value);
        break;
    default:
        assay_page_add(page, "\xe2\x80\x93");
    }
}

void assay_page_number(assay_page *page, double value, int digits)
{
    if (isfinite(value)) assay_page_add(page, "%.*g", digits, value);
    else assay_page_add(page, "\xe2\x80\x93");
}

void assay_page_bytes(assay_page *page, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++) bytes /= 1024;
    assay_page_add(page, bytes < 1000 ? "%.3g %s" : "%.0f %s", bytes, units[unit]);
}
