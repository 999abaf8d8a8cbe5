#include "python/py_text.h"

#include "base/text.h"
#include "python/py_point.h"
#include "python/py_run.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

assay_py_value assay_py_text_part(const assay_py_value *text, size_t from, size_t to)
{
    assay_py_value part = assay_py_value_text(text->as.text + from, to - from);
    part.ascii = text->ascii;
    return part;
}

size_t assay_py_text_length(const assay_py_value *text)
{
    size_t count = 0;
    if (text->ascii) return text->size;
    for (size_t i = 0; i < text->size; i++) count += ((unsigned char)text->as.text[i] & 0xc0) != 0x80;
    return count;
}

size_t assay_py_text_step(const assay_py_value *text, size_t offset)
{
    unsigned char first = (unsigned char)text->as.text[offset];
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t assay_py_text_back(const assay_py_value *text, size_t offset)
{
    size_t size = 1;
    while (size < offset && ((unsigned char)text->as.text[offset - size] & 0xc0) == 0x80) size++;
    return size;
}

size_t assay_py_text_offset(const assay_py_value *text, size_t index)
{
    size_t offset = 0;
    if (text->ascii) return index < text->size ? index : text->size;
    while (index > 0 && offset < text->size) {
        offset += assay_py_text_step(text, offset);
        index--;
    }
    return offset;
}

int32_t assay_py_text_point(const assay_py_value *text, size_t offset)
{
    size_t size;
    return assay_py_point_decode(text->as.text + offset, &size);
}

size_t assay_py_text_find(const assay_py_value *text, const assay_py_value *part, size_t from)
{
    if (from > text->size) return SIZE_MAX;
    if (!part->size) return from;
    const char *found = memmem(text->as.text + from, text->size - from, part->as.text, part->size);
    return found ? (size_t)(found - text->as.text) : SIZE_MAX;
}

static void reverse_bytes(char *into, const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++) into[i] = from[size - 1 - i];
}

/* Long parts are searched for backwards in a reversed copy: memmem is linear whatever the two look like. */
static assay_status find_last_long(assay_py_run *run, const assay_py_value *text, const assay_py_value *part, size_t to,
                                   size_t *at)
{
    char *copy;
    ASSAY_TRY(assay_py_run_bytes(run, to + part->size, &copy));
    reverse_bytes(copy, text->as.text, to);
    reverse_bytes(copy + to, part->as.text, part->size);
    const char *found = memmem(copy, to, copy + to, part->size);
    *at = found ? to - (size_t)(found - copy) - part->size : SIZE_MAX;
    return assay_py_run_charge(run, to * 8);
}

assay_status assay_py_text_find_last(assay_py_run *run, const assay_py_value *text, const assay_py_value *part,
                                     size_t to, size_t *at)
{
    enum { SHORT_BYTES = 16 };
    size_t from = to;
    *at = SIZE_MAX;
    if (part->size > to) return ASSAY_OK;
    if (part->size > SHORT_BYTES) return find_last_long(run, text, part, to, at);
    for (from = to - part->size + 1; from-- > 0;) {
        if (memcmp(text->as.text + from, part->as.text, part->size) != 0) continue;
        *at = from;
        return assay_py_run_charge(run, (to - from) * 8);
    }
    return assay_py_run_charge(run, to * 8);
}

bool assay_py_text_starts(const assay_py_value *text, const assay_py_value *part)
{
    return part->size <= text->size && memcmp(text->as.text, part->as.text, part->size) == 0;
}

bool assay_py_text_ends(const assay_py_value *text, const assay_py_value *part)
{
    return part->size <= text->size && memcmp(text->as.text + text->size - part->size, part->as.text, part->size) == 0;
}

typedef struct strip_set {
    const assay_py_value *text; /* NULL: white space */
    bool ascii[128];
} strip_set;

static void start_set(strip_set *set, const assay_py_value *text)
{
    *set = (strip_set){.text = text};
    for (int i = 0; i < 128 && !text; i++) set->ascii[i] = assay_py_point_is_space(i);
    for (size_t i = 0; text && i < text->size; i++)
        if ((unsigned char)text->as.text[i] < 0x80) set->ascii[(unsigned char)text->as.text[i]] = true;
}

/* Whether the character of `size` bytes at an offset belongs to the set; its cost is charged. */
static assay_status is_stripped(assay_py_run *run, const strip_set *set, const assay_py_value *text, size_t offset,
                                size_t size, bool *out)
{
    const char *bytes = text->as.text + offset;
    if (size == 1) *out = set->ascii[(unsigned char)*bytes];
    else if (!set->text) *out = assay_py_point_is_space(assay_py_text_point(text, offset));
    else *out = memmem(set->text->as.text, set->text->size, bytes, size) != NULL;
    return assay_py_run_charge(run, set->text && size > 1 ? set->text->size : 0);
}

assay_status assay_py_text_strip(assay_py_run *run, const assay_py_value *text, const assay_py_value *set, int sides,
                                 assay_py_value *out)
{
    strip_set known;
    size_t from = 0, to = text->size;
    bool markup = text->markup, cut = sides & ASSAY_PY_STRIP_LEFT;
    start_set(&known, set);
    ASSAY_TRY(assay_py_run_charge(run, set ? set->size : 0));
    while (cut && from < to) {
        size_t size = assay_py_text_step(text, from);
        ASSAY_TRY(is_stripped(run, &known, text, from, size, &cut));
        from += cut ? size : 0;
    }
    cut = sides & ASSAY_PY_STRIP_RIGHT;
    while (cut && to > from) {
        size_t size = assay_py_text_back(text, to);
        ASSAY_TRY(is_stripped(run, &known, text, to - size, size, &cut));
        to -= cut ? size : 0;
    }
    *out = assay_py_text_part(text, from, to);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status too_large(assay_py_run *run) { return assay_py_run_fail(run, "a text grows beyond 1 GiB"); }

/* What joining makes has room behind it. A text that ends where its room begins is continued in place, and the longer
 * value shares its beginning with the shorter one: a loop that adds to a text takes time and memory in proportion to
 * the result. */
typedef struct room {
    size_t used, capacity;
    char bytes[];
} room;

static room *room_of(const assay_py_value *text)
{
    room *found = text->growable ? (room *)(uintptr_t)(text->as.text - offsetof(room, bytes)) : NULL;
    return found && found->used == text->size ? found : NULL;
}

static assay_status new_room(assay_py_run *run, const assay_py_value *text, size_t size, room **out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(room) + 2 * size, &memory));
    ASSAY_TRY(assay_py_run_charge(run, text->size));
    *out = memory;
    **out = (room){.used = text->size, .capacity = 2 * size};
    if (text->size) memcpy((*out)->bytes, text->as.text, text->size);
    return ASSAY_OK;
}

assay_status assay_py_text_concat(assay_py_run *run, const assay_py_value *a, const assay_py_value *b,
                                  assay_py_value *out)
{
    size_t size = (size_t)a->size + b->size;
    room *into = room_of(a);
    bool ascii = a->ascii && b->ascii;
    if (size > (1u << 30)) return too_large(run);
    if (!into || into->capacity < size) ASSAY_TRY(new_room(run, a, size, &into));
    if (b->size) memcpy(into->bytes + a->size, b->as.text, b->size);
    into->used = size;
    *out = assay_py_value_text(into->bytes, size);
    out->ascii = ascii;
    out->growable = true;
    return assay_py_run_charge(run, b->size);
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

assay_status assay_py_text_escape(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    size_t from = 0;
    if (text->markup) {
        *out = *text;
        return ASSAY_OK;
    }
    for (size_t i = 0; i < text->size; i++) {
        const char *entity = entity_of(text->as.text[i]);
        if (!entity) continue;
        ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text + from, i - from));
        ASSAY_TRY(assay_py_build_literal(run, &build, entity));
        from = i + 1;
    }
    ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text + from, text->size - from));
    *out = assay_py_build_value(&build);
    out->markup = true;
    return ASSAY_OK;
}

static assay_status reserve(assay_py_run *run, assay_py_build *build, size_t more)
{
    char *data;
    size_t needed;
    if (!assay_add_size(build->size, more, &needed) || needed > (1u << 30)) return too_large(run);
    if (needed <= build->capacity) return ASSAY_OK;
    size_t wanted = needed < 32 ? 64 : needed * 2;
    if (build->capacity &&
        assay_py_arena_extend(&run->arena, build->data + build->capacity, wanted - build->capacity)) {
        build->capacity = wanted;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_py_run_bytes(run, wanted, &data));
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

assay_status assay_py_build_bytes(assay_py_run *run, assay_py_build *build, const char *bytes, size_t size)
{
    ASSAY_TRY(reserve(run, build, size));
    ASSAY_TRY(assay_py_run_charge(run, size));
    assert(!size || build->data); /* Where there is something to add, there is room now. */
    if (size) memcpy(build->data + build->size, bytes, size);
    build->size += size;
    build->wide = build->wide || is_wide(bytes, size);
    return ASSAY_OK;
}

assay_status assay_py_build_text(assay_py_run *run, assay_py_build *build, const assay_py_value *text)
{
    return assay_py_build_bytes(run, build, text->as.text, text->size);
}

assay_status assay_py_build_literal(assay_py_run *run, assay_py_build *build, const char *text)
{
    return assay_py_build_bytes(run, build, text, strlen(text));
}

assay_status assay_py_build_byte(assay_py_run *run, assay_py_build *build, char byte)
{
    return assay_py_build_bytes(run, build, &byte, 1);
}

assay_status assay_py_build_point(assay_py_run *run, assay_py_build *build, int32_t point)
{
    char bytes[4];
    return assay_py_build_bytes(run, build, bytes, assay_py_point_encode(point, bytes));
}

assay_status assay_py_build_fill(assay_py_run *run, assay_py_build *build, const assay_py_value *text, size_t times)
{
    size_t bytes;
    if (!text->size || !times) return ASSAY_OK;
    if (!assay_mul_size(text->size, times, &bytes)) return too_large(run);
    ASSAY_TRY(reserve(run, build, bytes));
    for (size_t i = 0; i < times; i++) ASSAY_TRY(assay_py_build_text(run, build, text));
    return ASSAY_OK;
}

assay_status assay_py_build_printf(assay_py_run *run, assay_py_build *build, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    int size = assay_text_vformat(text, sizeof text, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof text) return assay_py_run_fail(run, "a number's text is too long");
    return assay_py_build_bytes(run, build, text, (size_t)size);
}

assay_py_value assay_py_build_value(const assay_py_build *build)
{
    assay_py_value value = assay_py_value_text(build->data ? build->data : "", build->size);
    value.ascii = !build->wide;
    return value;
}
