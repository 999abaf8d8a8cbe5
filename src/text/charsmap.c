#include "text/charsmap.h"

#include "text/unicode.h"

#include <string.h>

enum { CLUSTER_BYTES = 5 }; /* a longer cluster is replaced character by character */

void assay_charsmap_release(assay_charsmap *map)
{
    assay_free(map->units);
    assay_free(map->text);
    *map = (assay_charsmap){0};
}

static uint32_t four_bytes(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

assay_status assay_charsmap_read(assay_charsmap *map, const void *blob, size_t size, const char *where,
                                 assay_error *err)
{
    const unsigned char *bytes = blob;
    assay_charsmap_release(map);
    if (!size) return ASSAY_OK;
    size_t trie = size >= 4 ? four_bytes(bytes) : 0;
    if (!trie || trie % 4 || trie > size - 4)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: broken precompiled_charsmap", where);
    map->unit_count = trie / 4;
    map->text_size = size - 4 - trie;
    map->units = assay_alloc(map->unit_count, sizeof(*map->units));
    map->text = assay_strndup((const char *)bytes + 4 + trie, map->text_size);
    if (!map->units || !map->text) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", where);
    for (size_t i = 0; i < map->unit_count; i++) map->units[i] = four_bytes(bytes + 4 + 4 * i);
    return ASSAY_OK;
}

static size_t unit_offset(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & (1u << 9)) >> 6); }

/* Length of the longest rule, or of the shortest (0: none), and its value. */
static size_t rule_find(const assay_charsmap *map, const char *text, size_t size, bool shortest, size_t *value)
{
    size_t found = 0, node = map->units ? unit_offset(map->units[0]) : 0;
    for (size_t i = 0; i < size && map->units; i++) {
        unsigned char byte = (unsigned char)text[i];
        node ^= byte;
        if (node >= map->unit_count) break;
        uint32_t unit = map->units[node];
        if ((unit & (1u << 31 | 0xff)) != byte) break;
        node ^= unit_offset(unit);
        if (node >= map->unit_count) break;
        if (!(unit >> 8 & 1)) continue;
        found = i + 1;
        *value = map->units[node] & ((1u << 31) - 1);
        if (shortest) break;
    }
    return found;
}

static void replacement_get(const assay_charsmap *map, size_t value, const char **to, size_t *to_size)
{
    bool inside = value < map->text_size;
    *to = inside ? map->text + value : "";
    *to_size = inside ? strnlen(*to, map->text_size - value) : 0;
}

size_t assay_charsmap_longest(const assay_charsmap *map, const char *text, size_t size, const char **to,
                              size_t *to_size)
{
    size_t value = 0, length = rule_find(map, text, size, false, &value);
    if (length) replacement_get(map, value, to, to_size);
    return length;
}

/* *found: whether a rule was there and is written. */
static assay_status shortest_put(const assay_charsmap *map, const char *text, size_t size, bool *found, assay_buf *out,
                                 assay_error *err)
{
    const char *to;
    size_t value = 0, to_size;
    *found = rule_find(map, text, size, true, &value) != 0;
    if (!*found) return ASSAY_OK;
    replacement_get(map, value, &to, &to_size);
    return assay_buf_append(out, to, to_size, err);
}

static assay_status cluster_put(const assay_charsmap *map, const char *text, size_t size, assay_buf *out,
                                assay_error *err)
{
    bool found = false;
    size_t length;
    if (size <= CLUSTER_BYTES) ASSAY_TRY(shortest_put(map, text, size, &found, out, err));
    for (size_t at = 0; at < size && !found; at += length) {
        bool replaced;
        length = assay_utf8_length((unsigned char)text[at]);
        ASSAY_TRY(shortest_put(map, text + at, length, &replaced, out, err));
        if (!replaced) ASSAY_TRY(assay_buf_append(out, text + at, length, err));
    }
    return ASSAY_OK;
}

assay_status assay_charsmap_run(const assay_charsmap *map, const char *text, size_t size, assay_buf *out,
                                assay_error *err)
{
    for (size_t at = 0; at < size;) {
        size_t length = assay_grapheme_length(text + at, size - at);
        ASSAY_TRY(cluster_put(map, text + at, length, out, err));
        at += length;
    }
    return ASSAY_OK;
}
