#include "train/shares.h"

#include "base/alloc.h"
#include "train/lanes.h"

/* The nearest counts: the power of two below, and the one above where there are so many lanes. */
assay_status assay_shares_check(size_t size, size_t lanes, assay_error *err)
{
    size_t below = 1;
    char above[48] = "";
    while (2 * below <= size && 2 * below <= lanes) below *= 2;
    if (size == below) return ASSAY_OK;
    if (2 * below <= lanes) snprintf(above, sizeof above, " or %zu", 2 * below);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%zu lanes cannot be shared out evenly to %zu processes: start %zu%s; --lanes (a new run "
                           "alone takes another number) is a power of two and at least the number of processes",
                           lanes, size, below, above);
}

assay_status assay_shares_make(assay_shares *shares, assay_comm *comm, size_t lanes, assay_error *err)
{
    size_t size = (size_t)assay_comm_size(comm);
    ASSAY_TRY(assay_shares_check(size, lanes, err));
    *shares = (assay_shares){.comm = comm,
                             .lanes = lanes / size,
                             .first_lane = lanes / size * (size_t)assay_comm_rank(comm),
                             .rewards = assay_alloc(size + 1, sizeof *shares->rewards),
                             .there = assay_alloc(size, sizeof *shares->there),
                             .pairs = assay_alloc(size, sizeof *shares->pairs)};
    if (shares->rewards && shares->there && shares->pairs) return ASSAY_OK;
    assay_shares_release(shares);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of processes");
}

void assay_shares_release(assay_shares *shares)
{
    assay_free(shares->rewards);
    assay_free(shares->there);
    assay_free(shares->pairs);
    *shares = (assay_shares){0};
}

void assay_shares_cut(assay_shares *shares, const assay_example_set *examples, size_t outputs, const uint32_t *picked,
                      size_t count)
{
    size_t size = (size_t)assay_comm_size(shares->comm), pair = 0, answers = 0;
    for (size_t r = 0; r < size; r++) {
        size_t end = assay_lane_begin((r + 1) * shares->lanes, size * shares->lanes, count);
        shares->there[r] = pair < end;
        shares->pairs[r] += end - pair;
        for (; pair < end; pair++) answers += examples->items[picked[pair]].count;
        shares->rewards[r + 1] = answers * outputs * sizeof(float);
    }
}
