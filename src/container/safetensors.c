/* Reading safetensors. The header is read twice with the pull reader: once to count tensors and check syntax, once to
 * fill an exactly sized list, so that memory stays a small multiple of the header whatever it claims. Names are decoded
 * into one block no larger than the header (a quoted name is longer than its text and a zero byte).
 *
 * Invariant on success: sorted by place, tensor 0 begins at the data's start, each next one where the last ended, and
 * the last ends with the file. So no byte of the file is unaccounted for, which is what keeps a file from being two
 * things at once. */
#include "container/safetensors.h"

#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "base/json_pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t max_header = 100000000;

typedef struct header_reader {
    assay_tensor_file *file;
    assay_json_pull pull;
    const uint8_t *data;
    size_t data_size, count;
    char *names;        /* where the next decoded name goes */
    const char **notes; /* keys of __metadata__, only to find one that comes twice */
    size_t note_count, note_capacity;
} header_reader;

static assay_status cut_short(const assay_tensor_file *file, const char *detail, assay_error *err)
{
    return assay_foreign_error(err, file->path, ASSAY_FOREIGN_CUT_SHORT, detail);
}

static assay_status check_frame(assay_tensor_file *file, size_t *header, assay_error *err)
{
    uint64_t claimed = 0;
    if (file->map.size < 10)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: %zu bytes are too few for a safetensors file", file->path,
                               file->map.size);
    for (int i = 7; i >= 0; i--) claimed = claimed << 8 | file->map.data[i];
    if (claimed > max_header)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: not a safetensors file (its first 8 bytes claim a header of %llu bytes, "
                               "at most %llu are allowed)",
                               file->path, (unsigned long long)claimed, (unsigned long long)max_header);
    if (claimed > file->map.size - 8) return cut_short(file, "its header alone is longer", err);
    if (file->map.data[8] != '{')
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the header does not begin with {", file->path);
    *header = (size_t)claimed;
    return ASSAY_OK;
}

static assay_status count_tensors(header_reader *reader, assay_error *err)
{
    assay_json_pull pull = reader->pull;
    ASSAY_TRY(assay_json_pull_expect(&pull, ASSAY_JSON_OBJECT, err));
    for (;;) {
        ASSAY_TRY(assay_json_pull_next(&pull, err));
        if (pull.event == ASSAY_JSON_OBJECT_END) break;
        if (!assay_json_pull_equals(&pull, "__metadata__")) reader->count++;
        ASSAY_TRY(assay_json_pull_next(&pull, err));
        ASSAY_TRY(assay_json_pull_skip(&pull, err));
    }
    return assay_json_pull_expect(&pull, ASSAY_JSON_END, err);
}

/* The current key, decoded and zero-terminated. A zero byte inside would cut the name, so it is refused. */
static assay_status take_name(header_reader *reader, const char **out, assay_error *err)
{
    size_t length = assay_json_pull_text(&reader->pull, reader->names);
    if (memchr(reader->names, 0, length))
        return assay_json_pull_error(&reader->pull, err, "a name with a zero byte inside");
    *out = reader->names;
    reader->names[length] = 0;
    reader->names += length + 1;
    return ASSAY_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static assay_status read_metadata(header_reader *reader, assay_error *err)
{
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_OBJECT, err));
    for (;;) {
        ASSAY_TRY(assay_json_pull_next(&reader->pull, err));
        if (reader->pull.event == ASSAY_JSON_OBJECT_END) break;
        ASSAY_TRY(
            assay_grow(&reader->notes, &reader->note_capacity, reader->note_count + 1, sizeof *reader->notes, err));
        ASSAY_TRY(take_name(reader, &reader->notes[reader->note_count++], err));
        ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_STRING, err));
    }
    if (reader->note_count == 0) return ASSAY_OK;
    qsort(reader->notes, reader->note_count, sizeof *reader->notes, compare_texts);
    for (size_t i = 1; i < reader->note_count; i++)
        if (!strcmp(reader->notes[i - 1], reader->notes[i]))
            return assay_json_pull_error(&reader->pull, err, "__metadata__ has the key \"%s\" twice", reader->notes[i]);
    return ASSAY_OK;
}

static assay_status read_dtype(header_reader *reader, assay_tensor *tensor, assay_error *err)
{
    char name[32];
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_STRING, err));
    if (reader->pull.token_size >= sizeof name)
        return assay_json_pull_error(&reader->pull, err, "\"%s\": not a dtype", tensor->name);
    name[assay_json_pull_text(&reader->pull, name)] = 0;
    if (assay_dtype_from_name(name, &tensor->dtype)) return ASSAY_OK;
    if (!strncmp(name, "F8_", 3)) return assay_foreign_error(err, reader->file->path, ASSAY_FOREIGN_FP8, name);
    assay_json_pull_error(&reader->pull, err, "the tensor \"%s\" has the dtype %s, which is not supported",
                          tensor->name, name);
    if (err) err->status = ASSAY_E_UNSUPPORTED;
    return ASSAY_E_UNSUPPORTED;
}

static assay_status read_shape(header_reader *reader, assay_tensor *tensor, assay_error *err)
{
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_ARRAY, err));
    for (;;) {
        uint64_t extent;
        ASSAY_TRY(assay_json_pull_next(&reader->pull, err));
        if (reader->pull.event == ASSAY_JSON_ARRAY_END) return ASSAY_OK;
        if (reader->pull.event != ASSAY_JSON_NUMBER)
            return assay_json_pull_error(&reader->pull, err, "\"%s\": a shape holds whole numbers", tensor->name);
        if (tensor->rank == ASSAY_MAX_RANK)
            return assay_json_pull_error(&reader->pull, err, "\"%s\" has more than %d dimensions", tensor->name,
                                         ASSAY_MAX_RANK);
        ASSAY_TRY(assay_json_pull_size(&reader->pull, &extent, err));
        tensor->shape[tensor->rank++] = (size_t)extent;
    }
}

static assay_status read_range(header_reader *reader, assay_tensor *tensor, assay_error *err)
{
    uint64_t range[2];
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_ARRAY, err));
    for (int i = 0; i < 2; i++) {
        ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_NUMBER, err));
        ASSAY_TRY(assay_json_pull_size(&reader->pull, &range[i], err));
    }
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_ARRAY_END, err));
    if (range[0] > range[1])
        return assay_json_pull_error(&reader->pull, err, "\"%s\" claims bytes %llu to %llu of %zu", tensor->name,
                                     (unsigned long long)range[0], (unsigned long long)range[1], reader->data_size);
    if (range[1] > reader->data_size) {
        char detail[256];
        snprintf(detail, sizeof detail, "\"%.120s\" claims bytes %llu to %llu of %zu", tensor->name,
                 (unsigned long long)range[0], (unsigned long long)range[1], reader->data_size);
        return cut_short(reader->file, detail, err);
    }
    tensor->data = reader->data + range[0];
    tensor->bytes = (size_t)(range[1] - range[0]);
    return ASSAY_OK;
}

static assay_status check_size(const header_reader *reader, const assay_tensor *tensor, assay_error *err)
{
    char shape[160];
    size_t elements, bytes;
    if (assay_tensor_elements(tensor, &elements) && assay_dtype_bytes(tensor->dtype, elements, &bytes) &&
        bytes == tensor->bytes)
        return ASSAY_OK;
    return assay_json_pull_error(&reader->pull, err, "\"%s\": %s %s does not make the %zu bytes of its data_offsets",
                                 tensor->name, assay_dtype_name(tensor->dtype),
                                 assay_shape_text(tensor, shape, sizeof shape), tensor->bytes);
}

static assay_status read_tensor(header_reader *reader, assay_tensor *tensor, assay_error *err)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};
    static assay_status (*const readers[])(header_reader *, assay_tensor *, assay_error *) = {read_dtype, read_shape,
                                                                                              read_range};
    bool seen[3] = {false};
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_OBJECT, err));
    for (;;) {
        int field = 0;
        ASSAY_TRY(assay_json_pull_next(&reader->pull, err));
        if (reader->pull.event == ASSAY_JSON_OBJECT_END) break;
        while (field < 3 && !assay_json_pull_equals(&reader->pull, fields[field])) field++;
        if (field == 3)
            return assay_json_pull_error(&reader->pull, err,
                                         "\"%s\" has a field that is none of dtype, shape, data_offsets", tensor->name);
        if (seen[field])
            return assay_json_pull_error(&reader->pull, err, "\"%s\" has %s twice", tensor->name, fields[field]);
        seen[field] = true;
        ASSAY_TRY(readers[field](reader, tensor, err));
    }
    for (int field = 0; field < 3; field++)
        if (!seen[field])
            return assay_json_pull_error(&reader->pull, err, "\"%s\" has no %s", tensor->name, fields[field]);
    return check_size(reader, tensor, err);
}

static assay_status read_header(header_reader *reader, assay_error *err)
{
    bool metadata_seen = false;
    ASSAY_TRY(assay_json_pull_expect(&reader->pull, ASSAY_JSON_OBJECT, err));
    for (;;) {
        ASSAY_TRY(assay_json_pull_next(&reader->pull, err));
        if (reader->pull.event == ASSAY_JSON_OBJECT_END) return ASSAY_OK;
        if (assay_json_pull_equals(&reader->pull, "__metadata__")) {
            if (metadata_seen) return assay_json_pull_error(&reader->pull, err, "__metadata__ is there twice");
            metadata_seen = true;
            ASSAY_TRY(read_metadata(reader, err));
            continue;
        }
        assay_tensor *tensor = &reader->file->tensors[reader->file->count];
        ASSAY_TRY(take_name(reader, &tensor->name, err));
        ASSAY_TRY(read_tensor(reader, tensor, err));
        reader->file->count++;
    }
}

static int compare_places(const void *a, const void *b)
{
    const assay_tensor *x = a, *y = b;
    const uint8_t *p = x->data, *q = y->data;
    if (p != q) return p < q ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static assay_status check_cover(const header_reader *reader, assay_error *err)
{
    const assay_tensor_file *file = reader->file;
    const uint8_t *expected = reader->data;
    if (file->count) qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    for (size_t i = 0; i < file->count; i++) {
        const assay_tensor *tensor = &file->tensors[i];
        const uint8_t *begin = tensor->data;
        if (begin != expected)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s: the tensor \"%s\" begins at byte %zu of the data, but the one before "
                                   "it ends at %zu (%s)",
                                   file->path, tensor->name, (size_t)(begin - reader->data),
                                   (size_t)(expected - reader->data), begin < expected ? "they overlap" : "a hole");
        expected = begin + tensor->bytes;
    }
    size_t used = (size_t)(expected - reader->data);
    if (used == reader->data_size) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: %zu bytes behind the last tensor belong to none", file->path,
                           reader->data_size - used);
}

static void release_names(void *names) { assay_free(names); }

static assay_status read_file(header_reader *reader, assay_error *err)
{
    assay_tensor_file *file = reader->file;
    size_t header = 0;
    ASSAY_TRY(check_frame(file, &header, err));
    reader->data = file->map.data + 8 + header;
    reader->data_size = file->map.size - 8 - header;
    assay_json_pull_init(&reader->pull, (const char *)file->map.data + 8, header, file->path);
    ASSAY_TRY(count_tensors(reader, err));
    file->tensors = assay_alloc(reader->count, sizeof *file->tensors);
    ASSAY_TRY_ALLOC(file->tensors, "a list of tensors", err);
    file->owned = reader->names = assay_alloc(header, 1);
    file->release = release_names;
    ASSAY_TRY_ALLOC(reader->names, "names of tensors", err);
    ASSAY_TRY(read_header(reader, err));
    ASSAY_TRY(check_cover(reader, err));
    return assay_tensor_file_index(file, err);
}

assay_status assay_safetensors_open(assay_tensor_file **out, const char *path, assay_error *err)
{
    header_reader reader = {0};
    *out = NULL;
    ASSAY_TRY(assay_tensor_file_create(&reader.file, path, err));
    assay_status status = read_file(&reader, err);
    assay_free(reader.notes);
    if (status != ASSAY_OK) {
        assay_tensor_file_close(reader.file);
        return status;
    }
    *out = reader.file;
    return ASSAY_OK;
}
