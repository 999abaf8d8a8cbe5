#include "tokenizer/named_templates.h"

#include "base/text.h"

#include <string.h>

/* Real checkpoints have three at most. */
enum { NAMES = 100, NAME_BYTES = 100, ALL_BYTES = 64 << 20 };

static bool is_file_name(const char *name)
{
    size_t size = strlen(name);
    if (!size || size > NAME_BYTES || *name == '.' || assay_text_valid(name, size) != size) return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == '/' || name[i] == '\\' || name[i] == 0x7f) return false;
    return true;
}

static assay_named_template *find(const assay_named_templates *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i].name, name)) return list->items + i;
    return NULL;
}

const char *assay_named_templates_find(const assay_named_templates *list, const char *name)
{
    const assay_named_template *found = find(list, name);
    return found ? found->text : NULL;
}

static assay_status check_name(const assay_named_templates *list, const char *name, const char *where, assay_error *err)
{
    if (!is_file_name(name))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: a chat template has the name \"%.60s\", which cannot be a file's name, so no model "
                               "could be saved with it: rename it there, or take it out",
                               where, name);
    if (list->count < NAMES) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: more than %d chat templates; leave those that are wanted",
                           where, NAMES);
}

static assay_status append(assay_named_templates *list, const char *name, char *text, assay_error *err)
{
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a chat template's name", err);
    assay_status status = assay_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, err);
    if (status == ASSAY_OK) list->items[list->count++] = (assay_named_template){.name = copy, .text = text};
    else assay_free(copy);
    return status;
}

assay_status assay_named_templates_set(assay_named_templates *list, const char *name, const char *text,
                                       const char *where, assay_error *err)
{
    assay_named_template *same = find(list, name);
    size_t size = strlen(text);
    if (!same) ASSAY_TRY(check_name(list, name, where, err));
    if (size > ALL_BYTES - list->bytes)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: more than %d MiB of chat templates", where,
                               ALL_BYTES >> 20);
    list->bytes += size;
    char *copy = assay_strdup(text);
    ASSAY_TRY_ALLOC(copy, "a chat template", err);
    if (same) {
        assay_free(same->text);
        same->text = copy;
        return ASSAY_OK;
    }
    assay_status status = append(list, name, copy, err);
    if (status != ASSAY_OK) assay_free(copy);
    return status;
}

/* As gguf-py's add_chat_template writes them: the default under the key, any other behind a dot. */
assay_status assay_named_templates_of_gguf(assay_named_templates *list, const assay_gguf *gguf, assay_error *err)
{
    static const char key[] = "tokenizer.chat_template";
    size_t length = sizeof key - 1;
    const char *found, *text;
    for (size_t i = 0; (found = assay_gguf_key_at(gguf, i)); i++) {
        bool ours = !strncmp(found, key, length) && (!found[length] || found[length] == '.');
        if (!ours || !assay_gguf_string(gguf, found, &text, NULL)) continue;
        ASSAY_TRY(assay_named_templates_set(list, found[length] ? found + length + 1 : "default", text, found, err));
    }
    return ASSAY_OK;
}

size_t assay_named_template_length(const char *file)
{
    static const char end[] = ".jinja";
    size_t size = strlen(file), length = sizeof end - 1;
    return size > length && *file != '.' && !strcmp(file + size - length, end) ? size - length : 0;
}

void assay_named_templates_release(assay_named_templates *list)
{
    for (size_t i = 0; i < list->count; i++) {
        assay_free(list->items[i].name);
        assay_free(list->items[i].text);
    }
    assay_free(list->items);
    *list = (assay_named_templates){0};
}
