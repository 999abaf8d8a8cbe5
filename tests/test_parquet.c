/* Parquet: rows equal to what pyarrow reads (tests/oracle/make_parquet_golden.py), what is refused, and hostile files.
 *
 * `test_parquet dump FILE` prints a file's rows, for tests/oracle/parquet_parity.py. */
#include "container/parquet.h"

#include "base/json_doc.h"
#include "container/parquet_meta.h"
#include "container/parquet_text.h"
#include "container/parquet_unpack.h"

#include "container_check.h"

#include <math.h>

#define FOLDER GOLDEN "parquet/"

/* All rows as JSON, one a line; a broken file, or a bad row, is an error. */
static assay_status read_all(const char *path, const char *const *columns, size_t count, assay_buf *out,
                             assay_error *err)
{
    assay_parquet *file;
    assay_parquet_row row = {0};
    ASSAY_TRY(assay_parquet_open(&file, path, columns, count, err));
    assay_status status = ASSAY_OK;
    for (;;) {
        status = assay_parquet_next(file, &row, err);
        if (status == ASSAY_OK && row.text) status = assay_buf_append(out, row.text, row.size, err);
        if (status == ASSAY_OK && row.text) status = assay_buf_byte(out, '\n', err);
        if (status != ASSAY_OK || !row.text) break;
    }
    assay_parquet_close(file);
    return status;
}

static json_t *parse_line(const char *line, size_t size, const char *where)
{
    json_t *value = NULL;
    assay_error err = {0};
    if (assay_json_parse(line, size, where, &value, &err) != ASSAY_OK) fail_msg("%s", err.text);
    return value;
}

static size_t line_size(const char *line)
{
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    return (size_t)(end - line);
}

static void compare_rows(const char *name, const char *found, const char *wanted)
{
    size_t row = 0;
    for (; *found && *wanted; found += line_size(found) + 1, wanted += line_size(wanted) + 1) {
        json_t *a = parse_line(found, line_size(found), name), *b = parse_line(wanted, line_size(wanted), name);
        row++;
        if (!json_equal(a, b))
            fail_msg("%s, row %zu:\n%.*s\n%.*s", name, row, (int)line_size(found), found, (int)line_size(wanted),
                     wanted);
        json_decref(a);
        json_decref(b);
    }
    if (*found || *wanted) fail_msg("%s: another number of rows behind row %zu", name, row);
}

typedef struct golden_file {
    const char *name, *rows;
} golden_file;

static const golden_file golden_files[] = {
    {"nested_none_v1", "nested"},
    {"nested_none_v2", "nested"},
    {"nested_snappy_v1", "nested"},
    {"nested_snappy_v2", "nested"},
    {"nested_gzip_v1", "nested"},
    {"nested_gzip_v2", "nested"},
    {"nested_zstd_v1", "nested"},
    {"nested_zstd_v2", "nested"},
    {"checksums", "checksums"},
    {"one_page", "one_page"},
    {"empty", "empty"},
    {"types", "types"},
    {"types_plain_v2", "types"},
    {"plain", "plain"},
    {"delta", "plain"},
    {"delta_length_v2", "plain"},
    {"hub", "hub"},
    {"old_lists", "old_lists"},
    {"old_bare", "old_bare"},
    {"old_bare_packed", "old_bare"},
    {"old_map", "old_map"},
    {"old_map_packed", "old_map"},
    {"old_tuple", "old_tuple"},
    {"old_tuple_packed", "old_tuple"},
    {"old_two_levels", "old_two_levels"},
    {"old_two_levels_packed", "old_two_levels"},
    {"small_snappy", "small"},
    {"small_gzip", "small"},
    {"small_zstd", "small"},
    {"small_delta", "small"},
    {"small_split", "small_split"},
};

static char *read_text(const char *path)
{
    char *text;
    assay_error err = {0};
    if (assay_file_read(path, 1 << 24, &text, NULL, &err) != ASSAY_OK) fail_msg("%s", err.text);
    return text;
}

static void check_golden(const golden_file *golden)
{
    char path[256], rows[256];
    assay_buf found;
    assay_error err = {0};
    snprintf(path, sizeof path, FOLDER "%s.parquet", golden->name);
    snprintf(rows, sizeof rows, FOLDER "%s.jsonl", golden->rows);
    char *wanted = read_text(rows);
    assay_buf_init(&found, 1 << 24);
    if (read_all(path, NULL, 0, &found, &err) != ASSAY_OK) fail_msg("%s", err.text);
    compare_rows(golden->name, found.data ? found.data : "", wanted);
    assay_buf_release(&found);
    assay_free(wanted);
}

static void reads_what_pyarrow_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_files / sizeof *golden_files; i++) check_golden(&golden_files[i]);
}

static void check_text(const char *name, const char *const *columns, size_t count, const char *wanted)
{
    char path[256];
    assay_buf found;
    assay_error err = {0};
    snprintf(path, sizeof path, FOLDER "%s.parquet", name);
    assay_buf_init(&found, 1 << 24);
    if (read_all(path, columns, count, &found, &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_string_equal(found.data, wanted);
    assay_buf_release(&found);
}

/* Of a column that is not wanted nothing is read, its type and its pages included. */
static void leaves_out_other_columns(void **state)
{
    static const char *const kept[] = {"absent", "x"}, *const number[] = {"n"};
    (void)state;
    check_text("refused_int96", kept, 2, "{\"x\":\"kept\"}\n");
    check_text("refused_decimal", kept, 2, "{\"x\":\"kept\"}\n");
    check_text("refused_float16", kept, 2, "{\"x\":\"kept\"}\n");
    check_text("refused_fixed", kept, 2, "{\"x\":\"kept\"}\n");
    check_text("small_snappy", number, 1, "{\"n\":1}\n{\"n\":null}\n{\"n\":3}\n");
}

static void writes_what_is_not_finite(void **state)
{
    (void)state;
    check_text("not_finite", NULL, 0, "{\"x\":1.0}\n{\"x\":NaN}\n{\"x\":Infinity}\n{\"x\":-Infinity}\n");
}

static void goes_on_behind_a_bad_row(void **state)
{
    assay_parquet *file;
    assay_parquet_row row;
    assay_error err = {0};
    (void)state;
    assert_int_equal(assay_parquet_open(&file, FOLDER "bad_text.parquet", NULL, 0, &err), ASSAY_OK);
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_OK);
    assert_string_equal(row.text, "{\"b\":\"good\"}");
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_E_FORMAT);
    assert_null(row.text);
    assert_int_equal(row.number, 2);
    assert_string_equal(err.text,
                        FOLDER "bad_text.parquet: row 2: column b: not valid UTF-8: byte 0xFF at byte 1 of the text");
    assert_false(assay_parquet_broken(file));
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_OK);
    assert_string_equal(row.text, "{\"b\":\"\xc3\xa9\"}");
    assert_int_equal(row.number, 3);
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_OK);
    assert_null(row.text);
    assay_parquet_close(file);
}

static void check_long(const char *path, size_t size)
{
    assay_parquet *file;
    assay_parquet_row row;
    assay_error err = {0};
    assert_int_equal(assay_parquet_open(&file, path, NULL, 0, &err), ASSAY_OK);
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_OK);
    assert_string_equal(row.text, "{\"x\":\"first\"}");
    assay_status status = assay_parquet_next(file, &row, &err);
    if (size > ASSAY_PARQUET_ROW_MAX) {
        assert_int_equal(status, ASSAY_E_FORMAT);
        assert_non_null(strstr(err.text, "row 2: column x: more than the allowed 33554432 bytes"));
    } else {
        assert_int_equal(status, ASSAY_OK);
        assert_int_equal(row.size, size + strlen("{\"x\":\"\"}"));
        assert_int_equal(strspn(row.text + strlen("{\"x\":\""), "x"), size);
    }
    assert_int_equal(assay_parquet_next(file, &row, &err), ASSAY_OK);
    assert_string_equal(row.text, "{\"x\":\"last\"}");
    assay_parquet_close(file);
}

static void reads_long_texts(void **state)
{
    (void)state;
    check_long(FOLDER "long_gzip.parquet", (size_t)5 << 20);
    check_long(FOLDER "long_zstd.parquet", (size_t)33 << 20);
}

typedef struct refusal {
    const char *name, *sentence, *line; /* line: of what to type; "" where nothing helps */
    assay_status status;
} refusal;

#define REWRITE "python3 -c \"import sys, pyarrow.parquet as q; t = q.read_table(sys.argv[1]); "

static const refusal refusals[] = {
    {"refused_brotli", "row group 1: the column x is compressed with BROTLI", REWRITE, ASSAY_E_UNSUPPORTED},
    {"refused_lz4", "row group 1: the column x is compressed with LZ4_RAW", REWRITE, ASSAY_E_UNSUPPORTED},
    {"refused_int96", "the column at has timestamps of 96 bits (INT96)", REWRITE, ASSAY_E_UNSUPPORTED},
    {"refused_decimal", "the column price has decimal numbers", REWRITE "n = 'price'; ", ASSAY_E_UNSUPPORTED},
    {"refused_float16", "the column half is annotated as FLOAT16", REWRITE "t = t.drop_columns(['half']); ",
     ASSAY_E_UNSUPPORTED},
    {"refused_fixed", "the column b has bytes of a fixed length", REWRITE "t = t.drop_columns(['b']); ",
     ASSAY_E_UNSUPPORTED},
    {"hostile_encoding", "column x, page 1: it has the encoding 6", REWRITE, ASSAY_E_UNSUPPORTED},
    {"hostile_deep", "its schema is more than 64 levels deep", "", ASSAY_E_UNSUPPORTED},
    {"hostile_page_snappy", "page 1: it has 2147483647 bytes", "write_batch_size=16", ASSAY_E_UNSUPPORTED},
    {"hostile_page_gzip", "page 1: it has 2147483647 bytes", "write_batch_size=16", ASSAY_E_UNSUPPORTED},
    {"hostile_page_zstd", "page 1: it has 2147483647 bytes", "write_batch_size=16", ASSAY_E_UNSUPPORTED},
    {"hostile_rows", "row group 1, column x, page 1: it has fewer rows than its row group", "", ASSAY_E_FORMAT},
    {"hostile_endless_row", "a row of more than 1048576 values", "", ASSAY_E_FORMAT},
    {"hostile_many_values", "it has more rows than its row group", "", ASSAY_E_FORMAT},
    {"hostile_page_values", "it has more values than are left of its row group", "", ASSAY_E_FORMAT},
    {"hostile_few_values", "its values are cut short", "", ASSAY_E_FORMAT},
    {"hostile_level", "it has a level of 2 where the schema allows 1", "", ASSAY_E_FORMAT},
    {"hostile_levels_long", "its levels are cut short", "", ASSAY_E_FORMAT},
    {"hostile_index", "page 2: it has the index 5 into a dictionary of 2 values", "", ASSAY_E_FORMAT},
    {"hostile_index_width", "its dictionary's indexes have 33 bits", "", ASSAY_E_FORMAT},
    {"hostile_no_dictionary", "it has no dictionary", "", ASSAY_E_FORMAT},
    {"hostile_dictionary_count", "its values are cut short", "", ASSAY_E_FORMAT},
    {"hostile_delta_block", "blocks of 128 in 0 parts", "", ASSAY_E_FORMAT},
    {"hostile_delta_count", "1152921504606846976 differences for 1 values", "", ASSAY_E_FORMAT},
    {"hostile_delta_width", "its differences have 65 bits", "", ASSAY_E_FORMAT},
    {"hostile_text_long", "its values are cut short", "", ASSAY_E_FORMAT},
    {"hostile_length_negative", "its values are cut short", "", ASSAY_E_FORMAT},
    {"hostile_prefix", "a value begins like 1 bytes of one of 0", "", ASSAY_E_FORMAT},
    {"hostile_size_snappy", "it says that 209715200 bytes come out of 13", "", ASSAY_E_FORMAT},
    {"hostile_size_gzip", "it says that 209715200 bytes come out of 13", "", ASSAY_E_FORMAT},
    {"hostile_size_zstd", "it says that 209715200 bytes come out of 13", "", ASSAY_E_FORMAT},
    {"hostile_twice", "the column x is there twice", "", ASSAY_E_FORMAT},
    {"hostile_children", "its schema is no tree of its 2 elements", "", ASSAY_E_FORMAT},
    {"hostile_name", "the name of a column: not valid UTF-8", "", ASSAY_E_FORMAT},
    {"hostile_list", "the column x is a list without a repeated element", "", ASSAY_E_FORMAT},
    {"hostile_lengths",
     "column g.b, page 1: a value with the levels 0, 1 where the schema and the other columns want 1, 1", "",
     ASSAY_E_FORMAT},
    {"hostile_nulls",
     "column g.b, page 1: a value with the levels 0, 0 where the schema and the other columns want 0, 1", "",
     ASSAY_E_FORMAT},
    {"hostile_columns", "row group 1: it has 2 columns, the schema 1", "", ASSAY_E_FORMAT},
};

static void refuses_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char path[256];
        assay_buf rows;
        assay_error err = {0};
        snprintf(path, sizeof path, FOLDER "%s.parquet", refusals[i].name);
        assay_buf_init(&rows, 1 << 20);
        assay_status status = read_all(path, NULL, 0, &rows, &err);
        if (status != refusals[i].status || strncmp(err.text, path, strlen(path)) ||
            !strstr(err.text, refusals[i].sentence) || !strstr(err.text, refusals[i].line))
            fail_msg("%s: status %d, %s", refusals[i].name, status, err.text);
        assay_buf_release(&rows);
    }
}

static void lists_columns_when_none_is_there(void **state)
{
    static const char *const columns[] = {"prompt", "chosen"};
    assay_parquet *file;
    assay_error err = {0};
    (void)state;
    assert_int_equal(assay_parquet_open(&file, FOLDER "refused_lz4.parquet", columns, 2, &err), ASSAY_E_UNSUPPORTED);
    assert_null(file);
    assert_string_equal(err.text, FOLDER "refused_lz4.parquet: none of the columns that are looked for; it has: x, y");
}

static void check_frame(const char *bytes, size_t size, const char *sentence)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "file.parquet");
    assay_parquet *file;
    assay_error err = {0};
    put_file(path, bytes, size);
    assert_int_not_equal(assay_parquet_open(&file, path, NULL, 0, &err), ASSAY_OK);
    if (!strstr(err.text, sentence)) fail_msg("%s", err.text);
    assay_free(path);
    drop_folder(folder);
}

static void refuses_other_files(void **state)
{
    (void)state;
    check_frame("", 0, "no Parquet file");
    check_frame("PAR1", 4, "no Parquet file");
    check_frame("{\"prompt\":\"a\"}", 14, "no Parquet file");
    check_frame("PAR1\0\0\0\0\0\0\0\0", 12, "without its end (\"PAR1\")");
    check_frame("PAR1\1\0\0\0PAR1", 12, "its footer is longer than the file");
    check_frame("PAR1\0\0\0\0PARE", 12, "is encrypted");
    check_frame("PARE\0\0\0\0PARE", 12, "is encrypted");
    check_frame("PAR1\0\0\0\0PAR1", 12, "the footer: its Thrift is cut short");
    check_frame("PAR1\0\1\0\0\0PAR1", 13, "the footer: it has no schema");
}

/* A mutation of a small file: written, read, and what was read is JSON. */
static assay_status read_mutation(const char *path, const char *data, size_t size, assay_buf *rows)
{
    put_file(path, data, size);
    assay_buf_reset(rows);
    return read_all(path, NULL, 0, rows, NULL);
}

static void check_truncations(const char *name)
{
    char source[256], *folder = fresh_folder(), *path = assay_path_join(folder, "cut.parquet"), *data;
    size_t size;
    assay_buf rows;
    snprintf(source, sizeof source, FOLDER "%s.parquet", name);
    assert_int_equal(assay_file_read(source, 1 << 20, &data, &size, NULL), ASSAY_OK);
    assay_buf_init(&rows, 1 << 24);
    for (size_t cut = 0; cut < size; cut++)
        if (read_mutation(path, data, cut, &rows) == ASSAY_OK)
            fail_msg("%s cut to %zu of %zu bytes is read", name, cut, size);
    assay_buf_release(&rows);
    assay_free(data);
    assay_free(path);
    drop_folder(folder);
}

/* The pages' bytes behind their headers; pyarrow writes them one behind the other from the fourth byte on. */
static bool in_a_page(const char *data, size_t at)
{
    assay_thrift thrift = {(const uint8_t *)data + 4, (const uint8_t *)data + at + 1};
    assay_parquet_page page;
    while (assay_parquet_read_page(&thrift, &page, NULL) == ASSAY_OK) {
        if (page.packed_size > thrift.end - thrift.at) return thrift.end > thrift.at;
        thrift.at += page.packed_size;
        if (thrift.at == thrift.end) return page.packed_size > 0;
    }
    return false;
}

/* Where pages have checksums no changed bit of theirs may go unseen; elsewhere it may change a value, but never more.
 */
static void check_flips(const char *name, bool checksums)
{
    char source[256], *folder = fresh_folder(), *path = assay_path_join(folder, "flip.parquet"), *data;
    size_t size, footer, refused = 0, in_pages = 0;
    assay_buf rows;
    snprintf(source, sizeof source, FOLDER "%s.parquet", name);
    assert_int_equal(assay_file_read(source, 1 << 20, &data, &size, NULL), ASSAY_OK);
    footer = size - 8 - (size_t)((uint8_t)data[size - 8] | (uint8_t)data[size - 7] << 8);
    assay_buf_init(&rows, 1 << 24);
    for (size_t i = 0; i < size * 8; i++) {
        bool page = checksums && i / 8 >= 4 && i / 8 < footer && in_a_page(data, i / 8);
        data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
        assay_status status = read_mutation(path, data, size, &rows);
        data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
        refused += status != ASSAY_OK;
        in_pages += page;
        if (page && status == ASSAY_OK) fail_msg("%s: bit %zu of a page was changed, and nobody saw it", name, i);
    }
    assert_true(refused > size);
    assert_true(!checksums || in_pages > 1000);
    assay_buf_release(&rows);
    assay_free(data);
    assay_free(path);
    drop_folder(folder);
}

static void survives_truncations(void **state)
{
    (void)state;
    check_truncations("small_snappy");
    check_truncations("small_gzip");
    check_truncations("small_zstd");
    check_truncations("small_delta");
    check_truncations("old_map");
}

static void survives_flipped_bits(void **state)
{
    (void)state;
    check_flips("small_zstd", true);
    check_flips("small_snappy", false);
    check_flips("small_gzip", false);
    check_flips("small_delta", false);
    check_flips("small_split", false);
    check_flips("old_tuple_packed", false);
}

/* What a header promises costs nothing until bytes come out. */
static void unpacks_no_more_than_there_is(void **state)
{
    static const uint8_t nothing[20] = {0x28, 0xb5, 0x2f, 0xfd};
    static const int32_t codecs[] = {ASSAY_PARQUET_SNAPPY, ASSAY_PARQUET_GZIP, ASSAY_PARQUET_ZSTD};
    static const size_t sizes[] = {1000, 20000, 600000, ASSAY_PARQUET_PAGE_MAX};
    assay_parquet_block block = {0};
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        assay_status status = assay_parquet_unpack(codecs[i / 4], nothing, sizeof nothing, sizes[i % 4], &block, NULL);
        assert_int_equal(status, ASSAY_E_FORMAT);
        assert_true(block.capacity <= 128 << 10);
    }
    assay_free(block.data);
}

static void check_real(double real, const char *wanted)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 10);
    assert_int_equal(assay_parquet_text_real(&text, real, NULL), ASSAY_OK);
    assert_string_equal(text.data, wanted);
    if (isfinite(real)) assert_true(strtod(text.data, NULL) == real);
    assay_buf_release(&text);
}

static void writes_shortest_numbers(void **state)
{
    (void)state;
    check_real(0.0, "0.0");
    check_real(-0.0, "-0.0");
    check_real(1.0, "1.0");
    check_real(-2.5, "-2.5");
    check_real(0.1, "0.1");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(1e15, "1000000000000000.0");
    check_real(1e16, "1e16");
    check_real(123456789012345.6, "123456789012345.6");
    check_real(0.00001, "0.00001");
    check_real(0.0000012, "1.2e-6");
    check_real(5e-324, "5e-324");
    check_real(1.7976931348623157e308, "1.7976931348623157e308");
    check_real((double)0.1f, "0.10000000149011612");
    check_real((double)NAN, "NaN");
    check_real((double)-INFINITY, "-Infinity");
}

typedef struct moment {
    int64_t units;
    int32_t digits;
    bool utc;
    const char *text; /* NULL: refused */
} moment;

static void writes_times(void **state)
{
    static const moment moments[] = {
        {0, 3, false, "\"1970-01-01T00:00:00\""},
        {-1, 3, false, "\"1969-12-31T23:59:59.999000\""},
        {951782400000, 3, true, "\"2000-02-29T00:00:00+00:00\""},
        {-2203891200, 3, true, "\"1969-12-06T11:48:28.800000+00:00\""},
        {1, 6, false, "\"1970-01-01T00:00:00.000001\""},
        {1, 9, false, "\"1970-01-01T00:00:00.000000001\""},
        {10, 9, false, "\"1970-01-01T00:00:00.000000010\""},
        {1000, 9, true, "\"1970-01-01T00:00:00.000001+00:00\""},
        {-62135596800000, 3, false, "\"0001-01-01T00:00:00\""},
        {253402300799999, 3, false, "\"9999-12-31T23:59:59.999000\""},
        {-62135596800001, 3, false, NULL},
        {253402300800000, 3, false, NULL},
        {INT64_MIN, 3, false, NULL},
        {INT64_MAX, 9, false, "\"2262-04-11T23:47:16.854775807\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        assay_buf text;
        assay_buf_init(&text, 1 << 10);
        const moment *m = &moments[i];
        assay_status status = assay_parquet_text_timestamp(&text, m->units, m->digits, m->utc, NULL);
        assert_int_equal(status, m->text ? ASSAY_OK : ASSAY_E_FORMAT);
        if (m->text) assert_string_equal(text.data, m->text);
        assay_buf_release(&text);
    }
}

static int dump(const char *path)
{
    assay_buf rows;
    assay_error err = {0};
    assay_buf_init(&rows, SIZE_MAX / 4);
    assay_status status = read_all(path, NULL, 0, &rows, &err);
    if (rows.size) fwrite(rows.data, 1, rows.size, stdout);
    if (status != ASSAY_OK) fprintf(stderr, "%s\n", err.text);
    assay_buf_release(&rows);
    return status == ASSAY_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_pyarrow_reads),
        cmocka_unit_test(leaves_out_other_columns),
        cmocka_unit_test(writes_what_is_not_finite),
        cmocka_unit_test(goes_on_behind_a_bad_row),
        cmocka_unit_test(reads_long_texts),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(lists_columns_when_none_is_there),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(survives_truncations),
        cmocka_unit_test(survives_flipped_bits),
        cmocka_unit_test(unpacks_no_more_than_there_is),
        cmocka_unit_test(writes_shortest_numbers),
        cmocka_unit_test(writes_times),
    };
    if (argc == 3 && !strcmp(argv[1], "dump")) return dump(argv[2]);
    return cmocka_run_group_tests_name("parquet", tests, NULL, NULL);
}
