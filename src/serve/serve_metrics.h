/* What /metrics tells, in Prometheus' text format (version 0.0.4). Counting is atomic; any thread may count. */
#ifndef ASSAY_SERVE_SERVE_METRICS_H
#define ASSAY_SERVE_SERVE_METRICS_H

#include "base/buf.h"
#include "serve/score_worker.h"

#include <stdatomic.h>

enum { ASSAY_METRIC_BUCKETS = 14, ASSAY_METRIC_CODES = 600 };

typedef struct assay_serve_metrics {
    atomic_ullong answers[ASSAY_METRIC_CODES]; /* by status code */
    atomic_ullong buckets[ASSAY_METRIC_BUCKETS], seconds_count, nanoseconds;
    atomic_ullong texts, reloads, cut;
    atomic_ullong control;   /* conversations with the text of a special token inside a message */
    atomic_ullong abandoned; /* requests whose work was dropped because the client was gone */
    atomic_int connections, in_flight;
    atomic_size_t body_bytes; /* of large bodies now held */
    double started;
} assay_serve_metrics;

void assay_serve_metrics_answer(assay_serve_metrics *metrics, unsigned code, double seconds);
/* made: bytes that requests hold at present beyond their bodies */
assay_status assay_serve_metrics_write(const assay_serve_metrics *metrics, const assay_score_worker_figures *scorer,
                                       size_t made, assay_buf *out, assay_error *err);

#endif
