#include "base/file.h"
#include "data/pair_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *turns_json(const assay_turns *turns)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < turns->count; i++) {
        const assay_message *message = turns->items + i;
        json_t *object = json_object();
        int failed = json_object_set_new(object, "role", json_string(assay_role_name(message->role)));
        failed |= json_object_set_new(object, "content", json_stringn(message->text, message->size));
        failed |= json_array_append_new(list, object);
        if (!failed) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

static json_t *pair_json(const assay_pair *pair)
{
    json_t *line = json_object();
    int failed = json_object_set_new(line, "prompt", turns_json(&pair->prompt));
    failed |= json_object_set_new(line, "chosen", turns_json(&pair->chosen));
    failed |= json_object_set_new(line, "rejected", turns_json(&pair->rejected));
    if (!isnan(pair->margin)) failed |= json_object_set_new(line, "margin", json_real(pair->margin));
    if (pair->id) failed |= json_object_set_new(line, "id", json_loads(pair->id, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
    if (!failed) return line;
    json_decref(line);
    return NULL;
}

static assay_status write_pair(assay_writer *writer, const assay_pair *pair, assay_error *err)
{
    json_t *line = pair_json(pair);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    ASSAY_TRY_ALLOC(text, "a line", err);
    size_t length = strlen(text);
    text[length] = '\n';
    assay_status status = assay_writer_write(writer, text, length + 1, err);
    free(text);
    return status;
}

assay_status assay_pair_set_write(const assay_pair_set *set, const char *path, assay_error *err)
{
    assay_writer writer;
    ASSAY_TRY(assay_writer_open(&writer, path, err));
    for (size_t i = 0; i < set->count; i++) {
        assay_status status = write_pair(&writer, set->pairs + i, err);
        if (status == ASSAY_OK) continue;
        assay_writer_abort(&writer);
        return status;
    }
    return assay_writer_commit(&writer, err);
}
