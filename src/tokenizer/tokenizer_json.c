/* Reading tokenizer.json: model first (added tokens look their ids up in its vocabulary), then normalizer (tokens with
 * normalized=true are sought in normalised form), added tokens, pre-tokenizer and post-processor. What
 * tokenizer_config.json says of add_bos_token and add_eos_token does not count here: Transformers 5 takes the file's
 * post-processor. Format: github.com/huggingface/tokenizers. */
#include "text/unicode.h"
#include "tokenizer/pipeline.h"

#include <string.h>

enum { TOKENIZER_JSON_BYTES = 512 << 20 };

static assay_status unsupported(const char *where, const char *what, const char *name, const char *known,
                                assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the %s %s is not supported (there is %s)", where, what, name,
                           known);
}

static assay_status vocab_read(assay_token_map *vocab, const json_t *model, const char *where, assay_error *err)
{
    json_t *table = json_object_get(model, "vocab"), *value;
    const char *text;
    size_t size;
    if (!json_is_object(table))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: model.vocab should be an object", where);
    json_object_keylen_foreach(table, text, size, value)
    {
        json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        if (id < 0 || id > ASSAY_TOKEN_ID_MAX)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the id of \"%.80s\" is no id", where, text);
        ASSAY_TRY(assay_token_map_add(vocab, text, size, (int32_t)id, err));
    }
    return ASSAY_OK;
}

static assay_status merge_read(assay_bpe_model *model, const assay_token_map *vocab, const json_t *entry, size_t rank,
                               const char *where, assay_error *err)
{
    if (json_is_array(entry) && json_array_size(entry) == 2) {
        const json_t *left = json_array_get(entry, 0), *right = json_array_get(entry, 1);
        if (json_is_string(left) && json_is_string(right))
            return assay_bpe_model_add_merge(model, vocab, json_string_value(left), json_string_length(left),
                                             json_string_value(right), json_string_length(right), rank, where, err);
    }
    const char *text = json_string_value(entry), *space = text ? strchr(text, ' ') : NULL;
    if (!space || strchr(space + 1, ' '))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: merge %zu is no pair", where, rank);
    return assay_bpe_model_add_merge(model, vocab, text, (size_t)(space - text), space + 1, strlen(space + 1), rank,
                                     where, err);
}

static assay_status affix_refuse(const json_t *model, const char *key, const char *where, assay_error *err)
{
    const char *text = json_string_value(json_object_get(model, key));
    if (!text || !*text) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: model.%s is not supported", where, key);
}

static assay_status model_options_read(assay_bpe_model *bpe, const assay_token_map *vocab, const json_t *model,
                                       const char *where, assay_error *err)
{
    const char *unk = NULL;
    double dropout = 0;
    ASSAY_TRY(assay_json_bool(model, "fuse_unk", false, &bpe->fuse_unk, where, err));
    ASSAY_TRY(assay_json_bool(model, "byte_fallback", false, &bpe->byte_fallback, where, err));
    ASSAY_TRY(assay_json_bool(model, "ignore_merges", false, &bpe->ignore_merges, where, err));
    ASSAY_TRY(assay_json_double(model, "dropout", false, &dropout, where, err));
    ASSAY_TRY(assay_json_string(model, "unk_token", false, &unk, where, err));
    if (dropout != 0) return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: model.dropout makes ids random", where);
    ASSAY_TRY(affix_refuse(model, "continuing_subword_prefix", where, err));
    ASSAY_TRY(affix_refuse(model, "end_of_word_suffix", where, err));
    if (unk) bpe->unk = assay_token_map_find(vocab, unk, strlen(unk));
    return ASSAY_OK;
}

static assay_status model_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model, const char *where,
                               assay_error *err)
{
    const char *type = "BPE";
    const json_t *merges = json_object_get(model, "merges");
    if (!json_is_object(model))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a tokenizer.json (no \"model\")", where);
    ASSAY_TRY(assay_json_string(model, "type", false, &type, where, err));
    if (strcmp(type, "BPE") != 0) return unsupported(where, "model type", type, "BPE", err);
    ASSAY_TRY(vocab_read(vocab, model, where, err));
    if (!json_is_array(merges)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: model.merges should be a list", where);
    for (size_t i = 0; i < json_array_size(merges); i++)
        ASSAY_TRY(merge_read(&pipeline->model, vocab, json_array_get(merges, i), i, where, err));
    return model_options_read(&pipeline->model, vocab, model, where, err);
}

static assay_status added_flags_read(assay_added_token *token, const json_t *entry, const char *where, assay_error *err)
{
    ASSAY_TRY(assay_json_bool(entry, "special", false, &token->special, where, err));
    token->normalized = !token->special;
    ASSAY_TRY(assay_json_bool(entry, "single_word", false, &token->single_word, where, err));
    ASSAY_TRY(assay_json_bool(entry, "lstrip", false, &token->lstrip, where, err));
    ASSAY_TRY(assay_json_bool(entry, "rstrip", false, &token->rstrip, where, err));
    return assay_json_bool(entry, "normalized", false, &token->normalized, where, err);
}

static assay_status added_read(const assay_pipeline *pipeline, assay_tokenizer *tokenizer, const json_t *entry,
                               int64_t id, const char *where, assay_error *err)
{
    const json_t *content = json_object_get(entry, "content");
    assay_added_token token = {0};
    if (!json_is_string(content) || id < 0 || id > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: an added token without content or with a bad id", where);
    ASSAY_TRY(added_flags_read(&token, entry, where, err));
    token.id = (int32_t)id;
    const char *text = json_string_value(content);
    size_t size = json_string_length(content);
    if (!token.normalized) return assay_tokenizer_add_token(tokenizer, text, size, token, text, size, err);
    assay_buf normal, spare;
    assay_buf_init(&normal, assay_normal_ceiling(size));
    assay_buf_init(&spare, assay_normal_ceiling(size));
    assay_status status = assay_normalizer_run(&pipeline->normalizer, text, size, &normal, &spare, err);
    if (status == ASSAY_OK)
        status = assay_tokenizer_add_token(tokenizer, text, size, token, normal.data, normal.size, err);
    assay_buf_release(&normal);
    assay_buf_release(&spare);
    return status;
}

static assay_status added_list_read(const assay_pipeline *pipeline, assay_tokenizer *tokenizer, const json_t *list,
                                    const char *where, assay_error *err)
{
    size_t index;
    json_t *entry;
    json_array_foreach(list, index, entry)
    {
        int64_t id = -1;
        ASSAY_TRY(assay_json_int(entry, "id", true, &id, where, err));
        ASSAY_TRY(added_read(pipeline, tokenizer, entry, id, where, err));
    }
    return ASSAY_OK;
}

/* tokenizer_config.json may name added tokens that tokenizer.json lacks. */
static assay_status added_decoder_read(const assay_pipeline *pipeline, assay_tokenizer *tokenizer, const json_t *config,
                                       assay_error *err)
{
    const char *key;
    json_t *entry;
    json_object_foreach(json_object_get(config, "added_tokens_decoder"), key, entry)
    {
        const char *content = json_string_value(json_object_get(entry, "content"));
        char *end;
        long id = strtol(key, &end, 10);
        if (!content || *end || assay_token_map_find(&tokenizer->vocab, content, strlen(content)) >= 0) continue;
        ASSAY_TRY(added_read(pipeline, tokenizer, entry, id, "tokenizer_config.json: added_tokens_decoder", err));
    }
    return ASSAY_OK;
}

static assay_status side_insert(assay_ids *side, size_t place, int32_t id, const assay_tokenizer *tokenizer,
                                const char *where, assay_error *err)
{
    if (id < 0 || (size_t)id >= tokenizer->vocab.count)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the post_processor adds the id %d, which is no token", where,
                               (int)id);
    ASSAY_TRY(assay_ids_push(side, id, err));
    memmove(side->data + place + 1, side->data + place, (side->count - 1 - place) * sizeof(*side->data));
    side->data[place] = id;
    return ASSAY_OK;
}

static assay_status template_piece_read(const json_t *node, const json_t *piece, bool *behind, size_t *place,
                                        assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const json_t *special = json_object_get(piece, "SpecialToken");
    if (!special) {
        if (*behind)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the post_processor template repeats the text", where);
        *behind = true;
        *place = 0;
        return ASSAY_OK;
    }
    const char *name = NULL;
    ASSAY_TRY(assay_json_string(special, "id", true, &name, where, err));
    const json_t *ids = json_object_get(json_object_get(json_object_get(node, "special_tokens"), name), "ids"), *id;
    size_t index;
    json_array_foreach(ids, index, id)
    {
        assay_ids *side = *behind ? &tokenizer->suffix : &tokenizer->prefix;
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        ASSAY_TRY(side_insert(side, *behind ? side->count : (*place)++, value > INT32_MAX ? -1 : (int32_t)value,
                              tokenizer, where, err));
    }
    return ASSAY_OK;
}

static assay_status template_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    size_t index, place = 0;
    json_t *piece;
    bool behind = false;
    json_array_foreach(json_object_get(node, "single"), index, piece)
        ASSAY_TRY(template_piece_read(node, piece, &behind, &place, tokenizer, where, err));
    return ASSAY_OK;
}

/* BertProcessing and RobertaProcessing: {"cls": [text, id], "sep": [text, id]} */
static assay_status bert_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const json_t *first = json_array_get(json_object_get(node, "cls"), 1),
                 *last = json_array_get(json_object_get(node, "sep"), 1);
    ASSAY_TRY(side_insert(&tokenizer->prefix, 0, (int32_t)json_integer_value(first), tokenizer, where, err));
    return side_insert(&tokenizer->suffix, tokenizer->suffix.count, (int32_t)json_integer_value(last), tokenizer, where,
                       err);
}

static assay_status post_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const char *type = NULL;
    size_t index;
    json_t *item;
    if (!node || json_is_null(node)) return ASSAY_OK;
    ASSAY_TRY(assay_json_string(node, "type", true, &type, where, err));
    if (strcmp(type, "ByteLevel") == 0) return ASSAY_OK; /* moves offsets only */
    if (strcmp(type, "TemplateProcessing") == 0) return template_read(node, tokenizer, where, err);
    if (strcmp(type, "BertProcessing") == 0 || strcmp(type, "RobertaProcessing") == 0)
        return bert_read(node, tokenizer, where, err);
    if (strcmp(type, "Sequence") != 0)
        return unsupported(where, "post_processor type", type,
                           "Sequence, TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing", err);
    json_array_foreach(json_object_get(node, "processors"), index, item)
        ASSAY_TRY(post_read(item, tokenizer, where, err));
    return ASSAY_OK;
}

static assay_status document_read(assay_tokenizer *tokenizer, const json_t *root, const char *where,
                                  const assay_tokenizer_config *config, assay_error *err)
{
    assay_pipeline *pipeline;
    ASSAY_TRY(assay_pipeline_new(&pipeline, tokenizer, err));
    ASSAY_TRY(model_read(pipeline, &tokenizer->vocab, json_object_get(root, "model"), where, err));
    ASSAY_TRY(assay_normalizer_read(&pipeline->normalizer, json_object_get(root, "normalizer"), where, err));
    ASSAY_TRY(added_list_read(pipeline, tokenizer, json_object_get(root, "added_tokens"), where, err));
    ASSAY_TRY(added_decoder_read(pipeline, tokenizer, config->main, err));
    ASSAY_TRY(assay_pre_tokenizer_read(&pipeline->pre, json_object_get(root, "pre_tokenizer"), where, err));
    ASSAY_TRY(post_read(json_object_get(root, "post_processor"), tokenizer, where, err));
    assay_pipeline_finish(pipeline, tokenizer);
    return ASSAY_OK;
}

assay_status assay_tokenizer_json_read(assay_tokenizer *tokenizer, const char *path,
                                       const assay_tokenizer_config *config, assay_error *err)
{
    json_t *root;
    ASSAY_TRY(assay_json_load(path, TOKENIZER_JSON_BYTES, &root, err));
    assay_status status = document_read(tokenizer, root, path, config, err);
    json_decref(root);
    return status;
}
