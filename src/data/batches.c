#include "data/batches.h"

#include "base/rng.h"

void assay_epoch_order(uint32_t *order, size_t count, uint64_t seed, uint64_t epoch)
{
    assay_rng rng = {.seed = seed, .stream = assay_rng_stream("pair order") + epoch};
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
    assay_rng_shuffle(&rng, order, count);
}

assay_status assay_sampler_init(assay_sampler *sampler, size_t count, uint64_t seed, uint64_t position,
                                assay_error *err)
{
    *sampler = (assay_sampler){.count = count, .seed = seed, .position = position};
    if (!count || count > UINT32_MAX) return assay_error_set(err, ASSAY_E_FORMAT, "%zu pairs to draw from", count);
    sampler->order = assay_alloc(count, sizeof *sampler->order);
    ASSAY_TRY_ALLOC(sampler->order, "the order of the pairs", err);
    sampler->epoch = position / count;
    assay_epoch_order(sampler->order, count, seed, sampler->epoch);
    return ASSAY_OK;
}

void assay_sampler_release(assay_sampler *sampler)
{
    assay_free(sampler->order);
    *sampler = (assay_sampler){0};
}

const uint32_t *assay_sampler_next(assay_sampler *sampler, size_t wanted, size_t *count)
{
    uint64_t epoch = sampler->position / sampler->count;
    size_t at = (size_t)(sampler->position % sampler->count);
    if (epoch != sampler->epoch) {
        sampler->epoch = epoch;
        assay_epoch_order(sampler->order, sampler->count, sampler->seed, epoch);
    }
    *count = wanted < sampler->count - at ? wanted : sampler->count - at;
    sampler->position += *count;
    return sampler->order + at;
}

size_t assay_steps_per_epoch(size_t count, size_t batch_pairs)
{
    return count / batch_pairs + (count % batch_pairs != 0);
}

static assay_status too_large(const assay_example_set *set, const assay_example *example, size_t micro_tokens,
                              assay_error *err)
{
    char *place = assay_pair_set_place(set->pairs, set->pairs->pairs[example->pair].place);
    assay_error_set(
        err, ASSAY_E_NO_FIT,
        "%s: this pair has %zu tokens, a micro-batch at most %zu; raise --micro-tokens (or --memory), or lower "
        "--max-length",
        place ? place : "a pair", assay_example_tokens(set, example), micro_tokens);
    assay_free(place);
    return ASSAY_E_NO_FIT;
}

static assay_status begin_run(assay_micro_runs *runs, size_t at, assay_error *err)
{
    ASSAY_TRY(assay_grow(&runs->begin, &runs->capacity, runs->count + 2, sizeof *runs->begin, err));
    runs->begin[runs->count++] = at;
    return ASSAY_OK;
}

assay_status assay_micro_runs_cut(assay_micro_runs *runs, const assay_example_set *set, const uint32_t *picked,
                                  size_t count, size_t micro_tokens, assay_error *err)
{
    size_t tokens = 0;
    runs->count = runs->most_tokens = 0;
    for (size_t i = 0; i < count; i++) {
        const assay_example *example = set->items + picked[i];
        size_t more = assay_example_tokens(set, example);
        if (more > micro_tokens) return too_large(set, example, micro_tokens, err);
        if (!i || more > micro_tokens - tokens) {
            ASSAY_TRY(begin_run(runs, i, err));
            tokens = 0;
        }
        tokens += more;
        if (tokens > runs->most_tokens) runs->most_tokens = tokens;
    }
    if (runs->count) runs->begin[runs->count] = count;
    return ASSAY_OK;
}

void assay_micro_runs_release(assay_micro_runs *runs)
{
    assay_free(runs->begin);
    *runs = (assay_micro_runs){0};
}
