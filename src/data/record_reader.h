/* A data file as a row of JSON objects: JSON lines, one JSON array, CSV or TSV with a header (each also as .gz), or
 * Parquet.
 *
 *     assay_records *records;
 *     ASSAY_TRY(assay_records_open(&records, path, err));
 *     for (;;) {
 *         const assay_record *record;
 *         status = assay_records_next(records, &record, err);
 *         if (status != ASSAY_OK && assay_records_broken(records)) break; // nothing more can be read
 *         if (status != ASSAY_OK) continue; // this record is bad, the next may be fine
 *         if (!record) break; // the end
 *         ...
 *     }
 *     assay_records_close(records);
 *
 * What it is: Parquet by its first bytes; .csv and .tsv by name; otherwise the first byte that is not blank: '[' is an
 * array (whatever the file is called), anything else is JSON lines, or an
 * object over several lines, around a list, or of columns (data/record_shape.h). A Parquet row is the object that
 * container/parquet.h makes of it, and its line is its number in the file: the records are those of the JSON lines that
 * the `datasets` library would write. CSV follows RFC 4180 (quoted cells may hold separators, line ends and doubled
 * quotes); every cell becomes a string; a cell of the columns conversations, messages, history, rejected_messages is
 * parsed as JSON, as it can be nothing else (empty: null). Blank lines are skipped, CRLF is accepted. Memory: one
 * record and one 256 KiB piece (of Parquet a page and a dictionary for each column); a record over ASSAY_RECORD_MAX
 * bytes is bad and is skipped without being kept. JSON nested more than 64 deep is bad. What programs
 * write beside the standard (base/json_doc.h, `world`) is taken. Every error begins
 * "file:line", of Parquet with the file and what of it.
 */
#ifndef ASSAY_DATA_RECORD_READER_H
#define ASSAY_DATA_RECORD_READER_H

#include "base/json_doc.h"

#define ASSAY_RECORD_MAX ((size_t)32 << 20)

typedef struct assay_records assay_records;

typedef struct assay_record {
    const json_t *value; /* an object; valid until the next call */
    size_t size;         /* bytes of text it was read from */
    uint64_t line;       /* 1-based line it starts on */
    uint64_t element;    /* 1-based place in a JSON array; 0 elsewhere */
} assay_record;

assay_status assay_records_open(assay_records **out, const char *path, assay_error *err); /* "-": standard input */
void assay_records_close(assay_records *records);                                         /* NULL is fine */

/* *record becomes NULL at the end. */
assay_status assay_records_next(assay_records *records, const assay_record **record, assay_error *err);
bool assay_records_broken(const assay_records *records);

/* A record in which nothing was found that was looked for, of a .csv or .tsv file: its header may be missing, and the
 * sentence in err gets the line that puts one in front. Other records: nothing happens. Returns `status`. */
assay_status assay_records_doubt_header(const assay_records *records, assay_status status, assay_error *err);

/* "pairs.jsonl:12" or "pairs.json:90 (element 8)" of the record last read, good or bad. Valid until the next call. */
const char *assay_records_where(const assay_records *records);
/* The same, relocatable: for messages about a record read earlier. "" when out of memory. Freed with assay_free. */
char *assay_record_place(const char *file, uint64_t line, uint64_t element);

/* *is_one: whether the file's first record is one of that kind; up to a hundred that cannot be read are passed over
 * before it, of which whoever reads the file says what is wrong.
 * Pipes are left alone, as *is_one false: what comes through one is there once. */
assay_status assay_records_begin_with(const char *path, bool (*is_kind)(const json_t *value), bool *is_one,
                                      assay_error *err);

#endif
