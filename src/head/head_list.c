/* The list of kinds, and looking through it. */
#include "head/head_kind.h"

#include "base/text.h"

#define REFERENCE(name) &assay_head_##name,
static const assay_head_kind *const kinds[] = {ASSAY_HEAD_MAP(REFERENCE)};
#undef REFERENCE

enum { KINDS = sizeof kinds / sizeof *kinds };

const assay_head_kind *assay_head_kind_at(size_t index) { return index < KINDS ? kinds[index] : NULL; }

assay_status assay_head_find(assay_head *out, const assay_head_view *view, const char *where, bool *found,
                             assay_error *err)
{
    const assay_head_kind *declared = view->declared ? view->declared : assay_head_of_class(view->config);
    *found = false;
    for (size_t i = 0; i < KINDS && !*found; i++) {
        assay_head head = {.kind = kinds[i]};
        ASSAY_TRY(kinds[i]->read(view, declared == kinds[i], where, &head, found, err));
        if (*found) *out = head;
    }
    return ASSAY_OK;
}

static bool has_class(const assay_head_kind *kind, const char *name)
{
    return assay_text_listed(kind->classes, name) || (kind->class_ending && assay_text_ends(name, kind->class_ending));
}

const assay_head_kind *assay_head_of_class(const json_t *config)
{
    const char *name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    for (size_t i = 0; name && i < KINDS; i++)
        if (has_class(kinds[i], name)) return kinds[i];
    return NULL;
}

int64_t assay_head_end_token(const json_t *config)
{
    const assay_head_kind *kind = assay_head_of_class(config);
    const json_t *token = kind && kind->end_key ? json_object_get(config, kind->end_key) : NULL;
    return json_is_integer(token) && json_integer_value(token) >= 0 ? json_integer_value(token) : -1;
}

bool assay_head_reads_key(const assay_head_kind *kind, const char *key)
{
    return kind && assay_text_listed(kind->keys, key);
}
