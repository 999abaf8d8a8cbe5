/* ice_text.model: the SentencePiece model of ChatGLM-6B, the first of its line. */
#include "subword/bpe_model.h"
#include "subword/unigram_model.h"
#include "tokenizer/spm_document.h"
#include "tokenizer/tokenizer_json.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

/* "\n", tabs and runs of 2 to 80 spaces have pieces of their own, put in before SentencePiece sees the text. */
static json_t *ice_steps(json_t *whole)
{
    json_t *steps = json_object_get(whole, "normalizers"), *front = json_array();
    json_array_append_new(front, assay_node_replace("String", "\n", "<n>"));
    json_array_append_new(front, assay_node_replace("String", "\t", "<|tab|>"));
    for (int count = 80; count > 1; count--) {
        char spaces[96], name[32];
        snprintf(spaces, sizeof(spaces), "%*s", count, "");
        snprintf(name, sizeof(name), "<|blank_%d|>", count);
        json_array_append_new(front, assay_node_replace("String", spaces, name));
    }
    bool fine = json_array_size(front) == 81 && json_array_extend(front, steps) == 0;
    if (!fine) front = (json_decref(front), NULL);
    return json_pack("{s:s, s:o}", "type", "Sequence", "normalizers", front);
}

static json_t *ice_ends(const assay_document *document)
{
    json_int_t mask = assay_token_map_find(&document->vocab, "[gMASK]", 7),
               start = assay_token_map_find(&document->vocab, "<sop>", 5);
    return json_pack("{s:s, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}, {s:{s:s, s:i}}], s:[], s:{s:{s:s, s:[I], s:[s]}, "
                     "s:{s:s, s:[I], s:[s]}}}",
                     "type", "TemplateProcessing", "single", "Sequence", "id", "A", "type_id", 0, "SpecialToken", "id",
                     "[gMASK]", "type_id", 0, "SpecialToken", "id", "<sop>", "type_id", 0, "pair", "special_tokens",
                     "[gMASK]", "id", "[gMASK]", "ids", mask, "tokens", "[gMASK]", "<sop>", "id", "<sop>", "ids", start,
                     "tokens", "<sop>");
}

static assay_status ice_finish(assay_document *document, const char *path, assay_error *err)
{
    if (assay_token_map_find(&document->vocab, "[gMASK]", 7) < 0 ||
        assay_token_map_find(&document->vocab, "<sop>", 5) < 0)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: it has no [gMASK] and <sop>, which ChatGLM-6B puts behind a text", path);
    json_t *steps = ice_steps(json_object_get(document->root, "normalizer"));
    ASSAY_TRY(assay_document_part(document, "normalizer", steps, err));
    return assay_document_part(document, "post_processor", ice_ends(document), err);
}

/* User-defined pieces compete with the others; they are not cut out before, as the terms of tokenizer.json have it. */
static assay_status user_split_drop(assay_document *document, assay_error *err)
{
    json_t *steps = json_object_get(json_object_get(document->root, "pre_tokenizer"), "pretokenizers"), *kept;
    if (!steps) return ASSAY_OK;
    kept = json_array();
    for (size_t i = 0; i < json_array_size(steps); i++) {
        json_t *step = json_array_get(steps, i);
        const char *type = json_string_value(json_object_get(step, "type"));
        if (!type || strcmp(type, "Split") != 0) json_array_append(kept, step);
    }
    return assay_document_part(document, "pre_tokenizer",
                               json_pack("{s:s, s:o}", "type", "Sequence", "pretokenizers", kept), err);
}

static float least_score(const assay_sp_model *model)
{
    float least = FLT_MAX;
    for (size_t id = 0; id < model->count; id++)
        if (model->pieces[id].type == ASSAY_SP_NORMAL && model->pieces[id].score < least)
            least = model->pieces[id].score;
    return least;
}

/* SentencePiece itself runs behind it (0.2.3, unigram_model.cc, EncodeOptimized): sums are floats, a user-defined piece
 * scores by its length, and no other text than that of normal and user-defined pieces is a piece. */
static void sentencepiece_scores(assay_unigram *unigram, const assay_spm *spm)
{
    unigram->single = true;
    unigram->unk_score = (double)(least_score(&spm->model) - 10.0F);
    for (size_t id = 0; id < spm->model.count; id++) {
        const assay_sp_piece *piece = &spm->model.pieces[id];
        const assay_token *token = &spm->pieces.tokens[id];
        unigram->scores[id] = (double)piece->score;
        if (piece->type == ASSAY_SP_USER_DEFINED) {
            unigram->scores[id] = (double)(float)(0.1 * ((double)token->size - 1));
        } else if (piece->type != ASSAY_SP_NORMAL) {
            assay_unigram_hide(unigram, token->text, token->size);
        }
    }
}

static assay_status ice_build(assay_tokenizer *tokenizer, assay_document *document, const assay_spm *spm,
                              assay_error *err)
{
    bool is_unigram = spm->model.model_type == ASSAY_SP_UNIGRAM;
    ASSAY_TRY(assay_spm_generic(document, spm, err));
    if (is_unigram) ASSAY_TRY(user_split_drop(document, err));
    ASSAY_TRY(ice_finish(document, spm->where, err));
    ASSAY_TRY(assay_json_document_take(tokenizer, document, spm->where, spm->config, err));
    void *model = ((assay_pipeline *)tokenizer->state)->model;
    if (is_unigram) sentencepiece_scores(model, spm);
    else ((assay_bpe_model *)model)->byte_names_plain = true;
    tokenizer->info.family = "chatglm";
    return ASSAY_OK;
}

/* ChatGLM-6B, the first of its line (tokenization_chatglm.py). */
assay_status assay_folder_ice_text_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                        const assay_tokenizer_config *config, assay_error *err)
{
    int64_t images = 0;
    assay_document document = {0};
    assay_spm spm;
    (void)folder;
    ASSAY_TRY(assay_json_int(config->main, "num_image_tokens", false, &images, "tokenizer_config.json", err));
    if (images)
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "%s: ids behind %lld image tokens, as the first release had them: take the present files, "
            "whose num_image_tokens is 0",
            path, (long long)images);
    ASSAY_TRY(assay_spm_open(&spm, path, config, err));
    assay_status status = ice_build(tokenizer, &document, &spm, err);
    assay_document_release(&document);
    assay_spm_release(&spm);
    return status;
}
