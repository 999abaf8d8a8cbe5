/* Writing a GGUF file: header, metadata and infos of tensors are small and made in memory; data is streamed, each
 * tensor from the next multiple of the alignment on. */
#include "base/buf.h"
#include "container/gguf.h"

#include <string.h>

enum { VERSION = 3, ALIGNMENT = 32, KIND_U32 = 4, KIND_TEXT = 8, QUANTIZATION_VERSION = 2 };

static const size_t header_ceiling = (size_t)256 << 20;

static assay_status put_number(assay_buf *out, uint64_t value, size_t bytes, assay_error *err)
{
    for (size_t i = 0; i < bytes; i++) ASSAY_TRY(assay_buf_byte(out, (char)(uint8_t)(value >> 8 * i), err));
    return ASSAY_OK;
}

static assay_status put_text(assay_buf *out, const char *text, assay_error *err)
{
    ASSAY_TRY(put_number(out, strlen(text), 8, err));
    return assay_buf_text(out, text, err);
}

static assay_status put_metadata(assay_buf *out, const char *architecture, assay_error *err)
{
    ASSAY_TRY(put_text(out, "general.architecture", err));
    ASSAY_TRY(put_number(out, KIND_TEXT, 4, err));
    ASSAY_TRY(put_text(out, architecture, err));
    ASSAY_TRY(put_text(out, "general.quantization_version", err));
    ASSAY_TRY(put_number(out, KIND_U32, 4, err));
    return put_number(out, QUANTIZATION_VERSION, 4, err);
}

static assay_status put_info(assay_buf *out, const char *path, const assay_tensor *tensor, size_t place,
                             assay_error *err)
{
    uint32_t type;
    if (!assay_dtype_to_gguf(tensor->dtype, &type))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"%s\" is %s, which GGUF does not know", path,
                               tensor->name, assay_dtype_name(tensor->dtype));
    ASSAY_TRY(put_text(out, tensor->name, err));
    ASSAY_TRY(put_number(out, (uint64_t)tensor->rank, 4, err));
    for (int i = tensor->rank - 1; i >= 0; i--) ASSAY_TRY(put_number(out, tensor->shape[i], 8, err));
    ASSAY_TRY(put_number(out, type, 4, err));
    return put_number(out, place, 8, err);
}

static size_t padding(uint64_t place) { return (size_t)(ALIGNMENT - place % ALIGNMENT) % ALIGNMENT; }

static assay_status build_header(assay_buf *out, const char *path, const char *architecture,
                                 const assay_tensor *tensors, size_t count, assay_error *err)
{
    size_t place = 0;
    ASSAY_TRY(assay_buf_text(out, "GGUF", err));
    ASSAY_TRY(put_number(out, VERSION, 4, err));
    ASSAY_TRY(put_number(out, count, 8, err));
    ASSAY_TRY(put_number(out, 2, 8, err));
    ASSAY_TRY(put_metadata(out, architecture, err));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(put_info(out, path, &tensors[i], place, err));
        if (!assay_add_size(place, tensors[i].bytes, &place) || !assay_add_size(place, padding(place), &place))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: more bytes than a file can hold", path);
    }
    return ASSAY_OK;
}

static assay_status pad(assay_writer *writer, assay_error *err)
{
    static const char zeros[ALIGNMENT];
    return assay_writer_write(writer, zeros, padding(writer->written), err);
}

static assay_status write_data(assay_writer *writer, const assay_buf *header, const assay_tensor *tensors, size_t count,
                               assay_tensor_source source, void *context, assay_error *err)
{
    ASSAY_TRY(assay_writer_write(writer, header->data, header->size, err));
    ASSAY_TRY(pad(writer, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t expected = writer->written + tensors[i].bytes;
        ASSAY_TRY(source(context, &tensors[i], writer, err));
        if (writer->written != expected)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the source of \"%s\" did not give its %zu bytes",
                                   writer->path, tensors[i].name, tensors[i].bytes);
        ASSAY_TRY(pad(writer, err));
    }
    return ASSAY_OK;
}

assay_status assay_gguf_write(const char *path, const char *architecture, const assay_tensor *tensors, size_t count,
                              assay_tensor_source source, void *context, assay_error *err)
{
    assay_writer writer = {0};
    assay_buf header;
    assay_status status;
    assay_buf_init(&header, header_ceiling);
    ASSAY_TRY_OR(done, build_header(&header, path, architecture, tensors, count, err));
    ASSAY_TRY_OR(done, assay_writer_open(&writer, path, err));
    ASSAY_TRY_OR(done, write_data(&writer, &header, tensors, count, source, context, err));
    status = assay_writer_commit(&writer, err);
done:
    if (status != ASSAY_OK) assay_writer_abort(&writer);
    assay_buf_release(&header);
    return status;
}
