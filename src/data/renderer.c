#include "data/renderer.h"

#include <string.h>

static assay_status render(const void *context, const assay_conversation *conversation, assay_ids *ids,
                           assay_error *err)
{
    return assay_template_render(context, conversation, ids, err);
}

static assay_status render_steps(const void *context, const assay_conversation *conversation, assay_ids *ids,
                                 assay_ids *ends, assay_error *err)
{
    return assay_template_render_steps(context, conversation, ids, ends, err);
}

size_t assay_renderer_head_length(const assay_renderer *renderer, const assay_ids *ids)
{
    for (size_t at = 0; at < ids->count; at++) {
        bool special = false;
        for (size_t i = 0; i < renderer->head_count; i++) special |= ids->data[at] == renderer->head[i];
        if (!special) return at;
    }
    return ids->count;
}

static void add_head(assay_renderer *renderer, int32_t id)
{
    if (id >= 0 && renderer->head_count < ASSAY_RENDERER_HEAD) renderer->head[renderer->head_count++] = id;
}

void assay_renderer_of_template(assay_renderer *renderer, const assay_template *chosen, const assay_prefix_rule *prefix)
{
    static const char *const prefixes[] = {"[gMASK]", "sop", "<sop>"};
    *renderer = (assay_renderer){.context = chosen, .render = render, .prefix = prefix};
    if (assay_template_separator(chosen)) renderer->render_steps = render_steps;
    const assay_tokenizer *tokenizer = assay_template_tokenizer(chosen);
    add_head(renderer, assay_tokenizer_about(tokenizer)->bos);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        add_head(renderer, assay_tokenizer_find(tokenizer, prefixes[i]));
}

void assay_renderer_cut_left(const assay_renderer *renderer, assay_ids *ids, size_t most)
{
    size_t head = assay_renderer_head_length(renderer, ids), surplus = ids->count - most;
    if (head >= most) head = 0;
    memmove(ids->data + head, ids->data + head + surplus, (most - head) * sizeof *ids->data);
    ids->count = most;
}
