/* tokenizer.model and its other names: a rank file, else SentencePiece's protobuf, of a ChatGLM2/3 folder or one that
 * goes by the folder's class (spm_document.h). */
#include "base/file.h"
#include "tokenizer/spm_document.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

static assay_status spm_read(assay_tokenizer *tokenizer, const char *path, const char *class_name,
                             const assay_tokenizer_config *config, assay_error *err)
{
    assay_document document = {0};
    assay_status status = assay_spm_document(&document, path, class_name, config, err);
    if (status == ASSAY_OK) status = assay_json_document_take(tokenizer, &document, path, config, err);
    assay_document_release(&document);
    return status;
}

static assay_status ranks_look(const char *path, bool *ranks, assay_error *err)
{
    assay_mapping map;
    ASSAY_TRY(assay_map_open(&map, path, err));
    *ranks = map.data && assay_is_rank_file((const char *)map.data, map.size);
    assay_map_close(&map);
    return ASSAY_OK;
}

assay_status assay_folder_model_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                     const assay_tokenizer_config *config, assay_error *err)
{
    char *class_name;
    bool ranks = false;
    ASSAY_TRY(ranks_look(path, &ranks, err));
    if (ranks) return assay_folder_ranks_read(tokenizer, folder, path, config, err);
    if (config->class_name && strcmp(config->class_name, "ChatGLMTokenizer") == 0)
        return assay_sp_tokenizer_read(tokenizer, folder, path, config, err);
    ASSAY_TRY(assay_tokenizer_config_class(config, &class_name, err));
    assay_status status = spm_read(tokenizer, path, class_name, config, err);
    assay_free(class_name);
    return status;
}
