/* Reading tokenizer.json: model first (added tokens look their ids up in its vocabulary), then normalizer (tokens with
 * normalized=true are sought in normalised form), added tokens, pre-tokenizer and post-processor. What
 * tokenizer_config.json says of add_bos_token and add_eos_token does not count here: Transformers 5 takes the file's
 * post-processor, 4.x did not; where the two disagree, a note says so. */
#include "tokenizer/tokenizer_json.h"

#include "text/unicode.h"

#include <string.h>

enum { TOKENIZER_JSON_BYTES = 512 << 20 };

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
    bool front = true;
    assay_buf_init(&normal, assay_normal_ceiling(size));
    assay_buf_init(&spare, assay_normal_ceiling(size));
    assay_status status = assay_normalizer_run(&pipeline->normalizer, text, size, &normal, &spare, &front, err);
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

static bool holds(const assay_ids *ids, const assay_tokenizer *tokenizer, const char *content)
{
    int32_t id = content ? assay_token_map_find(&tokenizer->vocab, content, strlen(content)) : -1;
    for (size_t i = 0; i < ids->count; i++)
        if (ids->data[i] == id) return true;
    return false;
}

/* add_bos_token or add_eos_token against what the post_processor does; NULL: they agree, or nothing is said. */
static const char *disagreement(assay_said said, const char *content, bool adds, const char *yes, const char *no)
{
    if (said == ASSAY_SAID_NOTHING || !content || adds == (said == ASSAY_SAID_YES)) return NULL;
    return said == ASSAY_SAID_YES ? yes : no;
}

static assay_status ends_note(assay_tokenizer *tokenizer, const assay_tokenizer_config *config, assay_error *err)
{
    bool bos = holds(&tokenizer->prefix, tokenizer, config->bos),
         eos = holds(&tokenizer->suffix, tokenizer, config->eos);
    const char *first = disagreement(config->add_bos, config->bos, bos, "add_bos_token true", "add_bos_token false"),
               *last = disagreement(config->add_eos, config->eos, eos, "add_eos_token true", "add_eos_token false");
    if (!first && !last) return ASSAY_OK;
    tokenizer->note =
        assay_strfmt("tokenizer_config.json says %s%s%s, the post_processor of tokenizer.json does otherwise: "
                     "the post_processor counts, as in Transformers 5 (4.x went by tokenizer_config.json)",
                     first ? first : "", first && last ? " and " : "", last ? last : "");
    ASSAY_TRY_ALLOC(tokenizer->note, "a note", err);
    tokenizer->info.note = tokenizer->note;
    return ASSAY_OK;
}

assay_status assay_json_document_read(assay_tokenizer *tokenizer, const json_t *root, const char *where,
                                      const assay_tokenizer_config *config, assay_error *err)
{
    assay_pipeline *pipeline;
    ASSAY_TRY(assay_pipeline_new(&pipeline, tokenizer, err));
    ASSAY_TRY(assay_json_model_read(pipeline, &tokenizer->vocab, json_object_get(root, "model"), where, err));
    ASSAY_TRY(assay_normalizer_read(&pipeline->normalizer, json_object_get(root, "normalizer"), where, err));
    ASSAY_TRY(added_list_read(pipeline, tokenizer, json_object_get(root, "added_tokens"), where, err));
    ASSAY_TRY(added_decoder_read(pipeline, tokenizer, config->main, err));
    ASSAY_TRY(assay_pre_tokenizer_read(&pipeline->pre, json_object_get(root, "pre_tokenizer"), where, err));
    ASSAY_TRY(assay_json_post_read(json_object_get(root, "post_processor"), tokenizer, where, err));
    assay_pipeline_finish(pipeline, tokenizer);
    return ASSAY_OK;
}

assay_status assay_json_document_take(assay_tokenizer *tokenizer, const assay_document *document, const char *where,
                                      const assay_tokenizer_config *config, assay_error *err)
{
    assay_tokenizer_info *info = &tokenizer->info;
    ASSAY_TRY(assay_json_document_read(tokenizer, document->root, where, config, err));
    info->bos = assay_document_id(document, "bos_token");
    info->eos = assay_document_id(document, "eos_token");
    info->pad = assay_document_id(document, "pad_token");
    info->unk = assay_document_id(document, "unk_token");
    return ASSAY_OK;
}

assay_status assay_tokenizer_json_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                       const assay_tokenizer_config *config, assay_error *err)
{
    json_t *root;
    (void)folder;
    ASSAY_TRY(assay_json_load(path, TOKENIZER_JSON_BYTES, &root, err));
    assay_json_scores_round(root);
    assay_status status = assay_json_document_read(tokenizer, root, path, config, err);
    if (status == ASSAY_OK) status = ends_note(tokenizer, config, err);
    json_decref(root);
    return status;
}
