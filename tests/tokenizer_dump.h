/* `build/tests/test_tokenizer --dump FOLDER_OR_GGUF [plain] [special]` : JSON strings one a line in, JSON lists of ids
 * out. plain: special tokens' text is ordinary text; special: add-special ids too. For
 * tests/oracle/tokenizer_parity.py. */
#ifndef ASSAY_TESTS_TOKENIZER_DUMP_H
#define ASSAY_TESTS_TOKENIZER_DUMP_H

#include "base/file.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Opens a folder's tokenizer or a .gguf file's; *gguf is to be closed after the tokenizer (NULL for a folder). */
static inline assay_status tokenizer_open_any(assay_tokenizer **out, assay_gguf **gguf, const char *path,
                                              assay_error *err)
{
    *gguf = NULL;
    if (assay_path_is_dir(path)) return assay_tokenizer_open(out, path, NULL, err);
    ASSAY_TRY(assay_gguf_open(gguf, path, err));
    return assay_tokenizer_open(out, NULL, *gguf, err);
}

static inline assay_status dump_line(const assay_tokenizer *tokenizer, const char *line, size_t size, unsigned flags,
                                     assay_ids *ids, assay_error *err)
{
    json_t *text;
    ids->count = 0;
    ASSAY_TRY(assay_json_parse(line, size, "stdin", &text, err));
    assay_status status =
        assay_tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text), flags, ids, err);
    json_decref(text);
    return status;
}

/* `--save FILE.gguf FOLDER`: the tokenizer.json that stands for a GGUF file's vocabulary. */
static inline int save_main(const char *path, const char *folder)
{
    assay_error err = {0};
    assay_gguf *gguf = NULL;
    assay_status status = assay_gguf_open(&gguf, path, &err);
    if (status == ASSAY_OK) status = assay_tokenizer_save(NULL, gguf, folder, NULL, &err);
    if (status != ASSAY_OK) fprintf(stderr, "%s\n", err.text);
    assay_gguf_close(gguf);
    return status != ASSAY_OK;
}

/* `--time PATH` : JSON strings one a line in, all read first; prints bytes and the seconds of
 * processor time that encoding them took. */
static inline int time_main(const char *path)
{
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    assay_gguf *gguf;
    json_t *texts = json_array(), *text;
    char *line = NULL;
    size_t room = 0, index, bytes = 0;
    assay_ids ids = {0};
    if (tokenizer_open_any(&tokenizer, &gguf, path, &err) != ASSAY_OK) return fprintf(stderr, "%s\n", err.text), 1;
    for (ssize_t size; (size = getline(&line, &room, stdin)) > 0;)
        if (assay_json_parse(line, (size_t)size, "stdin", &text, &err) == ASSAY_OK) json_array_append_new(texts, text);
    clock_t start = clock();
    json_array_foreach(texts, index, text)
    {
        ids.count = 0;
        bytes += json_string_length(text);
        assay_tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text),
                               ASSAY_ENCODE_SPECIAL_TEXT | ASSAY_ENCODE_ADD_SPECIAL, &ids, &err);
    }
    printf("%zu %.6f\n", bytes, (double)(clock() - start) / CLOCKS_PER_SEC);
    free(line);
    json_decref(texts);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
    return 0;
}

static inline int dump_main(int count, char **words)
{
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    assay_gguf *gguf;
    unsigned flags = ASSAY_ENCODE_SPECIAL_TEXT;
    for (int i = 3; i < count; i++) {
        if (strcmp(words[i], "plain") == 0) flags &= ~(unsigned)ASSAY_ENCODE_SPECIAL_TEXT;
        if (strcmp(words[i], "special") == 0) flags |= ASSAY_ENCODE_ADD_SPECIAL;
    }
    if (tokenizer_open_any(&tokenizer, &gguf, words[2], &err) != ASSAY_OK) return fprintf(stderr, "%s\n", err.text), 1;
    char *line = NULL;
    size_t room = 0;
    assay_ids ids = {0};
    for (ssize_t size; (size = getline(&line, &room, stdin)) > 0;) {
        if (dump_line(tokenizer, line, (size_t)size, flags, &ids, &err) != ASSAY_OK)
            return fprintf(stderr, "%s\n", err.text), 1;
        putchar('[');
        for (size_t i = 0; i < ids.count; i++) printf(i ? ",%d" : "%d", (int)ids.data[i]);
        puts("]");
    }
    free(line);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
    return 0;
}

#endif
