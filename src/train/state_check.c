#include "train/state_check.h"

#include "train/sliced.h"

#include <stdio.h>
#include <xxhash.h>

static uint64_t hash_moments(const assay_trainer *t, uint64_t hash)
{
    return XXH3_64bits_withSeed(t->optimizer->moments, t->optimizer->moment_bytes, hash);
}

/* What all processes with the same weights have the same of. */
static uint64_t hash_common(const assay_trainer *t)
{
    uint64_t hash = t->step;
    for (size_t i = 0; i < t->optimizer->count; i++) {
        size_t bytes;
        const void *weight = assay_optimizer_weight(&t->optimizer->items[i], &bytes);
        hash = XXH3_64bits_withSeed(weight, bytes, hash);
    }
    hash = XXH3_64bits_withSeed(&t->tie, ASSAY_LEARNED_TIE_STATE * sizeof(double), hash);
    return assay_sliced(t) ? hash : hash_moments(t, hash);
}

assay_status assay_state_compare(assay_trainer *t, assay_error *err)
{
    char what[80];
    if (assay_comm_size(t->shares.comm) == 1) return ASSAY_OK;
    uint64_t hash = hash_common(t);
    if (assay_sliced(t)) t->kept = hash_moments(t, hash);
    snprintf(what, sizeof what, "the trained weights%s behind step %llu", assay_sliced(t) ? "" : " and their moments",
             (unsigned long long)t->step);
    return assay_comm_compare_kinds(t->shares.comm, hash, t->shares.stages, what, err);
}

void assay_state_keep(assay_trainer *t)
{
    if (assay_sliced(t)) t->kept = hash_moments(t, hash_common(t));
}

assay_status assay_state_check(const assay_trainer *t, assay_error *err)
{
    if (!assay_sliced(t) || hash_moments(t, hash_common(t)) == t->kept) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNEQUAL,
                           "the trained weights or moments are not what they were behind step %llu: a bit changed in "
                           "this host's memory",
                           (unsigned long long)t->step);
}
