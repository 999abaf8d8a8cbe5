/* tokenizer.model and its other names: SentencePiece's protobuf in a ChatGLM2/3 folder, else one that goes by the
 * folder's class (spm_document.h). */
#include "tokenizer/spm_document.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

static void info_set(assay_tokenizer_info *info, const assay_document *document)
{
    info->bos = assay_document_id(document, "bos_token");
    info->eos = assay_document_id(document, "eos_token");
    info->pad = assay_document_id(document, "pad_token");
    info->unk = assay_document_id(document, "unk_token");
}

static assay_status spm_read(assay_tokenizer *tokenizer, const char *path, const char *class_name,
                             const assay_tokenizer_config *config, assay_error *err)
{
    assay_document document = {0};
    assay_status status = assay_spm_document(&document, path, class_name, config, err);
    if (status == ASSAY_OK) status = assay_json_document_read(tokenizer, document.root, path, config, err);
    if (status == ASSAY_OK) info_set(&tokenizer->info, &document);
    assay_document_release(&document);
    return status;
}

assay_status assay_folder_model_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                     const assay_tokenizer_config *config, assay_error *err)
{
    char *class_name;
    if (config->class_name && strcmp(config->class_name, "ChatGLMTokenizer") == 0)
        return assay_sp_tokenizer_read(tokenizer, folder, path, config, err);
    ASSAY_TRY(assay_tokenizer_config_class(config, &class_name, err));
    assay_status status = spm_read(tokenizer, path, class_name, config, err);
    assay_free(class_name);
    return status;
}
