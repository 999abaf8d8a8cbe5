/* How a model was used, written down: in assay.json for this program, in chat_template.jinja for others. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "task/model_source.h"
#include "task/quantise_name.h"

#include <string.h>

static int put_text(json_t *notes, const char *key, const char *text)
{
    return text ? json_object_set_new(notes, key, json_string(text)) : 0;
}

static int put_rendering(json_t *notes, const assay_template *chosen)
{
    int failed = json_object_set_new(notes, "rendering", json_integer(ASSAY_RENDERING));
    failed |= put_text(notes, "chat_template", assay_template_source(chosen));
    failed |= put_text(notes, "chat_template_tool_use", assay_template_tool_source(chosen));
    failed |= put_text(notes, "date", assay_template_date(chosen));
    failed |= put_text(notes, "step_separator", assay_template_separator(chosen));
    failed |= put_text(notes, "tool_format", assay_template_tool_format(chosen));
    if (assay_template_kwargs(chosen))
        failed |= json_object_set_new(notes, "chat_template_kwargs", json_deep_copy(assay_template_kwargs(chosen)));
    return failed;
}

static int put_quantise(json_t *notes, const assay_model_source *source)
{
    int failed = put_text(notes, "quantize", assay_quantise_name(source->quantise));
    return failed | json_object_set_new(notes, "double_quant", json_boolean(source->double_quant));
}

assay_status assay_source_notes(const assay_model_source *source, json_t **out, assay_error *err)
{
    json_t *notes = json_pack("{s:s, s:s, s:I, s:f}", "template", source->template_name, "append_eos",
                              assay_append_eos_word(source->append_eos), "max_length", (json_int_t)source->max_length,
                              "score_offset", source->notes.score_offset);
    int failed = !notes;
    if (!failed && source->notes.labels)
        failed |= json_object_set(notes, "labels", assay_json_lent(source->notes.labels));
    if (!failed && source->ignored) failed |= json_object_set(notes, "ignore_config", source->ignored);
    if (!failed && source->quantise != ASSAY_F32) failed |= put_quantise(notes, source);
    /* A run of version 0.1 goes on as one. */
    if (!failed && source->rendering != 1 && source->chosen) failed |= put_rendering(notes, source->chosen);
    *out = notes;
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for " ASSAY_NOTES_NAME) : ASSAY_OK;
}

void assay_source_say_text_prompts(const assay_model_source *source, const assay_log *log)
{
    if (!source->chosen || !strcmp(assay_template_name(source->chosen), "plain")) return;
    assay_note(log,
               "a prompt that is a string is rendered as a user's turn by the template %s; --template plain scores "
               "prompt + answer as they stand",
               source->template_name);
}

/* Whether the tokenizer's own files say the template that was used. */
static bool says_it(const assay_model_source *source, const char *text)
{
    const assay_tokenizer_info *info = assay_tokenizer_about(source->tokenizer);
    const char *tools = assay_template_tool_source(source->chosen);
    bool same_tools = tools ? info->tool_template && !strcmp(info->tool_template, tools) : !info->tool_template;
    return info->chat_template && !strcmp(info->chat_template, text) && same_tools;
}

static assay_status export_to(const assay_model_source *source, bool of_tools, const char *folder, const char *name,
                              assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, (size_t)64 << 20);
    char *path = assay_path_join(folder, name);
    assay_status status = path ? assay_template_export(source->chosen, of_tools, &text, err)
                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    if (status == ASSAY_OK) status = assay_file_write_atomic(path, text.data, text.size, err);
    assay_buf_release(&text);
    assay_free(path);
    return status;
}

static assay_status export_named(const assay_named_template *one, const char *folder, assay_error *err)
{
    char *name = assay_strfmt("%s.jinja", one->name), *path = name ? assay_path_join(folder, name) : NULL;
    assay_status status = path ? assay_file_write_atomic(path, one->text, strlen(one->text), err)
                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    assay_free(name);
    assay_free(path);
    return status;
}

/* Names that say by themselves when they are used stand for what was trained; any other only for who asks for it. */
static bool goes_by_itself(const char *name) { return !strcmp(name, "default") || !strcmp(name, "tool_use"); }

/* The folder that Transformers looks into beside a chat_template.jinja, where it finds no other templates: the text for
 * tools that was used, and the base's further ones by their names. */
static assay_status save_additional(const assay_model_source *source, const char *folder, assay_error *err)
{
    const assay_named_templates *all = assay_tokenizer_about(source->tokenizer)->templates;
    bool tools = assay_template_tool_source(source->chosen) != NULL, wanted = tools;
    for (size_t i = 0; i < all->count; i++) wanted |= !goes_by_itself(all->items[i].name);
    ASSAY_TRY(assay_remove_tree(folder, err));
    if (wanted) ASSAY_TRY(assay_make_dirs(folder, err));
    for (size_t i = 0; i < all->count; i++)
        if (!goes_by_itself(all->items[i].name)) ASSAY_TRY(export_named(all->items + i, folder, err));
    return tools ? export_to(source, true, folder, "tool_use.jinja", err) : ASSAY_OK;
}

assay_status assay_source_template_save(const assay_model_source *source, const char *folder, assay_error *err)
{
    const assay_template *chosen = source->chosen;
    const char *text = source->rendering == 1 || !chosen ? NULL : assay_template_source(chosen);
    if (!text || (says_it(source, text) && !assay_template_kwargs(chosen))) return ASSAY_OK;
    ASSAY_TRY(export_to(source, false, folder, "chat_template.jinja", err));
    char *beside = assay_path_join(folder, ASSAY_ADDITIONAL_TEMPLATES);
    ASSAY_TRY_ALLOC(beside, "a path", err);
    assay_status status = save_additional(source, beside, err);
    assay_free(beside);
    return status;
}
