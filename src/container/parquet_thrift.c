/* A reader of tokens over borrowed bytes. What is not asked for is skipped by its type, as the protocol intends: newer
 * writers add fields. The depth of skipped values is counted, not that of read ones, whose nesting is the caller's own.
 */
#include "container/parquet_thrift.h"

static assay_status cut_short(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift is cut short");
}

assay_status assay_thrift_varint(assay_thrift *thrift, uint64_t *out, assay_error *err)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (thrift->at == thrift->end) return cut_short(err);
        uint8_t byte = *thrift->at++;
        if (shift == 63 && byte > 1) break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        *out = value;
        return ASSAY_OK;
    }
    return assay_error_set(err, ASSAY_E_FORMAT, "a number does not fit into 64 bits");
}

assay_status assay_thrift_signed(assay_thrift *thrift, int64_t *out, assay_error *err)
{
    uint64_t folded = 0;
    ASSAY_TRY(assay_thrift_varint(thrift, &folded, err));
    *out = (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
    return ASSAY_OK;
}

assay_status assay_thrift_next(assay_thrift *thrift, assay_thrift_field *field, assay_error *err)
{
    if (thrift->at == thrift->end) return cut_short(err);
    uint8_t head = *thrift->at++;
    int64_t id = field->id + (head >> 4);
    field->type = head & 15;
    if (field->type == ASSAY_THRIFT_STOP) return ASSAY_OK;
    if (head >> 4 == 0) ASSAY_TRY(assay_thrift_signed(thrift, &id, err));
    if (id < INT16_MIN || id > INT16_MAX || field->type > ASSAY_THRIFT_UUID)
        return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift has a field %lld of type %d, which does not exist",
                               (long long)id, (int)field->type);
    field->id = (int16_t)id;
    return ASSAY_OK;
}

static assay_status wrong_type(const assay_thrift_field *field, const char *wanted, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift field %d is of type %d, not %s", field->id,
                           (int)field->type, wanted);
}

assay_status assay_thrift_bool(const assay_thrift_field *field, bool *out, assay_error *err)
{
    if (field->type != ASSAY_THRIFT_TRUE && field->type != ASSAY_THRIFT_FALSE) return wrong_type(field, "a bool", err);
    *out = field->type == ASSAY_THRIFT_TRUE;
    return ASSAY_OK;
}

assay_status assay_thrift_i64(assay_thrift *thrift, const assay_thrift_field *field, int64_t *out, assay_error *err)
{
    if (field->type < ASSAY_THRIFT_I8 || field->type > ASSAY_THRIFT_I64)
        return wrong_type(field, "a whole number", err);
    if (field->type != ASSAY_THRIFT_I8) return assay_thrift_signed(thrift, out, err);
    if (thrift->at == thrift->end) return cut_short(err);
    uint8_t byte = *thrift->at++;
    *out = byte < 0x80 ? byte : byte - 0x100;
    return ASSAY_OK;
}

assay_status assay_thrift_i32(assay_thrift *thrift, const assay_thrift_field *field, int32_t *out, assay_error *err)
{
    int64_t wide = 0;
    ASSAY_TRY(assay_thrift_i64(thrift, field, &wide, err));
    if (wide < INT32_MIN || wide > INT32_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift field %d is %lld, which does not fit into 32 bits",
                               field->id, (long long)wide);
    *out = (int32_t)wide;
    return ASSAY_OK;
}

static assay_status take_bytes(assay_thrift *thrift, const uint8_t **bytes, size_t *size, assay_error *err)
{
    uint64_t length = 0;
    ASSAY_TRY(assay_thrift_varint(thrift, &length, err));
    if (length > (uint64_t)(thrift->end - thrift->at)) return cut_short(err);
    *bytes = thrift->at;
    *size = (size_t)length;
    thrift->at += length;
    return ASSAY_OK;
}

assay_status assay_thrift_text(assay_thrift *thrift, const assay_thrift_field *field, const char **text, size_t *size,
                               assay_error *err)
{
    const uint8_t *bytes = NULL;
    if (field->type != ASSAY_THRIFT_BINARY) return wrong_type(field, "a text", err);
    ASSAY_TRY(take_bytes(thrift, &bytes, size, err));
    *text = (const char *)bytes;
    return ASSAY_OK;
}

assay_status assay_thrift_struct(const assay_thrift_field *field, assay_error *err)
{
    return field->type == ASSAY_THRIFT_STRUCT ? ASSAY_OK : wrong_type(field, "a struct", err);
}

static assay_status take_count(assay_thrift *thrift, uint64_t count, size_t *out, assay_error *err)
{
    if (count > (uint64_t)(thrift->end - thrift->at))
        return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift has a list of %llu elements in %zu bytes",
                               (unsigned long long)count, (size_t)(thrift->end - thrift->at));
    *out = (size_t)count;
    return ASSAY_OK;
}

/* A count up to 14 lies beside the type. */
static assay_status take_list(assay_thrift *thrift, assay_thrift_type *type, size_t *out, assay_error *err)
{
    if (thrift->at == thrift->end) return cut_short(err);
    uint8_t head = *thrift->at++;
    uint64_t count = head >> 4;
    *type = head & 15;
    if (count == 15) ASSAY_TRY(assay_thrift_varint(thrift, &count, err));
    return take_count(thrift, count, out, err);
}

assay_status assay_thrift_structs(assay_thrift *thrift, const assay_thrift_field *field, size_t *count,
                                  assay_error *err)
{
    assay_thrift_type type = ASSAY_THRIFT_STOP;
    if (field->type != ASSAY_THRIFT_LIST) return wrong_type(field, "a list", err);
    ASSAY_TRY(take_list(thrift, &type, count, err));
    if (*count == 0 || type == ASSAY_THRIFT_STRUCT) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift field %d is no list of structs", field->id);
}

static assay_status skip_value(assay_thrift *thrift, assay_thrift_type type, int depth, assay_error *err);

static assay_status skip_bytes(assay_thrift *thrift, size_t size, assay_error *err)
{
    if ((size_t)(thrift->end - thrift->at) < size) return cut_short(err);
    thrift->at += size;
    return ASSAY_OK;
}

/* In a list a bool has a byte of its own, in a struct it is the field's type. */
static assay_status skip_element(assay_thrift *thrift, assay_thrift_type type, int depth, assay_error *err)
{
    if (type == ASSAY_THRIFT_TRUE || type == ASSAY_THRIFT_FALSE) return skip_bytes(thrift, 1, err);
    return skip_value(thrift, type, depth, err);
}

static assay_status skip_list(assay_thrift *thrift, int depth, assay_error *err)
{
    assay_thrift_type type = ASSAY_THRIFT_STOP;
    size_t count = 0;
    ASSAY_TRY(take_list(thrift, &type, &count, err));
    while (count-- > 0) ASSAY_TRY(skip_element(thrift, type, depth, err));
    return ASSAY_OK;
}

static assay_status skip_map(assay_thrift *thrift, int depth, assay_error *err)
{
    uint64_t count = 0;
    size_t pairs = 0;
    ASSAY_TRY(assay_thrift_varint(thrift, &count, err));
    if (count == 0) return ASSAY_OK;
    if (thrift->at == thrift->end) return cut_short(err);
    uint8_t types = *thrift->at++;
    ASSAY_TRY(take_count(thrift, count, &pairs, err));
    while (pairs-- > 0) {
        ASSAY_TRY(skip_element(thrift, types >> 4, depth, err));
        ASSAY_TRY(skip_element(thrift, types & 15, depth, err));
    }
    return ASSAY_OK;
}

static assay_status skip_struct(assay_thrift *thrift, int depth, assay_error *err)
{
    assay_thrift_field field = {0};
    for (;;) {
        ASSAY_TRY(assay_thrift_next(thrift, &field, err));
        if (field.type == ASSAY_THRIFT_STOP) return ASSAY_OK;
        ASSAY_TRY(skip_value(thrift, field.type, depth, err));
    }
}

static assay_status skip_value(assay_thrift *thrift, assay_thrift_type type, int depth, assay_error *err)
{
    uint64_t number = 0;
    const uint8_t *bytes;
    size_t size;
    if (depth == ASSAY_THRIFT_MAX_DEPTH)
        return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift is more than %d deep", ASSAY_THRIFT_MAX_DEPTH);
    switch (type) {
    case ASSAY_THRIFT_TRUE:
    case ASSAY_THRIFT_FALSE:
        return ASSAY_OK;
    case ASSAY_THRIFT_I8:
        return skip_bytes(thrift, 1, err);
    case ASSAY_THRIFT_I16:
    case ASSAY_THRIFT_I32:
    case ASSAY_THRIFT_I64:
        return assay_thrift_varint(thrift, &number, err);
    case ASSAY_THRIFT_DOUBLE:
        return skip_bytes(thrift, 8, err);
    case ASSAY_THRIFT_UUID:
        return skip_bytes(thrift, 16, err);
    case ASSAY_THRIFT_BINARY:
        return take_bytes(thrift, &bytes, &size, err);
    case ASSAY_THRIFT_LIST:
    case ASSAY_THRIFT_SET:
        return skip_list(thrift, depth + 1, err);
    case ASSAY_THRIFT_MAP:
        return skip_map(thrift, depth + 1, err);
    case ASSAY_THRIFT_STRUCT:
        return skip_struct(thrift, depth + 1, err);
    default:
        return assay_error_set(err, ASSAY_E_FORMAT, "its Thrift has a value of type %d, which does not exist",
                               (int)type);
    }
}

assay_status assay_thrift_skip(assay_thrift *thrift, assay_thrift_type type, assay_error *err)
{
    return skip_value(thrift, type, 0, err);
}
