/* A round, of all processes: they agree that there is one; the first sends each its lines as ids; each computes; they
 * agree that all could; the numbers come back and the first hands the lines out. A process that fails, or is told to
 * stop, says so in one of the two agreements, so nobody waits for a message that is not sent. */
#include "task/shared_lines.h"

#include "base/buf.h"
#include "base/clock.h"
#include "task/shared_work.h"

#include <string.h>

enum { TOKENS_EACH = 1 << 18 };

/* A line on its way: what it was, and its numbers once they are there. */
typedef struct line {
    assay_ids *answers, *ends; /* [count]; ends NULL: the model reads no steps */
    size_t count, tokens;
    uint64_t index;
    void *owner;
    assay_lot lot;
} line;

struct assay_shared_lines {
    assay_comm *comm;
    assay_score_batch *batch;
    assay_score_taker taker;
    const volatile sig_atomic_t *interrupted;
    assay_score_lines *own; /* computes what is this process's */
    line *waiting;
    size_t count, capacity, tokens, handed_out;
    size_t each;     /* lines of a round for each process */
    bool ended;      /* all know of a failure, and none comes back */
    size_t *borders; /* of its parts */
    uint64_t *bytes; /* of the lines that each process is sent */
    assay_buf buf;   /* those bytes */
};

/* ---- lines ---- */

static void release_line(assay_shared_lines *s, line *l)
{
    for (size_t i = 0; l->answers && i < l->count; i++) assay_ids_release(&l->answers[i]);
    for (size_t i = 0; l->ends && i < l->count; i++) assay_ids_release(&l->ends[i]);
    assay_free(l->answers);
    assay_free(l->ends);
    assay_lot_release(&l->lot);
    if (s->taker.drop && l->owner) s->taker.drop(l->owner);
    *l = (line){0};
}

static void forget(assay_shared_lines *s)
{
    for (size_t i = 0; i < s->count; i++) release_line(s, &s->waiting[i]);
    s->count = s->tokens = 0;
}

/* A new line behind the others; its lists are empty. */
static assay_status begin_line(assay_shared_lines *s, size_t count, bool steps, line **out, assay_error *err)
{
    ASSAY_TRY(assay_grow(&s->waiting, &s->capacity, s->count + 1, sizeof *s->waiting, err));
    line *l = *out = &s->waiting[s->count++];
    *l = (line){.answers = assay_alloc(count, sizeof *l->answers), .count = count};
    if (steps) l->ends = assay_alloc(count, sizeof *l->ends);
    if (l->answers && (l->ends || !steps)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line of %zu answers", count);
}

static assay_status copy_ids(assay_ids *to, const int32_t *ids, size_t count, assay_error *err)
{
    ASSAY_TRY(assay_grow(&to->data, &to->capacity, count, sizeof *to->data, err));
    memcpy(to->data, ids, count * sizeof *ids);
    to->count = count;
    return ASSAY_OK;
}

static assay_status keep_line(assay_shared_lines *s, const assay_ids *answers, const assay_ids *ends, size_t count,
                              line **out, assay_error *err)
{
    ASSAY_TRY(begin_line(s, count, ends != NULL, out, err));
    line *l = *out;
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(copy_ids(&l->answers[i], answers[i].data, answers[i].count, err));
        if (ends) ASSAY_TRY(copy_ids(&l->ends[i], ends[i].data, ends[i].count, err));
        l->tokens += answers[i].count;
    }
    s->tokens += l->tokens;
    return ASSAY_OK;
}

static size_t size_of(const void *context, size_t item)
{
    const assay_shared_lines *s = context;
    return s->waiting[item].tokens;
}

/* ---- lines as bytes: numbers of 64 bits, and ids of 32 ---- */

static assay_status put_number(assay_buf *buf, uint64_t number, assay_error *err)
{
    return assay_buf_append(buf, &number, sizeof number, err);
}

static assay_status put_ids(assay_buf *buf, const assay_ids *ids, assay_error *err)
{
    ASSAY_TRY(put_number(buf, ids->count, err));
    return assay_buf_append(buf, ids->data, ids->count * sizeof *ids->data, err);
}

static assay_status put_line(assay_buf *buf, const line *l, assay_error *err)
{
    ASSAY_TRY(put_number(buf, l->index, err));
    ASSAY_TRY(put_number(buf, l->count, err));
    ASSAY_TRY(put_number(buf, l->ends != NULL, err));
    for (size_t i = 0; i < l->count; i++) {
        ASSAY_TRY(put_ids(buf, &l->answers[i], err));
        if (l->ends) ASSAY_TRY(put_ids(buf, &l->ends[i], err));
    }
    return ASSAY_OK;
}

static uint64_t take_number(const char **at)
{
    uint64_t number;
    memcpy(&number, *at, sizeof number);
    *at += sizeof number;
    return number;
}

static assay_status take_ids(const char **at, assay_ids *ids, assay_error *err)
{
    size_t count = (size_t)take_number(at);
    ASSAY_TRY(assay_grow(&ids->data, &ids->capacity, count, sizeof *ids->data, err));
    memcpy(ids->data, *at, count * sizeof *ids->data);
    ids->count = count;
    *at += count * sizeof *ids->data;
    return ASSAY_OK;
}

/* From the first process, which is this program too: its bytes are what put_line wrote, hashed on the way. */
static assay_status take_line(assay_shared_lines *s, const char **at, assay_error *err)
{
    line *l;
    uint64_t index = take_number(at);
    size_t count = (size_t)take_number(at);
    ASSAY_TRY(begin_line(s, count, take_number(at) != 0, &l, err));
    l->index = index;
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(take_ids(at, &l->answers[i], err));
        if (l->ends) ASSAY_TRY(take_ids(at, &l->ends[i], err));
    }
    return ASSAY_OK;
}

/* ---- a line's numbers, one list behind the other in an order that is the same everywhere ---- */

typedef struct numbers {
    double *data; /* NULL: they are counted */
    size_t at;
} numbers;

typedef void (*mover)(numbers *n, double *list, size_t count);

static void count_list(numbers *n, double *list, size_t count)
{
    (void)list;
    n->at += count;
}

static void put_list(numbers *n, double *list, size_t count)
{
    memcpy(n->data + n->at, list, count * sizeof *list);
    n->at += count;
}

static void take_list(numbers *n, double *list, size_t count)
{
    memcpy(list, n->data + n->at, count * sizeof *list);
    n->at += count;
}

static void move_lists(const assay_shared_lines *s, const line *l, mover move, numbers *n)
{
    const assay_lot *lot = &l->lot;
    move(n, lot->scores, l->count);
    if (lot->labels) move(n, lot->labels, l->count * s->batch->outputs);
    for (size_t i = 0; lot->traces && i < l->count; i++) move(n, lot->traces[i], l->answers[i].count);
    for (size_t i = 0; lot->steps && i < l->count; i++) move(n, lot->steps[i], l->ends[i].count);
}

/* Of the lines first to end - 1, in memory for all of them that the caller frees. */
static assay_status make_numbers(const assay_shared_lines *s, size_t first, size_t end, numbers *n, assay_error *err)
{
    *n = (numbers){0};
    for (size_t i = first; i < end; i++) move_lists(s, &s->waiting[i], count_list, n);
    n->data = assay_alloc(n->at, sizeof *n->data);
    ASSAY_TRY_ALLOC(n->data, "scores", err);
    return ASSAY_OK;
}

/* Room for what another process computes. */
static assay_status begin_lot(assay_shared_lines *s, line *l, assay_error *err)
{
    ASSAY_TRY(assay_lot_begin(&l->lot, l->answers, l->count, s->taker.traces, err));
    if (l->ends) return assay_lot_want_steps(&l->lot, l->ends, err);
    return s->taker.labels ? assay_lot_want_labels(&l->lot, s->batch->outputs, err) : ASSAY_OK;
}

/* ---- a round ---- */

/* The lot leaves score/score_lines.h for the line it belongs to. */
static assay_status take_own(void *context, assay_lot *lot, assay_error *err)
{
    (void)context;
    line *l = lot->owner;
    if (lot->status != ASSAY_OK)
        return assay_error_prefix(err, lot->status, "input %llu: ", (unsigned long long)l->index);
    l->lot = *lot;
    *lot = (assay_lot){0};
    return ASSAY_OK;
}

static assay_status score_own(assay_shared_lines *s, size_t first, size_t end, assay_error *err)
{
    for (size_t i = first; i < end; i++) {
        line *l = &s->waiting[i];
        ASSAY_TRY(assay_comm_go_on(s->comm, s->interrupted, err));
        ASSAY_TRY(assay_score_lines_add(s->own, l->answers, l->ends, l->count, l, err));
    }
    return assay_score_lines_finish(s->own, err);
}

static int size(const assay_shared_lines *s) { return assay_comm_size(s->comm); }

static assay_status agree(assay_shared_lines *s, assay_status status, unsigned *more, assay_error *err)
{
    status = assay_comm_agree(s->comm, status, more, err);
    s->ended |= status != ASSAY_OK;
    return status;
}

/* The parts of all processes as bytes, and room for the numbers of those that another one computes. */
static assay_status pack(assay_shared_lines *s, assay_error *err)
{
    assay_work_cut(s->borders, (size_t)size(s), 0, s->count, size_of, s);
    assay_buf_reset(&s->buf);
    for (int r = 0; r < size(s); r++) {
        size_t before = s->buf.size;
        for (size_t i = s->borders[r]; r && i < s->borders[r + 1]; i++) {
            ASSAY_TRY(put_line(&s->buf, &s->waiting[i], err));
            ASSAY_TRY(begin_lot(s, &s->waiting[i], err));
        }
        s->bytes[r] = s->buf.size - before;
    }
    return ASSAY_OK;
}

static assay_status send_parts(assay_shared_lines *s, assay_error *err)
{
    char *at = s->buf.data;
    for (int r = 1; r < size(s); at += s->bytes[r++])
        if (s->bytes[r]) ASSAY_TRY(assay_comm_send(s->comm, r, at, (size_t)s->bytes[r], err));
    return ASSAY_OK;
}

static assay_status receive_numbers(assay_shared_lines *s, numbers *all, assay_error *err)
{
    all->at = 0;
    for (int r = 1; r < size(s); r++) {
        numbers part = {0};
        for (size_t i = s->borders[r]; i < s->borders[r + 1]; i++) move_lists(s, &s->waiting[i], count_list, &part);
        if (part.at) ASSAY_TRY(assay_comm_receive(s->comm, r, all->data + all->at, part.at * sizeof(double), err));
        for (size_t i = s->borders[r]; i < s->borders[r + 1]; i++) move_lists(s, &s->waiting[i], take_list, all);
    }
    return ASSAY_OK;
}

static assay_status hand_out(assay_shared_lines *s, assay_error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        line *l = &s->waiting[i];
        l->lot.owner = l->owner;
        l->lot.number = s->handed_out++;
        ASSAY_TRY(s->taker.take(s->taker.context, &l->lot, err));
    }
    forget(s);
    return ASSAY_OK;
}

/* Behind the agreement that there is a round. */
static assay_status lead_round(assay_shared_lines *s, assay_error *err)
{
    numbers others;
    double start = assay_clock_seconds();
    ASSAY_TRY(assay_comm_broadcast(s->comm, s->bytes, (size_t)size(s) * sizeof *s->bytes, err));
    ASSAY_TRY(agree(s, ASSAY_OK, NULL, err));
    ASSAY_TRY(send_parts(s, err));
    assay_status status = score_own(s, s->borders[0], s->borders[1], err);
    assay_status room = make_numbers(s, s->borders[1], s->count, &others, status == ASSAY_OK ? err : NULL);
    status = agree(s, status == ASSAY_OK ? room : status, NULL, err);
    if (status == ASSAY_OK) status = receive_numbers(s, &others, err);
    assay_free(others.data);
    s->each = assay_work_round(s->each, assay_clock_seconds() - start);
    return status == ASSAY_OK ? hand_out(s, err) : status;
}

/* Of the first process: a round with what waits, if something does. */
static assay_status compute(assay_shared_lines *s, assay_error *err)
{
    unsigned more = 1;
    if (!s->count) return ASSAY_OK;
    ASSAY_TRY(agree(s, pack(s, err), &more, err));
    return lead_round(s, err);
}

/* ---- the other processes' rounds ---- */

static assay_status take_lines(assay_shared_lines *s, const char *block, size_t bytes, assay_error *err)
{
    for (const char *at = block; at < block + bytes;) ASSAY_TRY(take_line(s, &at, err));
    return ASSAY_OK;
}

static assay_status compute_lines(assay_shared_lines *s, numbers *own, assay_error *err)
{
    ASSAY_TRY(score_own(s, 0, s->count, err));
    ASSAY_TRY(make_numbers(s, 0, s->count, own, err));
    own->at = 0;
    for (size_t i = 0; i < s->count; i++) move_lists(s, &s->waiting[i], put_list, own);
    return ASSAY_OK;
}

static assay_status follow_with(assay_shared_lines *s, char *block, size_t bytes, assay_error *err)
{
    numbers own = {0};
    if (bytes) ASSAY_TRY(assay_comm_receive(s->comm, 0, block, bytes, err));
    assay_status status = take_lines(s, block, bytes, err);
    if (status == ASSAY_OK) status = compute_lines(s, &own, err);
    status = agree(s, status, NULL, err);
    if (status == ASSAY_OK && own.at) status = assay_comm_send(s->comm, 0, own.data, own.at * sizeof(double), err);
    assay_free(own.data);
    forget(s);
    return status;
}

static assay_status follow_round(assay_shared_lines *s, assay_error *err)
{
    ASSAY_TRY(assay_comm_broadcast(s->comm, s->bytes, (size_t)size(s) * sizeof *s->bytes, err));
    size_t bytes = (size_t)s->bytes[assay_comm_rank(s->comm)];
    char *block = assay_alloc(bytes + 1, 1);
    assay_status status = block ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for lines");
    status = agree(s, status, NULL, err);
    if (status == ASSAY_OK) status = follow_with(s, block, bytes, err);
    assay_free(block);
    return status;
}

assay_status assay_shared_lines_follow(assay_shared_lines *s, assay_comm *comm, assay_status status, assay_error *err)
{
    unsigned more = 1;
    while (status == ASSAY_OK && more) {
        more = 0;
        status = agree(s, ASSAY_OK, &more, err);
        if (status == ASSAY_OK && more) status = follow_round(s, err);
    }
    return status == ASSAY_OK || (s && s->ended) ? status : assay_comm_agree(comm, status, NULL, err);
}

/* ---- what is called ---- */

static assay_status open_own(assay_shared_lines *s, assay_error *err)
{
    const assay_score_taker own = {.take = take_own, .traces = s->taker.traces, .labels = s->taker.labels};
    bool alone = size(s) == 1;
    ASSAY_TRY(assay_score_lines_open(&s->own, s->batch, alone ? &s->taker : &own, err));
    s->borders = assay_alloc((size_t)size(s) + 1, sizeof *s->borders);
    s->bytes = assay_alloc((size_t)size(s), sizeof *s->bytes);
    if (s->borders && s->bytes) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for shares");
}

assay_status assay_shared_lines_open(assay_shared_lines **out, assay_comm *comm, assay_score_batch *batch,
                                     const assay_score_taker *taker, const volatile sig_atomic_t *interrupted,
                                     assay_error *err)
{
    assay_shared_lines *s = *out = assay_alloc(1, sizeof *s);
    ASSAY_TRY_ALLOC(s, "lines", err);
    *s = (assay_shared_lines){
        .comm = comm, .batch = batch, .taker = *taker, .interrupted = interrupted, .each = assay_work_round(0, 0)};
    assay_buf_init(&s->buf, SIZE_MAX / 4);
    assay_status status = open_own(s, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_shared_lines_close(s);
    *out = NULL;
    return status;
}

void assay_shared_lines_close(assay_shared_lines *s)
{
    if (!s) return;
    assay_score_lines_close(s->own);
    forget(s);
    assay_free(s->waiting);
    assay_free(s->borders);
    assay_free(s->bytes);
    assay_buf_release(&s->buf);
    assay_free(s);
}

assay_status assay_shared_lines_add(assay_shared_lines *s, const assay_ids *answers, const assay_ids *ends,
                                    size_t count, uint64_t index, void *owner, assay_error *err)
{
    line *l = NULL;
    if (size(s) == 1) return assay_score_lines_add(s->own, answers, ends, count, owner, err);
    assay_status status = keep_line(s, answers, ends, count, &l, err);
    if (l) l->owner = owner;
    else if (s->taker.drop && owner) s->taker.drop(owner);
    if (!l || status != ASSAY_OK) return status;
    l->index = index;
    size_t processes = (size_t)size(s);
    bool full = s->count >= s->each * processes || s->tokens >= TOKENS_EACH * processes;
    return full ? compute(s, err) : ASSAY_OK;
}

assay_status assay_shared_lines_finish(assay_shared_lines *s, assay_comm *comm, assay_status status, assay_error *err)
{
    if (assay_comm_size(comm) == 1) return status == ASSAY_OK ? assay_score_lines_finish(s->own, err) : status;
    unsigned more = 0;
    if (status == ASSAY_OK) status = compute(s, err);
    return s && s->ended ? status : assay_comm_agree(comm, status, &more, err);
}
