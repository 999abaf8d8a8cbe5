/* What the tokenizer suites share: opening, lines of a golden file, comparing ids. */
#ifndef ASSAY_TESTS_TOKENIZER_CHECK_H
#define ASSAY_TESTS_TOKENIZER_CHECK_H

#include "test_support.h"

#include "tokenizer_dump.h"

#define GOLDEN "tests/data/tokenizer/"

static inline const char *shared_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("ASSAY_SHARED");
    snprintf(path, size, "%s/data/tokenizers/%s", root ? root : "../shared", name);
    return path;
}

static inline void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

static inline assay_tokenizer *open_golden(const char *name, assay_gguf **gguf)
{
    char path[512];
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    snprintf(path, sizeof(path), GOLDEN "%s", name);
    must(tokenizer_open_any(&tokenizer, gguf, path, &err), &err);
    return tokenizer;
}

static inline void ids_check(const assay_ids *ids, const int32_t *wanted, size_t count, const char *what)
{
    size_t place = 0;
    while (place < count && place < ids->count && ids->data[place] == wanted[place]) place++;
    if (place < count || place < ids->count)
        fail_msg("%s: %zu ids, expected %zu; first difference at %zu", what, ids->count, count, place);
}

static inline void ids_check_json(const assay_ids *ids, const json_t *wanted, const char *what)
{
    int32_t list[4096];
    size_t count = json_array_size(wanted);
    assert_true(count <= 4096);
    for (size_t i = 0; i < count; i++) list[i] = (int32_t)json_integer_value(json_array_get(wanted, i));
    ids_check(ids, list, count, what);
}

/* Calls `check` with each line of a JSONL file; the number of lines. */
static inline size_t lines_each(const char *path, void (*check)(const json_t *line, size_t number, void *context),
                                void *context)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (ssize_t size; (size = getline(&line, &room, file)) > 0;) {
        json_t *value;
        assay_error err = {0};
        must(assay_json_parse(line, (size_t)size, path, &value, &err), &err);
        check(value, ++number, context);
        json_decref(value);
    }
    free(line);
    fclose(file);
    return number;
}

#endif
