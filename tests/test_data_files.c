/* Which files a path stands for, and what forms they may have: Parquet gives the records of the equal JSON lines, the
 * hub's cache is looked into, and what is not read is named with the line that converts it. */
#include "base/file.h"
#include "data/data_files.h"
#include "data/input_file.h"
#include "data/pair_file.h"
#include "data/record_reader.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/data/container/parquet/"
static const char LINE[] = "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n";

static char scratch[64];

static int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/assay-files-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state)
{
    (void)state;
    return assay_remove_tree(scratch, NULL) == ASSAY_OK ? 0 : -1;
}

/* Folders on the way are made. */
static const char *put(const char *name, const char *text, size_t size)
{
    static char path[320];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    char *end = strrchr(path, '/');
    *end = 0;
    assert_int_equal(assay_make_dirs(path, NULL), ASSAY_OK);
    *end = '/';
    assert_int_equal(assay_file_write_atomic(path, text, size, NULL), ASSAY_OK);
    return path;
}

/* Every record as text with its line, and what is wrong with those that have none. */
static void read_records(const char *path, assay_buf *out)
{
    assay_records *records;
    const assay_record *record;
    assay_error err = {0};
    if (assay_records_open(&records, path, &err) != ASSAY_OK) fail_msg("%s", err.text);
    for (;;) {
        assay_status status = assay_records_next(records, &record, &err);
        assert_false(assay_records_broken(records));
        if (status == ASSAY_OK && !record) break;
        if (status != ASSAY_OK) {
            assay_buf_text(out, "bad\n", NULL);
            continue;
        }
        assay_buf_printf(out, NULL, "%llu ", (unsigned long long)record->line);
        assert_int_equal(assay_json_append(record->value, JSON_COMPACT, out, NULL), ASSAY_OK);
        assay_buf_text(out, "\n", NULL);
    }
    assay_records_close(records);
}

static void same_records(const char *parquet, const char *lines)
{
    assay_buf found, wanted;
    char path[256];
    assay_buf_init(&found, 1 << 24);
    assay_buf_init(&wanted, 1 << 24);
    snprintf(path, sizeof path, GOLDEN "%s.parquet", parquet);
    read_records(path, &found);
    snprintf(path, sizeof path, GOLDEN "%s.jsonl", lines);
    read_records(path, &wanted);
    assert_string_equal(found.data ? found.data : "", wanted.data ? wanted.data : "");
    assay_buf_release(&found);
    assay_buf_release(&wanted);
}

static void parquet_gives_the_records_of_json_lines(void **state)
{
    static const char *const files[][2] = {{"nested_none_v1", "nested"},
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
                                           {"plain", "plain"},
                                           {"delta", "plain"},
                                           {"hub", "hub"},
                                           {"old_lists", "old_lists"},
                                           {"small_snappy", "small"},
                                           {"small_split", "small_split"}};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) same_records(files[i][0], files[i][1]);
}

static void pairs_in_parquet(void **state)
{
    (void)state;
    static const char *const names[] = {"implicit", "swift", "medicalgpt", "llama_factory"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assay_pair_set *a, *b;
        char path[128];
        assert_int_equal(assay_pair_set_new(&a, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_new(&b, NULL), ASSAY_OK);
        snprintf(path, sizeof path, "tests/data/pairs/%s.%s", names[i], i == 3 ? "json" : "jsonl");
        assert_int_equal(assay_pair_set_read(a, path, NULL, NULL), ASSAY_OK);
        snprintf(path, sizeof path, "tests/data/parquet/%s.parquet", names[i]);
        assert_int_equal(assay_pair_set_read(b, path, NULL, NULL), ASSAY_OK);
        assert_int_equal(a->count, b->count);
        for (size_t j = 0; j < a->count; j++) {
            assert_true(assay_turns_equal(&a->pairs[j].prompt, &b->pairs[j].prompt));
            assert_true(assay_turns_equal(&a->pairs[j].chosen, &b->pairs[j].chosen));
            assert_true(assay_turns_equal(&a->pairs[j].rejected, &b->pairs[j].rejected));
        }
        assay_pair_set_free(a);
        assay_pair_set_free(b);
    }
}

/* A bad row is named and skipped like a bad line; the next is read. */
static void a_bad_row_of_parquet(void **state)
{
    (void)state;
    assay_records *records;
    const assay_record *record;
    assay_error err = {0};
    assert_int_equal(assay_records_open(&records, GOLDEN "bad_text.parquet", NULL), ASSAY_OK);
    assert_int_equal(assay_records_next(records, &record, NULL), ASSAY_OK);
    assert_int_equal(assay_records_next(records, &record, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "bad_text.parquet: row 2: column b: not valid UTF-8"));
    assert_string_equal(assay_records_where(records), GOLDEN "bad_text.parquet:2");
    assert_int_equal(assay_records_next(records, &record, NULL), ASSAY_OK);
    assert_int_equal(record->line, 3);
    assert_int_equal(assay_records_next(records, &record, NULL), ASSAY_OK);
    assert_null(record);
    assay_records_close(records);
}

static void says(const char *path, const char *first, const char *second)
{
    assay_pair_set *set;
    assay_error err = {0};
    assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
    assert_int_not_equal(assay_pair_set_read(set, path, NULL, &err), ASSAY_OK);
    if (!strstr(err.text, first) || !strstr(err.text, second)) fail_msg("\"%s\", \"%s\": %s", first, second, err.text);
    assay_pair_set_free(set);
}

static void other_forms_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t size;
        const char *what, *line;
    } cases[] = {
        {"a.xlsx", "PK\3\4....", 8, "an Excel workbook", "pandas.read_excel"},
        {"a.xls", "\xD0\xCF\x11\xE0....", 8, "Excel workbook", "pandas.read_excel"},
        {"a.zip", "PK\3\4....", 8, "a zip archive", "unzip '"},
        {"a.arrow", "ARROW1\0\0....", 12, "an Arrow file", "a.ipc.open_file"},
        {"b.arrow", "\xFF\xFF\xFF\xFF\x10\1\0\0", 8, "an Arrow stream", "a.ipc.open_stream"},
        {"a.jsonl.zst", "\x28\xB5\x2F\xFD....", 8, "packed with zstd", "zstd -d '"},
        {"a.jsonl.xz", "\xFD\x37zXZ...", 8, "packed with xz", "xz -d"},
        {"a.jsonl.bz2", "BZh9....", 8, "packed with bzip2", "bzip2 -d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = put(cases[i].name, cases[i].bytes, cases[i].size);
        says(path, cases[i].what, cases[i].line);
        unlink(path);
    }
    put("only/data-00000-of-00001.arrow", "\xFF\xFF\xFF\xFF\x10\1\0\0", 8);
    char folder[128];
    snprintf(folder, sizeof folder, "%s/only", scratch);
    says(folder, "an Arrow stream", "only/data-00000-of-00001.arrow'");
    assert_int_equal(assay_remove_tree(folder, NULL), ASSAY_OK);
}

static void *feed(void *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, "PAR1....PAR1", 12), 12);
    close(fd);
    return NULL;
}

static void parquet_out_of_a_pipe(void **state)
{
    (void)state;
    char path[128];
    pthread_t thread;
    snprintf(path, sizeof path, "%s/pipe", scratch);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, feed, path), 0);
    says(path, "a Parquet file that comes through a pipe", "give the file by its name");
    pthread_join(thread, NULL);
    unlink(path);
}

static void refused_parquet_is_named(void **state)
{
    (void)state;
    says(GOLDEN "refused_brotli.parquet", "BROTLI", "write_table");
    says(GOLDEN "refused_lz4.parquet", "LZ4", "write_table");
    says(GOLDEN "refused_int96.parquet", "INT96", "write_table");
    says(GOLDEN "refused_decimal.parquet", "decimal", "write_table");
}

/* Text, and what its records are: "line:element prompt ". */
static void shapes_of_json(void **state)
{
    (void)state;
    static const struct {
        const char *text, *records;
    } cases[] = {
        {"{\n \"prompt\": \"p {\",\n \"chosen\": \"a\"\n}\n{\n \"prompt\": \"q\"\n}\n", "1:0 p { 5:0 q "},
        {"{\"prompt\": \"p\",\n \"chosen\": \"a\"}{\"prompt\": \"q\"}", "1:0 p 2:0 q "},
        {"{\r\n\"prompt\": \"p\"\r\n}\r\n", "1:0 p "},
        {"{\"data\": [{\"prompt\": \"p\"}, {\"prompt\": \"q\"}]}", "1:1 p 1:2 q "},
        {"{\n \"version\": \"1\", \"n\": 2,\n \"data\": [\n {\"prompt\": \"p\"},\n {\"prompt\": \"q\"}],\n \"x\": {}}",
         "4:1 p 5:2 q "},
        {"{\"data\": [{\"role\": \"user\"}], \"prompt\": \"p\"}\n", "1:0 p "},
        {"{\"data\": [{\"x\": 1}], \"prompt\": \"p\"}\n{\"data\": [{\"x\": 1}], \"prompt\": \"q\"}\n", "1:0 p 2:0 q "},
        {"{\"prompt\": [\"p\", \"q\"], \"chosen\": [\"a\", \"b\"]}", "1:1 p 1:2 q "},
        {"{\"prompt\": [\"p\"], \"chosen\": [\"a\"]}\n{\"prompt\": \"q\", \"chosen\": \"b\"}\n", "1:1 p 2:0 q "},
        {"{\"prompt\": \"p\", \"chosen\": [\"a\"], \"rejected\": [\"b\"]}", "1:0 p "},
        {"{\"prompt\": [{\"role\": \"user\"}], \"chosen\": [\"a\"]}", "1:0 ? "},
        {"{\"text\": [\"a\", \"b\"]}", "1:0 ? "},
        {"{\"prompt\": [\"p\", \"q\"], \"chosen\": [\"a\"]}", "1:0 ? "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_records *records;
        const assay_record *record;
        char found[256] = "";
        const char *path = put("shape.json", cases[i].text, strlen(cases[i].text));
        assert_int_equal(assay_records_open(&records, path, NULL), ASSAY_OK);
        while (assay_records_next(records, &record, NULL) == ASSAY_OK && record) {
            const char *prompt = json_string_value(json_object_get(record->value, "prompt"));
            size_t used = strlen(found);
            snprintf(found + used, sizeof found - used, "%d:%d %s ", (int)record->line, (int)record->element,
                     prompt ? prompt : "?");
        }
        assert_string_equal(found, cases[i].records);
        assay_records_close(records);
    }
}

/* ---- the hub's cache ---- */

static void lay_out_hub(void)
{
    char revision[] = "abc";
    put("cache/datasets--org--name/refs/main", revision, 3);
    put("cache/datasets--org--name/snapshots/abc/README.md", "x", 1);
    put("cache/datasets--org--name/snapshots/abc/data/train-00000-of-00002.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--name/snapshots/abc/data/train-00001-of-00002.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--name/snapshots/abc/data/test-00000-of-00001.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--name/snapshots/abc/harmless/dev.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--two/snapshots/only/data/raw-00000-of-00001.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--two/snapshots/only/data/filtered-00000-of-00001.jsonl", LINE, sizeof LINE - 1);
    put("cache/datasets--org--one/snapshots/only/contest_trains.jsonl", LINE, sizeof LINE - 1);
    char path[128];
    snprintf(path, sizeof path, "%s/cache", scratch);
    setenv("HF_HUB_CACHE", path, 1);
}

static size_t found(const char *path, const char *first, const char *note)
{
    assay_data_files files;
    assay_error err = {0};
    if (assay_data_files_find(&files, path, &err) != ASSAY_OK) fail_msg("%s", err.text);
    size_t count = files.count;
    assert_true(count > 0);
    if (!strstr(files.names[0], first)) fail_msg("%s: %s", path, files.names[0]);
    if (note && (!files.note || !strstr(files.note, note))) fail_msg("%s: note: %s", path, files.note);
    if (!note) assert_null(files.note);
    assay_data_files_release(&files);
    return count;
}

static void data_sets_of_the_hub(void **state)
{
    (void)state;
    lay_out_hub();
    assert_int_equal(found("org/name", "train-00000", "the split train is read; left out: test, validation"), 2);
    assert_int_equal(found("org/name/test", "test-00000", NULL), 1);
    assert_int_equal(found("org/name/validation", "dev.jsonl", NULL), 1);
    assert_int_equal(found("org/name/harmless", "dev.jsonl", NULL), 1);
    assert_int_equal(found("org/name/data/test-00000-of-00001.jsonl", "test-00000", NULL), 1);
    assert_int_equal(found("org/two/raw", "raw-00000", NULL), 1);
    assert_int_equal(found("org/one", "contest_trains", NULL), 1); /* neither test nor train is a word of it */
    says("org/two", "more than one split and none is called train (filtered, raw)", "--data org/two/filtered");
    says("org/name/nowhere", "no split or file \"nowhere\"", "test, train, validation");
    says("org/name/../name", "no split or file", "");
    says("org/absent", "hf download --repo-type dataset org/absent", "org/absent does not exist");
    says("/nowhere/at/all", "/nowhere/at/all does not exist", "");
    unsetenv("HF_HUB_CACHE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parquet_gives_the_records_of_json_lines),
        cmocka_unit_test(pairs_in_parquet),
        cmocka_unit_test(a_bad_row_of_parquet),
        cmocka_unit_test(other_forms_are_named),
        cmocka_unit_test(parquet_out_of_a_pipe),
        cmocka_unit_test(refused_parquet_is_named),
        cmocka_unit_test(shapes_of_json),
        cmocka_unit_test(data_sets_of_the_hub),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
