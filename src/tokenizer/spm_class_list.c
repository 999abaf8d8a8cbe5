#include "tokenizer/spm_document.h"

#include "base/file.h"

#include <string.h>

enum { MODEL_BYTES = 256 << 20 };

static const struct {
    const char *name;
    assay_spm_class *build;
} classes[] = {{"LlamaTokenizer", assay_spm_llama}, {"CodeLlamaTokenizer", assay_spm_code_llama},
               {"GemmaTokenizer", assay_spm_gemma}, {"XLMRobertaTokenizer", assay_spm_xlm_roberta},
               {"T5Tokenizer", assay_spm_t5},       {"DebertaV2Tokenizer", assay_spm_deberta_v2}};

/* Classes that Transformers reads in ways of their own. */
static const char *const others[] = {
    "AlbertTokenizer", "BarthezTokenizer", "BertGenerationTokenizer", "BigBirdTokenizer",     "CamembertTokenizer",
    "CpmTokenizer",    "FNetTokenizer",    "GPTSw3Tokenizer",         "LayoutXLMTokenizer",   "M2M100Tokenizer",
    "MBartTokenizer",  "MBart50Tokenizer", "MarianTokenizer",         "NllbTokenizer",        "PegasusTokenizer",
    "PLBartTokenizer", "RemBertTokenizer", "ReformerTokenizer",       "SeamlessM4TTokenizer", "SiglipTokenizer",
    "UdopTokenizer",   "XGLMTokenizer",    "XLNetTokenizer",          "Speech2TextTokenizer", "SpeechT5Tokenizer"};

static assay_status class_find(assay_spm_class **out, const char *name, const char *where, assay_error *err)
{
    *out = assay_spm_generic;
    if (!name) return ASSAY_OK;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strcmp(classes[i].name, name) == 0) *out = classes[i].build;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(others[i], name) == 0)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                   "%s: the tokenizer class %s is read from a tokenizer.json only: make one with "
                                   "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
                                   where, name);
    return ASSAY_OK;
}

static assay_status spm_read(assay_spm *spm, assay_error *err)
{
    size_t size;
    ASSAY_TRY(assay_file_read(spm->where, MODEL_BYTES, &spm->bytes, &size, err));
    ASSAY_TRY(assay_sp_model_parse(&spm->model, &spm->pieces, spm->bytes, size, spm->where, err));
    if (spm->model.model_type == ASSAY_SP_UNIGRAM || spm->model.model_type == ASSAY_SP_BPE) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: a SentencePiece model of words or characters; unigram and bpe are known", spm->where);
}

void assay_spm_release(assay_spm *spm)
{
    assay_sp_model_release(&spm->model);
    assay_token_map_release(&spm->pieces);
    assay_free(spm->bytes);
    *spm = (assay_spm){0};
}

assay_status assay_spm_open(assay_spm *spm, const char *path, const assay_tokenizer_config *config, assay_error *err)
{
    *spm = (assay_spm){.config = config, .where = path};
    assay_sp_model_init(&spm->model);
    assay_status status = spm_read(spm, err);
    if (status != ASSAY_OK) assay_spm_release(spm);
    return status;
}

assay_status assay_spm_document(assay_document *document, const char *path, const char *class_name,
                                const assay_tokenizer_config *config, assay_error *err)
{
    assay_spm spm;
    assay_spm_class *build = NULL;
    ASSAY_TRY(class_find(&build, class_name, path, err));
    ASSAY_TRY(assay_spm_open(&spm, path, config, err));
    assay_status status = build(document, &spm, err);
    assay_spm_release(&spm);
    return status;
}
