/* The memory that all readers of options put their texts into. */
#include "options/options.h"

#include "base/alloc.h"

assay_status assay_string_list_add(assay_string_list *list, const char *text, assay_error *err)
{
    ASSAY_TRY(assay_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, err));
    list->items[list->count++] = text;
    return ASSAY_OK;
}

const char *assay_options_keep(assay_options *options, const char *text, size_t length)
{
    char *copy = assay_strndup(text, length);
    if (copy && assay_string_list_add(&options->owned, copy, NULL) == ASSAY_OK) return copy;
    assay_free(copy);
    return NULL;
}
