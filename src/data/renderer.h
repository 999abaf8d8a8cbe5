/* Conversation to ids, as the data folder needs it: a function and what it works on. The ordinary one is a template;
 * tests bring their own.
 *
 *     assay_renderer renderer;
 *     assay_renderer_of_template(&renderer, chosen, prefix_or_null);
 */
#ifndef ASSAY_DATA_RENDERER_H
#define ASSAY_DATA_RENDERER_H

#include "base/prefix_rule.h"
#include "template/chat_template.h"

enum { ASSAY_RENDERER_HEAD = 8 };

typedef struct assay_renderer {
    const void *context;
    /* Appends the ids of the whole conversation. May be called by several threads at once. */
    assay_status (*render)(const void *context, const assay_conversation *conversation, assay_ids *ids,
                           assay_error *err);
    /* The same, and to `ends` the place of each step's last id; NULL: the model reads no steps. */
    assay_status (*render_steps)(const void *context, const assay_conversation *conversation, assay_ids *ids,
                                 assay_ids *ends, assay_error *err);
    /* Ids that stay when a text is truncated on the left, as far as it begins with them (BOS, ChatGLM's [gMASK] and
     * sop). */
    int32_t head[ASSAY_RENDERER_HEAD];
    size_t head_count;
    const assay_prefix_rule *prefix; /* of the model that the texts are for; NULL: it reads from left to right */
} assay_renderer;

/* How many of the first ids are such. */
size_t assay_renderer_head_length(const assay_renderer *renderer, const assay_ids *ids);

/* Cuts ids, longer than `most`, to `most` tokens. What a text begins with as a whole (BOS and its like) stays: those
 * behind that head go, unless it is all that would be left. */
void assay_renderer_cut_left(const assay_renderer *renderer, assay_ids *ids, size_t most);

/* The template and the rule must outlive the renderer. */
void assay_renderer_of_template(assay_renderer *renderer, const assay_template *chosen,
                                const assay_prefix_rule *prefix);

#endif
