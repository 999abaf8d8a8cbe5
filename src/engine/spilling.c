/* Values lie in the file in the order in which they are made, each with the room of its slot. They are read in the
 * order of the schedule's FETCHes, so the next of them can be announced while backward computes with the present one:
 * the system brings them meanwhile. */
#include "engine/spilling.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "stream/spill_file.h"

enum { AHEAD = 12 }; /* values announced: about a layer's */

typedef struct place {
    uint64_t offset;
    size_t room, written; /* bytes; written: by the present pass */
} place;

struct assay_spilling {
    assay_spill_file *file;
    place *places; /* per value */
    int *order;    /* values, as they are fetched */
    size_t fetches, read, announced;
};

static assay_status find_places(assay_spilling *s, const assay_schedule *schedule, uint64_t *bytes, assay_error *err)
{
    for (size_t i = 0; i < schedule->instance_count; i++) {
        const assay_instance *instance = &schedule->instances[i];
        if (instance->action == ASSAY_FETCH) s->order[s->fetches++] = instance->value;
        if (instance->action != ASSAY_SPILL) continue;
        size_t room = schedule->slots[instance->in[0]].bytes;
        s->places[instance->value] = (place){.offset = *bytes, .room = room};
        if (room > (uint64_t)INT64_MAX - *bytes)
            return assay_error_set(err, ASSAY_E_NO_FIT, "spilled values overflow the largest file");
        *bytes += room;
    }
    return ASSAY_OK;
}

assay_status assay_spilling_open(assay_spilling **out, const assay_schedule *schedule, size_t values,
                                 const char *folder, assay_error *err)
{
    assay_spilling *s = assay_alloc(1, sizeof *s);
    uint64_t bytes = 0;
    *out = NULL;
    ASSAY_TRY_ALLOC(s, "spilled values", err);
    s->places = assay_alloc(values, sizeof *s->places);
    s->order = assay_alloc(schedule->instance_count, sizeof *s->order);
    assay_status status = s->places && s->order
                              ? find_places(s, schedule, &bytes, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for spilled values");
    if (status == ASSAY_OK) status = assay_spill_file_open(&s->file, folder, bytes, err);
    if (status == ASSAY_OK) *out = s;
    else assay_spilling_close(s);
    return status;
}

void assay_spilling_close(assay_spilling *s)
{
    if (!s) return;
    assay_spill_file_close(s->file);
    assay_free(s->places);
    assay_free(s->order);
    assay_free(s);
}

void assay_spilling_begin(assay_spilling *s) { s->read = s->announced = 0; }

assay_status assay_spilling_write(assay_spilling *s, int value, const void *data, size_t bytes, assay_error *err)
{
    s->places[value].written = bytes;
    return assay_spill_file_write(s->file, s->places[value].offset, data, bytes, err);
}

static void announce(assay_spilling *s)
{
    size_t upto = assay_smaller(s->read + AHEAD, s->fetches);
    for (; s->announced < upto; s->announced++) {
        const place *next = &s->places[s->order[s->announced]];
        assay_spill_file_expect(s->file, next->offset, next->written);
    }
}

assay_status assay_spilling_read(assay_spilling *s, int value, void *data, size_t bytes, assay_error *err)
{
    announce(s);
    s->read++;
    return assay_spill_file_read(s->file, s->places[value].offset, data, bytes, err);
}

uint64_t assay_spilling_bytes(const assay_spilling *s) { return assay_spill_file_written(s->file); }
