/* A ring of wants, a counter of those asked for and one of those met, under one lock. The thread reads without the
 * lock; what it wrote is seen by whoever has waited, because the counter is raised under the lock afterwards. */
#include "stream/stream_reader.h"

#include "base/alloc.h"
#include "stream/stream_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 8 };

struct assay_stream_reader {
    const assay_stream_list *list;
    assay_pass_file *files;
    size_t opened;
    uint64_t *order; /* of rows: id and token in one number, to be sorted */
    char *bounce;    /* whole blocks of one row */
    void *bounce_memory;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    assay_stream_want ring[RING];
    uint64_t asked, met; /* the ring holds those between */
    uint64_t bytes;
    atomic_bool stop;
    assay_error failure;
};

static void *aligned(void *memory)
{
    uintptr_t block = ASSAY_STREAM_BLOCK;
    return (void *)(((uintptr_t)memory + block - 1) & ~(block - 1));
}

void *assay_stream_place(void *slot, const assay_stream_piece *piece) { return (char *)aligned(slot) + piece->place; }

static assay_status read_layer(assay_stream_reader *r, const assay_stream_want *want, uint64_t *read, assay_error *err)
{
    const assay_stream_layer *layer = &r->list->layers[want->group];
    for (size_t i = layer->first; i < layer->first + layer->count; i++) {
        const assay_stream_piece *piece = &r->list->pieces[i];
        char *blocks = (char *)assay_stream_place(want->to, piece) - piece->offset % ASSAY_STREAM_BLOCK;
        ASSAY_TRY(assay_pass_file_read(&r->files[piece->file], piece->offset, piece->bytes, blocks, piece->tensor,
                                       &r->stop, read, err));
    }
    return ASSAY_OK;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Each row once, in the file's order, then copied to all of its tokens. */
static assay_status read_rows(assay_stream_reader *r, const assay_stream_want *want, uint64_t *read, assay_error *err)
{
    const assay_stream_piece *row = &r->list->rows;
    const char *found = NULL;
    for (size_t t = 0; t < want->count; t++) r->order[t] = (uint64_t)(uint32_t)want->ids[t] << 32 | t;
    qsort(r->order, want->count, sizeof *r->order, ascending);
    for (size_t i = 0; i < want->count; i++) {
        uint64_t id = r->order[i] >> 32, offset = row->offset + id * row->bytes;
        size_t token = (size_t)(r->order[i] & UINT32_MAX);
        if (i == 0 || id != r->order[i - 1] >> 32) {
            ASSAY_TRY(assay_pass_file_read(&r->files[row->file], offset, row->bytes, r->bounce, row->tensor, &r->stop,
                                           read, err));
            found = r->bounce + offset % ASSAY_STREAM_BLOCK;
        }
        memcpy((char *)want->to + token * row->bytes, found, row->bytes);
    }
    return ASSAY_OK;
}

static assay_status meet(assay_stream_reader *r, const assay_stream_want *want, uint64_t *read, assay_error *err)
{
    return want->group == ASSAY_STREAM_ROWS ? read_rows(r, want, read, err) : read_layer(r, want, read, err);
}

static void *reader_main(void *argument)
{
    assay_stream_reader *r = argument;
    assay_error failure = {0};
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while (r->met == r->asked && !atomic_load(&r->stop)) pthread_cond_wait(&r->changed, &r->lock);
        if (atomic_load(&r->stop)) break;
        assay_stream_want want = r->ring[r->met % RING];
        bool good = r->failure.status == ASSAY_OK;
        uint64_t read = 0;
        pthread_mutex_unlock(&r->lock);
        assay_status status = good ? meet(r, &want, &read, &failure) : ASSAY_OK;
        pthread_mutex_lock(&r->lock);
        if (status != ASSAY_OK) r->failure = failure;
        r->bytes += read;
        r->met++;
        pthread_cond_broadcast(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static assay_status open_files(assay_stream_reader *r, assay_error *err)
{
    r->files = assay_alloc(r->list->file_count + 1, sizeof *r->files);
    ASSAY_TRY_ALLOC(r->files, "a list of files", err);
    for (; r->opened < r->list->file_count; r->opened++) {
        const assay_stream_file *file = &r->list->files[r->opened];
        ASSAY_TRY(assay_pass_file_open(&r->files[r->opened], file->path, file->bytes, err));
    }
    return ASSAY_OK;
}

static assay_status start(assay_stream_reader *r, size_t most_tokens, assay_error *err)
{
    if (r->list->rows.param >= 0) {
        r->order = assay_alloc(most_tokens, sizeof *r->order);
        r->bounce_memory = assay_alloc(assay_stream_span(0, r->list->rows.bytes) + 2 * ASSAY_STREAM_BLOCK, 1);
        if (!r->order || !r->bounce_memory)
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for rows of the embedding");
        r->bounce = aligned(r->bounce_memory);
    }
    ASSAY_TRY(open_files(r, err));
    int failed = pthread_create(&r->thread, NULL, reader_main, r);
    if (failed) return assay_error_set(err, ASSAY_E_IO, "cannot start the thread that reads: %s", strerror(failed));
    r->started = true;
    return ASSAY_OK;
}

assay_status assay_stream_reader_open(assay_stream_reader **out, const assay_stream_list *list, size_t most_tokens,
                                      assay_error *err)
{
    assay_stream_reader *r = assay_alloc(1, sizeof *r);
    *out = NULL;
    ASSAY_TRY_ALLOC(r, "the thread that reads", err);
    r->list = list;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    assay_status status = start(r, most_tokens, err);
    if (status != ASSAY_OK) {
        assay_stream_reader_close(r);
        return status;
    }
    *out = r;
    return ASSAY_OK;
}

void assay_stream_reader_close(assay_stream_reader *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->stop, true);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (r->started) pthread_join(r->thread, NULL);
    for (size_t i = 0; i < r->opened; i++) assay_pass_file_close(&r->files[i]);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    assay_free(r->files);
    assay_free(r->order);
    assay_free(r->bounce_memory);
    assay_free(r);
}

uint64_t assay_stream_reader_ask(assay_stream_reader *r, const assay_stream_want *want)
{
    pthread_mutex_lock(&r->lock);
    while (r->asked - r->met == RING) pthread_cond_wait(&r->changed, &r->lock);
    r->ring[r->asked++ % RING] = *want;
    uint64_t ticket = r->asked;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return ticket;
}

assay_status assay_stream_reader_wait(assay_stream_reader *r, uint64_t ticket, assay_error *err)
{
    pthread_mutex_lock(&r->lock);
    while (r->met < ticket) pthread_cond_wait(&r->changed, &r->lock);
    assay_status status = r->failure.status;
    if (status != ASSAY_OK) assay_error_set(err, status, "%s", r->failure.text);
    pthread_mutex_unlock(&r->lock);
    return status;
}

void assay_stream_reader_settle(assay_stream_reader *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->met < r->asked) pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

uint64_t assay_stream_reader_bytes(assay_stream_reader *r)
{
    pthread_mutex_lock(&r->lock);
    uint64_t bytes = r->bytes;
    pthread_mutex_unlock(&r->lock);
    return bytes;
}
