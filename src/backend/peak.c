#include "backend/peak.h"

#include "base/clock.h"

enum { LOOP_ROUNDS = 1 << 19 };

typedef struct loop {
    double (*spin)(size_t rounds);
    double flops_of_round;
} loop;

static void run_loop(void *context, size_t tile, int worker)
{
    loop *l = context;
    double flops = l->spin(LOOP_ROUNDS);
    (void)worker;
    if (tile == 0) l->flops_of_round = flops;
}

double assay_peak_rate(assay_pool *pool, double (*spin)(size_t rounds))
{
    loop l = {.spin = spin};
    size_t workers = (size_t)assay_pool_size(pool);
    double start = assay_clock_seconds();
    assay_pool_run(pool, run_loop, &l, workers);
    return 1e-9 * l.flops_of_round * (double)LOOP_ROUNDS * (double)workers / (assay_clock_seconds() - start);
}
