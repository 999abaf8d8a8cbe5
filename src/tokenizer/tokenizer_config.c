#include "tokenizer/tokenizer_config.h"

#include "base/file.h"

#include <string.h>

enum { CONFIG_BYTES = 64 << 20 };

void assay_tokenizer_config_release(assay_tokenizer_config *config)
{
    json_decref(config->main);
    json_decref(config->special_map);
    json_decref(config->added);
    json_decref(config->older);
    json_decref(config->model);
    assay_named_templates_release(&config->templates);
    *config = (assay_tokenizer_config){0};
}

static assay_status document_load(json_t **out, const char *folder, const char *name, assay_error *err)
{
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, name, err);
    assay_status status = assay_path_exists(path) ? assay_json_load(path, CONFIG_BYTES, out, err) : ASSAY_OK;
    if (status == ASSAY_OK && *out && !json_is_object(*out))
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s: not a JSON object", path);
    assay_free(path);
    return status;
}

/* A token is a string or an object with "content". */
static const char *token_content(const json_t *document, const char *key)
{
    const json_t *value = json_object_get(document, key);
    if (json_is_object(value)) value = json_object_get(value, "content");
    return json_string_value(value);
}

static const char *token_of(const assay_tokenizer_config *config, const char *key)
{
    const char *content = token_content(config->main, key);
    return content ? content : token_content(config->special_map, key);
}

static assay_said said(const json_t *document, const char *key)
{
    const json_t *value = json_object_get(document, key);
    return !json_is_boolean(value) ? ASSAY_SAID_NOTHING : json_is_true(value) ? ASSAY_SAID_YES : ASSAY_SAID_NO;
}

/* ---- chat templates ---- */

/* A string, or a list of {name, template}. */
static assay_status take_templates(assay_tokenizer_config *config, const json_t *value, const char *origin,
                                   assay_error *err)
{
    size_t index;
    json_t *entry;
    assay_named_templates *list = &config->templates;
    if (json_is_string(value))
        ASSAY_TRY(assay_named_templates_set(list, "default", json_string_value(value), origin, err));
    json_array_foreach(value, index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *text = json_string_value(json_object_get(entry, "template"));
        if (!name || !text)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s: chat_template[%zu] should be an object with \"name\" and \"template\"", origin,
                                   index);
        ASSAY_TRY(assay_named_templates_set(list, name, text, origin, err));
    }
    if (list->count) config->template_origin = origin;
    return ASSAY_OK;
}

static assay_status take_file(assay_tokenizer_config *config, const char *folder, const char *file, const char *name,
                              assay_error *err)
{
    char *path = assay_path_join(folder, file), *text = NULL;
    size_t size;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_file_read(path, CONFIG_BYTES, &text, &size, err) : ASSAY_OK;
    if (text) status = assay_named_templates_set(&config->templates, name, text, path, err);
    assay_free(text);
    assay_free(path);
    return status;
}

static assay_status take_additional(assay_tokenizer_config *config, const char *folder, assay_error *err)
{
    char **files = NULL, *path = assay_path_join(folder, ASSAY_ADDITIONAL_TEMPLATES);
    size_t count = 0;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_is_dir(path) ? assay_list_dir(path, &files, &count, err) : ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        size_t length = assay_named_template_length(files[i]);
        char *name = length ? assay_strndup(files[i], length) : NULL;
        if (name) status = take_file(config, path, files[i], name, err);
        else if (length) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a chat template's name");
        assay_free(name);
    }
    assay_names_free(files, count);
    assay_free(path);
    return status;
}

/* Template files are read before a config's text, and chat_template.json only where nothing else is. */
static assay_status find_templates(assay_tokenizer_config *config, const char *folder, assay_error *err)
{
    ASSAY_TRY(take_file(config, folder, "chat_template.jinja", "default", err));
    ASSAY_TRY(take_additional(config, folder, err));
    if (config->templates.count) {
        config->template_origin = "chat_template.jinja";
        return ASSAY_OK;
    }
    ASSAY_TRY(take_templates(config, json_object_get(config->main, "chat_template"), "tokenizer_config.json", err));
    if (config->templates.count) return ASSAY_OK;
    return take_templates(config, json_object_get(config->older, "chat_template"), "chat_template.json", err);
}

assay_status assay_tokenizer_config_read(assay_tokenizer_config *config, const char *folder, assay_error *err)
{
    ASSAY_TRY(document_load(&config->main, folder, "tokenizer_config.json", err));
    ASSAY_TRY(document_load(&config->special_map, folder, "special_tokens_map.json", err));
    ASSAY_TRY(document_load(&config->added, folder, "added_tokens.json", err));
    ASSAY_TRY(document_load(&config->older, folder, "chat_template.json", err));
    ASSAY_TRY(document_load(&config->model, folder, "config.json", err));
    config->model_type = json_string_value(json_object_get(config->model, "model_type"));
    config->class_name = json_string_value(json_object_get(config->main, "tokenizer_class"));
    config->name_or_path = json_string_value(json_object_get(config->main, "name_or_path"));
    ASSAY_TRY(find_templates(config, folder, err));
    config->bos = token_of(config, "bos_token");
    config->eos = token_of(config, "eos_token");
    config->pad = token_of(config, "pad_token");
    config->unk = token_of(config, "unk_token");
    config->add_bos = said(config->main, "add_bos_token");
    config->add_eos = said(config->main, "add_eos_token");
    return ASSAY_OK;
}

/* Model types with a class of their own ("": whatever class is named, the vocabulary file's settings decide).
 * trusted: a class that the folder names goes before it. */
static const struct {
    const char *model_type, *class_name;
    bool trusted;
} registered[] = {{"bert", "BertTokenizer", true},
                  {"deberta-v2", "DebertaV2Tokenizer", true},
                  {"gemma", "GemmaTokenizer", true},
                  {"gemma2", "GemmaTokenizer", true},
                  {"gemma3", "GemmaTokenizer", true},
                  {"gemma3_text", "GemmaTokenizer", true},
                  {"gpt2", "GPT2Tokenizer", true},
                  {"glm", "", false},
                  {"glm4", "", false},
                  {"granite", "", false},
                  {"internlm2", "", false},
                  {"internlm3", "", false},
                  {"ministral", "", false},
                  {"mistral", "", false},
                  {"mixtral", "", false},
                  {"modernbert", "", false},
                  {"nemotron", "", false},
                  {"olmo2", "", false},
                  {"phi3", "", false},
                  {"phimoe", "", false},
                  {"qwen2", "Qwen2Tokenizer", false},
                  {"qwen2_moe", "Qwen2Tokenizer", true},
                  {"qwen3", "Qwen2Tokenizer", true},
                  {"qwen3_moe", "Qwen2Tokenizer", true},
                  {"roberta", "RobertaTokenizer", true},
                  {"stablelm", "", false},
                  {"t5", "T5Tokenizer", true},
                  {"xlm-roberta", "XLMRobertaTokenizer", true}};

assay_status assay_tokenizer_config_class(const assay_tokenizer_config *config, char **out, assay_error *err)
{
    const char *name = config->class_name;
    for (size_t i = 0; config->model_type && i < sizeof(registered) / sizeof(registered[0]); i++)
        if (strcmp(registered[i].model_type, config->model_type) == 0 && (!name || !registered[i].trusted))
            name = registered[i].class_name;
    *out = NULL;
    if (!name || !*name) return ASSAY_OK;
    size_t size = strlen(name);
    if (size > 4 && strcmp(name + size - 4, "Fast") == 0) size -= 4;
    *out = assay_strndup(name, size);
    ASSAY_TRY_ALLOC(*out, "a class name", err);
    return ASSAY_OK;
}
