/* A tokenizer from a folder or a GGUF file: which reader takes it, and what tokenizer_config.json says beside it. */
#include "tokenizer/tokenizer_kind.h"

#include "base/file.h"

static int32_t token_or_none(const assay_tokenizer *tokenizer, const char *content, int32_t otherwise)
{
    int32_t id = content ? assay_tokenizer_find(tokenizer, content) : -1;
    return id >= 0 ? id : otherwise;
}

static assay_status text_keep(char **kept, const char **shown, const char *text, assay_error *err)
{
    if (!text) return ASSAY_OK;
    *kept = assay_strdup(text);
    ASSAY_TRY_ALLOC(*kept, "a tokenizer", err);
    *shown = *kept;
    return ASSAY_OK;
}

/* A kind of vocabulary in a folder. */
typedef struct folder_kind {
    const char *file;
    assay_folder_reader *read;
} folder_kind;

#define FOLDER_KIND(file, read) {file, read},
static const folder_kind folder_kinds[] = {ASSAY_FOLDER_MAP(FOLDER_KIND)};
#undef FOLDER_KIND

enum { FOLDER_KINDS = sizeof(folder_kinds) / sizeof(folder_kinds[0]) };

bool assay_tokenizer_in_folder(const char *folder)
{
    for (size_t i = 0; i < FOLDER_KINDS; i++)
        if (assay_folder_holds(folder, folder_kinds[i].file)) return true;
    return false;
}

static assay_status vocabulary_read(assay_tokenizer *tokenizer, const char *folder,
                                    const assay_tokenizer_config *config, assay_error *err)
{
    for (size_t i = 0; i < FOLDER_KINDS; i++) {
        char *path = assay_path_join(folder, folder_kinds[i].file);
        ASSAY_TRY_ALLOC(path, "a path", err);
        bool found = assay_path_exists(path);
        assay_status status = found ? folder_kinds[i].read(tokenizer, folder, path, config, err) : ASSAY_OK;
        assay_free(path);
        if (found) return status;
    }
    return assay_error_set(err, ASSAY_E_IO,
                           "%s: no tokenizer.json and no tokenizer.model in it, nor another vocabulary (vocab.json, "
                           "vocab.txt, spiece.model, ...); copy the tokenizer's files there",
                           folder);
}

static assay_status folder_read(assay_tokenizer *tokenizer, const char *folder, assay_tokenizer_config *config,
                                assay_error *err)
{
    ASSAY_TRY(vocabulary_read(tokenizer, folder, config, err));
    ASSAY_TRY(text_keep(&tokenizer->class_name, &tokenizer->info.class_name, config->class_name, err));
    tokenizer->info.template_origin = config->template_origin;
    tokenizer->templates = config->templates;
    config->templates = (assay_named_templates){0};
    assay_tokenizer_info *info = &tokenizer->info;
    info->bos = token_or_none(tokenizer, config->bos, info->bos);
    info->eos = token_or_none(tokenizer, config->eos, info->eos);
    info->pad = token_or_none(tokenizer, config->pad, info->pad);
    info->unk = token_or_none(tokenizer, config->unk, info->unk);
    return ASSAY_OK;
}

static assay_status folder_open(assay_tokenizer *tokenizer, const char *folder, assay_error *err)
{
    assay_tokenizer_config config = {0};
    assay_status status = assay_tokenizer_config_read(&config, folder, err);
    if (status == ASSAY_OK) status = folder_read(tokenizer, folder, &config, err);
    assay_tokenizer_config_release(&config);
    return status;
}

static void show_templates(assay_tokenizer *tokenizer)
{
    tokenizer->info.templates = &tokenizer->templates;
    tokenizer->info.chat_template = assay_named_templates_find(&tokenizer->templates, "default");
    tokenizer->info.tool_template = assay_named_templates_find(&tokenizer->templates, "tool_use");
}

assay_status assay_tokenizer_open(assay_tokenizer **out, const char *folder, const assay_gguf *gguf, assay_error *err)
{
    assay_tokenizer *tokenizer = assay_alloc(1, sizeof(*tokenizer));
    *out = NULL;
    ASSAY_TRY_ALLOC(tokenizer, "a tokenizer", err);
    tokenizer->info.bos = tokenizer->info.eos = tokenizer->info.pad = tokenizer->info.unk = -1;
    assay_status status = gguf ? assay_gguf_vocab_read(tokenizer, gguf, err) : folder_open(tokenizer, folder, err);
    if (status != ASSAY_OK) {
        assay_tokenizer_close(tokenizer);
        return status;
    }
    if (!tokenizer->info.kind) tokenizer->info.kind = tokenizer->kind->name;
    show_templates(tokenizer);
    tokenizer->info.vocab_size = tokenizer->info.rows = (int32_t)tokenizer->vocab.count;
    *out = tokenizer;
    return ASSAY_OK;
}
