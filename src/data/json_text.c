#include "data/json_text.h"

assay_status assay_json_text(const json_t *value, assay_buf *out, assay_error *err)
{
    return assay_json_append(value, JSON_COMPACT | JSON_ENCODE_ANY, out, err);
}

assay_status assay_json_id(const json_t *id, assay_text_arena *arena, const char **text, assay_error *err)
{
    assay_buf out;
    *text = NULL;
    const char *reason = assay_json_number_text(id) ? NULL : assay_json_unreadable(id);
    if (reason) return assay_error_set(err, ASSAY_E_FORMAT, "\"id\" should be a number or a text and is %s", reason);
    if (!json_string_length(id) && !json_is_number(id) && !assay_json_number_text(id)) return ASSAY_OK;
    assay_buf_init(&out, SIZE_MAX / 4);
    assay_status status = assay_json_text(id, &out, err);
    if (status == ASSAY_OK && !(*text = assay_text_arena_copy(arena, out.data, out.size)))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for an id");
    assay_buf_release(&out);
    return status;
}

assay_status assay_json_group(const json_t *value, const char *field, assay_text_arena *arena, const char **text,
                              assay_error *err)
{
    *text = NULL;
    if (assay_json_unreadable(value))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a text and is %s", field, assay_json_kind(value));
    if (!json_string_length(value)) return ASSAY_OK;
    *text = assay_text_arena_copy(arena, json_string_value(value), json_string_length(value));
    ASSAY_TRY_ALLOC(*text, "a name", err);
    return ASSAY_OK;
}
