/* Writing safetensors the way the reference does, so that the same tensors give the same bytes as its save_file with
 * {"format": "pt"}: largest alignment first (ties between types in the reference's order), then by name; compact JSON;
 * spaces up to a multiple of 8. Reference: huggingface/safetensors, safetensors/src/tensor.rs (Dtype's order,
 * prepare). */
#include "container/safetensors.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static int dtype_place(assay_dtype dtype)
{
    static const assay_dtype order[] = {ASSAY_U64, ASSAY_I64, ASSAY_F64, ASSAY_F32, ASSAY_U32, ASSAY_I32, ASSAY_BF16,
                                        ASSAY_F16, ASSAY_U16, ASSAY_I16, ASSAY_I8,  ASSAY_U8,  ASSAY_BOOL};
    int place = 0;
    while (place < (int)(sizeof order / sizeof *order) && order[place] != dtype) place++;
    return place;
}

static int compare_order(const void *a, const void *b)
{
    const assay_tensor *x = *(const assay_tensor *const *)a, *y = *(const assay_tensor *const *)b;
    int p = dtype_place(x->dtype), q = dtype_place(y->dtype);
    return p != q ? p - q : strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const assay_tensor *const *)a)->name, (*(const assay_tensor *const *)b)->name);
}

static assay_status check_tensor(const char *path, const assay_tensor *tensor, assay_error *err)
{
    size_t elements, bytes;
    if (assay_dtype_is_packed(tensor->dtype))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"%s\" is %s, which safetensors does not know", path,
                               tensor->name, assay_dtype_name(tensor->dtype));
    if (!strcmp(tensor->name, "__metadata__"))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a tensor may not be called __metadata__", path);
    if (assay_tensor_elements(tensor, &elements) && assay_dtype_bytes(tensor->dtype, elements, &bytes) &&
        bytes == tensor->bytes)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the shape of \"%s\" does not make its %zu bytes", path,
                           tensor->name, tensor->bytes);
}

/* Sorted pointers, checked; the caller frees. */
static assay_status order_tensors(const char *path, const assay_tensor *tensors, size_t count,
                                  const assay_tensor ***out, assay_error *err)
{
    const assay_tensor **order = *out = assay_alloc(count, sizeof *order);
    ASSAY_TRY_ALLOC(order, "a list of tensors", err);
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(check_tensor(path, &tensors[i], err));
        order[i] = &tensors[i];
    }
    if (count) qsort(order, count, sizeof *order, compare_names);
    for (size_t i = 1; i < count; i++)
        if (!compare_names(&order[i - 1], &order[i]))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the tensor \"%s\" is there twice", path, order[i]->name);
    if (count) qsort(order, count, sizeof *order, compare_order);
    return ASSAY_OK;
}

static assay_status put_name(assay_buf *header, const char *name, assay_error *err)
{
    static const char letters[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t";
    for (const char *at = name; *at; at++) {
        const char *found = strchr(values, *at);
        if (found) ASSAY_TRY(assay_buf_printf(header, err, "\\%c", letters[found - values]));
        else if ((unsigned char)*at < 0x20) ASSAY_TRY(assay_buf_printf(header, err, "\\u%04x", (unsigned)*at));
        else ASSAY_TRY(assay_buf_byte(header, *at, err));
    }
    return ASSAY_OK;
}

static assay_status put_entry(assay_buf *header, const assay_tensor *tensor, size_t begin, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(header, ",\"", err));
    ASSAY_TRY(put_name(header, tensor->name, err));
    ASSAY_TRY(assay_buf_printf(header, err, "\":{\"dtype\":\"%s\",\"shape\":[", assay_dtype_name(tensor->dtype)));
    for (int i = 0; i < tensor->rank; i++)
        ASSAY_TRY(assay_buf_printf(header, err, i ? ",%zu" : "%zu", tensor->shape[i]));
    return assay_buf_printf(header, err, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor->bytes);
}

static assay_status build_header(const char *path, const assay_tensor **order, size_t count, assay_buf *header,
                                 assay_error *err)
{
    size_t place = 0;
    ASSAY_TRY(assay_buf_text(header, "{\"__metadata__\":{\"format\":\"pt\"}", err));
    for (size_t i = 0; i < count; i++) {
        size_t begin = place;
        if (!assay_add_size(place, order[i]->bytes, &place))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: more bytes than a file can hold", path);
        ASSAY_TRY(put_entry(header, order[i], begin, err));
    }
    ASSAY_TRY(assay_buf_byte(header, '}', err));
    while (header->size % 8) ASSAY_TRY(assay_buf_byte(header, ' ', err));
    return ASSAY_OK;
}

static assay_status write_pieces(assay_writer *writer, const assay_buf *header, const assay_tensor **order,
                                 size_t count, assay_tensor_source source, void *context, assay_error *err)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)header->size >> 8 * i);
    ASSAY_TRY(assay_writer_write(writer, length, sizeof length, err));
    ASSAY_TRY(assay_writer_write(writer, header->data, header->size, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t expected = writer->written + order[i]->bytes;
        ASSAY_TRY(source ? source(context, order[i], writer, err)
                         : assay_writer_write(writer, order[i]->data, order[i]->bytes, err));
        if (writer->written != expected)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s: \"%s\" should have %zu bytes, but its source gave %lld more", writer->path,
                                   order[i]->name, order[i]->bytes, (long long)(writer->written - expected));
    }
    return ASSAY_OK;
}

assay_status assay_safetensors_write(const char *path, const assay_tensor *tensors, size_t count,
                                     assay_tensor_source source, void *context, assay_error *err)
{
    const assay_tensor **order = NULL;
    assay_writer writer = {0};
    assay_buf header;
    assay_status status;
    assay_buf_init(&header, 100000000);
    ASSAY_TRY_OR(done, order_tensors(path, tensors, count, &order, err));
    ASSAY_TRY_OR(done, build_header(path, order, count, &header, err));
    ASSAY_TRY_OR(done, assay_writer_open(&writer, path, err));
    ASSAY_TRY_OR(done, write_pieces(&writer, &header, order, count, source, context, err));
    status = assay_writer_commit(&writer, err);
done:
    if (status != ASSAY_OK) assay_writer_abort(&writer);
    assay_buf_release(&header);
    assay_free(order);
    return status;
}
