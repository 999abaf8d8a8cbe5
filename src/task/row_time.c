/* Every stage has a clock. Its next pass can be dated as soon as what it waits for has been, so the stages are asked in
 * turn until none has anything left. What has been dated and not met yet lies in rings: a stage is never more passes
 * ahead of another than there are stages. */
#include "task/row_time.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>

/* Micro-batches that are gone through one by one; of more, a share of the time of a step that long. */
enum { MOST = 20000 };

typedef struct stage_clock {
    double now, sent; /* what it sent last has arrived then */
    size_t ups, downs;
} stage_clock;

typedef struct row {
    const assay_row_stage *stages;
    const assay_row_link *link;
    int count;
    size_t micro;
    stage_clock *clocks;
    double *up, *down; /* [count][count + 1]: when what comes to a stage from below, and from above, is there */
} row;

static double *arrival(const row *r, double *times, int stage, size_t pass)
{
    size_t ring = (size_t)r->count + 1;
    return &times[(size_t)stage * ring + pass % ring];
}

static double hash(const row *r, double bytes) { return bytes * r->link->hashing; }

/* One send at a time; the next waits for its end. */
static void send_to(const row *r, stage_clock *c, double bytes, double *there)
{
    c->now = fmax(c->now, c->sent) + hash(r, bytes);
    c->sent = c->now + r->link->latency + bytes * r->link->a_byte;
    *there = c->sent;
}

static void forward(const row *r, int s, double from)
{
    stage_clock *c = &r->clocks[s];
    c->now = fmax(c->now, from) + (s ? hash(r, r->stages[s - 1].up_bytes) : 0) + r->stages[s].forward;
    if (s + 1 < r->count) send_to(r, c, r->stages[s].up_bytes, arrival(r, r->up, s + 1, c->ups));
    c->ups++;
}

static void backward(const row *r, int s, double from)
{
    stage_clock *c = &r->clocks[s];
    c->now = fmax(c->now, from) + (s + 1 < r->count ? hash(r, r->stages[s].down_bytes) : 0) + r->stages[s].backward;
    if (s) send_to(r, c, r->stages[s - 1].down_bytes, arrival(r, r->down, s - 1, c->downs));
    c->downs++;
}

/* False: nothing is left, or what it waits for is not dated yet. */
static bool go_on(const row *r, int s)
{
    const stage_clock *c = &r->clocks[s];
    bool up = c->ups < r->micro && c->ups < c->downs + (size_t)r->stages[s].ahead;
    if (!up && c->downs == r->micro) return false;
    bool waits = up ? s > 0 : s + 1 < r->count;
    if (waits && (up ? r->clocks[s - 1].ups <= c->ups : r->clocks[s + 1].downs <= c->downs)) return false;
    if (up) forward(r, s, waits ? *arrival(r, r->up, s, c->ups) : 0);
    else backward(r, s, waits ? *arrival(r, r->down, s, c->downs) : 0);
    return true;
}

static double run(const row *r)
{
    double last = 0;
    for (bool any = true; any;) {
        any = false;
        for (int s = 0; s < r->count; s++)
            while (go_on(r, s)) any = true;
    }
    for (int s = 0; s < r->count; s++) last = fmax(last, r->clocks[s].now);
    return last;
}

assay_status assay_row_seconds(const assay_row_stage *stages, int count, double micro_batches,
                               const assay_row_link *link, double *seconds, assay_error *err)
{
    size_t cells = (size_t)count * ((size_t)count + 1);
    row r = {.stages = stages,
             .link = link,
             .count = count,
             .micro = micro_batches < MOST ? (size_t)ceil(micro_batches) : MOST,
             .clocks = assay_alloc((size_t)count, sizeof *r.clocks),
             .up = assay_alloc(cells, sizeof *r.up),
             .down = assay_alloc(cells, sizeof *r.down)};
    bool room = r.clocks && r.up && r.down;
    if (room) *seconds = run(&r) * fmax(1, micro_batches / MOST);
    assay_free(r.clocks);
    assay_free(r.up);
    assay_free(r.down);
    return room ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the time of a row");
}
