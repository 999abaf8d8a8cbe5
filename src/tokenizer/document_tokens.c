/* Which tokens a folder adds to its vocabulary, as Transformers 5 does it (tokenization_utils_base.py,
 * _from_pretrained; tokenization_utils_tokenizers.py, __init__), for folders without a tokenizer.json:
 *
 * 1. added_tokens_decoder of tokenizer_config.json, in order of ids. Where there is none: special_tokens_map.json
 * speaks before tokenizer_config.json, and added_tokens.json lists the added ones.
 * 2. the named tokens (bos_token, ...), the class's own where the config says nothing, each unless it is there already.
 * 3. the additional special tokens of the config, or those that the vocabulary file brings.
 *
 * A content that is in the vocabulary keeps its id; others are numbered behind it in this order, whatever number the
 * files give them. */
#include "tokenizer/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are added. */
static const char *const attributes[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                         "pad_token", "cls_token", "mask_token"};
enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

typedef struct plan {
    assay_document *document;
    const assay_tokenizer_config *config;
    json_t *tokens; /* complete token objects, in the order they are added */
    json_t *seen;   /* their contents, as keys */
    bool decoder;   /* there is an added_tokens_decoder */
} plan;

static assay_status no_memory(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for added tokens");
}

static const char *content_of(const json_t *value)
{
    return json_string_value(json_is_object(value) ? json_object_get(value, "content") : value);
}

/* A complete object of a string or of an object that may leave out flags. */
static json_t *token_make(json_t *value, bool special)
{
    const char *key;
    json_t *flag, *token;
    special = special || json_is_true(json_object_get(value, "special"));
    token = assay_node_token(content_of(value), special);
    if (!special) json_object_set_new(token, "normalized", json_true());
    json_object_foreach(value, key, flag) if (strcmp(key, "special") != 0 && json_is_boolean(flag) &&
                                              json_object_get(token, key)) json_object_set(token, key, flag);
    return token;
}

static assay_status token_push(plan *this, json_t *token, assay_error *err)
{
    const char *content = content_of(token);
    if (!content || json_object_set_new(this->seen, content, json_true()) != 0)
        return json_decref(token), no_memory(err);
    return json_array_append_new(this->tokens, token) == 0 ? ASSAY_OK : no_memory(err);
}

static int key_compare(const void *a, const void *b)
{
    long long x = strtoll(*(const char *const *)a, NULL, 10), y = strtoll(*(const char *const *)b, NULL, 10);
    return x < y ? -1 : x > y;
}

static assay_status decoder_push(plan *this, const char **keys, json_t *table, bool raw, assay_error *err)
{
    size_t count = 0;
    const char *key;
    json_t *entry;
    json_object_foreach(table, key, entry) keys[count++] = key;
    if (count) qsort(keys, count, sizeof(*keys), key_compare);
    for (size_t i = 0; i < count; i++) {
        entry = json_object_get(table, keys[i]);
        if (!content_of(entry))
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "tokenizer_config.json: added_tokens_decoder: %.40s has no content", keys[i]);
        json_t *token = token_make(entry, false);
        if (raw && token) json_object_set_new(token, "normalized", json_false());
        ASSAY_TRY(token_push(this, token, err));
    }
    return ASSAY_OK;
}

static assay_status decoder_add(plan *this, json_t *table, bool raw, assay_error *err)
{
    const char **keys = assay_alloc(json_object_size(table) + 1, sizeof(*keys));
    ASSAY_TRY_ALLOC(keys, "added tokens", err);
    assay_status status = decoder_push(this, keys, table, raw, err);
    assay_free(keys);
    return status;
}

/* The value of a named token; *said: it is given, if only as null. */
static json_t *named_value(const assay_tokenizer_config *config, const char *key, bool *said)
{
    bool decoder = json_is_object(json_object_get(config->main, "added_tokens_decoder"));
    json_t *value = decoder ? NULL : json_object_get(config->special_map, key);
    if (!value) value = json_object_get(config->main, key);
    *said = value != NULL;
    return content_of(value) ? value : NULL;
}

const char *assay_tokenizer_config_named(const assay_tokenizer_config *config, const char *key, const char *otherwise)
{
    bool said;
    const json_t *value = named_value(config, key, &said);
    return said ? content_of(value) : otherwise;
}

static assay_status named_keep(plan *this, const char *key, const char *content, assay_error *err)
{
    return json_object_set_new(this->document->named, key, json_string(content)) == 0 ? ASSAY_OK : no_memory(err);
}

static assay_status named_read(plan *this, const char *key, const char *otherwise, assay_error *err)
{
    const char *content = assay_tokenizer_config_named(this->config, key, otherwise);
    return content ? named_keep(this, key, content, err) : ASSAY_OK;
}

static bool is_attribute(const char *key)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (strcmp(attributes[i], key) == 0) return true;
    return false;
}

/* "image_token": "<image>" and the like name a token too, and so does every value of an extra_special_tokens object. */
static assay_status own_names_read(plan *this, assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(this->config->main, key, value)
    {
        size_t size = strlen(key);
        bool names = size > 6 && strcmp(key + size - 6, "_token") == 0 && !is_attribute(key);
        if (names && content_of(value)) ASSAY_TRY(named_keep(this, key, content_of(value), err));
    }
    json_object_foreach(json_object_get(this->config->main, "extra_special_tokens"), key, value) if (content_of(value))
        ASSAY_TRY(named_keep(this, key, content_of(value), err));
    return ASSAY_OK;
}

static assay_status names_read(plan *this, const assay_named_token *names, assay_error *err)
{
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const char *otherwise = NULL;
        for (const assay_named_token *name = names; name->key; name++)
            if (strcmp(name->key, attributes[i]) == 0) otherwise = name->content;
        ASSAY_TRY(named_read(this, attributes[i], otherwise, err));
    }
    return own_names_read(this, err);
}

static assay_status special_add(plan *this, json_t *value, assay_error *err)
{
    const char *content = content_of(value);
    if (!content || json_object_get(this->seen, content)) return ASSAY_OK;
    return token_push(this, token_make(value, json_is_string(value) || !json_object_get(value, "special")), err);
}

static assay_status names_add(plan *this, assay_error *err)
{
    const char *key;
    json_t *content;
    json_object_foreach(this->document->named, key, content)
    {
        bool said;
        json_t *value = named_value(this->config, key, &said);
        const char *given = content_of(value);
        ASSAY_TRY(special_add(this, given && strcmp(given, json_string_value(content)) == 0 ? value : content, err));
    }
    return ASSAY_OK;
}

/* The config's list of additional special tokens; NULL: it has none. */
static const json_t *extra_list(const plan *this)
{
    const json_t *main = this->config->main, *list = json_object_get(main, "extra_special_tokens");
    if (json_array_size(list)) return list;
    list = json_object_get(main, "additional_special_tokens");
    if (json_array_size(list)) return list;
    return this->decoder ? NULL : json_object_get(this->config->special_map, "extra_special_tokens");
}

static bool is_extra(const json_t *list, const char *content)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *other = content_of(json_array_get(list, i));
        if (other && strcmp(other, content) == 0) return true;
    }
    return false;
}

static bool is_named(const plan *this, const char *content)
{
    const char *key;
    json_t *value;
    json_object_foreach(this->document->named, key,
                        value) if (strcmp(json_string_value(value), content) == 0) return true;
    return false;
}

/* added_tokens.json: contents to ids. */
static assay_status added_file_add(plan *this, assay_error *err)
{
    json_t *table = json_object(), *id;
    const char *content;
    assay_status status = table ? ASSAY_OK : no_memory(err);
    json_object_foreach(this->config->added, content, id)
    {
        char key[32];
        bool special = is_named(this, content) || is_extra(extra_list(this), content);
        json_t *token = assay_node_token(content, special);
        if (token) json_object_set_new(token, "normalized", json_boolean(!special));
        snprintf(key, sizeof(key), "%lld", (long long)json_integer_value(id));
        if (status == ASSAY_OK && json_object_set_new(table, key, token) != 0) status = no_memory(err);
    }
    if (status == ASSAY_OK) status = decoder_add(this, table, false, err);
    json_decref(table);
    return status;
}

static assay_status extra_add(plan *this, const json_t *extra, assay_error *err)
{
    const json_t *list = extra_list(this);
    if (!list) list = extra;
    for (size_t i = 0; i < json_array_size(list); i++) ASSAY_TRY(special_add(this, json_array_get(list, i), err));
    return ASSAY_OK;
}

static assay_status id_give(assay_document *document, const char *content, int32_t *id, assay_error *err)
{
    size_t size = strlen(content), next = document->model_size;
    *id = assay_token_map_find(&document->vocab, content, size);
    if (*id < 0) {
        if (document->last_added >= 0 && (size_t)document->last_added >= next) next = (size_t)document->last_added + 1;
        *id = next > ASSAY_TOKEN_ID_MAX ? -1 : (int32_t)next;
        ASSAY_TRY(assay_token_map_add(&document->vocab, content, size, *id, err));
    }
    if (*id > document->last_added) document->last_added = *id;
    return ASSAY_OK;
}

/* A token that is there already gets the new one's flags. */
static assay_status token_number(assay_document *document, json_t *token, assay_error *err)
{
    json_t *list = json_object_get(document->root, "added_tokens");
    const char *content = content_of(token);
    const json_t *place = json_object_get(document->places, content);
    int32_t id;
    ASSAY_TRY(id_give(document, content, &id, err));
    if (json_object_set_new(token, "id", json_integer(id)) != 0) return no_memory(err);
    if (place) return json_array_set(list, (size_t)json_integer_value(place), token) == 0 ? ASSAY_OK : no_memory(err);
    json_t *last = json_integer((json_int_t)json_array_size(list));
    if (json_object_set_new(document->places, content, last) != 0) return no_memory(err);
    return json_array_append(list, token) == 0 ? ASSAY_OK : no_memory(err);
}

assay_status assay_document_add_token(assay_document *document, const char *content, assay_error *err)
{
    json_t *token = assay_node_token(content, true);
    assay_status status = token ? token_number(document, token, err) : no_memory(err);
    json_decref(token);
    return status;
}

/* What the config calls a named token is special, whatever its entry in added_tokens_decoder says. */
static assay_status tokens_number(plan *this, assay_error *err)
{
    for (size_t i = 0; i < json_array_size(this->tokens); i++) {
        json_t *token = json_array_get(this->tokens, i);
        if (is_named(this, content_of(token))) json_object_set_new(token, "special", json_true());
        ASSAY_TRY(token_number(this->document, token, err));
    }
    return ASSAY_OK;
}

static assay_status plan_run(plan *this, const assay_named_token *names, const json_t *extra, bool raw,
                             assay_error *err)
{
    json_t *decoder = json_object_get(this->config->main, "added_tokens_decoder");
    this->decoder = json_is_object(decoder);
    ASSAY_TRY(names_read(this, names, err));
    if (this->decoder) ASSAY_TRY(decoder_add(this, decoder, raw, err));
    else ASSAY_TRY(added_file_add(this, err));
    ASSAY_TRY(names_add(this, err));
    ASSAY_TRY(extra_add(this, extra, err));
    return tokens_number(this, err);
}

assay_status assay_document_add_tokens(assay_document *document, const assay_tokenizer_config *config,
                                       const assay_named_token *names, const json_t *extra, bool raw, assay_error *err)
{
    plan this = {.document = document, .config = config, .tokens = json_array(), .seen = json_object()};
    assay_status status = this.tokens && this.seen ? plan_run(&this, names, extra, raw, err) : no_memory(err);
    json_decref(this.tokens);
    json_decref(this.seen);
    return status;
}
