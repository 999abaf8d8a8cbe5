/* Reading the protobuf. Only length-delimited fields nest, every length is checked against what is left of its parent,
 * so no read passes the end; unknown fields are skipped by wire type, groups (obsolete) are refused. Messages may
 * appear twice: later scalars win, as protobuf demands. */
#include "tokenizer/sp_model.h"

#include "base/text.h"
#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

typedef struct wire {
    const unsigned char *at, *end;
    const char *where;
} wire;

typedef struct field {
    uint32_t number, type; /* wire types: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes */
    uint64_t value;        /* varint, or fixed bits */
    const unsigned char *data;
    size_t size;
} field;

static assay_status damaged(const char *where, const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: not a SentencePiece model (%s)", where, what);
}

static bool varint_read(wire *in, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        unsigned char byte = *in->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

static bool fixed_read(wire *in, size_t size, uint64_t *out)
{
    if ((size_t)(in->end - in->at) < size) return false;
    *out = 0;
    for (size_t i = 0; i < size; i++) *out |= (uint64_t)in->at[i] << (8 * i);
    in->at += size;
    return true;
}

static assay_status field_read(wire *in, field *out, assay_error *err)
{
    uint64_t key, length;
    if (!varint_read(in, &key) || key >> 32 || !(key >> 3)) return damaged(in->where, "broken field key", err);
    *out = (field){.number = (uint32_t)(key >> 3), .type = (uint32_t)(key & 7)};
    switch (out->type) {
    case 0:
        return varint_read(in, &out->value) ? ASSAY_OK : damaged(in->where, "broken number", err);
    case 1:
        return fixed_read(in, 8, &out->value) ? ASSAY_OK : damaged(in->where, "cut off", err);
    case 5:
        return fixed_read(in, 4, &out->value) ? ASSAY_OK : damaged(in->where, "cut off", err);
    case 2:
        if (!varint_read(in, &length) || length > (size_t)(in->end - in->at)) return damaged(in->where, "cut off", err);
        out->data = in->at;
        out->size = (size_t)length;
        in->at += length;
        return ASSAY_OK;
    default:
        return damaged(in->where, "unknown wire type", err);
    }
}

static wire wire_of(const field *message, const char *where)
{
    return (wire){message->data, message->data + message->size, where};
}

void assay_sp_model_init(assay_sp_model *model)
{
    *model = (assay_sp_model){.dummy_prefix = true,
                              .remove_extra_spaces = true,
                              .escape_spaces = true,
                              .unk = 0,
                              .bos = 1,
                              .eos = 2,
                              .pad = -1,
                              .model_type = ASSAY_SP_UNIGRAM,
                              .unk_piece = "<unk>",
                              .bos_piece = "<s>",
                              .eos_piece = "</s>",
                              .unk_size = 5,
                              .bos_size = 3,
                              .eos_size = 4};
}

void assay_sp_model_release(assay_sp_model *model)
{
    assay_free(model->pieces);
    assay_charsmap_release(&model->charsmap);
    assay_piece_trie_release(&model->user_symbols);
    assay_sp_model_init(model);
}

assay_status assay_sp_model_add(assay_sp_model *model, assay_token_map *vocab, const char *text, size_t size,
                                float score, int type, assay_error *err)
{
    if (type < ASSAY_SP_NORMAL || type > ASSAY_SP_BYTE)
        return assay_error_set(err, ASSAY_E_FORMAT, "piece %zu has the unknown type %d", model->count, type);
    if (assay_text_valid(text, size) != size)
        return assay_error_set(err, ASSAY_E_FORMAT, "piece %zu is not valid UTF-8", model->count);
    ASSAY_TRY(assay_grow(&model->pieces, &model->capacity, model->count + 1, sizeof(assay_sp_piece), err));
    if (model->count > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "more than %d pieces", ASSAY_TOKEN_ID_MAX);
    ASSAY_TRY(assay_token_map_add(vocab, text, size, (int32_t)model->count, err));
    model->pieces[model->count] = (assay_sp_piece){.score = score, .type = (uint8_t)type};
    if (type == ASSAY_SP_USER_DEFINED)
        ASSAY_TRY(assay_piece_trie_add(&model->user_symbols, text, size, (int32_t)model->count, err));
    if (type == ASSAY_SP_UNUSED) model->has_unused = true;
    model->count++;
    return ASSAY_OK;
}

static assay_status piece_read(assay_sp_model *model, assay_token_map *vocab, const field *message, const char *where,
                               assay_error *err)
{
    wire in = wire_of(message, where);
    field text = {0}, item;
    float score = 0;
    uint64_t type = ASSAY_SP_NORMAL;
    while (in.at < in.end) {
        ASSAY_TRY(field_read(&in, &item, err));
        if (item.number == 1 && item.type == 2) text = item;
        if (item.number == 3 && item.type == 0) type = item.value;
        if (item.number == 2 && item.type == 5) {
            uint32_t bits = (uint32_t)item.value;
            memcpy(&score, &bits, sizeof(score));
        }
    }
    if (!text.size) return damaged(where, "a piece without text", err);
    if (!(score == score)) return damaged(where, "a score that is no number", err);
    if (assay_token_map_find(vocab, (const char *)text.data, text.size) >= 0)
        return damaged(where, "a piece given twice", err);
    return assay_sp_model_add(model, vocab, (const char *)text.data, text.size, score, type > 99 ? 99 : (int)type, err);
}

static assay_status normalizer_read(assay_sp_model *model, const field *message, const char *where, assay_error *err)
{
    wire in = wire_of(message, where);
    field item;
    while (in.at < in.end) {
        ASSAY_TRY(field_read(&in, &item, err));
        if (item.number == 2 && item.type == 2) {
            model->charsmap_blob = (const char *)item.data;
            model->charsmap_size = item.size;
            ASSAY_TRY(assay_charsmap_read(&model->charsmap, item.data, item.size, where, err));
        }
        if (item.type != 0) continue;
        if (item.number == 3) model->dummy_prefix = item.value != 0;
        if (item.number == 4) model->remove_extra_spaces = item.value != 0;
        if (item.number == 5) model->escape_spaces = item.value != 0;
    }
    return ASSAY_OK;
}

static void piece_name(const field *item, const char **text, size_t *size)
{
    *text = (const char *)item->data;
    *size = item->size;
}

static void trainer_number(assay_sp_model *model, const field *item)
{
    if (item->number == 3) model->model_type = item->value > 4 ? 0 : (uint32_t)item->value;
    if (item->number == 24) model->spaces_as_suffix = item->value != 0;
    if (item->number == 35) model->byte_fallback = item->value != 0;
    if (item->number == 40) model->trained_unk = (int32_t)item->value;
    if (item->number == 41) model->bos = (int32_t)item->value;
    if (item->number == 42) model->eos = (int32_t)item->value;
    if (item->number == 43) model->pad = (int32_t)item->value;
}

static assay_status trainer_read(assay_sp_model *model, const field *message, const char *where, assay_error *err)
{
    wire in = wire_of(message, where);
    field item;
    while (in.at < in.end) {
        ASSAY_TRY(field_read(&in, &item, err));
        if (item.type == 0) trainer_number(model, &item);
        if (item.type != 2) continue;
        if (item.number == 45) piece_name(&item, &model->unk_piece, &model->unk_size);
        if (item.number == 46) piece_name(&item, &model->bos_piece, &model->bos_size);
        if (item.number == 47) piece_name(&item, &model->eos_piece, &model->eos_size);
    }
    return ASSAY_OK;
}

static assay_status model_type_check(uint32_t model_type, const char *where, assay_error *err)
{
    static const char *const names[] = {"unknown", "unigram", "bpe", "word", "char"};
    if (model_type == ASSAY_SP_BPE) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: a SentencePiece model of model_type %s; here only bpe is known", where,
                           names[model_type]);
}

assay_status assay_sp_model_parse(assay_sp_model *model, assay_token_map *vocab, const void *bytes, size_t size,
                                  const char *where, assay_error *err)
{
    wire in = {bytes, (const unsigned char *)bytes + size, where};
    field item;
    while (in.at < in.end) {
        ASSAY_TRY(field_read(&in, &item, err));
        if (item.type != 2) continue;
        if (item.number == 1) ASSAY_TRY(piece_read(model, vocab, &item, where, err));
        if (item.number == 2) ASSAY_TRY(trainer_read(model, &item, where, err));
        if (item.number == 3) ASSAY_TRY(normalizer_read(model, &item, where, err));
    }
    return model->count ? ASSAY_OK : damaged(where, "it holds no pieces", err);
}

assay_status assay_sp_model_read(assay_sp_model *model, assay_token_map *vocab, const void *bytes, size_t size,
                                 const char *where, assay_error *err)
{
    ASSAY_TRY(assay_sp_model_parse(model, vocab, bytes, size, where, err));
    ASSAY_TRY(model_type_check(model->model_type, where, err));
    return assay_sp_model_finish(model, vocab, where, err);
}

static int32_t id_or_none(int32_t id, size_t count) { return id >= 0 && (size_t)id < count ? id : -1; }

assay_status assay_sp_model_finish(assay_sp_model *model, const assay_token_map *vocab, const char *where,
                                   assay_error *err)
{
    model->unk = -1;
    for (size_t i = model->count; i-- > 0;)
        if (model->pieces[i].type == ASSAY_SP_UNKNOWN) model->unk = (int32_t)i;
    if (model->unk < 0) return damaged(where, "it has no piece of type UNKNOWN", err);
    model->bos = id_or_none(model->bos, model->count);
    model->eos = id_or_none(model->eos, model->count);
    model->pad = id_or_none(model->pad, model->count);
    for (int byte = 0; byte < 256; byte++) {
        char name[8];
        int length = snprintf(name, sizeof(name), "<0x%02X>", (unsigned)byte);
        int32_t id = assay_token_map_find(vocab, name, (size_t)length);
        model->bytes[byte] = id >= 0 && (size_t)id < model->count ? id : model->unk;
    }
    return ASSAY_OK;
}
