/* A file that is read once in passing, without a trace in the page cache: with O_DIRECT where its file system takes
 * that, else what was read is dropped behind (posix_fadvise). Neither touches a mapping of the file.
 *
 *     assay_pass_file file;
 *     ASSAY_TRY(assay_pass_file_open(&file, path, bytes, err));
 *     ASSAY_TRY(assay_pass_file_read(&file, offset, size, to, tensor, stopped, &read, err));
 *     assay_pass_file_close(&file);
 */
#ifndef ASSAY_STREAM_STREAM_FILE_H
#define ASSAY_STREAM_STREAM_FILE_H

#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct assay_pass_file {
    const char *path; /* borrowed */
    uint64_t bytes;
    int fd;
    bool direct;
} assay_pass_file;

/* bytes: the size it had when its header was read; another one is ASSAY_E_IO. */
assay_status assay_pass_file_open(assay_pass_file *file, const char *path, uint64_t bytes, assay_error *err);
void assay_pass_file_close(assay_pass_file *file);

/* Brings the blocks that hold the `bytes` bytes from `offset` on; `to` is where the first of these blocks goes, aligned
 * to ASSAY_STREAM_BLOCK, with room for assay_stream_span of them. tensor: whose they are, for the message. Adds what
 * was read to *read. *stopped ends it soon with ASSAY_E_STOPPED. A file that ends too early is ASSAY_E_IO. */
assay_status assay_pass_file_read(const assay_pass_file *file, uint64_t offset, size_t bytes, void *to,
                                  const char *tensor, const atomic_bool *stopped, uint64_t *read, assay_error *err);

#endif
