/* The words of tokenizer.ggml.pre and the pre-tokenizers they stand for: those of the tokenizer.json of the models that
 * the word was made for. So qwen2 also normalises to NFC, as Qwen's own tokenizer does, and where llama.cpp writes a
 * pattern out for want of classes or of case-folding, the original stands here. The words:
 * github.com/ggml-org/llama.cpp, src/llama-vocab.cpp. Words whose original pattern has no exact translation (tiny_aya,
 * superbpe, afmoe, whitespace) are not in the list. */
#include "tokenizer/gguf_pre.h"

#include "base/buf.h"
#include "text/split_pattern.h"
#include "tokenizer/document.h"

#include <string.h>

#define CONTRACTED "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define LEAD "[^\\r\\n\\p{L}\\p{N}]?"
#define BLANKS "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define SIGNS " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" BLANKS
#define CASED(ending, digits) LEAD UPPER "*" LOWER "+" ending "|" LEAD UPPER "+" LOWER "*" ending "|" digits "|" SIGNS
#define NOT_HAN "(?!\\p{Han})"
#define ASCII_SIGNS "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"
#define DEEPSEEK(signs) ASCII_SIGNS "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+" signs
#define KANJI "[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+"
#define FAR_EAST "[\xe4\xb8\x80-\xe9\xbe\xa5\xe0\xa0\x80-\xe4\xb8\x80\xea\xb0\x80-\xed\x9f\xbf]+"

static const char tekken[] = CASED("", "\\p{N}");
static const char o200k[] = CASED(CONTRACTED "?", "\\p{N}{1,3}");
static const char youtu[] = CASED(CONTRACTED "?", "\\p{N}");
static const char youtu_scripts[] =
    "[\xea\xb0\x80-\xed\x9e\xa3\xe3\x84\xb1-\xe3\x86\x8e]+|["
    "\xef\xbc\x81\xe2\x80\xa6\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x98"
    "\xe2\x80\x99\xe2\x80\x94\xef\xbc\x9a\xef\xbc\x9b\xef\xbc\x8c\xe3\x80\x81-\xe3\x80\xbf\xef\xb8\xb0-\xef\xb9\x8f]+|"
    "[\xe3\x84\x85-\xe3\x84\xaf]+|" KANJI;
static const char kimi[] =
    "[\\p{Han}]+|" LEAD "(?:" NOT_HAN UPPER ")*(?:" NOT_HAN LOWER ")+" CONTRACTED "?|" LEAD "(?:" NOT_HAN UPPER
    ")+(?:" NOT_HAN LOWER ")*" CONTRACTED "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BLANKS;
static const char deepseek3[] = DEEPSEEK("[\\r\\n]*|" BLANKS);
static const char spark[] = DEEPSEEK("|[\\r\\n]|\\s+(?!\\S)|\\s+");
static const char qwen35[] = CONTRACTED "|" LEAD "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" BLANKS;
static const char jais2[] = CONTRACTED
    "|" LEAD "\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s{512}(?!\\S)|\\s{256}(?!\\S)|"
    "\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|"
    "\\s{1}";
static const char bailing[] =
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
    "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
static const char seed[] = CONTRACTED "|" LEAD "\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" BLANKS;
static const char ufakzeka[] = LEAD "\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BLANKS;
static const char exaone_moe[] = CONTRACTED "|" LEAD "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| "
                                            "?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
static const char minicpm5[] = CONTRACTED "|" LEAD "\\p{L}+|\\p{N}+| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" BLANKS;
static const char bloom[] =
    " ?[^(\\s|[.,!?\xe2\x80\xa6\xe3\x80\x82\xef\xbc\x8c\xe3\x80\x81\xe0\xa5\xa4\xdb\x94\xd8\x8c])]+";
/* DeepSeek LLM's cased letters, and its signs. */
static const char deepseek_letters[] =
    "\\s?[A-Za-z\xc2\xb5\xc3\x80-\xc3\x96\xc3\x98-\xc3\xb6\xc3\xb8-\xc6\xba\xc6\xbc-\xc6\xbf\xc7\x84-\xca\x93"
    "\xca\x95-\xca\xaf\xcd\xb0-\xcd\xb3\xcd\xb6\xcd\xb7\xcd\xbb-\xcd\xbd\xcd\xbf\xce\x86\xce\x88-\xce\x8a\xce\x8c"
    "\xce\x8e-\xce\xa1\xce\xa3-\xcf\xb5\xcf\xb7-\xd2\x81\xd2\x8a-\xd4\xaf\xd4\xb1-\xd5\x96\xe1\x82\xa0-\xe1\x83\x85"
    "\xe1\x8e\xa0-\xe1\x8f\xb5\xe1\x8f\xb8-\xe1\x8f\xbd\xe1\xb2\x90-\xe1\xb2\xba\xe1\xb2\xbd-\xe1\xb2\xbf"
    "\xe1\xb4\x80-\xe1\xb4\xab\xe1\xb5\xab-\xe1\xb5\xb7\xe1\xb5\xb9-\xe1\xb6\x9a\xe1\xb8\x80-\xe1\xbc\x95"
    "\xe1\xbc\x98-\xe1\xbc\x9d\xe1\xbc\xa0-\xe1\xbd\x85\xe1\xbd\x88-\xe1\xbd\x8d\xe1\xbd\x90-\xe1\xbd\x97"
    "\xe1\xbd\x99\xe1\xbd\x9b\xe1\xbd\x9d\xe1\xbd\x9f-\xe1\xbd\xbd\xe1\xbe\x80-\xe1\xbe\xb4\xe1\xbe\xb6-\xe1\xbe\xbc"
    "\xe1\xbe\xbe\xe1\xbf\x82-\xe1\xbf\x84\xe1\xbf\x86-\xe1\xbf\x8c\xe1\xbf\x90-\xe1\xbf\x93\xe1\xbf\x96-"
    "\xe1\xbf\x9b\xe1\xbf\xa0-\xe1\xbf\xac\xe1\xbf\xb2-\xe1\xbf\xb4\xe1\xbf\xb6-\xe1\xbf\xbc\xe2\x84\x82\xe2\x84\x87"
    "\xe2\x84\x8a-\xe2\x84\x93\xe2\x84\x95\xe2\x84\x99-\xe2\x84\x9d\xe2\x84\xa4\xe2\x84\xa6\xe2\x84\xa8\xe2\x84\xaa-"
    "\xe2\x84\xad\xe2\x84\xaf-\xe2\x84\xb4\xe2\x84\xb9\xe2\x84\xbc-\xe2\x84\xbf\xe2\x85\x85-\xe2\x85\x89\xe2\x85\x8e"
    "\xe2\x86\x83\xe2\x86\x84\xe2\xb0\x80-\xe2\xb1\xbb\xe2\xb1\xbe-\xe2\xb3\xa4\xe2\xb3\xab-\xe2\xb3\xae\xe2\xb3\xb2"
    "\xe2\xb3\xb3\xea\x99\x80-\xea\x99\xad\xea\x9a\x80-\xea\x9a\x9b\xea\x9c\xa2-\xea\x9d\xaf\xea\x9d\xb1-"
    "\xea\x9e\x87\xea\x9e\x8b-\xea\x9e\x8e\xea\xad\xb0-\xea\xae\xbf\xef\xac\x80-\xef\xac\x86\xef\xac\x93-"
    "\xef\xac\x97\xef\xbc\xa1-\xef\xbc\xba\xef\xbd\x81-\xef\xbd\x9a\xf0\x90\x90\x80-\xf0\x90\x91\x8f\xf0\x90\x92\xb0"
    "-\xf0\x90\x93\x93\xf0\x90\x93\x98-\xf0\x90\x93\xbb\xf0\x90\xb2\x80-\xf0\x90\xb2\xb2\xf0\x90\xb3\x80-"
    "\xf0\x90\xb3\xb2\xf0\x91\xa2\xa0-\xf0\x91\xa3\x9f\xf0\x9e\xa4\x80-\xf0\x9e\xa5\x83]+";
static const char deepseek_signs[] =
    "\\s?[!-/:-~\xef\xbc\x81-\xef\xbc\x8f\xef\xbc\x9a-\xef\xbd\x9e\xe2\x80\x98-\xe2\x80\x9f\xe3\x80\x80-\xe3\x80\x82"
    "]+";
static const char digit[] = "\\p{N}", three_digits[] = "\\p{N}{1,3}", lines[] = "[^\\n]+|[\\n]+",
                  newline[] = "[\\r\\n]";

#define GPT2 .patterns = {assay_pattern_gpt2}
#define LLAMA3 .patterns = {assay_pattern_llama3}
#define QWEN2 .patterns = {assay_pattern_qwen2}
#define DEEPSEEK3 .patterns = {three_digits, KANJI, deepseek3}

static const assay_gguf_pre rules[] = {
    {.name = "gpt-2", GPT2},
    {.name = "gpt2", GPT2},
    {.name = "phi-2", GPT2},
    {.name = "mpt", GPT2},
    {.name = "olmo", GPT2},
    {.name = "jais", GPT2},
    {.name = "jina-es", GPT2},
    {.name = "jina-de", GPT2},
    {.name = "jina-v2-es", GPT2},
    {.name = "jina-v2-de", GPT2},
    {.name = "jina-v1-en", GPT2, .add_bos = true, .add_eos = true},
    {.name = "jina-v2-code", GPT2, .add_bos = true, .add_eos = true},
    {.name = "roberta-bpe", GPT2, .add_bos = true, .add_eos = true},
    {.name = "gigachat", GPT2},
    {.name = "a.x-4.0", GPT2},
    {.name = "mellum", GPT2},
    {.name = "modern-bert", GPT2},
    {.name = "exaone4", GPT2},
    {.name = "trillion", GPT2},
    {.name = "granite-docling", GPT2},
    {.name = "smollm", GPT2, .digits = true},
    {.name = "starcoder", GPT2, .digits = true},
    {.name = "refact", GPT2, .digits = true},
    {.name = "codeshell", GPT2, .digits = true},
    {.name = "command-r", GPT2, .digits = true, .nfc = true},
    {.name = "exaone", GPT2, .digits = true},
    {.name = "minerva-7b", GPT2, .digits = true},
    {.name = "mellum2", GPT2, .digits = true},
    {.name = "llama-bpe", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "llama3", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "llama-v3", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "falcon3", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "falcon-h1", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "pixtral", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "midm-2.0", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "lfm2", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "jina-v5-nano", LLAMA3, .ignore_merges = true, .add_bos = true},
    {.name = "glm4", LLAMA3},
    {.name = "chatglm-bpe", LLAMA3},
    {.name = "smaug-bpe", LLAMA3},
    {.name = "dbrx", LLAMA3},
    {.name = "jais-2", .patterns = {jais2}},
    {.name = "qwen2", QWEN2, .nfc = true},
    {.name = "deepseek-r1-qwen", QWEN2, .nfc = true},
    {.name = "f2llmv2", QWEN2, .nfc = true},
    {.name = "megrez", QWEN2, .nfc = true},
    {.name = "kormo", QWEN2},
    {.name = "hunyuan", QWEN2},
    {.name = "solar-open", QWEN2},
    {.name = "grok-2", QWEN2},
    {.name = "stablelm2", QWEN2},
    {.name = "laguna", .patterns = {lines, assay_pattern_qwen2}},
    {.name = "qwen35", .patterns = {qwen35}, .nfc = true},
    {.name = "ufakzeka", .patterns = {ufakzeka}},
    {.name = "tekken", .patterns = {tekken}, .ignore_merges = true, .add_bos = true},
    {.name = "gpt-4o", .patterns = {o200k}},
    {.name = "llama4", .patterns = {o200k}},
    {.name = "kanana2", .patterns = {o200k}},
    {.name = "talkie", .patterns = {o200k}},
    {.name = "minimax-m2", .patterns = {o200k}},
    {.name = "granite-embed-multi-97m", .patterns = {o200k}, .ignore_merges = true},
    {.name = "youtu", .patterns = {youtu_scripts, youtu}, .ignore_merges = true},
    {.name = "kimi-k2", .patterns = {kimi}},
    {.name = "deepseek-llm",
     .patterns = {newline, deepseek_letters, deepseek_signs, "\\s+$", FAR_EAST},
     .digits_last = true},
    {.name = "deepseek-coder", .patterns = {newline, "\\s?\\p{L}+", "\\s?\\p{P}+", FAR_EAST}, .digits_last = true},
    {.name = "deepseek-v3", DEEPSEEK3},
    {.name = "hunyuan-dense", DEEPSEEK3},
    {.name = "joyai-llm", DEEPSEEK3},
    {.name = "hy_v4", DEEPSEEK3},
    {.name = "spark2_5", .patterns = {three_digits, KANJI, spark, digit}},
    {.name = "bailingmoe", .patterns = {bailing}},
    {.name = "bailingmoe2", .patterns = {bailing}},
    {.name = "llada-moe", .patterns = {bailing}},
    {.name = "seed-coder", .patterns = {seed}},
    {.name = "exaone-moe", .patterns = {exaone_moe}},
    {.name = "minicpm5", .patterns = {three_digits, minicpm5}, .ignore_merges = true},
    {.name = "bloom", .patterns = {bloom}},
    {.name = "poro-chat", .patterns = {bloom}},
    {.name = "gpt3-finnish", .patterns = {bloom}},
    {.name = "viking", .patterns = {bloom}, .digits_last = true},
    {.name = "falcon", .falcon = true},
    {.name = "chameleon",
     .patterns = {"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", digit,
                  "[\\p{P}!-/:-@\\[-`{-~]", assay_pattern_gpt2},
     .add_bos = true},
    {.name = "gemma4", .characters = true, .add_bos = true},
    {.name = "granite-embed-multi-311m", .characters = true, .add_bos = true},
    {.name = "sarvam-moe", .characters = true},
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

assay_status assay_gguf_pre_find(const assay_gguf_pre **out, const assay_gguf *gguf, assay_error *err)
{
    const char *name = "default", *model = "";
    assay_gguf_string(gguf, "tokenizer.ggml.pre", &name, NULL);
    assay_gguf_string(gguf, "tokenizer.ggml.model", &model, NULL);
    if (strcmp(model, "gemma4") == 0) name = model; /* says its rule by itself */
    if (strcmp(name, "default") == 0) name = "gpt-2";
    assay_buf list;
    assay_buf_init(&list, 4096);
    for (size_t i = 0; i < RULES; i++) {
        *out = &rules[i];
        if (strcmp(name, rules[i].name) == 0) return assay_buf_release(&list), ASSAY_OK;
        ASSAY_TRY(assay_buf_printf(&list, err, "%s%s", i ? ", " : "", rules[i].name));
    }
    assay_status status =
        assay_error_set(err, ASSAY_E_UNSUPPORTED,
                        "tokenizer.ggml.pre is \"%.80s\", which Assay does not know (it knows %s): use the model's "
                        "Hugging Face folder instead of the GGUF",
                        name, list.data);
    assay_buf_release(&list);
    return status;
}

static json_t *digits_node(bool individual)
{
    return json_pack("{s:s, s:b}", "type", "Digits", "individual_digits", (int)individual);
}

/* Punctuation, words, then digits by three: on the bytes' letters, as Falcon's file has it. */
static bool falcon_push(json_t *steps)
{
    return json_array_append_new(steps, json_pack("{s:s, s:s}", "type", "Punctuation", "behavior", "Contiguous")) ==
               0 &&
           json_array_append_new(steps, assay_node_byte_level(false, true)) == 0 &&
           json_array_append_new(steps, digits_node(false)) == 0 &&
           json_array_append_new(steps, assay_node_split("[0-9][0-9][0-9]")) == 0;
}

/* ByteLevel brings GPT-2's pattern along. */
static bool patterns_push(json_t *steps, const assay_gguf_pre *rule)
{
    bool fine = !rule->digits || json_array_append_new(steps, digits_node(true)) == 0, gpt2 = false;
    for (size_t i = 0; fine && i < ASSAY_GGUF_PATTERNS && rule->patterns[i]; i++) {
        bool last = i + 1 == ASSAY_GGUF_PATTERNS || !rule->patterns[i + 1];
        gpt2 = last && rule->patterns[i] == assay_pattern_gpt2 && !rule->digits_last;
        if (!gpt2) fine = json_array_append_new(steps, assay_node_split(rule->patterns[i])) == 0;
    }
    if (fine && rule->digits_last) fine = json_array_append_new(steps, digits_node(true)) == 0;
    return fine && json_array_append_new(steps, assay_node_byte_level(false, gpt2)) == 0;
}

json_t *assay_gguf_pre_words(const assay_gguf_pre *rule)
{
    json_t *steps = json_array();
    if (rule->characters) return json_decref(steps), json_null();
    if (!(rule->falcon ? falcon_push(steps) : patterns_push(steps, rule))) steps = (json_decref(steps), NULL);
    return json_pack("{s:s, s:o}", "type", "Sequence", "pretokenizers", steps);
}

json_t *assay_gguf_pre_normalizer(const assay_gguf_pre *rule)
{
    if (rule->characters) return assay_node_replace("String", " ", ASSAY_SPACE_SYMBOL);
    return rule->nfc ? json_pack("{s:s}", "type", "NFC") : json_null();
}
