/* Three libraries behind one call. Snappy says its size at the front and cannot exceed a fixed ratio, so it is unpacked
 * at once. zlib goes on where it stood when the block has grown. zstd's way to go on needs a window of up to 128 MiB
 * that a frame's header may ask for, so a frame that does not fit is begun again in a block twice as large: at most
 * twice the work, and only for what shrank 64-fold. */
#include "container/parquet_unpack.h"

#include "container/parquet_meta.h"

#include <snappy-c.h>
#define ZLIB_CONST /* what is read stays constant */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* The most that a byte can become: a SNAPPY copy of 64 takes 3 bytes (google/snappy, format_description.txt); deflate
 * ends at 1032 (zlib.h, technical notes); a ZSTD block of 128 KiB takes at least 4 (RFC 8878, 3.1.1.2). */
enum { SNAPPY_RATIO = 64, GZIP_RATIO = 1032, ZSTD_RATIO = 32768, FIRST_BLOCK = 64 << 10, GZIP_OR_ZLIB = 15 + 32 };

static assay_status broken(const char *method, const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its %s data cannot be unpacked: %s", method, what);
}

static size_t first_size(size_t packed_size, size_t size)
{
    size_t room = FIRST_BLOCK + 64 * packed_size;
    return room < size ? room : size;
}

/* Old contents are lost. */
static assay_status make_room(assay_parquet_block *block, size_t size, assay_error *err)
{
    if (size <= block->capacity) return ASSAY_OK;
    assay_free(block->data);
    block->data = assay_alloc(size, 1);
    block->capacity = block->data ? size : 0;
    ASSAY_TRY_ALLOC(block->data, "a page", err);
    return ASSAY_OK;
}

/* Old contents stay. */
static assay_status double_room(assay_parquet_block *block, size_t most, assay_error *err)
{
    size_t wanted = block->capacity > most / 2 ? most : block->capacity * 2;
    uint8_t *grown = assay_realloc(block->data, block->capacity, wanted, 1);
    ASSAY_TRY_ALLOC(grown, "a page", err);
    block->data = grown;
    block->capacity = wanted;
    return ASSAY_OK;
}

static assay_status unpack_snappy(const uint8_t *packed, size_t packed_size, size_t size, assay_parquet_block *block,
                                  assay_error *err)
{
    size_t found = 0;
    if (snappy_uncompressed_length((const char *)packed, packed_size, &found) != SNAPPY_OK || found != size)
        return broken("SNAPPY", "another size than the page's", err);
    ASSAY_TRY(make_room(block, size, err));
    if (snappy_uncompress((const char *)packed, packed_size, (char *)block->data, &found) != SNAPPY_OK || found != size)
        return broken("SNAPPY", "damaged", err);
    return ASSAY_OK;
}

/* Members may follow each other; each takes bytes, and Z_OK means progress, so this ends. */
static assay_status inflate_all(z_stream *stream, size_t size, assay_parquet_block *block, assay_error *err)
{
    size_t done = 0;
    for (;;) {
        size_t limit = block->capacity < size ? block->capacity : size;
        stream->next_out = block->data + done;
        stream->avail_out = (uInt)(limit - done);
        int code = inflate(stream, Z_NO_FLUSH);
        done = limit - stream->avail_out;
        if (code == Z_STREAM_END && stream->avail_in == 0) break;
        if (code == Z_STREAM_END && inflateReset(stream) == Z_OK) continue;
        if (code == Z_OK && stream->avail_out == 0 && limit == size) continue; /* the trailer is still to come */
        if (code == Z_MEM_ERROR) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for unpacking");
        bool full = stream->avail_out == 0 && (code == Z_OK || code == Z_BUF_ERROR);
        if (!full || limit == size) return broken("GZIP", full ? "more than the page's size" : "damaged", err);
        ASSAY_TRY(double_room(block, size, err));
    }
    return done == size ? ASSAY_OK : broken("GZIP", "less than the page's size", err);
}

static assay_status unpack_gzip(const uint8_t *packed, size_t packed_size, size_t size, assay_parquet_block *block,
                                assay_error *err)
{
    z_stream stream = {.next_in = packed, .avail_in = (uInt)packed_size};
    ASSAY_TRY(make_room(block, first_size(packed_size, size), err));
    if (inflateInit2(&stream, GZIP_OR_ZLIB) != Z_OK)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for unpacking");
    assay_status status = inflate_all(&stream, size, block, err);
    inflateEnd(&stream);
    return status;
}

static assay_status unpack_zstd(const uint8_t *packed, size_t packed_size, size_t size, assay_parquet_block *block,
                                assay_error *err)
{
    ASSAY_TRY(make_room(block, first_size(packed_size, size), err));
    for (;;) {
        size_t limit = block->capacity < size ? block->capacity : size;
        size_t done = ZSTD_decompress(block->data, limit, packed, packed_size);
        if (!ZSTD_isError(done)) return done == size ? ASSAY_OK : broken("ZSTD", "less than the page's size", err);
        ZSTD_ErrorCode code = ZSTD_getErrorCode(done);
        if (code == ZSTD_error_memory_allocation)
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for unpacking");
        if (code != ZSTD_error_dstSize_tooSmall || limit == size) return broken("ZSTD", ZSTD_getErrorName(done), err);
        ASSAY_TRY(make_room(block, block->capacity > size / 2 ? size : block->capacity * 2, err));
    }
}

assay_status assay_parquet_unpack(int32_t codec, const uint8_t *packed, size_t packed_size, size_t size,
                                  assay_parquet_block *block, assay_error *err)
{
    if (size > ASSAY_PARQUET_PAGE_MAX)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "it has %zu bytes, at most %zu are read; write the file with "
                               "smaller pages (pyarrow: write_batch_size=16)",
                               size, ASSAY_PARQUET_PAGE_MAX);
    size_t ratio = codec == ASSAY_PARQUET_SNAPPY ? SNAPPY_RATIO : codec == ASSAY_PARQUET_GZIP ? GZIP_RATIO : ZSTD_RATIO;
    if (size / ratio > packed_size)
        return assay_error_set(err, ASSAY_E_FORMAT, "it says that %zu bytes come out of %zu, which cannot be", size,
                               packed_size);
    if (size == 0) return ASSAY_OK;
    switch (codec) {
    case ASSAY_PARQUET_SNAPPY:
        return unpack_snappy(packed, packed_size, size, block, err);
    case ASSAY_PARQUET_GZIP:
        return unpack_gzip(packed, packed_size, size, block, err);
    default:
        return unpack_zstd(packed, packed_size, size, block, err);
    }
}
