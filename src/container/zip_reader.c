/* A ZIP is read from its end: the end record gives the central directory, the directory every entry. Fields that do not
 * fit 32 bits say ffffffff and stand in the ZIP64 end record and in the entries' extra field 1. All places are 64-bit
 * sums, checked against the mapping before use. The number of entries is bounded by the directory's bytes (46 each at
 * least). */
#include "container/zip_reader.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56, CENTRAL_SIZE = 46, LOCAL_SIZE = 30, MAX_ENTRIES = 1000000 };

typedef struct zip_directory {
    const assay_mapping *map;
    const char *where;
    uint64_t count, size, place;
} zip_directory;

static uint64_t load(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

static assay_status broken(const char *where, const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: broken ZIP archive: %s", where, what);
}

static bool has(const assay_mapping *map, uint64_t place, uint64_t size)
{
    return place <= map->size && size <= map->size - place;
}

/* The end record may be followed by a comment of up to 65535 bytes, which must reach exactly to the end of the file. */
static const uint8_t *find_end(const assay_mapping *map)
{
    for (size_t back = END_SIZE; back <= map->size && back <= END_SIZE + 65535; back++) {
        const uint8_t *at = map->data + (map->size - back);
        if (load(at, 4) == 0x06054b50 && load(at + 20, 2) == back - END_SIZE) return at;
    }
    return NULL;
}

static assay_status read_end64(zip_directory *directory, const uint8_t *end, assay_error *err)
{
    const assay_mapping *map = directory->map;
    size_t place = (size_t)(end - map->data);
    if (place < LOCATOR_SIZE || load(end - LOCATOR_SIZE, 4) != 0x07064b50)
        return broken(directory->where, "no ZIP64 locator", err);
    uint64_t record = load(end - LOCATOR_SIZE + 8, 8);
    if (!has(map, record, END64_SIZE) || load(map->data + record, 4) != 0x06064b50)
        return broken(directory->where, "no ZIP64 end record", err);
    directory->count = load(map->data + record + 32, 8);
    directory->size = load(map->data + record + 40, 8);
    directory->place = load(map->data + record + 48, 8);
    return ASSAY_OK;
}

static assay_status find_directory(zip_directory *directory, assay_error *err)
{
    const uint8_t *end = find_end(directory->map);
    if (!end) return broken(directory->where, "no end record; the file is cut short", err);
    if (load(end + 4, 2) != 0 || load(end + 6, 2) != 0) return broken(directory->where, "it spans several disks", err);
    directory->count = load(end + 10, 2);
    directory->size = load(end + 12, 4);
    directory->place = load(end + 16, 4);
    if (directory->count == 0xffff || directory->size == 0xffffffff || directory->place == 0xffffffff)
        ASSAY_TRY(read_end64(directory, end, err));
    if (!has(directory->map, directory->place, directory->size))
        return broken(directory->where, "the directory lies outside the file", err);
    if (directory->count > directory->size / CENTRAL_SIZE || directory->count > MAX_ENTRIES)
        return broken(directory->where, "more entries than its directory can hold", err);
    return ASSAY_OK;
}

/* Replaces fields that say ffffffff by those of the extra field 1, which come in the fixed order size, stored size,
 * place. */
static bool read_extra(const uint8_t *extra, size_t length, uint64_t fields[3])
{
    while (length >= 4) {
        uint64_t id = load(extra, 2), size = load(extra + 2, 2);
        if (size > length - 4) return false;
        const uint8_t *at = extra + 4, *end = at + size;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (fields[i] != 0xffffffff) continue;
            if (end - at < 8) return false;
            fields[i] = load(at, 8);
            at += 8;
        }
        extra += 4 + size;
        length -= (size_t)(4 + size);
    }
    return true;
}

static assay_status entry_error(const zip_directory *directory, const assay_zip_entry *entry, const char *what,
                                assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the ZIP entry \"%.*s\" %s", directory->where,
                           (int)(entry->name_length < 200 ? entry->name_length : 200), entry->name, what);
}

static assay_status locate_data(const zip_directory *directory, assay_zip_entry *entry, uint64_t place,
                                assay_error *err)
{
    const uint8_t *data = directory->map->data;
    if (!has(directory->map, place, LOCAL_SIZE) || load(data + place, 4) != 0x04034b50)
        return entry_error(directory, entry, "has no local header", err);
    uint64_t name = load(data + place + 26, 2), extra = load(data + place + 28, 2),
             start = place + LOCAL_SIZE + name + extra;
    if (name != entry->name_length || !has(directory->map, place + LOCAL_SIZE, name) ||
        memcmp(data + place + LOCAL_SIZE, entry->name, name) != 0)
        return entry_error(directory, entry, "has another name in its local header", err);
    if (start > directory->place || entry->size > directory->place - start)
        return entry_error(directory, entry, "reaches into the directory or beyond the file", err);
    entry->data = data + start;
    return ASSAY_OK;
}

/* One record of the directory at *at; moves *at behind it. */
static assay_status read_entry(const zip_directory *directory, uint64_t *at, assay_zip_entry *entry, assay_error *err)
{
    const uint8_t *record = directory->map->data + *at;
    uint64_t left = directory->place + directory->size - *at;
    if (left < CENTRAL_SIZE || load(record, 4) != 0x02014b50)
        return broken(directory->where, "a directory record is missing", err);
    uint64_t name = load(record + 28, 2), extra = load(record + 30, 2), comment = load(record + 32, 2);
    if (left < CENTRAL_SIZE + name + extra + comment)
        return broken(directory->where, "a directory record is cut short", err);
    entry->name = (const char *)record + CENTRAL_SIZE;
    entry->name_length = (size_t)name;
    entry->crc = (uint32_t)load(record + 16, 4);
    if (load(record + 8, 2) & 1) return entry_error(directory, entry, "is encrypted", err);
    if (load(record + 10, 2) != 0)
        return entry_error(directory, entry, "is compressed; torch.save stores entries uncompressed", err);
    uint64_t fields[3] = {load(record + 24, 4), load(record + 20, 4), load(record + 42, 4)};
    if (!read_extra(record + CENTRAL_SIZE + name, (size_t)extra, fields))
        return entry_error(directory, entry, "has a broken extra field", err);
    if (fields[0] != fields[1]) return entry_error(directory, entry, "is stored with two different sizes", err);
    entry->size = (size_t)fields[0];
    *at += CENTRAL_SIZE + name + extra + comment;
    return locate_data(directory, entry, fields[2], err);
}

static int compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : a_length < b_length ? -1 : a_length > b_length;
}

static int compare_names(const void *a, const void *b)
{
    const assay_zip_entry *x = a, *y = b;
    return compare_text(x->name, x->name_length, y->name, y->name_length);
}

static int compare_places(const void *a, const void *b)
{
    const assay_zip_entry *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

static assay_status check_entries(const zip_directory *directory, assay_zip *zip, assay_error *err)
{
    if (zip->count == 0) return broken(directory->where, "it is empty", err);
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_places);
    for (size_t i = 1; i < zip->count; i++)
        if (zip->entries[i].data < zip->entries[i - 1].data + zip->entries[i - 1].size)
            return entry_error(directory, &zip->entries[i], "overlaps another", err);
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_names);
    for (size_t i = 1; i < zip->count; i++)
        if (!compare_names(&zip->entries[i - 1], &zip->entries[i]))
            return entry_error(directory, &zip->entries[i], "is there twice", err);
    return ASSAY_OK;
}

static assay_status read_entries(const zip_directory *directory, assay_zip *zip, assay_error *err)
{
    uint64_t at = directory->place;
    for (; zip->count < directory->count; zip->count++)
        ASSAY_TRY(read_entry(directory, &at, &zip->entries[zip->count], err));
    return check_entries(directory, zip, err);
}

assay_status assay_zip_open(assay_zip *zip, const assay_mapping *map, const char *where, assay_error *err)
{
    zip_directory directory = {.map = map, .where = where};
    *zip = (assay_zip){0};
    ASSAY_TRY(find_directory(&directory, err));
    zip->entries = assay_alloc((size_t)directory.count, sizeof *zip->entries);
    ASSAY_TRY_ALLOC(zip->entries, "a ZIP directory", err);
    assay_status status = read_entries(&directory, zip, err);
    if (status != ASSAY_OK) assay_zip_close(zip);
    return status;
}

void assay_zip_close(assay_zip *zip)
{
    assay_free(zip->entries);
    *zip = (assay_zip){0};
}

const assay_zip_entry *assay_zip_find(const assay_zip *zip, const char *name, size_t length)
{
    assay_zip_entry key = {.name = name, .name_length = length};
    return zip->count ? bsearch(&key, zip->entries, zip->count, sizeof key, compare_names) : NULL;
}

assay_status assay_zip_verify(const assay_zip_entry *entry, const char *where, assay_error *err)
{
    uLong crc = crc32_z(crc32_z(0, NULL, 0), entry->data, entry->size);
    if ((uint32_t)crc == entry->crc) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: the ZIP entry \"%.*s\" does not match its checksum; the file is damaged", where,
                           (int)(entry->name_length < 200 ? entry->name_length : 200), entry->name);
}
