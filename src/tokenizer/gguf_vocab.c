/* The vocabulary inside a GGUF file.
 *
 * "llama": SentencePiece pieces with scores and types. "gpt2": byte-level BPE; the file names its pre-tokenizer only by
 * a word (tokenizer.ggml.pre), whose meaning is the table below: the tokenizer.json of the models that the word stands
 * for (so qwen2 also normalises to NFC, as Qwen's own tokenizer does). Types: 1 normal, 2 unknown, 3 control, 4
 * user-defined, 5 unused, 6 byte. Keys: github.com/ggml-org/ggml, docs/gguf.md; the words:
 * github.com/ggml-org/llama.cpp, src/llama-vocab.cpp. */
#include "base/buf.h"
#include "text/split_pattern.h"
#include "text/unicode.h"
#include "tokenizer/bpe_model.h"
#include "tokenizer/gguf_pre.h"
#include "tokenizer/pipeline.h"
#include "tokenizer/sp_tokenizer.h"

#include <string.h>

static const assay_gguf_pre pre_rules[] = {
    {.name = "gpt-2", .pattern = assay_pattern_gpt2},
    {.name = "gpt2", .pattern = assay_pattern_gpt2},
    {.name = "phi-2", .pattern = assay_pattern_gpt2},
    {.name = "mpt", .pattern = assay_pattern_gpt2},
    {.name = "olmo", .pattern = assay_pattern_gpt2},
    {.name = "smollm", .pattern = assay_pattern_gpt2, .digits = true},
    {.name = "starcoder", .pattern = assay_pattern_gpt2, .digits = true},
    {.name = "refact", .pattern = assay_pattern_gpt2, .digits = true},
    {.name = "codeshell", .pattern = assay_pattern_gpt2, .digits = true},
    {.name = "llama-bpe", .pattern = assay_pattern_llama3, .ignore_merges = true, .add_bos = true},
    {.name = "llama3", .pattern = assay_pattern_llama3, .ignore_merges = true, .add_bos = true},
    {.name = "llama-v3", .pattern = assay_pattern_llama3, .ignore_merges = true, .add_bos = true},
    {.name = "glm4", .pattern = assay_pattern_llama3},
    {.name = "chatglm-bpe", .pattern = assay_pattern_llama3},
    {.name = "smaug-bpe", .pattern = assay_pattern_llama3},
    {.name = "dbrx", .pattern = assay_pattern_llama3},
    {.name = "qwen2", .pattern = assay_pattern_qwen2, .nfc = true},
    {.name = "deepseek-r1-qwen", .pattern = assay_pattern_qwen2, .nfc = true},
    {.name = "stablelm2", .pattern = assay_pattern_qwen2},
};
enum { PRE_RULES = sizeof(pre_rules) / sizeof(pre_rules[0]) };

static bool flag_get(const assay_gguf *gguf, const char *key, bool otherwise)
{
    int64_t value;
    return assay_gguf_int(gguf, key, &value) ? value != 0 : otherwise;
}

static int32_t id_get(const assay_gguf *gguf, const char *key, size_t count, int32_t otherwise)
{
    int64_t value;
    if (!assay_gguf_int(gguf, key, &value)) return otherwise;
    return value >= 0 && (uint64_t)value < count ? (int32_t)value : -1;
}

static assay_status missing(const char *key, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "the GGUF file has no %s (or one of another type or length)", key);
}

static assay_status token_get(const assay_gguf *gguf, size_t index, const char **text, size_t *size, int *type,
                              assay_error *err)
{
    int64_t value = ASSAY_SP_NORMAL;
    if (!assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", index, text, size))
        return missing("tokenizer.ggml.tokens", err);
    if (assay_utf8_check(*text, *size) != *size)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.tokens: token %zu is not valid UTF-8", index);
    assay_gguf_array_int(gguf, "tokenizer.ggml.token_type", index, &value);
    *type = value < ASSAY_SP_NORMAL || value > ASSAY_SP_BYTE ? ASSAY_SP_NORMAL : (int)value;
    return ASSAY_OK;
}

static assay_status special_add(assay_tokenizer *tokenizer, size_t id, const char *text, size_t size, int type,
                                assay_error *err)
{
    if (type != ASSAY_SP_CONTROL && type != ASSAY_SP_USER_DEFINED && type != ASSAY_SP_UNKNOWN) return ASSAY_OK;
    assay_added_token token = {.id = (int32_t)id, .special = type != ASSAY_SP_USER_DEFINED};
    return assay_tokenizer_add_token(tokenizer, text, size, token, text, size, err);
}

static assay_status sp_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, assay_error *err)
{
    assay_sp_model *model;
    const char *text;
    size_t size;
    int type;
    ASSAY_TRY(assay_sp_tokenizer_new(&model, tokenizer, err));
    for (size_t i = 0; i < count; i++) {
        double score;
        ASSAY_TRY(token_get(gguf, i, &text, &size, &type, err));
        if (!assay_gguf_array_double(gguf, "tokenizer.ggml.scores", i, &score))
            return missing("tokenizer.ggml.scores", err);
        int piece_type = type == ASSAY_SP_USER_DEFINED ? ASSAY_SP_NORMAL : type; /* found as added tokens */
        ASSAY_TRY(assay_sp_model_add(model, &tokenizer->vocab, text, size, (float)score, piece_type, err));
        ASSAY_TRY(special_add(tokenizer, i, text, size, type, err));
    }
    model->byte_fallback = assay_token_map_find(&tokenizer->vocab, "<0x00>", 6) >= 0;
    model->dummy_prefix = flag_get(gguf, "tokenizer.ggml.add_space_prefix", true);
    model->remove_extra_spaces = flag_get(gguf, "tokenizer.ggml.remove_extra_whitespaces", false);
    return assay_sp_model_finish(model, &tokenizer->vocab, "tokenizer.ggml.tokens", err);
}

assay_status assay_gguf_pre_find(const assay_gguf_pre **out, const assay_gguf *gguf, assay_error *err)
{
    const char *name = "default";
    assay_gguf_string(gguf, "tokenizer.ggml.pre", &name, NULL);
    if (strcmp(name, "default") == 0) name = "gpt-2";
    assay_buf list;
    assay_buf_init(&list, 4096);
    for (size_t i = 0; i < PRE_RULES; i++) {
        *out = &pre_rules[i];
        if (strcmp(name, pre_rules[i].name) == 0) return assay_buf_release(&list), ASSAY_OK;
        ASSAY_TRY(assay_buf_printf(&list, err, "%s%s", i ? ", " : "", pre_rules[i].name));
    }
    assay_status status =
        assay_error_set(err, ASSAY_E_UNSUPPORTED,
                        "tokenizer.ggml.pre is \"%.80s\", which Assay does not know (it knows %s): use the model's "
                        "Hugging Face folder instead of the GGUF",
                        name, list.data);
    assay_buf_release(&list);
    return status;
}

static assay_status merges_read(assay_bpe_model *model, const assay_token_map *vocab, const assay_gguf *gguf,
                                assay_error *err)
{
    static const char key[] = "tokenizer.ggml.merges";
    size_t count, size;
    const char *text;
    if (!assay_gguf_array_size(gguf, key, &count)) return missing(key, err);
    for (size_t i = 0; i < count; i++) {
        if (!assay_gguf_array_string(gguf, key, i, &text, &size)) return missing(key, err);
        const char *space = size > 1 ? memchr(text + 1, ' ', size - 1) : NULL;
        if (!space) return assay_error_set(err, ASSAY_E_FORMAT, "%s: merge %zu is no pair", key, i);
        size_t left = (size_t)(space - text);
        ASSAY_TRY(assay_bpe_model_add_merge(model, vocab, text, left, space + 1, size - left - 1, i, key, err));
    }
    return ASSAY_OK;
}

static assay_status rule_apply(assay_pipeline *pipeline, const assay_gguf_pre *rule, assay_error *err)
{
    if (rule->nfc) ASSAY_TRY(assay_normalizer_add_nfc(&pipeline->normalizer, err));
    if (rule->digits) ASSAY_TRY(assay_pre_tokenizer_add_digits(&pipeline->pre, err));
    ASSAY_TRY(assay_pre_tokenizer_add_split(&pipeline->pre, rule->pattern, "tokenizer.ggml.pre", err));
    return assay_pre_tokenizer_add_bytes(&pipeline->pre, err);
}

static assay_status bpe_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, bool *add_bos,
                                   assay_error *err)
{
    const char *text;
    const assay_gguf_pre *rule;
    assay_bpe_model *model;
    assay_pipeline *pipeline;
    size_t size;
    int type;
    ASSAY_TRY(assay_gguf_pre_find(&rule, gguf, err));
    ASSAY_TRY(assay_pipeline_new(&pipeline, tokenizer, err));
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(token_get(gguf, i, &text, &size, &type, err));
        ASSAY_TRY(assay_token_map_add(&tokenizer->vocab, text, size, (int32_t)i, err));
        ASSAY_TRY(special_add(tokenizer, i, text, size, type, err));
    }
    ASSAY_TRY(rule_apply(pipeline, rule, err));
    ASSAY_TRY(assay_bpe_model_new(&model, err));
    pipeline->model = model;
    pipeline->words = &assay_bpe_kind;
    model->ignore_merges = rule->ignore_merges;
    ASSAY_TRY(merges_read(model, &tokenizer->vocab, gguf, err));
    assay_bpe_model_finish(model, &tokenizer->vocab);
    assay_pipeline_finish(pipeline, tokenizer);
    *add_bos = rule->add_bos;
    return ASSAY_OK;
}

static assay_status info_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, size_t count, bool sp, bool add_bos,
                              assay_error *err)
{
    assay_tokenizer_info *info = &tokenizer->info;
    const char *text;
    info->bos = id_get(gguf, "tokenizer.ggml.bos_token_id", count, sp ? 1 : -1);
    info->eos = id_get(gguf, "tokenizer.ggml.eos_token_id", count, sp ? 2 : -1);
    info->pad = id_get(gguf, "tokenizer.ggml.padding_token_id", count, -1);
    info->unk = id_get(gguf, "tokenizer.ggml.unknown_token_id", count, sp ? 0 : -1);
    add_bos = flag_get(gguf, "tokenizer.ggml.add_bos_token", add_bos);
    bool add_eos = flag_get(gguf, "tokenizer.ggml.add_eos_token", false);
    if (add_bos && info->bos >= 0) ASSAY_TRY(assay_ids_push(&tokenizer->prefix, info->bos, err));
    if (add_eos && info->eos >= 0) ASSAY_TRY(assay_ids_push(&tokenizer->suffix, info->eos, err));
    if (!assay_gguf_string(gguf, "tokenizer.chat_template", &text, NULL)) return ASSAY_OK;
    tokenizer->chat_template = assay_strdup(text);
    ASSAY_TRY_ALLOC(tokenizer->chat_template, "a chat template", err);
    info->chat_template = tokenizer->chat_template;
    return ASSAY_OK;
}

assay_status assay_gguf_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, assay_error *err)
{
    const char *model = NULL;
    size_t count = 0;
    if (!assay_gguf_string(gguf, "tokenizer.ggml.model", &model, NULL)) return missing("tokenizer.ggml.model", err);
    if (!assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &count) || !count)
        return missing("tokenizer.ggml.tokens", err);
    bool sp = strcmp(model, "llama") == 0, add_bos = sp;
    if (!sp && strcmp(model, "gpt2") != 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "tokenizer.ggml.model is \"%.80s\"; Assay reads llama and gpt2", model);
    ASSAY_TRY(sp ? sp_vocab_read(tokenizer, gguf, count, err) : bpe_vocab_read(tokenizer, gguf, count, &add_bos, err));
    return info_read(tokenizer, gguf, count, sp, add_bos, err);
}
