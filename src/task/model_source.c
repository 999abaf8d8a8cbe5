/* Finding a model's parts. Which folder plays which part is decided first (places_find), everything else follows from
 * it: the base gives the checkpoint, the adapter folder its tensors, the one of both that has its own gives tokenizer
 * and settings. Nothing here depends on how a folder came to be: Assay's output and PEFT's are told by their files
 * alone. */
#include "task/model_source.h"

#include "base/file.h"
#include "base/foreign_kind.h"
#include "base/json_doc.h"
#include "family/config_audit.h"
#include "head/head_kind.h"
#include "model/decoder.h"
#include "model/model_init.h"
#include "model/model_tensors.h"
#include "task/adapter_base.h"
#include "task/quantise_name.h"

#include <stdio.h>
#include <string.h>

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

static bool is_packed(const assay_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        if (assay_dtype_is_packed(checkpoint->weights[i].tensor.dtype)) return true;
    return false;
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
    if (status == ASSAY_OK && is_packed(whole)) take_checkpoint(source, whole);
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

static assay_status rename_template(assay_model_source *source, const char *name, assay_error *err)
{
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a name", err);
    assay_free(source->template_name);
    source->template_name = copy;
    return ASSAY_OK;
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
    ASSAY_TRY(rename_template(source, notes->template_name ? notes->template_name : "auto", err));
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

static assay_pooling choose_pooling(const assay_model_source *source, const assay_options *options)
{
    bool own = source->notes.json || source->adapter_folder || options->pooling == ASSAY_OPT_POOLING_LAST ||
               options->head_from_tokens;
    if (own || !source->checkpoint) return ASSAY_POOL_LAST;
    return assay_pooling_of(source->checkpoint->config, &source->config);
}

/* "\n" typed as two characters is a line feed, as are tab, carriage return and the backslash itself. */
static void unescape(char *text)
{
    static const char letters[] = "ntr\\", meant[] = "\n\t\r\\";
    char *to = text;
    for (const char *from = text; *from; to++) {
        const char *letter = from[0] == '\\' && from[1] ? strchr(letters, from[1]) : NULL;
        *to = letter ? meant[letter - letters] : *from;
        from += letter ? 2 : 1;
    }
    *to = '\0';
}

/* Of a head that reads steps: what the user gave, else what was kept, else what the head's own code reads. */
static assay_status choose_separator(assay_model_source *source, const assay_options *o, assay_error *err)
{
    const assay_head *head = &source->config.head;
    const char *kept = source->notes.step_separator;
    assay_free(source->separator);
    source->separator = NULL;
    if (!head->steps && o->step_separator)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--step-separator ends the steps of an answer, and the model reads a text at one token; "
                               "leave it out");
    if (!head->steps) return ASSAY_OK;
    if (source->config.prefix.on)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: its head scores steps, and the family reads the prompt both ways, so that what a "
                               "step scores would depend on where the prompt ends; take a model of another family",
                               source->checkpoint->path);
    source->separator = assay_strdup(o->step_separator ? o->step_separator : kept ? kept : head->kind->separator);
    ASSAY_TRY_ALLOC(source->separator, "a separator", err);
    if (o->step_separator) unescape(source->separator);
    return ASSAY_OK;
}

/* What the user gives wins over what was kept; another template leaves the kept text and its cut behind. */
static assay_status choose_template(assay_model_source *source, const assay_options *o, assay_error *err)
{
    bool anew = o->chat_template || assay_options_given(o, "template");
    const assay_notes *kept = &source->notes;
    ASSAY_TRY(choose_separator(source, o, err));
    char *kwargs = kept->chat_template_kwargs ? assay_json_dump(kept->chat_template_kwargs, JSON_COMPACT) : NULL;
    bool told_format = !kept->tool_format || assay_options_given(o, "tool-format");
    assay_template_request request = {.name = source->template_name,
                                      .file = o->chat_template,
                                      .kept = anew ? NULL : kept->chat_template,
                                      .kept_tools = anew ? NULL : kept->chat_template_tool_use,
                                      .kwargs = o->chat_template_kwargs ? o->chat_template_kwargs : kwargs,
                                      .date = o->date ? o->date : kept->date,
                                      .tool_format = told_format ? o->tool_format : kept->tool_format,
                                      .append_eos = source->append_eos,
                                      .pad = (int32_t)source->config.pad_token,
                                      .generation_prompt = o->head_from_tokens != NULL,
                                      .end = source->checkpoint ? assay_head_end_token(source->checkpoint->config) : -1,
                                      .separator = source->separator,
                                      .cut_behind_turn = source->rendering == 1 && !anew};
    source->pooling = choose_pooling(source, o);
    request.skips_pad = source->pooling == ASSAY_POOL_NOT_PAD;
    request.stops_at_pad = source->pooling == ASSAY_POOL_BEFORE_PAD;
    assay_template_close(source->chosen);
    assay_status status = assay_template_open(&source->chosen, &request, source->tokenizer, err);
    assay_free(kwargs);
    source->template_unused = o->chat_template && assay_options_given(o, "template");
    source->variables_unused = status == ASSAY_OK && o->chat_template_kwargs && assay_template_is_code(source->chosen);
    return status == ASSAY_OK ? rename_template(source, assay_template_name(source->chosen), err) : status;
}

assay_status assay_model_source_settle_length(assay_model_source *source, const assay_options *options,
                                              assay_error *err)
{
    size_t most = source->config.arch ? assay_rope_longest(&source->config.rope) : SIZE_MAX;
    if (source->max_length <= 0 || assay_options_given(options, "max-length")) source->max_length = options->max_length;
    if (source->max_length < 0 || (uint64_t)source->max_length <= most) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "--max-length %lld: %s turns texts of more than %zu tokens by other factors (longrope's "
                           "long_factor), which is not supported. Shorter ones: --max-length %zu",
                           (long long)source->max_length, source->checkpoint->path, most, most);
}

static assay_status settle_eos(assay_model_source *source, const assay_options *options, assay_error *err)
{
    bool stored = source->notes.json != NULL;
    if (!stored || assay_options_given(options, "append-eos")) source->append_eos = options->append_eos;
    if (!options->head_from_tokens) return ASSAY_OK;
    if (source->append_eos == ASSAY_EOS_YES && assay_options_given(options, "append-eos"))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--append-eos true: with --head-from-tokens a word is judged where it would be said, "
                               "behind the text, and behind its end none is; leave it out");
    source->append_eos = ASSAY_EOS_NO;
    return ASSAY_OK;
}

assay_status assay_model_source_settle(assay_model_source *source, const assay_options *options, assay_error *err)
{
    bool stored = source->notes.json != NULL;
    ASSAY_TRY(settle_eos(source, options, err));
    ASSAY_TRY(assay_model_source_settle_length(source, options, err));
    if (!stored || assay_options_given(options, "template"))
        ASSAY_TRY(rename_template(source, options->template_name, err));
    if (!source->tokenizer) return ASSAY_OK;
    return choose_template(source, options, err);
}

/* Where the pad token ends every turn, the token that is read is another than the last; older code then reads the end
 * of the first turn. */
static void say_pooling(const assay_model_source *source, const assay_log *log)
{
    const assay_message messages[] = {{.role = ASSAY_ROLE_USER, .text = "a", .size = 1},
                                      {.role = ASSAY_ROLE_ASSISTANT, .text = "b", .size = 1}};
    const assay_conversation conversation = {.messages = messages, .count = 2};
    assay_ids ids = {0};
    bool whole = source->pooling != ASSAY_POOL_LAST && assay_template_whole_ids(source->chosen, &conversation, &ids);
    bool found = false;
    for (size_t i = 1; whole && i < ids.count; i++)
        found |= ids.data[i] == (int32_t)source->config.pad_token &&
                 (i + 1 == ids.count || source->pooling == ASSAY_POOL_BEFORE_PAD);
    if (found)
        assay_note(log,
                   "texts hold the config's pad token (%lld), and this head is read at %s, as its class in the "
                   "reference reads it; --pooling last reads the last token",
                   (long long)source->config.pad_token, assay_pooling_words(source->pooling));
    assay_ids_release(&ids);
}

/* A chat template was there and is not used. */
static void say_plain(const assay_model_source *source, const assay_log *log)
{
    bool own = source->tokenizer && assay_tokenizer_about(source->tokenizer)->chat_template;
    if (source->separator && source->chosen && own && !strcmp(source->template_name, "plain"))
        assay_note(log, "steps are joined as plain text, as TRL's PRMTrainer joins them: what ends a step is no token "
                        "of its own, which a chat template could keep");
}

static void say_unused(const assay_model_source *source, const assay_log *log)
{
    if (source->template_unused) assay_note(log, "--template is not used: --chat-template goes before it");
    if (source->variables_unused)
        assay_note(log, "--chat-template-kwargs is not used: the template %s reads no variables",
                   source->template_name);
}

static void say_notes(const assay_model_source *source, const assay_log *log)
{
    size_t i;
    const json_t *note;
    const assay_checkpoint *checkpoint = source->checkpoint;
    char head[96];
    snprintf(head, sizeof head, "%s.weight", source->config.arch->names->head);
    bool reads_last = source->pooling == ASSAY_POOL_LAST; /* what is read elsewhere, say_pooling says */
    json_t *notes = assay_config_notes(checkpoint->config, source->config.arch, source->config.head.kind,
                                       reads_last && (source->adapter || assay_checkpoint_find(checkpoint, head)));
    json_array_foreach(notes, i, note) { assay_note(log, "%s", json_string_value(note)); }
    json_decref(notes);
}

static void say_label(const assay_model_source *source, const assay_log *log)
{
    char name[ASSAY_HEAD_LABEL];
    size_t outputs = assay_head_outputs(&source->config.head);
    if (!source->first_label || outputs == 1) return;
    assay_label_name(source->checkpoint->config, 0, name);
    assay_note(log, "the score is \"%s\", the first of %zu labels; --label chooses another", name, outputs);
}

static void say_left_out(const assay_model_source *source, const assay_log *log)
{
    for (size_t i = 0; source->adapter && i < source->adapter->tensors->count; i++) {
        const char *name = source->adapter->tensors->tensors[i].name;
        if (!assay_model_is_language_head(source->config.arch, name)) continue;
        assay_note(log, "the adapter's %s is left out: a reward model has no language head", name);
    }
}

void assay_model_source_warn(const assay_model_source *source, const assay_log *log)
{
    const char *note = source->tokenizer ? assay_tokenizer_about(source->tokenizer)->note : NULL;
    if (note) assay_warn(log, "%s", note);
    if (source->chosen) say_pooling(source, log);
    say_unused(source, log);
    say_plain(source, log);
    if (source->chosen && assay_template_hides_built_in(source->chosen))
        assay_note(log,
                   "the template %s is the checkpoint's own (%s), not the built-in of that name; --chat-template FILE "
                   "takes any text",
                   source->template_name, assay_template_origin(source->chosen));
    if (source->checkpoint && source->config.arch) say_notes(source, log);
    if (source->config.arch) say_left_out(source, log);
    if (source->checkpoint && source->config.arch) say_label(source, log);
    if (source->adapter && source->checkpoint)
        assay_adapter_base_warn(source->adapter, source->adapter_folder,
                                source->quantise == ASSAY_F32 ? source->notes.json : NULL, source->checkpoint, log);
}
