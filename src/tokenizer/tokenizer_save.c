#include "tokenizer/tokenizer_save.h"

#include "base/file.h"
#include "tokenizer/tokenizer_kind.h"
#include "tokenizer/tokenizer_save_json.h"

#include <string.h>

enum { CONFIG_BYTES = 64 << 20 };

static const char *const files[] = {"tokenizer.json",
                                    "tokenizer.model",
                                    "tokenizer_config.json",
                                    "special_tokens_map.json",
                                    "added_tokens.json",
                                    "chat_template.jinja",
                                    "chat_template.json",
                                    "vocab.json",
                                    "merges.txt",
                                    "vocab.txt",
                                    "spiece.model",
                                    "spm.model",
                                    "sentencepiece.bpe.model",
                                    "ice_text.model",
                                    "qwen.tiktoken"};

/* "tokenization_chatglm.ChatGLMTokenizer" -> tokenization_chatglm.py; what names another repository
 * ("user/name--file.Class") lies there. */
static assay_status hold_module(const char *from, const char *reference, assay_held_files *held, assay_error *err)
{
    const char *dot = strchr(reference, '.');
    if (!dot || dot == reference || strpbrk(reference, "/\\") || strstr(reference, "--")) return ASSAY_OK;
    char *name = assay_strfmt("%.*s.py", (int)(dot - reference), reference);
    ASSAY_TRY_ALLOC(name, "a file name", err);
    assay_status status = assay_held_files_add(held, from, name, err);
    assay_free(name);
    return status;
}

static assay_status hold_code(const char *from, json_t *config, assay_held_files *held, assay_error *err)
{
    json_t *map = json_object_get(config, "auto_map"), *value, *entry;
    const char *key;
    size_t index;
    if (json_is_array(map)) { /* old configs: the list alone */
        json_array_foreach(map, index, entry) if (json_is_string(entry))
            ASSAY_TRY(hold_module(from, json_string_value(entry), held, err));
        return ASSAY_OK;
    }
    json_object_foreach(map, key, value)
    {
        if (json_is_string(value)) ASSAY_TRY(hold_module(from, json_string_value(value), held, err));
        json_array_foreach(value, index, entry) if (json_is_string(entry))
            ASSAY_TRY(hold_module(from, json_string_value(entry), held, err));
    }
    return ASSAY_OK;
}

static const char *token_content(const json_t *config, const char *key)
{
    const json_t *value = json_object_get(config, key);
    if (json_is_object(value)) value = json_object_get(value, "content");
    return json_string_value(value);
}

/* What Transformers finds there; other files stay behind. */
static assay_status hold_additional(const char *from, assay_held_files *held, assay_error *err)
{
    char **names = NULL, *folder = assay_path_join(from, ASSAY_ADDITIONAL_TEMPLATES);
    size_t count = 0;
    ASSAY_TRY_ALLOC(folder, "a path", err);
    assay_status status = assay_path_is_dir(folder) ? assay_list_dir(folder, &names, &count, err) : ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        if (!assay_named_template_length(names[i])) continue;
        char *name = assay_path_join(ASSAY_ADDITIONAL_TEMPLATES, names[i]);
        if (name) status = assay_held_files_add(held, from, name, err);
        else status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        assay_free(name);
    }
    assay_names_free(names, count);
    assay_free(folder);
    return status;
}

/* Leaves the file's bytes alone when it says so already. needed: the file is made to say it even if it has no such
 * key. */
static assay_status set_pad(const char *folder, const char *name, const char *pad, bool needed, assay_error *err)
{
    json_t *config = NULL;
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_json_load(path, CONFIG_BYTES, &config, err) : ASSAY_OK;
    const char *found = token_content(config, "pad_token");
    bool change = json_is_object(config) && (needed || found) && (!found || strcmp(found, pad) != 0);
    if (status == ASSAY_OK && change) {
        json_object_set_new(config, "pad_token", json_string(pad));
        status = assay_json_save(config, path, err);
    }
    json_decref(config);
    assay_free(path);
    return status;
}

assay_status assay_tokenizer_hold(const char *from, assay_held_files *held, assay_error *err)
{
    json_t *config = NULL;
    char *text;
    size_t size;
    if (!from) return ASSAY_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        ASSAY_TRY(assay_held_files_add(held, from, files[i], err));
    ASSAY_TRY(hold_additional(from, held, err));
    ASSAY_TRY(assay_held_files_read(held, "tokenizer_config.json", CONFIG_BYTES, &text, &size, err));
    assay_status status = text ? assay_json_parse(text, size, "tokenizer_config.json", &config, err) : ASSAY_OK;
    assay_free(text);
    if (status == ASSAY_OK) status = hold_code(from, config, held, err);
    json_decref(config);
    return status;
}

assay_status assay_tokenizer_save_held(const assay_held_files *held, const assay_gguf *gguf, const char *to,
                                       const char *pad, assay_error *err)
{
    if (gguf) ASSAY_TRY(assay_tokenizer_save_gguf(gguf, to, err));
    else ASSAY_TRY(assay_held_files_write(held, to, err));
    if (!pad) return ASSAY_OK;
    ASSAY_TRY(set_pad(to, "tokenizer_config.json", pad, true, err));
    return gguf ? ASSAY_OK : set_pad(to, "special_tokens_map.json", pad, false, err);
}

assay_status assay_tokenizer_save(const char *from, const assay_gguf *gguf, const char *to, const char *pad,
                                  assay_error *err)
{
    assay_held_files held = {0};
    assay_status status = gguf ? ASSAY_OK : assay_tokenizer_hold(from, &held, err);
    if (status == ASSAY_OK) status = assay_tokenizer_save_held(&held, gguf, to, pad, err);
    assay_held_files_release(&held);
    return status;
}

static bool is_end(int32_t id, const int32_t *ends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends[i] == id) return true;
    return false;
}

int32_t assay_tokenizer_unused_end(const assay_tokenizer *tokenizer, const int32_t *ends, size_t count)
{
    const assay_tokenizer_info *info = &tokenizer->info;
    if (info->pad >= 0 && !is_end(info->pad, ends, count)) return info->pad;
    if (info->unk >= 0 && !is_end(info->unk, ends, count)) return info->unk;
    int32_t found = -1;
    for (size_t i = 0; i < tokenizer->added.count; i++) {
        const assay_added_token *token = &tokenizer->added.tokens[i];
        bool fits = token->special && token->id != info->bos && !is_end(token->id, ends, count);
        if (fits && (found < 0 || token->id < found)) found = token->id;
    }
    return found;
}
