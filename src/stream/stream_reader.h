/* The thread that brings weights from files into memory while others compute with what came before.
 *
 *     assay_stream_reader *reader;
 *     ASSAY_TRY(assay_stream_reader_open(&reader, list, most_tokens, err)); // opens the files, starts the thread
 *     uint64_t ticket = assay_stream_reader_ask(reader, &want); // returns at once
 *     ... compute ...
 *     ASSAY_TRY(assay_stream_reader_wait(reader, ticket, err)); // now it is there
 *     assay_stream_reader_close(reader);
 *
 * Wants are met in the order in which they are asked for. After a failure every wait returns it: a file that could not
 * be read is not tried again. One thread asks and waits. The list is borrowed.
 */
#ifndef ASSAY_STREAM_STREAM_READER_H
#define ASSAY_STREAM_STREAM_READER_H

#include "stream/stream_list.h"

typedef struct assay_stream_reader assay_stream_reader;

typedef struct assay_stream_want {
    int group;          /* a layer, or ASSAY_STREAM_ROWS */
    void *to;           /* the slot: of a layer see assay_stream_place; of rows one behind the other */
    const int32_t *ids; /* of rows: which, `count` of them; borrowed until the wait */
    size_t count;
} assay_stream_want;

assay_status assay_stream_reader_open(assay_stream_reader **out, const assay_stream_list *list, size_t most_tokens,
                                      assay_error *err);
void assay_stream_reader_close(assay_stream_reader *reader); /* ends what is being read; NULL is fine */

uint64_t assay_stream_reader_ask(assay_stream_reader *reader, const assay_stream_want *want);
assay_status assay_stream_reader_wait(assay_stream_reader *reader, uint64_t ticket, assay_error *err);

/* Waits for all that was asked for: nobody writes to memory any more. */
void assay_stream_reader_settle(assay_stream_reader *reader);

/* Bytes read from files so far. */
uint64_t assay_stream_reader_bytes(assay_stream_reader *reader);

/* Where a piece's first byte is, when its layer was brought to `slot`. */
void *assay_stream_place(void *slot, const assay_stream_piece *piece);

#endif
