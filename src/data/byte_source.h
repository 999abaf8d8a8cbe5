/* Bytes of a file or a named pipe (plain or gzip, told apart by content), or of standard input, in pieces, with line
 * and offset.
 *
 *     assay_byte_source source;
 *     ASSAY_TRY(assay_byte_source_open(&source, path, err)); // "-": standard input, never gzip
 *     while (assay_byte_source_more(&source)) assay_byte_source_skip(&source, look_at(source.at, source.end));
 *     ASSAY_TRY(assay_byte_source_status(&source, err)); // was that the end, or a failure?
 *     assay_byte_source_close(&source);
 *
 * A UTF-8 byte-order mark is skipped. What is no text (data/foreign_data.h) is refused on opening, with the line that
 * converts it. Parquet is let through where the path is a file as it lies on the disk: is_parquet, and whoever reads
 * rows opens it again with container/parquet.h.
 */
#ifndef ASSAY_DATA_BYTE_SOURCE_H
#define ASSAY_DATA_BYTE_SOURCE_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_byte_source {
    char *name;           /* the path, for messages; "standard input" */
    const char *at, *end; /* what is there now */
    uint64_t line;        /* 1-based line of *at */
    uint64_t offset;      /* byte offset of *at in the (unpacked) file, byte-order mark included */
    char *piece;
    struct assay_gunzip *gunzip; /* NULL: the file's bytes as they are */
    char *packed;                /* what of it was read and not yet unpacked lies at packed_at */
    const char *packed_at;
    size_t packed_left;
    int fd;      /* 0: standard input, which stays open */
    int failure; /* errno of a read that failed */
    bool finished, cut_off;
    bool is_parquet;
    bool stopped; /* a signal came while waiting: ASSAY_E_STOPPED */
} assay_byte_source;

assay_status assay_byte_source_open(assay_byte_source *source, const char *path, assay_error *err);
void assay_byte_source_close(assay_byte_source *source); /* safe on a zeroed one */

/* Reads on when nothing is left; false: the end, or a failure. */
bool assay_byte_source_more(assay_byte_source *source);
void assay_byte_source_skip(assay_byte_source *source, size_t count); /* count <= end - at */
assay_status assay_byte_source_status(const assay_byte_source *source, assay_error *err);

#endif
