/* The model of a tokenizer.json: its vocabulary becomes the tokenizer's, the rest a model of words. A kind has a reader
 * here and a line in the list below. */
#include "tokenizer/tokenizer_json.h"

#include "subword/bpe_model.h"
#include "subword/unigram_model.h"
#include "subword/word_piece.h"

#include <string.h>

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

static assay_status bpe_options_read(assay_bpe_model *bpe, const assay_token_map *vocab, const json_t *model,
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

static assay_status bpe_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model, const char *where,
                             assay_error *err)
{
    const json_t *merges = json_object_get(model, "merges");
    assay_bpe_model *bpe;
    ASSAY_TRY(vocab_read(vocab, model, where, err));
    if (!json_is_array(merges)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: model.merges should be a list", where);
    ASSAY_TRY(assay_bpe_model_new(&bpe, err));
    pipeline->model = bpe;
    pipeline->words = &assay_bpe_kind;
    for (size_t i = 0; i < json_array_size(merges); i++)
        ASSAY_TRY(merge_read(bpe, vocab, json_array_get(merges, i), i, where, err));
    ASSAY_TRY(bpe_options_read(bpe, vocab, model, where, err));
    assay_bpe_model_finish(bpe, vocab);
    return ASSAY_OK;
}

static assay_status unigram_piece_read(assay_unigram *unigram, assay_token_map *vocab, const json_t *entry, size_t id,
                                       const char *where, assay_error *err)
{
    const json_t *text = json_array_get(entry, 0), *score = json_array_get(entry, 1);
    if (!json_is_string(text) || !json_is_number(score) || json_array_size(entry) != 2 || id > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: piece %zu of model.vocab is no [text, score]", where, id);
    const char *bytes = json_string_value(text);
    size_t size = json_string_length(text);
    ASSAY_TRY(assay_token_map_add(vocab, bytes, size, (int32_t)id, err));
    return assay_unigram_add(unigram, bytes, size, json_number_value(score), err);
}

static assay_status unigram_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model,
                                 const char *where, assay_error *err)
{
    const json_t *pieces = json_object_get(model, "vocab");
    int64_t unk = -1;
    assay_unigram *unigram;
    size_t count = json_array_size(pieces);
    if (!count) return assay_error_set(err, ASSAY_E_FORMAT, "%s: model.vocab should be a list of pieces", where);
    ASSAY_TRY(assay_unigram_new(&unigram, err));
    pipeline->model = unigram;
    pipeline->words = &assay_unigram_kind;
    ASSAY_TRY(assay_json_int(model, "unk_id", false, &unk, where, err));
    ASSAY_TRY(assay_json_bool(model, "byte_fallback", false, &unigram->byte_fallback, where, err));
    if (unk < -1 || unk >= (int64_t)count)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: model.unk_id is %lld, outside the vocabulary", where,
                               (long long)unk);
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(unigram_piece_read(unigram, vocab, json_array_get(pieces, i), i, where, err));
    return assay_unigram_finish(unigram, vocab, (int32_t)unk, where, err);
}

static assay_status word_piece_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model,
                                    const char *where, assay_error *err)
{
    const char *unk = "[UNK]", *prefix = "##";
    int64_t most = 100;
    assay_word_piece *pieces;
    ASSAY_TRY(vocab_read(vocab, model, where, err));
    ASSAY_TRY(assay_json_string(model, "unk_token", false, &unk, where, err));
    ASSAY_TRY(assay_json_string(model, "continuing_subword_prefix", false, &prefix, where, err));
    ASSAY_TRY(assay_json_int(model, "max_input_chars_per_word", false, &most, where, err));
    ASSAY_TRY(assay_word_piece_new(&pieces, vocab, unk, prefix, most < 0 ? 0 : (size_t)most, where, err));
    pipeline->model = pieces;
    pipeline->words = &assay_word_piece_kind;
    return ASSAY_OK;
}

static assay_status word_level_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model,
                                    const char *where, assay_error *err)
{
    ASSAY_TRY(word_piece_read(pipeline, vocab, model, where, err));
    pipeline->words = &assay_word_level_kind;
    return ASSAY_OK;
}

static const struct {
    const char *type;
    assay_status (*read)(assay_pipeline *, assay_token_map *, const json_t *, const char *, assay_error *);
} readers[] = {
    {"BPE", bpe_read}, {"Unigram", unigram_read}, {"WordPiece", word_piece_read}, {"WordLevel", word_level_read}};

/* Files of old versions name no type: what the model holds tells it. */
static const char *type_guess(const json_t *model)
{
    if (json_is_array(json_object_get(model, "vocab"))) return "Unigram";
    return json_object_get(model, "merges") ? "BPE" : "WordPiece";
}

assay_status assay_json_model_read(assay_pipeline *pipeline, assay_token_map *vocab, const json_t *model,
                                   const char *where, assay_error *err)
{
    if (!json_is_object(model))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a tokenizer.json (no \"model\")", where);
    const char *type = type_guess(model);
    ASSAY_TRY(assay_json_string(model, "type", false, &type, where, err));
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (strcmp(type, readers[i].type) == 0) return readers[i].read(pipeline, vocab, model, where, err);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: the model type %s is not supported (there are BPE, Unigram, WordPiece, WordLevel)",
                           where, type);
}
