/* What is worth knowing of a model before it is used, each said once: the token that is read, a template or variables
 * that are not used, keys of the config, labels, tensors that are left out. */
#include "family/config_audit.h"
#include "family/quantisation.h"
#include "model/model_tensors.h"
#include "task/adapter_base.h"
#include "task/model_source.h"

#include <stdio.h>
#include <string.h>

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

/* compressed-tensors up to 0.15 reads it so; later ones refuse the word. (compressors/quantized_compressors,
 * pack_quantized.py) */
static void say_order(const assay_checkpoint *checkpoint, const assay_log *log)
{
    if (!assay_quantisation_orders(checkpoint->config)) return;
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        const assay_tensor *tensor = &checkpoint->weights[i].tensor;
        if (!tensor->parts || tensor->parts->group_count < 2 || tensor->parts->groups) continue;
        assay_note(log,
                   "config.json says actorder group, and %s has no order of its own (weight_g_idx): its columns are "
                   "taken as they lie",
                   tensor->name);
        return;
    }
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
    say_order(checkpoint, log);
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
