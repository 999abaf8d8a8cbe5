/* TensorBoard's event file of a run, events.out.tfevents.0.assay: the scalars of metrics.jsonl that every run of the
 * same settings repeats.
 *
 *     assay_tfevents events;
 *     ASSAY_TRY(assay_tfevents_open(&events, folder, history_or_null, err)); // the file anew, with the lines so far
 *     ASSAY_TRY(assay_tfevents_add(&events, line, err)); // one line of metrics.jsonl, flushed
 *     assay_tfevents_close(&events);
 *
 * Tags: train/NAME for a step's loss, accuracy, ties, margin, reward_chosen, reward_rejected, grad_norm, lr and epoch;
 * eval/NAME for every number of an evaluation. Seconds, rates and memory readings are left to metrics.jsonl. An event's
 * wall time is its step, as so many seconds after 1970-01-01 00:00 UTC, because the same run writes the same bytes; the
 * file's name is fixed for the same reason.
 *
 * Sources: tensorflow/core/lib/io/record_writer.h (framing, masked CRC), tensorflow/core/util/event.proto,
 * tensorflow/core/framework/summary.proto (fields), RFC 3720 appendix B.4 (CRC32C and its test vectors). */
#ifndef ASSAY_TRAIN_TFEVENTS_H
#define ASSAY_TRAIN_TFEVENTS_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define ASSAY_TFEVENTS_NAME "events.out.tfevents.0.assay"

typedef struct assay_tfevents {
    FILE *file;
    char *path;
} assay_tfevents;

assay_status assay_tfevents_open(assay_tfevents *events, const char *folder, const json_t *history, assay_error *err);
assay_status assay_tfevents_add(assay_tfevents *events, const json_t *line, assay_error *err);
void assay_tfevents_close(assay_tfevents *events); /* safe on a zeroed one */

/* Appends the record of a metrics line to `out`; of the file's first record for NULL. A line without any number adds
 * nothing. */
assay_status assay_tfevents_encode(assay_buf *out, const json_t *line, assay_error *err);

/* Castagnoli's CRC. */
uint32_t assay_crc32c(const void *bytes, size_t size);

#endif
