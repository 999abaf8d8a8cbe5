/* ice_text.model: the SentencePiece model of ChatGLM-6B, the first of its line. */
#include "subword/unigram_model.h"
#include "tokenizer/spm_document.h"
#include "tokenizer/tokenizer_json.h"

#include <stdio.h>

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

/* SentencePiece itself runs behind it, and sums scores in single precision. */
static void single_sums(assay_pipeline *pipeline)
{
    if (pipeline->words != &assay_unigram_kind) return;
    assay_unigram *model = pipeline->model;
    model->single = true;
}

/* ChatGLM-6B, the first of its line (tokenization_chatglm.py). */
assay_status assay_folder_ice_text_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                        const assay_tokenizer_config *config, assay_error *err)
{
    int64_t images = 0;
    assay_document document = {0};
    (void)folder;
    ASSAY_TRY(assay_json_int(config->main, "num_image_tokens", false, &images, "tokenizer_config.json", err));
    if (images)
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "%s: ids behind %lld image tokens, as the first release had them: take the present files, "
            "whose num_image_tokens is 0",
            path, (long long)images);
    assay_status status = assay_spm_document(&document, path, NULL, config, err);
    if (status == ASSAY_OK) status = ice_finish(&document, path, err);
    if (status == ASSAY_OK) status = assay_json_document_take(tokenizer, &document, path, config, err);
    if (status == ASSAY_OK) {
        single_sums(tokenizer->state);
        tokenizer->info.family = "chatglm";
    }
    assay_document_release(&document);
    return status;
}
