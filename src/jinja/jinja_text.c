#include "jinja/jinja_text.h"

#include "jinja/jinja_point.h"
#include "jinja/jinja_run.h"

#include <stdio.h>
#include <string.h>

assay_jvalue assay_jtext_part(const assay_jvalue *text, size_t from, size_t to)
{
    assay_jvalue part = assay_jvalue_text(text->as.text + from, to - from);
    part.ascii = text->ascii;
    return part;
}

size_t assay_jtext_length(const assay_jvalue *text)
{
    size_t count = 0;
    if (text->ascii) return text->size;
    for (size_t i = 0; i < text->size; i++) count += ((unsigned char)text->as.text[i] & 0xc0) != 0x80;
    return count;
}

size_t assay_jtext_step(const assay_jvalue *text, size_t offset)
{
    unsigned char first = (unsigned char)text->as.text[offset];
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t assay_jtext_back(const assay_jvalue *text, size_t offset)
{
    size_t size = 1;
    while (size < offset && ((unsigned char)text->as.text[offset - size] & 0xc0) == 0x80) size++;
    return size;
}

size_t assay_jtext_offset(const assay_jvalue *text, size_t index)
{
    size_t offset = 0;
    if (text->ascii) return index < text->size ? index : text->size;
    while (index > 0 && offset < text->size) {
        offset += assay_jtext_step(text, offset);
        index--;
    }
    return offset;
}

int32_t assay_jtext_point(const assay_jvalue *text, size_t offset)
{
    size_t size;
    return assay_jpoint_decode(text->as.text + offset, &size);
}

size_t assay_jtext_find(const assay_jvalue *text, const assay_jvalue *part, size_t from)
{
    if (from > text->size) return SIZE_MAX;
    if (!part->size) return from;
    const char *found = memmem(text->as.text + from, text->size - from, part->as.text, part->size);
    return found ? (size_t)(found - text->as.text) : SIZE_MAX;
}

size_t assay_jtext_find_last(const assay_jvalue *text, const assay_jvalue *part, size_t to)
{
    if (part->size > to) return SIZE_MAX;
    for (size_t at = to - part->size + 1; at-- > 0;)
        if (memcmp(text->as.text + at, part->as.text, part->size) == 0) return at;
    return SIZE_MAX;
}

bool assay_jtext_starts(const assay_jvalue *text, const assay_jvalue *part)
{
    return part->size <= text->size && memcmp(text->as.text, part->as.text, part->size) == 0;
}

bool assay_jtext_ends(const assay_jvalue *text, const assay_jvalue *part)
{
    return part->size <= text->size && memcmp(text->as.text + text->size - part->size, part->as.text, part->size) == 0;
}

static bool is_stripped(const assay_jvalue *text, size_t offset, size_t size, const assay_jvalue *set)
{
    if (!set) return assay_jpoint_is_space(assay_jtext_point(text, offset));
    return set->size >= size && memmem(set->as.text, set->size, text->as.text + offset, size) != NULL;
}

assay_jvalue assay_jtext_strip(const assay_jvalue *text, const assay_jvalue *set, int sides)
{
    size_t from = 0, to = text->size;
    while (sides & ASSAY_JSTRIP_LEFT && from < to) {
        size_t size = assay_jtext_step(text, from);
        if (!is_stripped(text, from, size, set)) break;
        from += size;
    }
    while (sides & ASSAY_JSTRIP_RIGHT && to > from) {
        size_t size = assay_jtext_back(text, to);
        if (!is_stripped(text, to - size, size, set)) break;
        to -= size;
    }
    return assay_jtext_part(text, from, to);
}

static assay_status too_large(assay_jrun *run) { return assay_jrun_fail(run, "a text grows beyond 1 GiB"); }

/* Where `a` ends at the arena's top, b is written behind it: both values then share their beginning. */
assay_status assay_jtext_concat(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, assay_jvalue *out)
{
    char *data;
    size_t size = (size_t)a->size + b->size;
    if (size > (1u << 30)) return too_large(run);
    if (a->size && assay_jarena_extend(&run->arena, a->as.text + a->size, b->size)) {
        size_t kept = a->size;
        data = run->arena.top - size;
        memcpy(data + kept, b->as.text, b->size);
        ASSAY_TRY(assay_jrun_charge(run, b->size));
    } else {
        ASSAY_TRY(assay_jrun_bytes(run, size, &data));
        if (a->size) memcpy(data, a->as.text, a->size);
        if (b->size) memcpy(data + a->size, b->as.text, b->size);
    }
    bool ascii = a->ascii && b->ascii;
    *out = assay_jvalue_text(data, size);
    out->ascii = ascii;
    return ASSAY_OK;
}

static const char *entity_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&#39;";
    case '"':
        return "&#34;";
    default:
        return NULL;
    }
}

assay_status assay_jtext_escape(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out)
{
    assay_jbuild build = {0};
    size_t from = 0;
    if (text->markup) {
        *out = *text;
        return ASSAY_OK;
    }
    for (size_t i = 0; i < text->size; i++) {
        const char *entity = entity_of(text->as.text[i]);
        if (!entity) continue;
        ASSAY_TRY(assay_jbuild_bytes(run, &build, text->as.text + from, i - from));
        ASSAY_TRY(assay_jbuild_literal(run, &build, entity));
        from = i + 1;
    }
    ASSAY_TRY(assay_jbuild_bytes(run, &build, text->as.text + from, text->size - from));
    *out = assay_jbuild_value(&build);
    out->markup = true;
    return ASSAY_OK;
}

static assay_status reserve(assay_jrun *run, assay_jbuild *build, size_t more)
{
    char *data;
    size_t needed;
    if (!assay_add_size(build->size, more, &needed) || needed > (1u << 30)) return too_large(run);
    if (needed <= build->capacity) return ASSAY_OK;
    size_t wanted = needed < 32 ? 64 : needed * 2;
    if (build->capacity && assay_jarena_extend(&run->arena, build->data + build->capacity, wanted - build->capacity)) {
        build->capacity = wanted;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_jrun_bytes(run, wanted, &data));
    if (build->size) memcpy(data, build->data, build->size);
    build->data = data;
    build->capacity = wanted;
    return ASSAY_OK;
}

static bool is_wide(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] >= 0x80) return true;
    return false;
}

assay_status assay_jbuild_bytes(assay_jrun *run, assay_jbuild *build, const char *bytes, size_t size)
{
    ASSAY_TRY(reserve(run, build, size));
    ASSAY_TRY(assay_jrun_charge(run, size));
    if (size) memcpy(build->data + build->size, bytes, size);
    build->size += size;
    build->wide = build->wide || is_wide(bytes, size);
    return ASSAY_OK;
}

assay_status assay_jbuild_text(assay_jrun *run, assay_jbuild *build, const assay_jvalue *text)
{
    return assay_jbuild_bytes(run, build, text->as.text, text->size);
}

assay_status assay_jbuild_literal(assay_jrun *run, assay_jbuild *build, const char *text)
{
    return assay_jbuild_bytes(run, build, text, strlen(text));
}

assay_status assay_jbuild_byte(assay_jrun *run, assay_jbuild *build, char byte)
{
    return assay_jbuild_bytes(run, build, &byte, 1);
}

assay_status assay_jbuild_point(assay_jrun *run, assay_jbuild *build, int32_t point)
{
    char bytes[4];
    return assay_jbuild_bytes(run, build, bytes, assay_jpoint_encode(point, bytes));
}

assay_status assay_jbuild_fill(assay_jrun *run, assay_jbuild *build, const assay_jvalue *text, size_t times)
{
    size_t bytes;
    if (!text->size || !times) return ASSAY_OK;
    if (!assay_mul_size(text->size, times, &bytes)) return too_large(run);
    ASSAY_TRY(reserve(run, build, bytes));
    for (size_t i = 0; i < times; i++) ASSAY_TRY(assay_jbuild_text(run, build, text));
    return ASSAY_OK;
}

assay_status assay_jbuild_printf(assay_jrun *run, assay_jbuild *build, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof text) return assay_jrun_fail(run, "a number's text is too long");
    return assay_jbuild_bytes(run, build, text, (size_t)size);
}

assay_jvalue assay_jbuild_value(const assay_jbuild *build)
{
    assay_jvalue value = assay_jvalue_text(build->data ? build->data : "", build->size);
    value.ascii = !build->wide;
    return value;
}
