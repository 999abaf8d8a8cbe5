#include "tokenizer/tokenizer_config.h"

#include "base/file.h"

#include <string.h>

enum { CONFIG_BYTES = 64 << 20 };

void assay_tokenizer_config_release(assay_tokenizer_config *config)
{
    json_decref(config->main);
    json_decref(config->special_map);
    json_decref(config->added);
    assay_free(config->jinja);
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

static assay_status jinja_load(assay_tokenizer_config *config, const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, "chat_template.jinja");
    size_t size;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status =
        assay_path_exists(path) ? assay_file_read(path, CONFIG_BYTES, &config->jinja, &size, err) : ASSAY_OK;
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

/* A string, or a list of {name, template} of which "default" is the one. */
static const char *template_of(const json_t *value)
{
    size_t index;
    json_t *entry;
    if (json_is_string(value)) return json_string_value(value);
    json_array_foreach(value, index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, "default") == 0) return json_string_value(json_object_get(entry, "template"));
    }
    return NULL;
}

assay_status assay_tokenizer_config_read(assay_tokenizer_config *config, const char *folder, assay_error *err)
{
    ASSAY_TRY(document_load(&config->main, folder, "tokenizer_config.json", err));
    ASSAY_TRY(document_load(&config->special_map, folder, "special_tokens_map.json", err));
    ASSAY_TRY(document_load(&config->added, folder, "added_tokens.json", err));
    ASSAY_TRY(jinja_load(config, folder, err));
    config->class_name = json_string_value(json_object_get(config->main, "tokenizer_class"));
    config->name_or_path = json_string_value(json_object_get(config->main, "name_or_path"));
    config->chat_template = config->jinja ? config->jinja : template_of(json_object_get(config->main, "chat_template"));
    config->bos = token_of(config, "bos_token");
    config->eos = token_of(config, "eos_token");
    config->pad = token_of(config, "pad_token");
    config->unk = token_of(config, "unk_token");
    config->add_bos = said(config->main, "add_bos_token");
    config->add_eos = said(config->main, "add_eos_token");
    return ASSAY_OK;
}
