#include "template/chat_template.h"

#include "template/template_kind.h"

#include <string.h>

enum { NAME_BYTES = 64 };

size_t assay_template_count(void)
{
    size_t own, theirs;
    assay_templates_own(&own);
    assay_templates_medicalgpt(&theirs);
    return own + theirs;
}

const assay_template *assay_template_at(size_t index)
{
    size_t own, theirs;
    const assay_template *first = assay_templates_own(&own), *second = assay_templates_medicalgpt(&theirs);
    return index < own ? &first[index] : index - own < theirs ? &second[index - own] : NULL;
}

const char *assay_template_name(const assay_template *chosen) { return chosen->name; }

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

static assay_status name_refuse(const char *name, assay_error *err)
{
    const char *nearest = "";
    size_t best = SIZE_MAX;
    assay_buf list;
    assay_buf_init(&list, 1 << 16);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < assay_template_count() && status == ASSAY_OK; i++) {
        const char *known = assay_template_at(i)->name;
        size_t apart = distance(name, known);
        if (apart < best) best = apart, nearest = known;
        status = assay_buf_printf(&list, err, ", %s", known);
    }
    if (status == ASSAY_OK)
        status =
            assay_error_set(err, ASSAY_E_USAGE, "there is no template \"%.60s\"; the nearest is %s. There are: auto%s",
                            name, nearest, list.data);
    assay_buf_release(&list);
    return status;
}

static assay_status find_by_name(const assay_template **out, const char *name, assay_error *err)
{
    for (size_t i = 0; i < assay_template_count(); i++) {
        *out = assay_template_at(i);
        if (strcmp((*out)->name, name) == 0) return ASSAY_OK;
    }
    *out = NULL;
    return name_refuse(name, err);
}

assay_status assay_template_find(const assay_template **out, const char *name, const assay_tokenizer *tokenizer,
                                 assay_error *err)
{
    if (strcmp(name, "auto") != 0) return find_by_name(out, name, err);
    const char *found = assay_template_recognise(assay_tokenizer_about(tokenizer));
    *out = NULL;
    if (found) return find_by_name(out, found, err);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "the checkpoint's chat_template (\"%.60s...\") is none that Assay knows: name one with "
                           "--template, or render the "
                           "texts yourself and give them as {\"text\"} inputs",
                           assay_tokenizer_about(tokenizer)->chat_template);
}

static assay_status eos_push(const assay_tokenizer *tokenizer, assay_ids *ids, assay_error *err)
{
    int32_t eos = assay_tokenizer_about(tokenizer)->eos;
    if (eos < 0 || (ids->count && ids->data[ids->count - 1] == eos)) return ASSAY_OK;
    return assay_ids_push(ids, eos, err);
}

static assay_status end_push(const assay_template *chosen, const assay_tokenizer *tokenizer,
                             assay_append_eos append_eos, assay_ids *ids, assay_error *err)
{
    if (append_eos == ASSAY_EOS_NO) return ASSAY_OK;
    int32_t stop = chosen->end == ASSAY_END_STOP && chosen->stop ? assay_tokenizer_find(tokenizer, chosen->stop) : -1;
    if (stop >= 0) ASSAY_TRY(assay_ids_push(ids, stop, err));
    bool wanted = append_eos == ASSAY_EOS_YES || (chosen->end != ASSAY_END_OF_TURN && stop < 0);
    return wanted ? eos_push(tokenizer, ids, err) : ASSAY_OK;
}

static assay_status text_render(const assay_template *chosen, const assay_tokenizer *tokenizer,
                                const assay_message *messages, size_t count, assay_ids *ids, assay_error *err)
{
    unsigned flags = ASSAY_ENCODE_SPECIAL_TEXT | (chosen->bare ? 0 : ASSAY_ENCODE_ADD_SPECIAL);
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = chosen->text(chosen, tokenizer, messages, count, &text, err);
    if (status == ASSAY_OK) status = assay_tokenizer_encode(tokenizer, text.data, text.size, flags, ids, err);
    assay_buf_release(&text);
    return status;
}

assay_status assay_template_render(const assay_template *chosen, const assay_tokenizer *tokenizer,
                                   const assay_message *messages, size_t count, assay_append_eos append_eos,
                                   assay_ids *ids, assay_error *err)
{
    size_t first = ids->count;
    if (!count) return assay_error_set(err, ASSAY_E_FORMAT, "a conversation without messages");
    ASSAY_TRY(chosen->ids ? chosen->ids(chosen, tokenizer, messages, count, ids, err)
                          : text_render(chosen, tokenizer, messages, count, ids, err));
    ASSAY_TRY(end_push(chosen, tokenizer, append_eos, ids, err));
    return assay_tokenizer_check(tokenizer, ids, first, err);
}

assay_status assay_template_encode_text(const assay_tokenizer *tokenizer, const char *text, size_t size,
                                        assay_append_eos append_eos, assay_ids *ids, assay_error *err)
{
    ASSAY_TRY(
        assay_tokenizer_encode(tokenizer, text, size, ASSAY_ENCODE_ADD_SPECIAL | ASSAY_ENCODE_SPECIAL_TEXT, ids, err));
    return append_eos == ASSAY_EOS_YES ? eos_push(tokenizer, ids, err) : ASSAY_OK;
}
