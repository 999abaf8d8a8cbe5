/* The state is fed part by part. A template may be code in a file or a name in a list: neither says what it does, so a
 * fixed conversation is rendered and its ids are what counts. One that the template refuses counts as nothing. */
#include "serve/served_fingerprint.h"

#include "base/file.h"

#include <string.h>

static assay_status add_file(XXH3_state_t *state, const char *folder, const char *name, assay_error *err)
{
    uint64_t size;
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_hash_file(state, path, &size, err);
    assay_free(path);
    return status;
}

static assay_status add_adapter(XXH3_state_t *state, const assay_model_source *source, assay_error *err)
{
    if (!source->adapter_folder) return ASSAY_OK;
    ASSAY_TRY(add_file(state, source->adapter_folder, "adapter_config.json", err));
    return add_file(state, source->adapter_folder, "adapter_model.safetensors", err);
}

static void add_text(XXH3_state_t *state, const char *text)
{
    if (text) XXH3_128bits_update(state, text, strlen(text) + 1);
}

static assay_status add_tokenizer(XXH3_state_t *state, const assay_model_source *source, assay_error *err)
{
    static const char *const names[] = {"tokenizer.json",          "tokenizer.model",   "tokenizer_config.json",
                                        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"};
    for (size_t i = 0; source->tokenizer_folder && i < sizeof names / sizeof *names; i++)
        if (assay_folder_holds(source->tokenizer_folder, names[i]))
            ASSAY_TRY(add_file(state, source->tokenizer_folder, names[i], err));
    int32_t tokens = source->tokenizer ? assay_tokenizer_about(source->tokenizer)->vocab_size : 0;
    for (int32_t id = 0; id < tokens; id++) add_text(state, assay_tokenizer_token(source->tokenizer, id));
    return ASSAY_OK;
}

static void add_template(XXH3_state_t *state, const assay_renderer *renderer)
{
    static const char question[] = "What is 2+2?\n", answer[] = " It is 4. ";
    const assay_message talk[] = {{.role = ASSAY_ROLE_USER, .text = question, .size = sizeof question - 1},
                                  {.role = ASSAY_ROLE_ASSISTANT, .text = answer, .size = sizeof answer - 1}};
    const assay_conversation conversation = {.messages = talk, .count = 2};
    assay_ids ids = {0};
    if (renderer->render(renderer->context, &conversation, &ids, NULL) == ASSAY_OK)
        XXH3_128bits_update(state, ids.data, ids.count * sizeof *ids.data);
    assay_ids_release(&ids);
}

static void add_settings(XXH3_state_t *state, const assay_scoring *scoring, const assay_options *options)
{
    const assay_model_source *source = scoring->source;
    const int64_t numbers[] = {source->append_eos, source->max_length, options->truncate, scoring->model->program->bf16,
                               options->activation};
    XXH3_128bits_update(state, numbers, sizeof numbers);
    XXH3_128bits_update(state, &source->notes.score_offset, sizeof source->notes.score_offset);
    add_text(state, source->template_name);
    add_text(state, options->head_from_tokens);
}

assay_status assay_served_fingerprint(char text[ASSAY_HASH_TEXT], const char *base, const assay_scoring *scoring,
                                      const assay_options *options, assay_error *err)
{
    XXH3_state_t *state = XXH3_createState();
    ASSAY_TRY_ALLOC(state, "a fingerprint", err);
    XXH3_128bits_reset(state);
    add_text(state, base);
    assay_status status = add_adapter(state, scoring->source, err);
    if (status == ASSAY_OK) status = add_tokenizer(state, scoring->source, err);
    add_template(state, &scoring->renderer);
    add_settings(state, scoring, options);
    assay_hash_text(XXH3_128bits_digest(state), text);
    XXH3_freeState(state);
    return status;
}
