#include "engine/streaming.h"

#include "base/alloc.h"
#include "stream/stream_reader.h"

struct assay_streaming {
    const assay_stream_list *list;
    assay_stream_reader *reader;
    uint64_t *tickets;  /* per group, rows first */
    const void **bytes; /* per parameter: where its values are */
    assay_parts *parts; /* per parameter: of those of several tensors, where the others are */
};

static uint64_t *ticket_of(const assay_streaming *s, int group) { return &s->tickets[group - ASSAY_STREAM_ROWS]; }

static assay_status open_all(assay_streaming *s, const assay_engine_config *config, assay_error *err)
{
    size_t params = config->program->param_count;
    s->tickets = assay_alloc((size_t)s->list->layer_count + 1, sizeof *s->tickets);
    s->bytes = assay_alloc(params, sizeof *s->bytes);
    s->parts = assay_alloc(params, sizeof *s->parts);
    if (!s->tickets || !s->bytes || !s->parts)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for streamed weights");
    return assay_stream_reader_open(&s->reader, s->list, config->bounds.rows[ASSAY_TOKENS], err);
}

assay_status assay_streaming_open(assay_streaming **out, const assay_engine_config *config, assay_error *err)
{
    assay_streaming *s = assay_alloc(1, sizeof *s);
    *out = NULL;
    ASSAY_TRY_ALLOC(s, "streamed weights", err);
    s->list = config->stream;
    assay_status status = open_all(s, config, err);
    if (status == ASSAY_OK) *out = s;
    else assay_streaming_close(s);
    return status;
}

void assay_streaming_close(assay_streaming *s)
{
    if (!s) return;
    assay_stream_reader_close(s->reader);
    assay_free(s->tickets);
    assay_free(s->bytes);
    assay_free(s->parts);
    assay_free(s);
}

static void place(assay_streaming *s, void *slot, const assay_stream_piece *piece)
{
    void *at = assay_stream_place(slot, piece);
    assay_parts *parts = &s->parts[piece->param];
    switch (piece->part) {
    case ASSAY_STREAM_VALUES:
        s->bytes[piece->param] = at;
        break;
    case ASSAY_STREAM_SCALES:
        parts->scales = at;
        break;
    case ASSAY_STREAM_MAP:
        parts->map = at;
        break;
    case ASSAY_STREAM_MAP_SCALES:
        parts->map_scales = at;
        break;
    case ASSAY_STREAM_ZEROS:
        parts->zeros = at;
        break;
    case ASSAY_STREAM_GROUPS:
        parts->groups = at;
        break;
    }
}

static void place_layer(assay_streaming *s, int group, void *slot, const assay_param_view *params)
{
    const assay_stream_layer *layer = &s->list->layers[group];
    const assay_stream_piece *pieces = s->list->pieces + layer->first;
    for (size_t i = 0; i < layer->count; i++)
        if (params[pieces[i].param].parts) s->parts[pieces[i].param] = *params[pieces[i].param].parts;
    for (size_t i = 0; i < layer->count; i++) place(s, slot, &pieces[i]);
}

void assay_streaming_begin(assay_streaming *s, int group, void *slot, const assay_param_view *params,
                           const assay_geometry *geometry)
{
    assay_stream_want want = {.group = group, .to = slot};
    if (group == ASSAY_STREAM_ROWS) {
        want.ids = geometry->ids;
        want.count = geometry->spaces[ASSAY_TOKENS].rows;
        s->bytes[s->list->rows.param] = slot;
    } else {
        place_layer(s, group, slot, params);
    }
    *ticket_of(s, group) = assay_stream_reader_ask(s->reader, &want);
}

assay_status assay_streaming_wait(assay_streaming *s, int group, assay_error *err)
{
    return assay_stream_reader_wait(s->reader, *ticket_of(s, group), err);
}

void assay_streaming_look(const assay_streaming *s, int param, assay_param_view *view)
{
    int group = s->list->group[param];
    if (group == ASSAY_STREAM_NOT) return;
    view->data = s->bytes[param];
    view->by_token = group == ASSAY_STREAM_ROWS;
    if (view->parts) view->parts = &s->parts[param];
}

void assay_streaming_settle(assay_streaming *s) { assay_stream_reader_settle(s->reader); }

uint64_t assay_streaming_bytes(assay_streaming *s) { return assay_stream_reader_bytes(s->reader); }
