/* pytorch_model.bin: PREFIX/data.pkl is a pickled dict of tensors, PREFIX/data/KEY the bytes of a storage,
 * PREFIX/byteorder "little" (torch/serialization.py, _save). zip_reader finds the entries, pickle the description; here
 * tensors are laid over storages.
 *
 * A tensor is a view: offset, sizes, strides, in elements of its storage's type. Every element it touches must lie
 * inside the storage, and it may not have more elements than the storage (an expanded view would turn a small file into
 * a large allocation). A contiguous view is used where it lies; any other is copied in row-major order, and all copies
 * together may not exceed twice the file.
 *
 * Checksums: data.pkl always; storages only in files up to 64 MiB, because opening a 12 GB model must not read it
 * whole. */
#include "container/torch_bin.h"

#include "container/pickle.h"
#include "container/zip_reader.h"

#include <string.h>

static const size_t max_pickle = (size_t)64 << 20, verify_ceiling = (size_t)64 << 20;

/* What the tensors live on beside the mapping. */
typedef struct bin_memory {
    char *names;
    void **copies;
    size_t copy_count, copy_capacity, copied;
} bin_memory;

typedef struct bin_reader {
    assay_tensor_file *file;
    bin_memory *memory;
    assay_zip zip;
    assay_pickle pickle;
    const char *prefix; /* the archive's folder with its slash, in the mapping */
    size_t prefix_length;
    char *next_name;
} bin_reader;

typedef struct view {
    assay_tensor *tensor;
    const uint8_t *storage;
    size_t storage_elements, offset, stride[ASSAY_MAX_RANK];
} view;

static void memory_release(void *owned)
{
    bin_memory *memory = owned;
    if (!memory) return;
    for (size_t i = 0; i < memory->copy_count; i++) assay_free(memory->copies[i]);
    assay_free(memory->copies);
    assay_free(memory->names);
    assay_free(memory);
}

static assay_status tensor_error(const bin_reader *reader, const assay_tensor *tensor, const char *what,
                                 assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the tensor \"%s\" %s", reader->file->path, tensor->name, what);
}

static assay_status check_kind(const assay_tensor_file *file, assay_error *err)
{
    static const uint8_t legacy[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20};
    const assay_mapping *map = &file->map;
    if (map->size >= 4 && !memcmp(map->data, "PK\3\4", 4)) return ASSAY_OK;
    if (map->size >= sizeof legacy && !memcmp(map->data, legacy, sizeof legacy))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: written by torch before 1.6; load it with torch and save it as safetensors",
                               file->path);
    if (map->size > 262 && !memcmp(map->data + 257, "ustar", 5))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: a tar archive of torch before 0.1.10; load it with torch and save it "
                               "as safetensors",
                               file->path);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a torch.save file (it does not begin as a ZIP archive)",
                           file->path);
}

/* data.pkl is the one entry PREFIX/data.pkl with a single slash. */
static assay_status find_pickle(bin_reader *reader, const assay_zip_entry **out, assay_error *err)
{
    static const char tail[] = "/data.pkl";
    const size_t length = sizeof tail - 1;
    *out = NULL;
    for (size_t i = 0; i < reader->zip.count; i++) {
        const assay_zip_entry *entry = &reader->zip.entries[i];
        size_t before = entry->name_length - (entry->name_length >= length ? length : entry->name_length);
        bool match = entry->name_length >= length && !memcmp(entry->name + before, tail, length) &&
                     !memchr(entry->name, '/', before);
        if (match && *out)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: two data.pkl in the archive", reader->file->path);
        if (!match) continue;
        *out = entry;
        reader->prefix = entry->name;
        reader->prefix_length = before + 1;
    }
    if (!*out)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a ZIP archive, but not one of torch.save (no data.pkl)",
                               reader->file->path);
    if ((*out)->size > max_pickle)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: data.pkl of %zu bytes", reader->file->path, (*out)->size);
    return assay_zip_verify(*out, reader->file->path, err);
}

/* NULL: no such entry. The key comes from the pickle; what it can name is limited to entries of this archive. */
static const assay_zip_entry *find_entry(const bin_reader *reader, const char *folder, const char *key,
                                         size_t key_length)
{
    char name[512];
    size_t folder_length = strlen(folder), total = reader->prefix_length + folder_length + key_length;
    if (key_length > sizeof name || reader->prefix_length > sizeof name || total > sizeof name) return NULL;
    memcpy(name, reader->prefix, reader->prefix_length);
    memcpy(name + reader->prefix_length, folder, folder_length);
    memcpy(name + reader->prefix_length + folder_length, key, key_length);
    return assay_zip_find(&reader->zip, name, total);
}

static assay_status check_byte_order(const bin_reader *reader, assay_error *err)
{
    const assay_zip_entry *entry = find_entry(reader, "byteorder", "", 0);
    if (!entry || (entry->size == 6 && !memcmp(entry->data, "little", 6))) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: written on a big-endian machine", reader->file->path);
}

static assay_status find_storage(const bin_reader *reader, const assay_pickle_value *storage, view *v, assay_error *err)
{
    const assay_pickle_value *key = assay_pickle_child(&reader->pickle, storage, 2),
                             *count = assay_pickle_child(&reader->pickle, storage, 4);
    const assay_zip_entry *entry = find_entry(reader, "data/", key->text, key->count);
    size_t bytes;
    if (!entry) return tensor_error(reader, v->tensor, "refers to a storage that is not in the archive", err);
    v->tensor->dtype = (assay_dtype)storage->number;
    v->storage = entry->data;
    v->storage_elements = (size_t)count->number;
    if (count->number < 0 || !assay_dtype_bytes(v->tensor->dtype, v->storage_elements, &bytes) || bytes != entry->size)
        return tensor_error(reader, v->tensor, "refers to a storage whose size is not the one the archive has", err);
    return ASSAY_OK;
}

/* A tuple of up to ASSAY_MAX_RANK whole numbers from 0. */
static assay_status read_numbers(const bin_reader *reader, const assay_pickle_value *tuple, const view *v, size_t *out,
                                 assay_error *err)
{
    if (tuple->kind != ASSAY_PICKLE_TUPLE || tuple->count > ASSAY_MAX_RANK)
        return tensor_error(reader, v->tensor, "has sizes or strides that are no tuple of at most 8 numbers", err);
    for (uint32_t i = 0; i < tuple->count; i++) {
        const assay_pickle_value *number = assay_pickle_child(&reader->pickle, tuple, i);
        if (number->kind != ASSAY_PICKLE_INT || number->number < 0)
            return tensor_error(reader, v->tensor, "has a negative size or stride (or one that is no number)", err);
        out[i] = (size_t)number->number;
    }
    return ASSAY_OK;
}

static assay_status check_range(const bin_reader *reader, const view *v, size_t elements, assay_error *err)
{
    const assay_tensor *tensor = v->tensor;
    size_t last = v->offset, step;
    bool inside = elements <= v->storage_elements;
    for (int i = 0; inside && elements && i < tensor->rank; i++)
        inside = assay_mul_size(tensor->shape[i] - 1, v->stride[i], &step) && assay_add_size(last, step, &last);
    inside = inside && (elements ? last < v->storage_elements : v->offset <= v->storage_elements);
    return inside ? ASSAY_OK : tensor_error(reader, tensor, "reaches outside its storage", err);
}

static bool is_contiguous(const view *v)
{
    size_t expected = 1;
    for (int i = v->tensor->rank - 1; i >= 0; i--) {
        if (v->tensor->shape[i] != 1 && v->stride[i] != expected) return false;
        expected *= v->tensor->shape[i];
    }
    return true;
}

/* Row-major order, element by element, counting like an odometer. */
static void gather(const view *v, size_t elements, size_t size, uint8_t *dst)
{
    size_t index[ASSAY_MAX_RANK] = {0}, place = v->offset;
    for (size_t n = 0; n < elements; n++) {
        memcpy(dst + n * size, v->storage + place * size, size);
        for (int i = v->tensor->rank - 1; i >= 0; i--) {
            place += v->stride[i];
            if (++index[i] < v->tensor->shape[i]) break;
            place -= v->stride[i] * index[i];
            index[i] = 0;
        }
    }
}

static assay_status copy_view(bin_reader *reader, const view *v, size_t elements, assay_error *err)
{
    bin_memory *memory = reader->memory;
    if (!assay_add_size(memory->copied, v->tensor->bytes, &memory->copied) ||
        memory->copied / 2 > reader->file->map.size)
        return tensor_error(reader, v->tensor,
                            "and others are not contiguous and would need more than twice the file in copies", err);
    ASSAY_TRY(assay_grow(&memory->copies, &memory->copy_capacity, memory->copy_count + 1, sizeof *memory->copies, err));
    uint8_t *copy = assay_alloc(v->tensor->bytes, 1);
    ASSAY_TRY_ALLOC(copy, v->tensor->name, err);
    memory->copies[memory->copy_count++] = copy;
    gather(v, elements, assay_dtype_block_bytes(v->tensor->dtype), copy);
    v->tensor->data = copy;
    return ASSAY_OK;
}

static assay_status read_tensor(bin_reader *reader, const assay_pickle_value *value, assay_tensor *tensor,
                                assay_error *err)
{
    const assay_pickle *pickle = &reader->pickle;
    const assay_pickle_value *offset = assay_pickle_child(pickle, value, 1),
                             *sizes = assay_pickle_child(pickle, value, 2);
    const assay_pickle_value *strides = assay_pickle_child(pickle, value, 3);
    view v = {.tensor = tensor};
    size_t elements = 0;
    ASSAY_TRY(find_storage(reader, assay_pickle_child(pickle, value, 0), &v, err));
    ASSAY_TRY(read_numbers(reader, sizes, &v, tensor->shape, err));
    ASSAY_TRY(read_numbers(reader, strides, &v, v.stride, err));
    tensor->rank = (int)sizes->count;
    if (strides->count != sizes->count || offset->kind != ASSAY_PICKLE_INT || offset->number < 0)
        return tensor_error(reader, tensor, "has an offset, sizes and strides that do not fit together", err);
    v.offset = (size_t)offset->number;
    if (!assay_tensor_elements(tensor, &elements) || !assay_dtype_bytes(tensor->dtype, elements, &tensor->bytes))
        return tensor_error(reader, tensor, "has more elements than a file can hold", err);
    ASSAY_TRY(check_range(reader, &v, elements, err));
    tensor->data = v.storage + v.offset * assay_dtype_block_bytes(tensor->dtype);
    return elements == 0 || is_contiguous(&v) ? ASSAY_OK : copy_view(reader, &v, elements, err);
}

static assay_status read_entry(bin_reader *reader, const assay_pickle_value *key, const assay_pickle_value *value,
                               assay_error *err)
{
    assay_tensor *tensor = &reader->file->tensors[reader->file->count];
    if (key->kind != ASSAY_PICKLE_TEXT || memchr(key->text, 0, key->count))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a key of the state dict is no name", reader->file->path);
    tensor->name = reader->next_name;
    memcpy(reader->next_name, key->text, key->count);
    reader->next_name += key->count + 1;
    if (value->kind != ASSAY_PICKLE_TENSOR)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"%s\" is not a tensor; a model's .bin file holds tensors by name and nothing else",
                               reader->file->path, tensor->name);
    reader->file->count++;
    return read_tensor(reader, value, tensor, err);
}

/* A name may be shared by many entries of a hostile pickle (by its memo), so the block for names is measured, and
 * bounded by a multiple of the file: duplicates are refused in any case. */
static assay_status allocate_names(bin_reader *reader, const assay_pickle_value *dict, size_t count, assay_error *err)
{
    size_t bytes = 0;
    for (uint32_t cell = dict->first; cell; cell = reader->pickle.cells[reader->pickle.cells[cell].next].next) {
        const assay_pickle_value *key = &reader->pickle.values[reader->pickle.cells[cell].value];
        bytes += (key->kind == ASSAY_PICKLE_TEXT ? key->count : 0) + (size_t)1;
        if (bytes / 2 > reader->file->map.size)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: names longer than the file", reader->file->path);
    }
    reader->memory->names = reader->next_name = assay_alloc(bytes, 1);
    reader->file->tensors = assay_alloc(count, sizeof *reader->file->tensors);
    if (reader->memory->names && reader->file->tensors) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of tensors");
}

static assay_status read_dict(bin_reader *reader, assay_error *err)
{
    const assay_pickle *pickle = &reader->pickle;
    const assay_pickle_value *dict = &pickle->values[pickle->result];
    if (dict->kind != ASSAY_PICKLE_DICT)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the pickle is no dict of tensors", reader->file->path);
    ASSAY_TRY(allocate_names(reader, dict, dict->count / 2, err));
    for (uint32_t cell = dict->first; cell;) {
        assay_pickle_cell key = pickle->cells[cell], value = pickle->cells[key.next];
        ASSAY_TRY(read_entry(reader, &pickle->values[key.value], &pickle->values[value.value], err));
        cell = value.next;
    }
    return assay_tensor_file_index(reader->file, err);
}

static assay_status verify_storages(const bin_reader *reader, assay_error *err)
{
    if (reader->file->map.size > verify_ceiling) return ASSAY_OK;
    for (size_t i = 0; i < reader->zip.count; i++)
        ASSAY_TRY(assay_zip_verify(&reader->zip.entries[i], reader->file->path, err));
    return ASSAY_OK;
}

static assay_status read_file(bin_reader *reader, assay_error *err)
{
    const assay_zip_entry *pickle = NULL;
    reader->file->owned = reader->memory = assay_alloc(1, sizeof *reader->memory);
    reader->file->release = memory_release;
    ASSAY_TRY_ALLOC(reader->memory, "a .bin file", err);
    ASSAY_TRY(check_kind(reader->file, err));
    ASSAY_TRY(assay_zip_open(&reader->zip, &reader->file->map, reader->file->path, err));
    ASSAY_TRY(find_pickle(reader, &pickle, err));
    ASSAY_TRY(check_byte_order(reader, err));
    ASSAY_TRY(verify_storages(reader, err));
    ASSAY_TRY(assay_pickle_read(&reader->pickle, pickle->data, pickle->size, reader->file->path, err));
    return read_dict(reader, err);
}

assay_status assay_torch_bin_open(assay_tensor_file **out, const char *path, assay_error *err)
{
    bin_reader reader = {0};
    *out = NULL;
    ASSAY_TRY(assay_tensor_file_create(&reader.file, path, err));
    assay_status status = read_file(&reader, err);
    assay_pickle_release(&reader.pickle);
    assay_zip_close(&reader.zip);
    if (status != ASSAY_OK) {
        assay_tensor_file_close(reader.file);
        return status;
    }
    *out = reader.file;
    return ASSAY_OK;
}
