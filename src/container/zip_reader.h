/* The stored (uncompressed) entries of a ZIP archive in memory, ZIP64 included; for torch_bin.
 *
 * Only the central directory is believed; each entry's local header must agree in name, and its data must lie before
 * the directory. Compressed or encrypted entries are refused by name, and so are entries that overlap. Format: PKWARE
 * APPNOTE.TXT 6.3.3, 4.3 and 4.5.3. */
#ifndef ASSAY_CONTAINER_ZIP_READER_H
#define ASSAY_CONTAINER_ZIP_READER_H

#include "base/file.h"

typedef struct assay_zip_entry {
    const char *name; /* in the mapping, not zero-terminated */
    size_t name_length;
    const uint8_t *data;
    size_t size;
    uint32_t crc;
} assay_zip_entry;

typedef struct assay_zip {
    assay_zip_entry *entries; /* sorted by name, bytewise */
    size_t count;
} assay_zip;

/* `where` is a name for messages. On failure nothing is to be released. */
assay_status assay_zip_open(assay_zip *zip, const assay_mapping *map, const char *where, assay_error *err);
void assay_zip_close(assay_zip *zip);

/* NULL: not there. */
const assay_zip_entry *assay_zip_find(const assay_zip *zip, const char *name, size_t length);

/* Compares the entry's CRC-32 with its bytes. */
assay_status assay_zip_verify(const assay_zip_entry *entry, const char *where, assay_error *err);

#endif
