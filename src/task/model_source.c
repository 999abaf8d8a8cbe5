/* Finding a model's parts. Which folder plays which part is decided first (places_find), everything else follows from
 * it: the base gives the checkpoint, the adapter folder its tensors, the one of both that has its own gives tokenizer
 * and settings. Nothing here depends on how a folder came to be: Assay's output and PEFT's are told by their files
 * alone. What the options say on top is source_settle.c's, what the user should know source_warn.c's. */
#include "task/model_source.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "model/decoder.h"
#include "model/model_init.h"
#include "model/model_tensors.h"
#include "task/adapter_base.h"
#include "task/quantise_name.h"

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
    if (status == ASSAY_OK && !(*out = assay_adapter_base_path(folder, base)))
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
           !assay_folder_holds(base, "config.json") && assay_tokenizer_in_folder(base);
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

/* A plan needs numbers only, and the shapes of `init` have them. */
static assay_status open_shape(assay_model_source *source, const char *name, unsigned flags, assay_error *err)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    const assay_init_options plain = {.pad_token = 0, .bos_token = 1, .eos_token = 2};
    assay_model_config config;
    json_t *json = NULL;
    bool plan = (flags & ASSAY_SOURCE_CONFIG_ONLY) && !(flags & ASSAY_SOURCE_TOKENIZER_ONLY);
    if (!plan || assay_path_exists(name) || assay_model_shape_find(&shape, &arch, name, NULL) != ASSAY_OK)
        return ASSAY_OK;
    if (!(flags & ASSAY_SOURCE_TOKENIZER_OPTIONAL))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "%s is a shape without a tokenizer: leave out --data (texts of --max-length are planned "
                               "for), or give a checkpoint",
                               name);
    ASSAY_TRY(assay_model_shape_config(shape, arch, &plain, &config, &json, err));
    return assay_checkpoint_of_config(&source->checkpoint, name, json, err);
}

static assay_status open_checkpoint(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    unsigned how = flags & (ASSAY_SOURCE_CONFIG_ONLY | ASSAY_SOURCE_TOKENIZER_ONLY) ? ASSAY_CHECKPOINT_CONFIG_ONLY : 0;
    if (is_bare_tokenizer(base, flags)) return ASSAY_OK;
    ASSAY_TRY(open_bare_vocabulary(source, base, flags, err));
    if (source->vocabulary) return ASSAY_OK;
    ASSAY_TRY(open_shape(source, base, flags, err));
    if (source->checkpoint) return ASSAY_OK;
    ASSAY_TRY(adapter_context(assay_checkpoint_open(&source->checkpoint, base, how, err), source->adapter_folder, err));
    return ASSAY_OK;
}

/* What the user says now, and what the run that made the model was told. */
static assay_status ignore_keys(assay_model_source *source, const assay_string_list *now, assay_error *err)
{
    size_t i;
    const json_t *key;
    for (size_t k = 0; now && k < now->count; k++) {
        const char *name = now->items[k];
        if (!assay_checkpoint_ignore(source->checkpoint, &name, 1))
            return assay_error_set(err, ASSAY_E_USAGE, "--ignore-config %s: the config of %s has no such key", name,
                                   source->checkpoint->name);
        if (!source->ignored) source->ignored = json_array();
        json_array_append_new(source->ignored, json_string(name));
    }
    json_array_foreach(source->ignored, i, key)
    {
        const char *name = json_string_value(key);
        if (name) assay_checkpoint_ignore(source->checkpoint, &name, 1);
    }
    return ASSAY_OK;
}

static assay_status check_tensors(const assay_model_source *source, const assay_checkpoint *checkpoint,
                                  assay_error *err)
{
    assay_model_config config = source->config;
    assay_program *program;
    ASSAY_TRY(assay_model_config_see(checkpoint, source->adapter, &config, err));
    if (!assay_head_is_labels(&config.head) && !config.head.steps)
        ASSAY_TRY(assay_model_check_trained_head(checkpoint, &config, "trained on", err));
    ASSAY_TRY(assay_decoder_program(&program, &config, &(assay_decoder_options){0}, err));
    assay_status status = assay_model_check_tensors(checkpoint, &config, program, false, err);
    if (status == ASSAY_OK) status = assay_model_check_shapes(checkpoint, &config, program, err);
    assay_program_free(program);
    return status;
}

/* The config as it was read stays: keys may have been ignored. */
static void take_checkpoint(assay_model_source *source, assay_checkpoint *whole)
{
    json_t *config = whole->config;
    whole->config = source->checkpoint->config;
    source->checkpoint->config = config;
    assay_checkpoint_close(source->checkpoint);
    source->checkpoint = whole;
}

/* A plan needs no weights, but where they are it refuses what loading them would; and packed ones it counts as they
 * are, because the config does not say how small. */
static assay_status look_at_weights(assay_model_source *source, assay_error *err)
{
    assay_checkpoint *whole;
    assay_error problem = {0};
    assay_status status = assay_checkpoint_open(&whole, source->checkpoint->path, 0, &problem);
    if (status == ASSAY_E_IO) return ASSAY_OK; /* not all there */
    if (status != ASSAY_OK) return assay_error_set(err, status, "%s", problem.text);
    status = check_tensors(source, whole, err);
    if (status == ASSAY_OK && assay_checkpoint_is_packed(whole)) take_checkpoint(source, whole);
    else assay_checkpoint_close(whole);
    return status;
}

/* A head of several numbers that was trained here has its names in the notes, and its first number is the score. */
static assay_status name_labels(assay_model_source *source, const char *label, assay_error *err)
{
    const json_t *labels = source->notes.labels;
    if (!json_array_size(labels)) return ASSAY_OK;
    ASSAY_TRY(assay_label_put(source->checkpoint->config, json_array_size(labels), labels, err));
    if (label || json_array_size(labels) == 1) return ASSAY_OK;
    source->first_label = true;
    if (!json_object_set_new(source->checkpoint->config, ASSAY_LABEL_KEY, json_integer(0))) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a label");
}

static assay_status open_model(assay_model_source *source, const assay_string_list *ignore, const char *label,
                               unsigned flags, assay_error *err)
{
    if (!source->checkpoint || (flags & ASSAY_SOURCE_TOKENIZER_ONLY)) return ASSAY_OK;
    const assay_checkpoint *checkpoint = source->checkpoint;
    ASSAY_TRY(ignore_keys(source, ignore, err));
    ASSAY_TRY(name_labels(source, label, err));
    if (source->adapter_folder) ASSAY_TRY(assay_adapter_open(&source->adapter, source->adapter_folder, err));
    if (label) ASSAY_TRY(assay_checkpoint_choose_label(source->checkpoint, source->adapter, label, err));
    ASSAY_TRY(assay_model_config_read(checkpoint->config, checkpoint->path, &source->config, err));
    ASSAY_TRY(assay_model_config_see(checkpoint, source->adapter, &source->config, err));
    return flags & ASSAY_SOURCE_CONFIG_ONLY ? look_at_weights(source, err) : ASSAY_OK;
}

static assay_status read_quantise(assay_model_source *source, assay_error *err)
{
    const char *name = source->notes.quantize;
    if (!name) return ASSAY_OK;
    source->double_quant = source->notes.double_quant;
    if (assay_quantise_read(name, &source->quantise)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           ASSAY_NOTES_NAME " of %s: quantize is \"%.40s\", which is no type that --quantize has",
                           source->adapter_folder ? source->adapter_folder : source->checkpoint->path, name);
}

static assay_status find_notes(assay_model_source *source, const char *base, assay_error *err)
{
    assay_notes *notes = &source->notes;
    if (source->adapter_folder) ASSAY_TRY(assay_notes_find(notes, source->adapter_folder, err));
    if (!notes->json && assay_path_is_dir(base)) ASSAY_TRY(assay_notes_find(notes, base, err));
    source->template_name = assay_strdup(notes->template_name ? notes->template_name : "auto");
    ASSAY_TRY_ALLOC(source->template_name, "a name", err);
    source->append_eos = notes->append_eos;
    source->max_length = notes->max_length;
    source->rendering = notes->json ? (int)notes->rendering : 0;
    if (notes->ignore_config) source->ignored = json_deep_copy(notes->ignore_config);
    return read_quantise(source, err);
}

static assay_status open_tokenizer(assay_model_source *source, const char *base, unsigned flags, assay_error *err)
{
    const assay_checkpoint *checkpoint = source->checkpoint;
    const char *folder = checkpoint ? checkpoint->path : base;
    const char *own = source->adapter_folder;
    const assay_gguf *gguf = checkpoint ? checkpoint->gguf : source->vocabulary;
    if (own && assay_tokenizer_in_folder(own)) folder = own;
    else if (gguf) return assay_tokenizer_open(&source->tokenizer, NULL, gguf, err);
    else if (!assay_tokenizer_in_folder(folder) && (flags & ASSAY_SOURCE_TOKENIZER_OPTIONAL)) return ASSAY_OK;
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
    static const char *const keys[] = {"bos_token_id", "eos_token_id", "pad_token_id", "reward_token_id"};
    int64_t vocab = source->checkpoint ? vocabulary(source) : 0;
    if (vocab <= 0) return ASSAY_OK;
    const char *where = source->checkpoint->path;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ASSAY_TRY(check_special(where, keys[i], json_object_get(source->checkpoint->config, keys[i]), vocab, err));
    if (source->tokenizer && assay_tokenizer_about(source->tokenizer)->vocab_size > vocab)
        assay_tokenizer_limit(source->tokenizer, (int32_t)vocab);
    return ASSAY_OK;
}

static assay_status open_parts(assay_model_source *source, const char *base, const assay_string_list *ignore,
                               const char *label, unsigned flags, assay_error *err)
{
    ASSAY_TRY(open_checkpoint(source, base, flags, err));
    ASSAY_TRY(find_notes(source, source->checkpoint ? source->checkpoint->path : base, err));
    ASSAY_TRY(open_model(source, ignore, label, flags, err));
    ASSAY_TRY(open_tokenizer(source, base, flags, err));
    return check_vocabulary(source, err);
}

assay_status assay_model_source_open(assay_model_source **out, const char *model, const char *adapter,
                                     const assay_string_list *ignore, const char *label, unsigned flags,
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
    if (status == ASSAY_OK) status = open_parts(source, base, ignore, label, flags, err);
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
    assay_template_close(source->chosen);
    assay_notes_release(&source->notes);
    assay_tokenizer_close(source->tokenizer);
    assay_adapter_close(source->adapter);
    assay_checkpoint_close(source->checkpoint);
    assay_gguf_close(source->vocabulary);
    assay_free(source->adapter_folder);
    assay_free(source->tokenizer_folder);
    assay_free(source->template_name);
    assay_free(source->separator);
    json_decref(source->ignored);
    assay_free(source);
}
