/* Finding a model's parts. Which folder plays which part is decided first (places_find), everything else follows from
 * it: the base gives the checkpoint, the adapter folder its tensors, the one of both that has its own gives tokenizer
 * and settings. Nothing here depends on how a folder came to be: Assay's output and PEFT's are told by their files
 * alone. */
#include "task/model_source.h"

#include "base/file.h"
#include "base/json_doc.h"

#include <string.h>

static const size_t settings_ceiling = (size_t)64 << 20;

static bool holds_tokenizer(const char *folder)
{
    return assay_folder_holds(folder, "tokenizer.json") || assay_folder_holds(folder, "tokenizer.model");
}

/* A relative base that is not here may lie beside the adapter folder. */
static char *base_path(const char *adapter, const char *base)
{
    if (*base == '/' || assay_path_exists(base)) return assay_strdup(base);
    char *around = assay_path_join(adapter, ".."), *beside = around ? assay_path_join(around, base) : NULL;
    assay_free(around);
    if (beside && assay_path_exists(beside)) return beside;
    assay_free(beside);
    return assay_strdup(base);
}

static assay_status base_of_adapter(const char *folder, char **out, assay_error *err)
{
    json_t *object = NULL;
    const char *base = NULL;
    char *path = assay_path_join(folder, "adapter_config.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_json_load(path, (size_t)4 << 20, &object, err);
    if (status == ASSAY_OK) status = assay_json_string(object, "base_model_name_or_path", false, &base, path, err);
    if (status == ASSAY_OK && (!base || !*base))
        status = assay_error_set(
            err, ASSAY_E_USAGE,
            "%s does not say what its base is (base_model_name_or_path): give the base as --model and %s as "
            "--adapter",
            path, folder);
    if (status == ASSAY_OK && !(*out = base_path(folder, base)))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    json_decref(object);
    assay_free(path);
    return status;
}

/* *base: what the checkpoint is opened from. */
static assay_status places_find(assay_model_source *source, const char *model, const char *adapter, char **base,
                                assay_error *err)
{
    bool is_adapter = assay_is_adapter_folder(model);
    if (is_adapter && adapter)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "%s is an adapter itself and cannot carry %s: give the base as --model", model, adapter);
    if (adapter && !assay_is_adapter_folder(adapter))
        return assay_error_set(err, ASSAY_E_IO, "%s: no adapter_config.json, so this is no adapter folder", adapter);
    if (!adapter && !is_adapter) {
        *base = assay_strdup(model);
        ASSAY_TRY_ALLOC(*base, "a path", err);
        return ASSAY_OK;
    }
    source->adapter_folder = assay_strdup(is_adapter ? model : adapter);
    ASSAY_TRY_ALLOC(source->adapter_folder, "a path", err);
    if (is_adapter) ASSAY_TRY(base_of_adapter(model, base, err));
    else *base = assay_strdup(model);
    ASSAY_TRY_ALLOC(*base, "a path", err);
    if (!assay_is_adapter_folder(*base)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s has the adapter %s as its base; merge that one first (assay merge)",
                           source->adapter_folder, *base);
}

/* A folder of tokenizer files alone is enough for TOKENIZER_ONLY: no checkpoint then. */
static bool is_bare_tokenizer(const char *base, unsigned flags)
{
    return (flags & ASSAY_SOURCE_TOKENIZER_ONLY) && assay_path_is_dir(base) &&
           !assay_folder_holds(base, "config.json") && holds_tokenizer(base);
}

/* A .gguf of metadata alone, as llama.cpp's vocabulary files are, likewise. */
static assay_status open_bare_vocabulary(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    if (!(flags & ASSAY_SOURCE_TOKENIZER_ONLY) || !assay_path_exists(base) || assay_path_is_dir(base)) return ASSAY_OK;
    ASSAY_TRY(assay_gguf_open(&source->vocabulary, base, err));
    if (assay_gguf_tensors(source->vocabulary)->count == 0) return ASSAY_OK;
    assay_gguf_close(source->vocabulary);
    source->vocabulary = NULL;
    return ASSAY_OK;
}

static assay_status adapter_context(assay_status status, const char *adapter, assay_error *err)
{
    return status == ASSAY_OK || !adapter ? status : assay_error_prefix(err, status, "the base of %s: ", adapter);
}

static assay_status open_checkpoint(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    unsigned how = flags & (ASSAY_SOURCE_CONFIG_ONLY | ASSAY_SOURCE_TOKENIZER_ONLY) ? ASSAY_CHECKPOINT_CONFIG_ONLY : 0;
    if (is_bare_tokenizer(base, flags)) return ASSAY_OK;
    ASSAY_TRY(open_bare_vocabulary(source, base, flags, err));
    if (source->vocabulary) return ASSAY_OK;
    ASSAY_TRY(adapter_context(assay_checkpoint_open(&source->checkpoint, base, how, err), source->adapter_folder, err));
    if (flags & ASSAY_SOURCE_TOKENIZER_ONLY) return ASSAY_OK;
    ASSAY_TRY(assay_model_config_read(source->checkpoint->config, source->checkpoint->path, &source->config, err));
    return source->adapter_folder ? assay_adapter_open(&source->adapter, source->adapter_folder, err) : ASSAY_OK;
}

static assay_status read_settings(assay_model_source *source, const json_t *object, const char *where, assay_error *err)
{
    const char *name = NULL, *eos = "auto", *precision = "f32";
    ASSAY_TRY(assay_json_string(object, "template", false, &name, where, err));
    ASSAY_TRY(assay_json_string(object, "append_eos", false, &eos, where, err));
    ASSAY_TRY(assay_json_int(object, "max_length", false, &source->max_length, where, err));
    ASSAY_TRY(assay_json_double(object, "score_offset", false, &source->score_offset, where, err));
    ASSAY_TRY(assay_json_string(object, "precision", false, &precision, where, err));
    if (strcmp(precision, "f32") != 0 && strcmp(precision, "bf16") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: precision is \"%s\"; it should be \"f32\" or \"bf16\"", where,
                               precision);
    source->bf16 = !strcmp(precision, "bf16");
    const json_t *rewards = json_object_get(object, "rewards");
    if (rewards && !json_is_null(rewards)) ASSAY_TRY(assay_reward_scale_read(&source->rewards, rewards, where, err));
    if (source->max_length < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: max_length is %lld; it should not be negative", where,
                               (long long)source->max_length);
    if (strcmp(eos, "auto") != 0 && strcmp(eos, "true") != 0 && strcmp(eos, "false") != 0)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: append_eos is \"%s\"; it should be \"auto\", \"true\" or \"false\"", where, eos);
    source->append_eos = *eos == 'a' ? ASSAY_EOS_AUTO : *eos == 't' ? ASSAY_EOS_YES : ASSAY_EOS_NO;
    source->has_settings = true;
    if (!name) return ASSAY_OK;
    assay_free(source->template_name);
    source->template_name = assay_strdup(name);
    ASSAY_TRY_ALLOC(source->template_name, "a name", err);
    return ASSAY_OK;
}

static assay_status load_settings(assay_model_source *source, const char *path, assay_error *err)
{
    json_t *object = NULL;
    ASSAY_TRY(assay_json_load(path, settings_ceiling, &object, err));
    assay_status status = json_is_object(object)
                              ? read_settings(source, object, path, err)
                              : assay_error_set(err, ASSAY_E_FORMAT, "%s: should be a JSON object", path);
    json_decref(object);
    return status;
}

static bool is_checkpoint_of_run(const char *folder)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && folder[start - 1] != '/') start--;
    return length - start > 11 && !strncmp(folder + start, "checkpoint-", 11);
}

/* *found stays as it is where there is none. */
static assay_status settings_of(assay_model_source *source, const char *folder, bool *found, assay_error *err)
{
    const char *const names[] = {"assay.json", "../assay.json"};
    size_t count = is_checkpoint_of_run(folder) ? 2 : 1;
    for (size_t i = 0; i < count && !*found; i++) {
        if (!assay_folder_holds(folder, names[i])) continue;
        char *path = assay_path_join(folder, names[i]);
        ASSAY_TRY_ALLOC(path, "a path", err);
        assay_status status = load_settings(source, path, err);
        assay_free(path);
        ASSAY_TRY(status);
        *found = true;
    }
    return ASSAY_OK;
}

static assay_status find_settings(assay_model_source *source, const char *base, assay_error *err)
{
    bool found = false;
    source->template_name = assay_strdup("auto");
    ASSAY_TRY_ALLOC(source->template_name, "a name", err);
    if (source->adapter_folder) ASSAY_TRY(settings_of(source, source->adapter_folder, &found, err));
    if (found || !assay_path_is_dir(base)) return ASSAY_OK;
    return settings_of(source, base, &found, err);
}

static assay_status open_tokenizer(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    const assay_checkpoint *checkpoint = source->checkpoint;
    const char *folder = checkpoint ? checkpoint->path : base;
    const char *own = source->adapter_folder;
    const assay_gguf *gguf = checkpoint ? checkpoint->gguf : source->vocabulary;
    if (own && holds_tokenizer(own)) folder = own;
    else if (gguf) return assay_tokenizer_open(&source->tokenizer, NULL, gguf, err);
    else if (!holds_tokenizer(folder) && (flags & ASSAY_SOURCE_TOKENIZER_OPTIONAL)) return ASSAY_OK;
    source->tokenizer_folder = assay_strdup(folder);
    ASSAY_TRY_ALLOC(source->tokenizer_folder, "a path", err);
    return assay_tokenizer_open(&source->tokenizer, folder, NULL, err);
}

/* Rows of the embedding by the config; 0 where it does not say (a config nobody here knows). */
static int64_t vocabulary(const assay_model_source *source)
{
    if (source->config.vocab) return (int64_t)source->config.vocab;
    const json_t *config = source->checkpoint->config, *padded = json_object_get(config, "padded_vocab_size");
    return json_integer_value(padded ? padded : json_object_get(config, "vocab_size"));
}

/* `value`: a number, or a list of numbers as generation allows for eos_token_id. */
static assay_status check_special(const char *where, const char *key, const json_t *value, int64_t vocab,
                                  assay_error *err)
{
    const json_t *item = value;
    for (size_t i = 0; json_is_array(value) ? i < json_array_size(value) : i < 1; i++) {
        if (json_is_array(value)) item = json_array_get(value, i);
        if (json_is_integer(item) && json_integer_value(item) >= vocab)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: %s is %lld, out of range: the embedding has %lld rows",
                                   where, key, (long long)json_integer_value(item), (long long)vocab);
    }
    return ASSAY_OK;
}

static assay_status check_vocabulary(const assay_model_source *source, assay_error *err)
{
    static const char *const keys[] = {"bos_token_id", "eos_token_id", "pad_token_id"};
    int64_t vocab = source->checkpoint ? vocabulary(source) : 0;
    if (vocab <= 0) return ASSAY_OK;
    const char *where = source->checkpoint->path;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ASSAY_TRY(check_special(where, keys[i], json_object_get(source->checkpoint->config, keys[i]), vocab, err));
    if (source->tokenizer && assay_tokenizer_about(source->tokenizer)->vocab_size > vocab)
        assay_tokenizer_limit(source->tokenizer, (int32_t)vocab);
    return ASSAY_OK;
}

static assay_status open_parts(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    ASSAY_TRY(open_checkpoint(source, base, flags, err));
    ASSAY_TRY(find_settings(source, source->checkpoint ? source->checkpoint->path : base, err));
    ASSAY_TRY(open_tokenizer(source, base, flags, err));
    return check_vocabulary(source, err);
}

assay_status assay_model_source_open(assay_model_source **out, const char *model, const char *adapter, unsigned flags,
                                     assay_error *err)
{
    *out = NULL;
    if (!model)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--model is missing: a Hugging Face folder, a .gguf file or a folder Assay wrote");
    assay_model_source *source = assay_alloc(1, sizeof *source);
    char *base = NULL;
    ASSAY_TRY_ALLOC(source, model, err);
    assay_status status = places_find(source, model, adapter, &base, err);
    if (status == ASSAY_OK) status = open_parts(source, base, flags, err);
    assay_free(base);
    if (status != ASSAY_OK) {
        assay_model_source_close(source);
        return status;
    }
    *out = source;
    return ASSAY_OK;
}

void assay_model_source_close(assay_model_source *source)
{
    if (!source) return;
    assay_tokenizer_close(source->tokenizer);
    assay_adapter_close(source->adapter);
    assay_checkpoint_close(source->checkpoint);
    assay_gguf_close(source->vocabulary);
    assay_free(source->adapter_folder);
    assay_free(source->tokenizer_folder);
    assay_free(source->template_name);
    assay_free(source);
}

static assay_status rename_template(assay_model_source *source, const char *name, assay_error *err)
{
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a name", err);
    assay_free(source->template_name);
    source->template_name = copy;
    return ASSAY_OK;
}

assay_status assay_model_source_settle(assay_model_source *source, const assay_options *options, assay_error *err)
{
    bool stored = source->has_settings;
    if (!stored || assay_options_given(options, "append-eos")) source->append_eos = options->append_eos;
    if (source->max_length <= 0 || assay_options_given(options, "max-length")) source->max_length = options->max_length;
    if (!stored || assay_options_given(options, "template"))
        ASSAY_TRY(rename_template(source, options->template_name, err));
    if (!source->tokenizer) return ASSAY_OK;
    const assay_template *chosen;
    ASSAY_TRY(assay_template_find(&chosen, source->template_name, source->tokenizer, err));
    ASSAY_TRY(rename_template(source, assay_template_name(chosen), err));
    source->rendering = (assay_template_renderer){chosen, source->tokenizer, source->append_eos};
    return ASSAY_OK;
}

static void base_warn(const assay_model_source *source, const assay_log *log)
{
    char *path = NULL;
    const char *base = source->adapter ? source->adapter->config.base : NULL;
    if (!base || !*base) return;
    bool known = assay_path_absolute(base, &path, NULL) == ASSAY_OK;
    bool same = known ? !strcmp(path, source->checkpoint->path) : !strcmp(base, source->checkpoint->name);
    if (!same)
        assay_warn(log,
                   "the adapter %s was trained on %s, not on %s; its scores mean something only if the two hold the "
                   "same weights",
                   source->adapter_folder, base, source->checkpoint->name);
    assay_free(path);
}

void assay_model_source_warn(const assay_model_source *source, const assay_log *log)
{
    const char *note = source->tokenizer ? assay_tokenizer_about(source->tokenizer)->note : NULL;
    if (note) assay_warn(log, "%s", note);
    base_warn(source, log);
}
