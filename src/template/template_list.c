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

static assay_status refuse(const char *name, assay_error *err)
{
    const char *nearest = "";
    size_t best = SIZE_MAX;
    assay_buf list;
    assay_buf_init(&list, 1 << 16);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < assay_template_count() && status == ASSAY_OK; i++) {
        const char *known = assay_template_name_at(i);
        size_t apart = distance(name, known);
        if (apart < best) best = apart, nearest = known;
        status = assay_buf_printf(&list, err, ", %s", known);
    }
    if (status == ASSAY_OK)
        status = assay_error_set(err, ASSAY_E_USAGE,
                                 "there is no template \"%.60s\"; the nearest is %s. There are: auto%s, and "
                                 "--chat-template FILE takes any text",
                                 name, nearest, list.data);
    assay_buf_release(&list);
    return status;
}

assay_status assay_template_kind_find(assay_template_kind *out, const char *name, assay_error *err)
{
    for (size_t i = 0; i < assay_template_count(); i++) {
        *out = kind_at(i);
        if (!strcmp(out->name, name)) return ASSAY_OK;
    }
    return refuse(name, err);
}
