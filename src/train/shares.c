#include "train/shares.h"

#include "base/alloc.h"
#include "train/lanes.h"

/* The nearest counts: the power of two below, and the one above where there are so many lanes. */
assay_status assay_shares_check(size_t size, size_t stages, size_t lanes, assay_error *err)
{
    size_t below = 1;
    char above[48] = "", rows[64] = "";
    while (2 * below <= size && 2 * below <= lanes) below *= 2;
    if (size == below) return ASSAY_OK;
    if (2 * below <= lanes) snprintf(above, sizeof above, " or %zu", 2 * below * stages);
    if (stages > 1) snprintf(rows, sizeof rows, " in rows of %zu (--stages)", stages);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%zu lane%s cannot be shared out evenly to %zu processes%s: start %zu%s; --lanes (a new run "
                           "alone takes another number) is a power of two and at least the number of processes",
                           lanes, lanes == 1 ? "" : "s", size * stages, rows, below * stages, above);
}

static assay_status make_lists(assay_shares *shares, size_t size, assay_error *err)
{
    shares->rewards = assay_alloc(size + 1, sizeof *shares->rewards);
    shares->there = assay_alloc(size, sizeof *shares->there);
    shares->pairs = assay_alloc(size, sizeof *shares->pairs);
    if (shares->rewards && shares->there && shares->pairs) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of processes");
}

static assay_status make_parts(assay_shares *shares, int rank, assay_error *err)
{
    int stages = shares->stages;
    if (stages == 1) {
        shares->column = shares->comm;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_comm_part(&shares->row, shares->comm, rank / stages * stages, 1, stages, err));
    return assay_comm_part(&shares->column, shares->comm, shares->stage, stages, shares->groups, err);
}

assay_status assay_shares_make(assay_shares *shares, assay_comm *comm, int stages, size_t lanes, assay_error *err)
{
    int size = assay_comm_size(comm), rank = assay_comm_rank(comm), groups = size / stages;
    *shares = (assay_shares){0};
    if (size % stages)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--stages %d: %d processes are no multiple of it; start %d, or give another number",
                               stages, size, (groups + 1) * stages);
    ASSAY_TRY(assay_shares_check((size_t)groups, (size_t)stages, lanes, err));
    *shares = (assay_shares){.comm = comm,
                             .stages = stages,
                             .stage = rank % stages,
                             .groups = groups,
                             .lanes = lanes / (size_t)groups,
                             .first_lane = lanes / (size_t)groups * (size_t)(rank / stages)};
    assay_status status = make_lists(shares, (size_t)size, err);
    if (status == ASSAY_OK) status = make_parts(shares, rank, err);
    if (status != ASSAY_OK) assay_shares_release(shares);
    return status;
}

void assay_shares_release(assay_shares *shares)
{
    assay_free(shares->rewards);
    assay_free(shares->there);
    assay_free(shares->pairs);
    if (shares->column != shares->comm) assay_comm_part_free(shares->column);
    assay_comm_part_free(shares->row);
    *shares = (assay_shares){0};
}

void assay_shares_cut(assay_shares *shares, const assay_example_set *examples, size_t outputs, const uint32_t *picked,
                      size_t count)
{
    size_t groups = (size_t)shares->groups, stages = (size_t)shares->stages, pair = 0, answers = 0;
    for (size_t g = 0; g < groups; g++) {
        size_t end = assay_lane_begin((g + 1) * shares->lanes, groups * shares->lanes, count);
        shares->there[g] = pair < end;
        for (size_t s = 0; s < stages; s++) {
            shares->pairs[g * stages + s] += end - pair;
            shares->rewards[g * stages + s] = answers * outputs * sizeof(float);
        }
        for (; pair < end; pair++) answers += examples->items[picked[pair]].count;
        shares->rewards[(g + 1) * stages] = answers * outputs * sizeof(float);
    }
}
