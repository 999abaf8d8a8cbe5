/* A file is a row of records:
 *
 *     u64 length | u32 masked CRC32C of those 8 bytes | length bytes of data | u32 masked CRC32C of the data
 *     (all little-endian)
 *
 * masked(c) = rotate_right(c, 15) + 0xa282ead8, so that a CRC of data that holds CRCs stays a good one. The data is an
 * Event in protobuf's wire format: 1 wall_time (double), 2 step (varint), then 3 file_version (the first record,
 * "brain.Event:2") or 5 summary, which is a row of 1 value { 1 tag, 2 simple_value (float) }.
 *
 * Values pass through the nine digits that metrics.jsonl has of them: a resumed run, which knows the old lines from
 * there, writes the same floats. */
#include "train/tfevents.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { EVENTS_CEILING = 1 << 30, EVENT_CEILING = 1 << 20 };

uint32_t assay_crc32c(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static uint32_t masked(const void *bytes, size_t size)
{
    uint32_t crc = assay_crc32c(bytes, size);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static void little_endian(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
}

static assay_status put_fixed(assay_buf *out, uint64_t value, size_t bytes, assay_error *err)
{
    uint8_t raw[8];
    little_endian(raw, value, bytes);
    return assay_buf_append(out, raw, bytes, err);
}

static assay_status put_varint(assay_buf *out, uint64_t value, assay_error *err)
{
    while (value >= 0x80) {
        ASSAY_TRY(assay_buf_byte(out, (char)((value & 0x7f) | 0x80), err));
        value >>= 7;
    }
    return assay_buf_byte(out, (char)value, err);
}

/* A field of bytes: key, length, bytes. */
static assay_status put_bytes(assay_buf *out, int field, const void *bytes, size_t size, assay_error *err)
{
    ASSAY_TRY(put_varint(out, (uint64_t)field << 3 | 2, err));
    ASSAY_TRY(put_varint(out, size, err));
    return assay_buf_append(out, bytes, size, err);
}

static float as_written(double value)
{
    char digits[40];
    assay_text_format(digits, sizeof digits, "%.9g", value);
    return (float)assay_text_real(digits, NULL);
}

static assay_status put_scalar(assay_buf *summary, const char *tag, double value, assay_error *err)
{
    assay_buf scalar;
    float number = as_written(value);
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    assay_buf_init(&scalar, EVENT_CEILING);
    assay_status status = put_bytes(&scalar, 1, tag, strlen(tag), err);
    if (status == ASSAY_OK) status = put_varint(&scalar, 2 << 3 | 5, err);
    if (status == ASSAY_OK) status = put_fixed(&scalar, bits, sizeof bits, err);
    if (status == ASSAY_OK) status = put_bytes(summary, 1, scalar.data, scalar.size, err);
    assay_buf_release(&scalar);
    return status;
}

/* The tag of a metrics key; false: it has none. */
static bool tag_of(const char *key, char *tag, size_t size)
{
    static const char *const step_keys[] = {
        "loss", "accuracy", "ties", "margin", "reward_chosen", "reward_rejected", "grad_norm", "lr", "epoch"};
    if (!strncmp(key, "eval_", 5)) {
        snprintf(tag, size, "eval/%s", key + 5);
        return strcmp(key, "eval_seconds") != 0;
    }
    for (size_t i = 0; i < sizeof step_keys / sizeof *step_keys; i++)
        if (!strcmp(key, step_keys[i])) {
            snprintf(tag, size, "train/%s", key);
            return true;
        }
    return false;
}

static assay_status put_summary(assay_buf *summary, const json_t *line, assay_error *err)
{
    const char *key;
    json_t *value;
    char tag[96];
    bool evaluation = json_object_get(line, "eval_accuracy") != NULL;
    json_object_foreach(assay_json_lent(line), key, value)
    {
        if (!json_is_number(value) || !tag_of(key, tag, sizeof tag) || (evaluation && !strcmp(key, "epoch"))) continue;
        ASSAY_TRY(put_scalar(summary, tag, json_number_value(value), err));
    }
    return ASSAY_OK;
}

static assay_status put_event(assay_buf *event, uint64_t step, int field, const void *bytes, size_t size,
                              assay_error *err)
{
    double wall = (double)step;
    uint64_t bits;
    memcpy(&bits, &wall, sizeof bits);
    ASSAY_TRY(put_varint(event, 1 << 3 | 1, err));
    ASSAY_TRY(put_fixed(event, bits, sizeof bits, err));
    ASSAY_TRY(put_varint(event, 2 << 3 | 0, err));
    ASSAY_TRY(put_varint(event, step, err));
    return put_bytes(event, field, bytes, size, err);
}

static assay_status put_record(assay_buf *out, const assay_buf *event, assay_error *err)
{
    uint8_t length[8];
    little_endian(length, event->size, sizeof length);
    ASSAY_TRY(assay_buf_append(out, length, sizeof length, err));
    ASSAY_TRY(put_fixed(out, masked(length, sizeof length), 4, err));
    ASSAY_TRY(assay_buf_append(out, event->data, event->size, err));
    return put_fixed(out, masked(event->data, event->size), 4, err);
}

static assay_status encode(assay_buf *out, const json_t *line, assay_buf *summary, assay_buf *event, assay_error *err)
{
    static const char version[] = "brain.Event:2";
    if (!line) {
        ASSAY_TRY(put_event(event, 0, 3, version, sizeof version - 1, err));
        return put_record(out, event, err);
    }
    json_int_t step = json_integer_value(json_object_get(line, "step"));
    ASSAY_TRY(put_summary(summary, line, err));
    if (summary->size == 0) return ASSAY_OK;
    ASSAY_TRY(put_event(event, step > 0 ? (uint64_t)step : 0, 5, summary->data, summary->size, err));
    return put_record(out, event, err);
}

assay_status assay_tfevents_encode(assay_buf *out, const json_t *line, assay_error *err)
{
    assay_buf summary, event;
    assay_buf_init(&summary, EVENT_CEILING);
    assay_buf_init(&event, EVENT_CEILING);
    assay_status status = encode(out, line, &summary, &event, err);
    assay_buf_release(&summary);
    assay_buf_release(&event);
    return status;
}

static assay_status encode_history(assay_buf *out, const json_t *history, assay_error *err)
{
    size_t index;
    json_t *line;
    ASSAY_TRY(assay_tfevents_encode(out, NULL, err));
    json_array_foreach(assay_json_lent(history), index, line) ASSAY_TRY(assay_tfevents_encode(out, line, err));
    return ASSAY_OK;
}

assay_status assay_tfevents_open(assay_tfevents *events, const char *folder, const json_t *history, assay_error *err)
{
    assay_buf start;
    *events = (assay_tfevents){.path = assay_path_join(folder, ASSAY_TFEVENTS_NAME)};
    ASSAY_TRY_ALLOC(events->path, "a path", err);
    assay_buf_init(&start, EVENTS_CEILING);
    assay_status status = encode_history(&start, history, err);
    if (status == ASSAY_OK) status = assay_file_write_atomic(events->path, start.data, start.size, err);
    if (status == ASSAY_OK && !(events->file = fopen(events->path, "ab")))
        status = assay_error_set(err, ASSAY_E_IO, "cannot open %s: %s", events->path, strerror(errno));
    assay_buf_release(&start);
    if (status != ASSAY_OK) assay_tfevents_close(events);
    return status;
}

assay_status assay_tfevents_add(assay_tfevents *events, const json_t *line, assay_error *err)
{
    assay_buf record;
    assay_buf_init(&record, EVENT_CEILING);
    assay_status status = assay_tfevents_encode(&record, line, err);
    if (status == ASSAY_OK && record.size &&
        (fwrite(record.data, 1, record.size, events->file) != record.size || fflush(events->file) != 0))
        status = assay_error_set(err, ASSAY_E_IO, "cannot write %s: %s", events->path, strerror(errno));
    assay_buf_release(&record);
    return status;
}

void assay_tfevents_close(assay_tfevents *events)
{
    if (events->file) fclose(events->file);
    assay_free(events->path);
    *events = (assay_tfevents){0};
}
