#include "task/head_words.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* "may", "be" */
static void list_tokens(const assay_tokenizer *tokenizer, const assay_ids *ids, char *out, size_t size)
{
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < ids->count && used < size; i++) {
        const char *token = assay_tokenizer_token(tokenizer, ids->data[i]);
        used += (size_t)snprintf(out + used, size - used, "%s\"%.40s\"", i ? ", " : "", token ? token : "?");
    }
}

static assay_status find_word(const assay_tokenizer *tokenizer, const char *option, const char *word, int32_t *token,
                              assay_error *err)
{
    assay_ids ids = {0};
    char list[300];
    assay_status status = assay_tokenizer_encode(tokenizer, word, strlen(word), ASSAY_ENCODE_SPECIAL_TEXT, &ids, err);
    *token = ids.count == 1 ? ids.data[0] : assay_tokenizer_find(tokenizer, word);
    list_tokens(tokenizer, &ids, list, sizeof list);
    if (status == ASSAY_OK && *token < 0)
        status = assay_error_set(err, ASSAY_E_USAGE,
                                 "%s: \"%.80s\" is %zu tokens of this tokenizer (%s); give words that are one token "
                                 "each: assay tokenize shows what a text becomes",
                                 option, word, ids.count, list);
    assay_ids_release(&ids);
    return status;
}

static assay_status find_both(const assay_tokenizer *tokenizer, const char *option, const char *text, const char *comma,
                              int32_t tokens[2], assay_error *err)
{
    char *yes = assay_strndup(text, (size_t)(comma - text));
    ASSAY_TRY_ALLOC(yes, "a word", err);
    assay_status status = find_word(tokenizer, option, yes, &tokens[0], err);
    assay_free(yes);
    ASSAY_TRY(status);
    ASSAY_TRY(find_word(tokenizer, option, comma + 1, &tokens[1], err));
    if (tokens[0] == tokens[1])
        return assay_error_set(err, ASSAY_E_USAGE, "%s %s: both are the same token; the score would always be 0",
                               option, text);
    return ASSAY_OK;
}

assay_status assay_head_words_find(const assay_tokenizer *tokenizer, const char *option, const char *text,
                                   int32_t tokens[2], assay_error *err)
{
    const char *comma = strchr(text, ',');
    if (!comma || comma == text || !comma[1] || strchr(comma + 1, ','))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "%s %s: give two words with a comma between them, what a good answer is called first: "
                               "yes,no",
                               option, text);
    if (!tokenizer)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: the model has no tokenizer files, which say the tokens of the words", option);
    return find_both(tokenizer, option, text, comma, tokens, err);
}

assay_status assay_head_init_read(const char *text, bool *zero, const char **words, assay_error *err)
{
    static const char start[] = "tokens:";
    bool tokens = !strncmp(text, start, sizeof start - 1);
    *zero = !strcmp(text, "zero");
    *words = tokens ? text + sizeof start - 1 : NULL;
    if (tokens || *zero || !strcmp(text, "normal")) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--head-init %.80s: it should be normal, zero, or tokens:YES,NO (the language head's row of "
                           "the first word less that of the second)",
                           text);
}
