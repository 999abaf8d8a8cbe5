/* The names that --template takes: texts of the project's own, code for what no text tells, MedicalGPT's. */
#include "template/template_kind.h"

#include <string.h>

enum { NAME_BYTES = 64 };

static const assay_template_kind codes[] = {
    {.name = "chatglm", .ids = assay_template_ids_chatglm},
    {.name = "chatglm2", .text = assay_template_text_chatglm2},
    {.name = "chatglm3", .ids = assay_template_ids_chatglm3},
    {.name = "plain", .text = assay_template_text_plain},
};

enum { CODES = sizeof codes / sizeof *codes };

size_t assay_template_count(void)
{
    size_t theirs;
    assay_templates_medicalgpt(&theirs);
    return CODES + assay_template_text_count + theirs;
}

static assay_template_kind kind_at(size_t index)
{
    size_t theirs;
    const assay_question_turns *turns = assay_templates_medicalgpt(&theirs);
    if (index < CODES) return codes[index];
    index -= CODES;
    if (index < assay_template_text_count) return assay_template_texts[index];
    turns += index - assay_template_text_count;
    return (assay_template_kind){.name = turns->name, .turns = turns};
}

const char *assay_template_name_at(size_t index) { return index < assay_template_count() ? kind_at(index).name : NULL; }

/* Edit distance of two short names. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_BYTES + 1], width = strnlen(b, NAME_BYTES);
    for (size_t j = 0; j <= width; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t change = corner + (a[i] != b[j]), shorter = row[j + 1] < row[j] ? row[j + 1] + 1 : row[j] + 1;
            corner = row[j + 1];
            row[j + 1] = change < shorter ? change : shorter;
        }
    }
    return row[width];
}

/* The nearest so far, and how far it is. */
typedef struct nearest_name {
    const char *name;
    size_t apart;
} nearest_name;

static assay_status list_name(const char *name, const char *known, nearest_name *best, assay_buf *list,
                              assay_error *err)
{
    size_t apart = distance(name, known);
    if (apart < best->apart) *best = (nearest_name){known, apart};
    return assay_buf_printf(list, err, ", %s", known);
}

bool assay_template_is_reserved(const char *name) { return !strcmp(name, "auto") || !strcmp(name, "checkpoint"); }

static assay_status list_names(const char *name, const assay_named_templates *own, nearest_name *best, assay_buf *list,
                               assay_error *err)
{
    size_t listed = 0;
    for (size_t i = 0; i < own->count; i++) {
        if (assay_template_is_reserved(own->items[i].name)) continue;
        ASSAY_TRY(list_name(name, own->items[i].name, best, list, err));
        listed++;
    }
    if (listed) ASSAY_TRY(assay_buf_text(list, " (the checkpoint's own)", err));
    for (size_t i = 0; i < assay_template_count(); i++)
        ASSAY_TRY(list_name(name, assay_template_name_at(i), best, list, err));
    return ASSAY_OK;
}

static assay_status refuse(const char *name, const assay_named_templates *own, assay_error *err)
{
    nearest_name best = {"", SIZE_MAX};
    assay_buf list;
    assay_buf_init(&list, 1 << 16);
    assay_status status = list_names(name, own, &best, &list, err);
    if (status == ASSAY_OK)
        status = assay_error_set(err, ASSAY_E_USAGE,
                                 "there is no template \"%.60s\"; the nearest is %s. There are: auto%s, and "
                                 "--chat-template FILE takes any text",
                                 name, best.name, list.data);
    assay_buf_release(&list);
    return status;
}

static bool find(assay_template_kind *out, const char *name)
{
    for (size_t i = 0; i < assay_template_count(); i++) {
        *out = kind_at(i);
        if (!strcmp(out->name, name)) return true;
    }
    return false;
}

assay_status assay_template_kind_find(assay_template_kind *out, const char *name, const assay_named_templates *own,
                                      assay_error *err)
{
    return find(out, name) ? ASSAY_OK : refuse(name, own, err);
}

bool assay_template_is_built_in(const char *name)
{
    assay_template_kind kind;
    return find(&kind, name);
}
