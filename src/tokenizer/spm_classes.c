/* What Transformers 5 makes of a SentencePiece model, class by class (models/NAME/tokenization_NAME.py). */
#include "tokenizer/spm_document.h"

#include <stdio.h>
#include <string.h>

static assay_status no_memory(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tokenizer");
}

/* A setting of tokenizer_config.json. */
static bool setting(const assay_spm *spm, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(spm->config->main, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static assay_status tokens_add(assay_document *document, const assay_spm *spm, const assay_named_token *names, bool raw,
                               assay_error *err)
{
    json_t *extra = assay_spm_tokens(spm);
    if (!extra) return no_memory(err);
    assay_status status = assay_document_add_tokens(document, spm->config, names, extra, raw, err);
    json_decref(extra);
    return status;
}

/* BPE over all pieces in order of ids, characters in bytes where they are unknown. */
static assay_status bpe_begin(assay_document *document, const assay_spm *spm, const char *unk,
                              const assay_named_token *names, assay_error *err)
{
    json_t *model;
    ASSAY_TRY(assay_spm_bpe(&model, spm, false, unk, true, false, err));
    ASSAY_TRY(assay_document_begin(document, model, err));
    return tokens_add(document, spm, names, false, err);
}

assay_status assay_spm_llama(assay_document *document, const assay_spm *spm, assay_error *err)
{
    static const assay_named_token names[] = {{"unk_token", "<unk>"}, {"bos_token", "<s>"}, {"eos_token", "</s>"}, {0}};
    const char *scheme = setting(spm, "legacy", false) ? "always" : "first";
    if (!setting(spm, "add_prefix_space", true)) scheme = "never";
    ASSAY_TRY(bpe_begin(document, spm, NULL, names, err));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", assay_node_metaspace(scheme, false), err));
    return assay_document_part(document, "post_processor", assay_document_ends(document, spm->config), err);
}

assay_status assay_spm_code_llama(assay_document *document, const assay_spm *spm, assay_error *err)
{
    static const assay_named_token names[] = {{"unk_token", "<unk>"}, {"bos_token", "<s>"}, {"eos_token", "</s>"}, {0}};
    bool bos = setting(spm, "add_bos_token", true);
    ASSAY_TRY(bpe_begin(document, spm, "<unk>", names, err));
    const char *scheme = setting(spm, "add_prefix_space", true) ? "first" : "never";
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", assay_node_metaspace(scheme, false), err));
    json_t *ends = assay_document_template(document, bos ? "bos_token" : NULL,
                                           setting(spm, "add_eos_token", false) ? "eos_token" : NULL);
    return assay_document_part(document, "post_processor", ends, err);
}

assay_status assay_spm_gemma(assay_document *document, const assay_spm *spm, assay_error *err)
{
    static const assay_named_token names[] = {{"unk_token", "<unk>"}, {"bos_token", "<bos>"},   {"eos_token", "<eos>"},
                                              {"pad_token", "<pad>"}, {"mask_token", "<mask>"}, {0}};
    ASSAY_TRY(bpe_begin(document, spm, "<unk>", names, err));
    json_t *split = json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "String", " ", "behavior",
                              "MergedWithPrevious", "invert", 0);
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", split, err));
    ASSAY_TRY(assay_document_part(document, "normalizer", assay_node_replace("String", " ", ASSAY_SPACE_SYMBOL), err));
    return assay_document_part(document, "post_processor", assay_document_ends(document, spm->config), err);
}

/* ---- Unigram ---- */

static json_t *spaced_words(const assay_spm *spm, const char *otherwise)
{
    const char *scheme = setting(spm, "add_prefix_space", true) ? "always" : otherwise;
    return assay_node_sequence("pretokenizers", json_pack("{s:s}", "type", "WhitespaceSplit"),
                               assay_node_metaspace(scheme, true));
}

/* The pieces from index 3 stand behind four special tokens. */
assay_status assay_spm_xlm_roberta(assay_document *document, const assay_spm *spm, assay_error *err)
{
    static const assay_named_token names[] = {
        {"bos_token", "<s>"},   {"eos_token", "</s>"},  {"sep_token", "</s>"},    {"cls_token", "<s>"},
        {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>"}, {0}};
    const assay_tokenizer_config *config = spm->config;
    const char *front[] = {assay_tokenizer_config_named(config, "bos_token", "<s>"),
                           assay_tokenizer_config_named(config, "pad_token", "<pad>"),
                           assay_tokenizer_config_named(config, "eos_token", "</s>"),
                           assay_tokenizer_config_named(config, "unk_token", "<unk>"), NULL};
    const char *mask = assay_tokenizer_config_named(config, "mask_token", "<mask>");
    ASSAY_TRY(assay_document_begin(document, assay_spm_unigram(spm, front, 3, mask, 3, false), err));
    ASSAY_TRY(tokens_add(document, spm, names, false, err));
    ASSAY_TRY(assay_document_part(document, "normalizer", assay_spm_precompiled(spm), err));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", spaced_words(spm, "never"), err));
    return assay_document_part(document, "post_processor", assay_document_template(document, "bos_token", "eos_token"),
                               err);
}

static json_t *t5_model(const assay_spm *spm, int64_t extra_ids)
{
    json_t *model = assay_spm_unigram(spm, NULL, 0, NULL, 2, false), *list = json_object_get(model, "vocab");
    for (int64_t i = extra_ids - 1; i >= 0; i--) {
        char name[40];
        snprintf(name, sizeof(name), "<extra_id_%lld>", (long long)i);
        if (json_array_append_new(list, json_pack("[s, f]", name, 0.0)) != 0) return json_decref(model), NULL;
    }
    return model;
}

static assay_status t5_tokens(assay_document *document, const assay_spm *spm, int64_t extra_ids, assay_error *err)
{
    static const assay_named_token names[] = {
        {"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {0}};
    json_t *extra = assay_spm_tokens(spm);
    bool fine = extra != NULL;
    for (int64_t i = 0; fine && i < extra_ids; i++) {
        char name[40];
        snprintf(name, sizeof(name), "<extra_id_%lld>", (long long)i);
        fine = json_array_append_new(extra, assay_node_token(name, true)) == 0;
    }
    assay_status status =
        fine ? assay_document_add_tokens(document, spm->config, names, extra, false, err) : no_memory(err);
    json_decref(extra);
    return status;
}

assay_status assay_spm_t5(assay_document *document, const assay_spm *spm, assay_error *err)
{
    int64_t extra_ids = 100;
    ASSAY_TRY(assay_json_int(spm->config->main, "extra_ids", false, &extra_ids, "tokenizer_config.json", err));
    if (extra_ids < 0 || extra_ids > 100000)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer_config.json: extra_ids is %lld", (long long)extra_ids);
    ASSAY_TRY(assay_document_begin(document, t5_model(spm, extra_ids), err));
    ASSAY_TRY(t5_tokens(document, spm, extra_ids, err));
    ASSAY_TRY(assay_document_part(document, "normalizer", assay_spm_precompiled(spm), err));
    json_t *words = assay_node_sequence("pretokenizers", json_pack("{s:s}", "type", "WhitespaceSplit"),
                                        assay_node_metaspace("always", true));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", words, err));
    return assay_document_part(document, "post_processor", assay_document_template(document, NULL, "eos_token"), err);
}

/* The id of the unknown piece where its score is 0, else what the model was trained with. */
static int64_t deberta_unk(const assay_spm *spm)
{
    const char *unk = assay_tokenizer_config_named(spm->config, "unk_token", "[UNK]");
    int32_t id = unk ? assay_token_map_find(&spm->pieces, unk, strlen(unk)) : -1;
    return id >= 0 && spm->model.pieces[id].score == 0 ? id : spm->model.trained_unk;
}

static json_t *deberta_normalizer(const assay_spm *spm)
{
    json_t *steps = json_array();
    if (setting(spm, "do_lower_case", false)) json_array_append_new(steps, json_pack("{s:s}", "type", "Lowercase"));
    json_array_append_new(steps, assay_node_replace("Regex", "\\s{2,}|[\\n\\r\\t]", " "));
    json_array_append_new(steps, json_pack("{s:s}", "type", "NFC"));
    json_array_append_new(steps, json_pack("{s:s, s:b, s:b}", "type", "Strip", "strip_left", 0, "strip_right", 1));
    return json_pack("{s:s, s:o}", "type", "Sequence", "normalizers", steps);
}

assay_status assay_spm_deberta_v2(assay_document *document, const assay_spm *spm, assay_error *err)
{
    static const assay_named_token names[] = {
        {"bos_token", "[CLS]"}, {"eos_token", "[SEP]"}, {"sep_token", "[SEP]"},   {"cls_token", "[CLS]"},
        {"unk_token", "[UNK]"}, {"pad_token", "[PAD]"}, {"mask_token", "[MASK]"}, {0}};
    json_t *model = assay_spm_unigram(spm, NULL, 0, NULL, deberta_unk(spm), false);
    ASSAY_TRY(assay_document_begin(document, model, err));
    ASSAY_TRY(tokens_add(document, spm, names, false, err));
    ASSAY_TRY(assay_document_part(document, "normalizer", deberta_normalizer(spm), err));
    json_t *spaces = assay_node_metaspace(setting(spm, "add_prefix_space", true) ? "always" : "first", true);
    if (setting(spm, "split_by_punct", false))
        spaces = assay_node_sequence("pretokenizers",
                                     json_pack("{s:s, s:s}", "type", "Punctuation", "behavior", "Isolated"), spaces);
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", spaces, err));
    return assay_document_part(document, "post_processor", assay_document_template(document, "cls_token", "sep_token"),
                               err);
}
