#include "stream/stream_speed.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sizes.h"
#include "stream/stream_file.h"

#include <fcntl.h>

enum { AT_ONCE = 4 << 20, LEAST = 8 << 20, MOST = 64 << 20 };

static const double longest = 0.5; /* seconds */

static const assay_stream_file *largest_file(const assay_stream_list *list)
{
    const assay_stream_file *largest = NULL;
    for (size_t i = 0; i < list->file_count; i++)
        if (!largest || list->files[i].bytes > largest->bytes) largest = &list->files[i];
    return largest;
}

/* From the middle on, where weights are; what somebody else left in the page cache is let go first. */
static assay_status measure(const assay_pass_file *file, uint64_t size, char *memory, double *speed, assay_error *err)
{
    atomic_bool stopped = false;
    uint64_t read = 0, at = size / 2 / ASSAY_STREAM_BLOCK * ASSAY_STREAM_BLOCK;
    if (!file->direct) posix_fadvise(file->fd, (off_t)at, MOST, POSIX_FADV_DONTNEED);
    double start = assay_clock_seconds(), passed = 0;
    while (at < size && read < MOST && (passed < longest || read < LEAST)) {
        size_t bytes = (size_t)assay_smaller_bytes(size - at, AT_ONCE);
        ASSAY_TRY(assay_pass_file_read(file, at, bytes, memory, "(for speed)", &stopped, &read, err));
        at += bytes;
        passed = assay_clock_seconds() - start;
    }
    *speed = passed > 0 ? (double)read / passed : 0;
    return ASSAY_OK;
}

assay_status assay_stream_speed(const assay_stream_list *list, double *speed, assay_error *err)
{
    const assay_stream_file *largest = largest_file(list);
    assay_pass_file file;
    *speed = 0;
    if (!largest) return ASSAY_OK;
    char *memory = assay_alloc(AT_ONCE + ASSAY_STREAM_BLOCK, 1);
    ASSAY_TRY_ALLOC(memory, "a sample of the weights", err);
    char *block = memory + (ASSAY_STREAM_BLOCK - (uintptr_t)memory % ASSAY_STREAM_BLOCK) % ASSAY_STREAM_BLOCK;
    assay_status status = assay_pass_file_open(&file, largest->path, largest->bytes, err);
    if (status == ASSAY_OK) {
        status = measure(&file, largest->bytes, block, speed, err);
        assay_pass_file_close(&file);
    }
    assay_free(memory);
    return status;
}
