#include "serve/serve_metrics.h"

#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double edges[ASSAY_METRIC_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                   0.25,  0.5,    1,     2.5,  5,     10,   30};

void assay_serve_metrics_answer(assay_serve_metrics *m, unsigned code, double seconds)
{
    atomic_fetch_add(&m->answers[code < ASSAY_METRIC_CODES ? code : 0], 1);
    atomic_fetch_add(&m->seconds_count, 1);
    atomic_fetch_add(&m->nanoseconds, (unsigned long long)(seconds * 1e9));
    for (size_t i = 0; i < ASSAY_METRIC_BUCKETS; i++)
        if (seconds <= edges[i]) atomic_fetch_add(&m->buckets[i], 1);
}

static unsigned long long resident_bytes(void)
{
    char line[256];
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    const char *space = fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    unsigned long long resident = space ? strtoull(space, NULL, 10) : 0; /* the second number, in pages */
    fclose(file);
    return resident * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static assay_status write_one(assay_buf *out, const char *name, const char *type, const char *help, double value,
                              assay_error *err)
{
    return assay_buf_printf(out, err, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name, value);
}

static assay_status write_latency(const assay_serve_metrics *m, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out,
                             "# HELP assay_request_seconds Whole requests, from the headers to the answer\n# TYPE "
                             "assay_request_seconds histogram\n",
                             err));
    for (size_t i = 0; i < ASSAY_METRIC_BUCKETS; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "assay_request_seconds_bucket{le=\"%g\"} %llu\n", edges[i],
                                   atomic_load(&m->buckets[i])));
    unsigned long long count = atomic_load(&m->seconds_count);
    return assay_buf_printf(out, err,
                            "assay_request_seconds_bucket{le=\"+Inf\"} %llu\nassay_request_seconds_sum "
                            "%.9f\nassay_request_seconds_count %llu\n",
                            count, (double)atomic_load(&m->nanoseconds) * 1e-9, count);
}

assay_status assay_serve_metrics_write(const assay_serve_metrics *m, const assay_score_worker_figures *f, size_t made,
                                       assay_buf *out, assay_error *err)
{
    const struct {
        const char *name, *type, *help;
        double value;
    } rows[] = {
        {"assay_texts_total", "counter", "Texts scored for answered requests", (double)atomic_load(&m->texts)},
        {"assay_control_token_texts_total", "counter",
         "Conversations read with the text of a control token inside a message", (double)atomic_load(&m->control)},
        {"assay_batches_total", "counter", "Micro-batches computed", (double)f->batches},
        {"assay_tokens_total", "counter", "Tokens computed, shared prompts once", (double)f->tokens},
        {"assay_busy_seconds_total", "counter", "Seconds spent computing", f->busy_seconds},
        {"assay_reloads_total", "counter", "Models reloaded", (double)atomic_load(&m->reloads)},
        {"assay_connections_cut_total", "counter", "Connections ended because a request took too long to arrive",
         (double)atomic_load(&m->cut)},
        {"assay_abandoned_total", "counter", "Requests dropped unfinished because their client was gone",
         (double)atomic_load(&m->abandoned)},
        {"assay_queue_requests", "gauge", "Requests waiting to be scored", (double)f->waiting},
        {"assay_in_flight_requests", "gauge", "Requests being read, scored or answered",
         (double)atomic_load(&m->in_flight)},
        {"assay_connections", "gauge", "Open connections", (double)atomic_load(&m->connections)},
        {"assay_held_body_bytes", "gauge", "Bytes of large request bodies now held",
         (double)atomic_load(&m->body_bytes)},
        {"assay_request_memory_bytes", "gauge", "Bytes made out of large requests, now held", (double)made},
        {"assay_uptime_seconds", "gauge", "Seconds since the start", assay_clock_seconds() - m->started},
        {"process_resident_memory_bytes", "gauge", "Resident memory", (double)resident_bytes()},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ASSAY_TRY(write_one(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value, err));
    ASSAY_TRY(assay_buf_text(
        out, "# HELP assay_requests_total Answers by status code\n# TYPE assay_requests_total counter\n", err));
    for (size_t code = 0; code < ASSAY_METRIC_CODES; code++) {
        unsigned long long count = atomic_load(&m->answers[code]);
        if (count) ASSAY_TRY(assay_buf_printf(out, err, "assay_requests_total{code=\"%zu\"} %llu\n", code, count));
    }
    return write_latency(m, out, err);
}
