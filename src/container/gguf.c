/* Reading GGUF: header, metadata, tensor list, aligned data.
 *
 * Everything is read through a cursor that knows how many bytes are left; a count is compared with the bytes its
 * elements would need at least before anything is allocated, and the number of keys and tensors has a ceiling far above
 * any real model. Strings are copied once into a block no larger than the file (each has an 8-byte length there, so the
 * zero byte fits), which also holds every string of string arrays; an array of strings costs 16 bytes an element, at
 * most twice its bytes in the file.
 *
 * Tensor data is required to lie as every writer lays it: in order, each at the next multiple of the alignment. So
 * ranges cannot overlap and a running sum, checked, is all there is to verify. Source: ggml, docs/gguf.md and
 * src/gguf.cpp. */
#include "container/gguf.h"

#include "base/foreign_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 1 << 16, MAX_TENSORS = 1 << 17, MAX_DIMS = 4 };

typedef enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_TYPE_COUNT
} gguf_type;

static const size_t type_sizes[GGUF_TYPE_COUNT] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

typedef struct gguf_text {
    const char *data;
    size_t length;
} gguf_text;

typedef struct gguf_value {
    gguf_text key;
    gguf_type type; /* of the value, or of the array's elements */
    bool array;
    size_t count;        /* 1 for a plain value */
    const uint8_t *data; /* in the mapping; NULL for strings */
    gguf_text *texts;    /* `count` of them, owned, for strings */
} gguf_value;

struct assay_gguf {
    assay_tensor_file *file;
    gguf_value *values; /* sorted by key */
    size_t value_count;
    char *texts, *next_text;
    const uint8_t *at, *end; /* the cursor */
};

static size_t left(const assay_gguf *gguf) { return (size_t)(gguf->end - gguf->at); }

static assay_status cut_short(const assay_gguf *gguf, const char *what, assay_error *err)
{
    char detail[160];
    snprintf(detail, sizeof detail, "it ends (or a count is absurd) inside %s at byte %zu", what,
             (size_t)(gguf->at - gguf->file->map.data));
    return assay_foreign_error(err, gguf->file->path, ASSAY_FOREIGN_CUT_GGUF, detail);
}

static assay_status ends_behind(const assay_gguf *gguf, const char *name, assay_error *err)
{
    char detail[160];
    snprintf(detail, sizeof detail, "\"%.100s\" ends behind the end of the file", name);
    return assay_foreign_error(err, gguf->file->path, ASSAY_FOREIGN_CUT_GGUF, detail);
}

static assay_status take(assay_gguf *gguf, void *out, size_t size, const char *what, assay_error *err)
{
    if (left(gguf) < size) return cut_short(gguf, what, err);
    memcpy(out, gguf->at, size);
    gguf->at += size;
    return ASSAY_OK;
}

static assay_status take_text(assay_gguf *gguf, gguf_text *out, const char *what, assay_error *err)
{
    uint64_t length = 0;
    ASSAY_TRY(take(gguf, &length, sizeof length, what, err));
    if (length > left(gguf)) return cut_short(gguf, what, err);
    *out = (gguf_text){gguf->next_text, (size_t)length};
    memcpy(gguf->next_text, gguf->at, (size_t)length);
    gguf->next_text += length + 1;
    gguf->at += length;
    return ASSAY_OK;
}

static assay_status take_texts(assay_gguf *gguf, gguf_value *value, assay_error *err)
{
    value->texts = assay_alloc(value->count, sizeof *value->texts);
    ASSAY_TRY_ALLOC(value->texts, "strings of a GGUF file", err);
    for (size_t i = 0; i < value->count; i++) ASSAY_TRY(take_text(gguf, &value->texts[i], value->key.data, err));
    return ASSAY_OK;
}

static assay_status take_payload(assay_gguf *gguf, gguf_value *value, assay_error *err)
{
    size_t element = value->type == GGUF_STRING ? 8 : type_sizes[value->type];
    if (value->count > left(gguf) / element) return cut_short(gguf, value->key.data, err);
    if (value->type == GGUF_STRING) return take_texts(gguf, value, err);
    value->data = gguf->at;
    gguf->at += value->count * element;
    return ASSAY_OK;
}

static assay_status take_value(assay_gguf *gguf, gguf_value *value, assay_error *err)
{
    uint32_t type = 0;
    uint64_t count = 1;
    ASSAY_TRY(take_text(gguf, &value->key, "a metadata key", err));
    ASSAY_TRY(take(gguf, &type, sizeof type, value->key.data, err));
    value->array = type == GGUF_ARRAY;
    if (value->array) {
        ASSAY_TRY(take(gguf, &type, sizeof type, value->key.data, err));
        ASSAY_TRY(take(gguf, &count, sizeof count, value->key.data, err));
    }
    if (type >= GGUF_TYPE_COUNT || type == GGUF_ARRAY)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: the metadata \"%s\" has the type %u, which is not known (or an array of arrays)",
                               gguf->file->path, value->key.data, type);
    value->type = (gguf_type)type;
    value->count = (size_t)count;
    return take_payload(gguf, value, err);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const gguf_value *)a)->key.data, ((const gguf_value *)b)->key.data);
}

static assay_status take_metadata(assay_gguf *gguf, uint64_t count, assay_error *err)
{
    if (count > MAX_KEYS || count > left(gguf) / 13) return cut_short(gguf, "the metadata", err);
    gguf->values = assay_alloc((size_t)count, sizeof *gguf->values);
    ASSAY_TRY_ALLOC(gguf->values, "GGUF metadata", err);
    while (gguf->value_count < count) ASSAY_TRY(take_value(gguf, &gguf->values[gguf->value_count++], err));
    if (count) qsort(gguf->values, gguf->value_count, sizeof *gguf->values, compare_keys);
    for (size_t i = 1; i < gguf->value_count; i++)
        if (!compare_keys(&gguf->values[i - 1], &gguf->values[i]))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the metadata \"%s\" is there twice", gguf->file->path,
                                   gguf->values[i].key.data);
    return ASSAY_OK;
}

/* Types that are not read, by their numbers. */
static const char *ggml_type_name(uint32_t type)
{
    static const char *const names[] = {
        [4] = "Q4_2",     [5] = "Q4_3",   [9] = "Q8_1",   [15] = "Q8_K",  [16] = "IQ2_XXS", [17] = "IQ2_XS",
        [18] = "IQ3_XXS", [19] = "IQ1_S", [21] = "IQ3_S", [22] = "IQ2_S", [24] = "I8",      [25] = "I16",
        [26] = "I32",     [27] = "I64",   [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0",   [40] = "NVFP4"};
    return type < sizeof names / sizeof *names && names[type] ? names[type] : "unknown";
}

static assay_status take_shape(assay_gguf *gguf, assay_tensor *tensor, assay_error *err)
{
    uint32_t rank = 0;
    ASSAY_TRY(take(gguf, &rank, sizeof rank, tensor->name, err));
    if (rank > MAX_DIMS)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" has %u dimensions, at most %d are allowed",
                               gguf->file->path, tensor->name, rank, MAX_DIMS);
    tensor->rank = (int)rank;
    for (int i = tensor->rank - 1; i >= 0; i--) {
        uint64_t extent = 0;
        ASSAY_TRY(take(gguf, &extent, sizeof extent, tensor->name, err));
        tensor->shape[i] = (size_t)extent;
    }
    return ASSAY_OK;
}

/* The name, shape and type; the place goes into *offset and is turned into a pointer once the data's start is known. */
static assay_status take_tensor(assay_gguf *gguf, assay_tensor *tensor, uint64_t *offset, assay_error *err)
{
    char shape[160];
    gguf_text name = {.data = ""};
    uint32_t type = 0;
    size_t elements;
    ASSAY_TRY(take_text(gguf, &name, "a tensor's name", err));
    tensor->name = name.data;
    if (strlen(name.data) != name.length)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the tensor name \"%s\" has a zero byte inside",
                               gguf->file->path, name.data);
    ASSAY_TRY(take_shape(gguf, tensor, err));
    ASSAY_TRY(take(gguf, &type, sizeof type, tensor->name, err));
    ASSAY_TRY(take(gguf, offset, sizeof *offset, tensor->name, err));
    if (!assay_dtype_from_gguf(type, &tensor->dtype))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"%s\" has the type %s (%u); F32, F16, BF16, Q2_K to Q6_K, Q4_0 to Q8_0, IQ4_NL, "
                               "IQ4_XS and MXFP4 are supported: take the file of type Q4_K_M",
                               gguf->file->path, tensor->name, ggml_type_name(type), type);
    bool fits = assay_tensor_elements(tensor, &elements) && assay_dtype_bytes(tensor->dtype, elements, &tensor->bytes);
    size_t row = tensor->rank ? tensor->shape[tensor->rank - 1] : 1;
    if (fits && row % assay_dtype_block(tensor->dtype) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\": %s %s is too large or its rows are not whole blocks",
                           gguf->file->path, tensor->name, assay_dtype_name(tensor->dtype),
                           assay_shape_text(tensor, shape, sizeof shape));
}

static assay_status read_alignment(const assay_gguf *gguf, size_t *alignment, assay_error *err)
{
    int64_t value = 32;
    if (assay_gguf_int(gguf, "general.alignment", &value) && (value < 1 || value > 1 << 20 || (value & (value - 1))))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: general.alignment is %lld, which is no power of two up to 2^20", gguf->file->path,
                               (long long)value);
    *alignment = (size_t)value;
    return ASSAY_OK;
}

static bool round_up(size_t value, size_t alignment, size_t *out)
{
    if (!assay_add_size(value, alignment - 1, out)) return false;
    *out &= ~(alignment - 1);
    return true;
}

static assay_status place_tensors(assay_gguf *gguf, const uint64_t *offsets, size_t alignment, assay_error *err)
{
    const assay_mapping *map = &gguf->file->map;
    size_t start = 0, place = 0, behind = 0;
    if (!round_up((size_t)(gguf->at - map->data), alignment, &start) || start > map->size)
        return cut_short(gguf, "the padding", err);
    for (size_t i = 0; i < gguf->file->count; i++) {
        assay_tensor *tensor = &gguf->file->tensors[i];
        if (offsets[i] != place)
            return assay_error_set(
                err, ASSAY_E_FORMAT,
                "%s: \"%s\" begins at byte %llu of the data, where %zu was expected (a hole or an overlap)",
                gguf->file->path, tensor->name, (unsigned long long)offsets[i], place);
        if (!assay_add_size(place, tensor->bytes, &behind) || behind > map->size - start)
            return ends_behind(gguf, tensor->name, err);
        tensor->data = map->data + start + place;
        if (!round_up(behind, alignment, &place)) return cut_short(gguf, tensor->name, err);
    }
    return ASSAY_OK;
}

static assay_status take_tensors(assay_gguf *gguf, uint64_t count, assay_error *err)
{
    size_t alignment = 0;
    ASSAY_TRY(read_alignment(gguf, &alignment, err));
    if (count > MAX_TENSORS || count > left(gguf) / 24) return cut_short(gguf, "the list of tensors", err);
    if (count == 0) return ASSAY_OK;
    gguf->file->tensors = assay_alloc((size_t)count, sizeof *gguf->file->tensors);
    uint64_t *offsets = assay_alloc((size_t)count, sizeof *offsets);
    assay_status status = gguf->file->tensors && offsets
                              ? ASSAY_OK
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for GGUF tensors");
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        status = take_tensor(gguf, &gguf->file->tensors[i], &offsets[i], err);
        gguf->file->count = i + 1;
    }
    if (status == ASSAY_OK) status = place_tensors(gguf, offsets, alignment, err);
    assay_free(offsets);
    return status == ASSAY_OK ? assay_tensor_file_index(gguf->file, err) : status;
}

static assay_status check_version(const assay_gguf *gguf, uint32_t version, assay_error *err)
{
    if (version == 2 || version == 3) return ASSAY_OK;
    const char *hint = version & 0xffff ? "" : " (it is big-endian)";
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: GGUF version %u%s; versions 2 and 3, little-endian, are supported", gguf->file->path,
                           version, hint);
}

static assay_status read_file(assay_gguf *gguf, assay_error *err)
{
    const assay_mapping *map = &gguf->file->map;
    char magic[4] = {0};
    uint32_t version = 0;
    uint64_t tensors = 0, keys = 0;
    if (map->size < 4 || memcmp(map->data, "GGUF", 4) != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a GGUF file (it does not begin with GGUF)",
                               gguf->file->path);
    gguf->at = map->data;
    gguf->end = map->data + map->size;
    ASSAY_TRY(take(gguf, magic, sizeof magic, "the header", err));
    ASSAY_TRY(take(gguf, &version, sizeof version, "the header", err));
    ASSAY_TRY(check_version(gguf, version, err));
    ASSAY_TRY(take(gguf, &tensors, sizeof tensors, "the header", err));
    ASSAY_TRY(take(gguf, &keys, sizeof keys, "the header", err));
    gguf->texts = gguf->next_text = assay_alloc(map->size, 1);
    ASSAY_TRY_ALLOC(gguf->texts, "GGUF strings", err);
    ASSAY_TRY(take_metadata(gguf, keys, err));
    return take_tensors(gguf, tensors, err);
}

assay_status assay_gguf_open(assay_gguf **out, const char *path, assay_error *err)
{
    *out = NULL;
    assay_gguf *gguf = assay_alloc(1, sizeof *gguf);
    ASSAY_TRY_ALLOC(gguf, path, err);
    assay_status status = assay_tensor_file_create(&gguf->file, path, err);
    if (status == ASSAY_OK) status = read_file(gguf, err);
    if (status != ASSAY_OK) {
        assay_gguf_close(gguf);
        return status;
    }
    *out = gguf;
    return ASSAY_OK;
}

void assay_gguf_close(assay_gguf *gguf)
{
    if (!gguf) return;
    for (size_t i = 0; i < gguf->value_count; i++) assay_free(gguf->values[i].texts);
    assay_free(gguf->values);
    assay_free(gguf->texts);
    assay_tensor_file_close(gguf->file);
    assay_free(gguf);
}

const assay_tensor_file *assay_gguf_tensors(const assay_gguf *gguf) { return gguf->file; }

static const gguf_value *find_key(const assay_gguf *gguf, const char *key)
{
    gguf_value wanted = {.key = {key, 0}};
    return gguf->value_count ? bsearch(&wanted, gguf->values, gguf->value_count, sizeof wanted, compare_keys) : NULL;
}

/* The value of a key if it is (or is not) an array and has element `index`. */
static const gguf_value *find_value(const assay_gguf *gguf, const char *key, bool array, size_t index)
{
    const gguf_value *value = find_key(gguf, key);
    return value && value->array == array && index < value->count ? value : NULL;
}

static bool value_int(const gguf_value *value, size_t index, int64_t *out)
{
    if (!value || value->type == GGUF_F32 || value->type == GGUF_F64 || value->type == GGUF_STRING) return false;
    size_t size = type_sizes[value->type];
    bool is_signed = value->type == GGUF_I8 || value->type == GGUF_I16 || value->type == GGUF_I32;
    uint64_t bits = 0;
    memcpy(&bits, value->data + index * size, size);
    if (value->type == GGUF_U64 && bits > INT64_MAX) return false;
    if (is_signed && bits >> (8 * size - 1)) bits |= ~(uint64_t)0 << (8 * size - 1);
    *out = value->type == GGUF_BOOL ? bits != 0 : (int64_t)bits;
    return true;
}

static bool value_double(const gguf_value *value, size_t index, double *out)
{
    int64_t whole;
    float single;
    if (value && value->type == GGUF_F32) {
        memcpy(&single, value->data + index * sizeof single, sizeof single);
        *out = (double)single;
        return true;
    }
    if (value && value->type == GGUF_F64) {
        memcpy(out, value->data + index * sizeof *out, sizeof *out);
        return true;
    }
    if (!value_int(value, index, &whole)) return false;
    *out = (double)whole;
    return true;
}

static bool value_string(const gguf_value *value, size_t index, const char **out, size_t *length)
{
    if (!value || value->type != GGUF_STRING) return false;
    *out = value->texts[index].data;
    if (length) *length = value->texts[index].length;
    return true;
}

const char *assay_gguf_key_at(const assay_gguf *gguf, size_t index)
{
    return index < gguf->value_count ? gguf->values[index].key.data : NULL;
}

bool assay_gguf_int(const assay_gguf *gguf, const char *key, int64_t *out)
{
    return value_int(find_value(gguf, key, false, 0), 0, out);
}

bool assay_gguf_double(const assay_gguf *gguf, const char *key, double *out)
{
    return value_double(find_value(gguf, key, false, 0), 0, out);
}

bool assay_gguf_string(const assay_gguf *gguf, const char *key, const char **out, size_t *length)
{
    return value_string(find_value(gguf, key, false, 0), 0, out, length);
}

bool assay_gguf_array_size(const assay_gguf *gguf, const char *key, size_t *count)
{
    const gguf_value *value = find_key(gguf, key);
    *count = value && value->array ? value->count : 0;
    return value && value->array;
}

bool assay_gguf_array_string(const assay_gguf *gguf, const char *key, size_t index, const char **out, size_t *length)
{
    return value_string(find_value(gguf, key, true, index), index, out, length);
}

bool assay_gguf_array_int(const assay_gguf *gguf, const char *key, size_t index, int64_t *out)
{
    return value_int(find_value(gguf, key, true, index), index, out);
}

bool assay_gguf_array_double(const assay_gguf *gguf, const char *key, size_t index, double *out)
{
    return value_double(find_value(gguf, key, true, index), index, out);
}
