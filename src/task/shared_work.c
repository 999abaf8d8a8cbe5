#include "task/shared_work.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sizes.h"

enum { FIRST_ROUND = 16, LONGEST_ROUND = 1 << 14 };

static const double brief = 15, lengthy = 60; /* seconds of a round */

void assay_work_cut(size_t *borders, size_t parts, size_t first, size_t end,
                    size_t (*size)(const void *context, size_t item), const void *context)
{
    double all = 0, before = 0;
    size_t part = 0;
    for (size_t i = first; i < end; i++) all += (double)size(context, i);
    for (size_t i = first; i < end; i++) {
        double middle = before + (double)size(context, i) / 2;
        for (; part == 0 || (part < parts && middle * (double)parts >= all * (double)part); part++) borders[part] = i;
        before += (double)size(context, i);
    }
    for (; part <= parts; part++) borders[part] = part == 0 ? first : end;
}

size_t assay_work_round(size_t last, double seconds)
{
    if (last == 0) return FIRST_ROUND;
    if (seconds > lengthy) return assay_larger(last / 2, 1);
    return seconds < brief ? assay_smaller(2 * last, LONGEST_ROUND) : last;
}

/* Numbers of one block from where the round's begin. */
static assay_status share_block(const assay_shared_work *w, size_t block, const size_t *items, size_t *bytes,
                                assay_error *err)
{
    int size = assay_comm_size(w->comm);
    size_t unit = w->blocks[block].width * sizeof(double), start = w->place(w->context, items[0]);
    if (!w->blocks[block].numbers) return ASSAY_OK;
    for (int r = 0; r <= size; r++) bytes[r] = (w->place(w->context, items[r]) - start) * unit;
    return assay_comm_share(w->comm, w->blocks[block].numbers + start * w->blocks[block].width, bytes, err);
}

/* *each: items for each process, the first one's word; afterwards of the next round. */
static assay_status run_round(const assay_shared_work *w, size_t *first, unsigned *each, size_t *items, size_t *bytes,
                              assay_error *err)
{
    size_t size = (size_t)assay_comm_size(w->comm), rank = (size_t)assay_comm_rank(w->comm);
    size_t end = *first + assay_smaller(w->count - *first, size * *each);
    double start = assay_clock_seconds();
    assay_work_cut(items, size, *first, end, w->size, w->context);
    size_t own = items[rank + 1] - items[rank];
    assay_status status = own ? w->score(w->context, items[rank], own, err) : ASSAY_OK;
    unsigned next = rank == 0 ? (unsigned)assay_work_round(*each, assay_clock_seconds() - start) : 0;
    ASSAY_TRY(assay_comm_agree(w->comm, status, &next, err));
    for (size_t b = 0; b < ASSAY_SHARED_BLOCKS; b++) ASSAY_TRY(share_block(w, b, items, bytes, err));
    *first = end;
    *each = next;
    return ASSAY_OK;
}

static assay_status run_rounds(const assay_shared_work *w, assay_error *err)
{
    size_t size = (size_t)assay_comm_size(w->comm), first = 0;
    size_t *items = assay_alloc(2 * (size + 1), sizeof *items);
    unsigned each = (unsigned)assay_work_round(0, 0);
    assay_status status = items ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for shares");
    status = assay_comm_agree(w->comm, status, NULL, err);
    while (items && status == ASSAY_OK && first < w->count)
        status = run_round(w, &first, &each, items, items + size + 1, err);
    assay_free(items);
    return status;
}

assay_status assay_shared_work_run(const assay_shared_work *w, assay_error *err)
{
    if (assay_comm_size(w->comm) > 1) return run_rounds(w, err);
    return w->count ? w->score(w->context, 0, w->count, err) : ASSAY_OK;
}
