/* TensorBoard event files: the CRC by RFC 3720's vectors, one record byte by byte, and what a file holds.
 * tests/oracle/read_events.py reads files with TensorBoard itself. */
#include "test_support.h"

#include "base/file.h"
#include "train/tfevents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void crc_of_rfc_3720(void **state)
{
    uint8_t bytes[32];
    (void)state;
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(assay_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(assay_crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
    assert_int_equal(assay_crc32c(bytes, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(assay_crc32c(bytes, 32), 0x113fdb5c);
    assert_int_equal(assay_crc32c("123456789", 9), 0xe3069283);
}

static uint32_t u32_at(const assay_buf *buf, size_t at)
{
    const uint8_t *b = (const uint8_t *)buf->data + at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint32_t unmasked(uint32_t crc)
{
    crc -= 0xa282ead8u;
    return crc >> 17 | crc << 15;
}

/* The bytes of the Event were written with protobuf's own encoder: Event(wall_time=300, step=300, summary=[train/loss
 * 0.5]). */
static void one_record(void **state)
{
    static const uint8_t event[] = {0x09, 0,    0,    0,    0,    0,    0xc0, 0x72, 0x40, 0x10, 0xac,
                                    0x02, 0x2a, 0x13, 0x0a, 0x11, 0x0a, 0x0a, 't',  'r',  'a',  'i',
                                    'n',  '/',  'l',  'o',  's',  's',  0x15, 0,    0,    0,    0x3f};
    assay_buf out;
    assay_error err;
    (void)state;
    json_t *line = json_pack("{s:i, s:f, s:n, s:f}", "step", 300, "loss", 0.5, "accuracy", "seconds", 3.0);
    assay_buf_init(&out, 1 << 16);
    assert_int_equal(assay_tfevents_encode(&out, line, &err), ASSAY_OK);
    assert_int_equal(out.size, sizeof event + 16);
    assert_int_equal(u32_at(&out, 0), sizeof event);
    assert_int_equal(u32_at(&out, 4), 0);
    assert_int_equal(unmasked(u32_at(&out, 8)), assay_crc32c(out.data, 8));
    assert_memory_equal(out.data + 12, event, sizeof event);
    assert_int_equal(unmasked(u32_at(&out, 12 + sizeof event)), assay_crc32c(event, sizeof event));
    json_decref(line);
    assay_buf_release(&out);
}

static void a_line_without_numbers_is_no_event(void **state)
{
    assay_buf out;
    assay_error err;
    (void)state;
    json_t *line = json_pack("{s:i, s:n, s:f}", "step", 1, "loss", "seconds", 1.0);
    assay_buf_init(&out, 1 << 16);
    assert_int_equal(assay_tfevents_encode(&out, line, &err), ASSAY_OK);
    assert_int_equal(out.size, 0);
    json_decref(line);
    assay_buf_release(&out);
}

static json_t *step_line(int step)
{
    return json_pack("{s:i, s:f, s:f}", "step", step, "loss", 1.0 / (double)(step + 2), "epoch", step / 7.0);
}

static void write_lines(const char *folder, const json_t *history, int from, int to)
{
    assay_tfevents events;
    assay_error err;
    assert_int_equal(assay_tfevents_open(&events, folder, history, &err), ASSAY_OK);
    for (int step = from; step < to; step++) {
        json_t *line = step_line(step);
        assert_int_equal(assay_tfevents_add(&events, line, &err), ASSAY_OK);
        json_decref(line);
    }
    assay_tfevents_close(&events);
}

/* What metrics.jsonl gives back of a line. */
static json_t *reread(json_t *line)
{
    char text[256];
    size_t size = json_dumpb(line, text, sizeof text, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(line);
    return json_loadb(text, size, 0, NULL);
}

static void a_resumed_file_has_the_same_bytes(void **state)
{
    char folder[] = "/tmp/assay-tfevents-XXXXXX", *whole, *resumed, *path;
    size_t whole_size, resumed_size;
    assay_error err;
    json_t *history = json_array();
    (void)state;
    assert_non_null(mkdtemp(folder));
    path = assay_path_join(folder, ASSAY_TFEVENTS_NAME);
    write_lines(folder, NULL, 1, 9);
    assert_int_equal(assay_file_read(path, 1 << 20, &whole, &whole_size, &err), ASSAY_OK);
    for (int step = 1; step < 5; step++) json_array_append_new(history, reread(step_line(step)));
    write_lines(folder, history, 5, 9);
    assert_int_equal(assay_file_read(path, 1 << 20, &resumed, &resumed_size, &err), ASSAY_OK);
    assert_int_equal(resumed_size, whole_size);
    assert_memory_equal(resumed, whole, whole_size);
    json_decref(history);
    assay_free(whole);
    assay_free(resumed);
    assay_free(path);
    assert_int_equal(assay_remove_tree(folder, &err), ASSAY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_of_rfc_3720),
        cmocka_unit_test(one_record),
        cmocka_unit_test(a_line_without_numbers_is_no_event),
        cmocka_unit_test(a_resumed_file_has_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
