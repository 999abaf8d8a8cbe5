/* The chat templates that a checkpoint brings, by name. One of them is "default" where one goes by itself, "tool_use"
 * is taken for conversations with tools, and any other is there for who asks for it.
 *
 *     assay_named_templates list = {0};
 *     ASSAY_TRY(assay_named_templates_set(&list, "rag", "{{ messages }}", "a.json", err));
 *     const char *found = assay_named_templates_find(&list, "rag");
 *     assay_named_templates_release(&list);
 */
#ifndef ASSAY_TOKENIZER_NAMED_TEMPLATES_H
#define ASSAY_TOKENIZER_NAMED_TEMPLATES_H

#include "container/gguf.h"

#define ASSAY_ADDITIONAL_TEMPLATES "additional_chat_templates" /* holds NAME.jinja, beside chat_template.jinja */

typedef struct assay_named_template {
    char *name, *text;
} assay_named_template;

typedef struct assay_named_templates {
    assay_named_template *items;
    size_t count, capacity;
    size_t bytes; /* of texts that were set */
} assay_named_templates;

/* Copies both; a text that had the name goes, as in the reference, where a later one counts. where: the file, for
 * messages. ASSAY_E_UNSUPPORTED: a model is saved with a file of that name, and it cannot be one ("", "../x"; the
 * reference refuses it likewise, at saving), or there are too many. */
assay_status assay_named_templates_set(assay_named_templates *list, const char *name, const char *text,
                                       const char *where, assay_error *err);

/* Sets those of a GGUF file. */
assay_status assay_named_templates_of_gguf(assay_named_templates *list, const assay_gguf *gguf, assay_error *err);

/* How much of the name of a file in additional_chat_templates/ is the template's; 0: it is no template, as what a
 * system leaves there ("._rag.jinja"). */
size_t assay_named_template_length(const char *file);

/* The text; NULL: no template has that name. Owned by the list. */
const char *assay_named_templates_find(const assay_named_templates *list, const char *name);

void assay_named_templates_release(assay_named_templates *list); /* safe on a zeroed one */

#endif
