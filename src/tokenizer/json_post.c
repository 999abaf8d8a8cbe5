/* The post_processor of a tokenizer.json: ids before and behind a single text. */
#include "tokenizer/tokenizer_json.h"

#include <string.h>

static assay_status unsupported(const char *where, const char *what, const char *name, const char *known,
                                assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the %s %s is not supported (there is %s)", where, what, name,
                           known);
}

static assay_status side_insert(assay_ids *side, size_t place, int32_t id, const assay_tokenizer *tokenizer,
                                const char *where, assay_error *err)
{
    if (id < 0 || (size_t)id >= tokenizer->vocab.count)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the post_processor adds the id %d, which is no token", where,
                               (int)id);
    ASSAY_TRY(assay_ids_push(side, id, err));
    memmove(side->data + place + 1, side->data + place, (side->count - 1 - place) * sizeof(*side->data));
    side->data[place] = id;
    return ASSAY_OK;
}

static assay_status template_piece_read(const json_t *node, const json_t *piece, bool *behind, size_t *place,
                                        assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const json_t *special = json_object_get(piece, "SpecialToken");
    if (!special) {
        if (*behind)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the post_processor template repeats the text", where);
        *behind = true;
        *place = 0;
        return ASSAY_OK;
    }
    const char *name = NULL;
    ASSAY_TRY(assay_json_string(special, "id", true, &name, where, err));
    const json_t *ids = json_object_get(json_object_get(json_object_get(node, "special_tokens"), name), "ids"), *id;
    size_t index;
    json_array_foreach(ids, index, id)
    {
        assay_ids *side = *behind ? &tokenizer->suffix : &tokenizer->prefix;
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        ASSAY_TRY(side_insert(side, *behind ? side->count : (*place)++, value > INT32_MAX ? -1 : (int32_t)value,
                              tokenizer, where, err));
    }
    return ASSAY_OK;
}

static assay_status template_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    size_t index, place = 0;
    json_t *piece;
    bool behind = false;
    json_array_foreach(json_object_get(node, "single"), index, piece)
        ASSAY_TRY(template_piece_read(node, piece, &behind, &place, tokenizer, where, err));
    return ASSAY_OK;
}

/* BertProcessing and RobertaProcessing: {"cls": [text, id], "sep": [text, id]} */
static assay_status bert_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const json_t *first = json_array_get(json_object_get(node, "cls"), 1),
                 *last = json_array_get(json_object_get(node, "sep"), 1);
    ASSAY_TRY(side_insert(&tokenizer->prefix, 0, (int32_t)json_integer_value(first), tokenizer, where, err));
    return side_insert(&tokenizer->suffix, tokenizer->suffix.count, (int32_t)json_integer_value(last), tokenizer, where,
                       err);
}

assay_status assay_json_post_read(const json_t *node, assay_tokenizer *tokenizer, const char *where, assay_error *err)
{
    const char *type = NULL;
    size_t index;
    json_t *item;
    if (!node || json_is_null(node)) return ASSAY_OK;
    ASSAY_TRY(assay_json_string(node, "type", true, &type, where, err));
    if (strcmp(type, "ByteLevel") == 0) return ASSAY_OK; /* moves offsets only */
    if (strcmp(type, "TemplateProcessing") == 0) return template_read(node, tokenizer, where, err);
    if (strcmp(type, "BertProcessing") == 0 || strcmp(type, "RobertaProcessing") == 0)
        return bert_read(node, tokenizer, where, err);
    if (strcmp(type, "Sequence") != 0)
        return unsupported(where, "post_processor type", type,
                           "Sequence, TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing", err);
    json_array_foreach(json_object_get(node, "processors"), index, item)
        ASSAY_TRY(assay_json_post_read(item, tokenizer, where, err));
    return ASSAY_OK;
}
