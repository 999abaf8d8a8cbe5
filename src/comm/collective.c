/* Everything is made of sends and receives along trees over the ranks, whose shape depends on their number alone. */
#include "comm/comm_private.h"

#include <stdio.h>

/* Down the binomial tree: rank r has it from r without its highest bit. */
assay_status assay_comm_broadcast(assay_comm *comm, void *data, size_t bytes, assay_error *err)
{
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm);
    for (int width = 1; width < size; width *= 2) {
        if (rank < width && rank + width < size) ASSAY_TRY(assay_comm_send(comm, rank + width, data, bytes, err));
        if (rank >= width && rank < 2 * width) ASSAY_TRY(assay_comm_receive(comm, rank - width, data, bytes, err));
    }
    return ASSAY_OK;
}

assay_status assay_comm_share(assay_comm *comm, void *block, const size_t *borders, assay_error *err)
{
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm);
    char *bytes = block;
    if (rank > 0) ASSAY_TRY(assay_comm_send(comm, 0, bytes + borders[rank], borders[rank + 1] - borders[rank], err));
    for (int r = 1; rank == 0 && r < size; r++)
        ASSAY_TRY(assay_comm_receive(comm, r, bytes + borders[r], borders[r + 1] - borders[r], err));
    return size > 1 ? assay_comm_broadcast(comm, block, borders[size], err) : ASSAY_OK;
}

assay_status assay_comm_gather(assay_comm *comm, void *all, size_t bytes, assay_error *err)
{
    for (int r = 0; comm && r <= comm->size; r++) comm->borders[r] = (size_t)r * bytes;
    return comm ? assay_comm_share(comm, all, comm->borders, err) : ASSAY_OK;
}

static bool any_of(const bool *there, int first, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++) any |= there[first + i];
    return any;
}

/* Takes the right neighbour's sum, of ranks right to right + width - 1, to the left one's. */
static assay_status join(assay_comm *comm, float *sum, float *spare, size_t values, const bool *there, int width,
                         assay_error *err)
{
    int rank = comm->rank;
    bool left = any_of(there, rank, width);
    if (!any_of(there, rank + width, width)) return ASSAY_OK;
    ASSAY_TRY(assay_comm_receive(comm, rank + width, left ? spare : sum, values * sizeof *sum, err));
    for (size_t i = 0; left && i < values; i++) sum[i] += spare[i];
    return ASSAY_OK;
}

assay_status assay_comm_sum(assay_comm *comm, float *sum, float *spare, size_t values, const bool *there,
                            assay_error *err)
{
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm);
    for (int width = 1; width < size; width *= 2) {
        if (rank % (2 * width) == 0) ASSAY_TRY(join(comm, sum, spare, values, there, width, err));
        if (rank % (2 * width) == width && any_of(there, rank, width))
            ASSAY_TRY(assay_comm_send(comm, rank - width, sum, values * sizeof *sum, err));
    }
    return size > 1 ? assay_comm_broadcast(comm, sum, values * sizeof *sum, err) : ASSAY_OK;
}

int assay_comm_slice(int rank, int size)
{
    int slice = 0;
    for (int width = 1; width < size; width *= 2) slice = 2 * slice + (rank & width ? 1 : 0);
    return slice;
}

typedef struct slice_sum {
    assay_comm *comm;
    float *sum, *spare;
    const size_t *borders; /* bytes */
    const bool *there;
} slice_sum;

static float *at_byte(float *block, size_t byte) { return block + byte / sizeof *block; }

/* Two processes have the same slices of the sums of `width` ranks each; each keeps `count` of the slices and gives the
 * other the rest, so that what it keeps is the sum of both. Which of two numbers is the left one does not matter. */
static assay_status sum_half(const slice_sum *s, int width, int keep, int give, int count, assay_error *err)
{
    const size_t *b = s->borders;
    int rank = s->comm->rank, peer = rank ^ width;
    bool mine = any_of(s->there, rank / width * width, width), theirs = any_of(s->there, peer / width * width, width);
    float *sum = at_byte(s->sum, b[keep]), *came = mine ? at_byte(s->spare, b[keep]) : sum;
    size_t bytes = b[keep + count] - b[keep];
    if (mine) ASSAY_TRY(assay_comm_send_begin(s->comm, peer, at_byte(s->sum, b[give]), b[give + count] - b[give], err));
    if (theirs) ASSAY_TRY(assay_comm_receive(s->comm, peer, came, bytes, err));
    if (mine) ASSAY_TRY(assay_comm_send_end(s->comm, err));
    for (size_t i = 0; mine && theirs && i < bytes / sizeof *sum; i++) sum[i] += came[i];
    return ASSAY_OK;
}

/* The tree of assay_comm_sum from its leaves: at each level a process keeps the half of its slices that the bit of its
 * rank chooses, and so adds up half as much as at the level below. */
assay_status assay_comm_sum_slices(assay_comm *comm, float *sum, float *spare, const size_t *borders, const bool *there,
                                   assay_error *err)
{
    const slice_sum s = {.comm = comm, .sum = sum, .spare = spare, .borders = borders, .there = there};
    int size = assay_comm_size(comm), first = 0, count = size / 2;
    for (int width = 1; width < size; width *= 2, count /= 2) {
        bool upper = comm->rank & width;
        ASSAY_TRY(sum_half(&s, width, first + (upper ? count : 0), first + (upper ? 0 : count), count, err));
        if (upper) first += count;
    }
    return ASSAY_OK;
}

/* The same way back: what two processes have is twice as much as what each had. */
assay_status assay_comm_join_slices(assay_comm *comm, void *block, const size_t *borders, assay_error *err)
{
    char *bytes = block;
    int size = assay_comm_size(comm), first = assay_comm_slice(assay_comm_rank(comm), size), count = 1;
    for (int width = size / 2; width > 0; width /= 2, count *= 2) {
        int peer = comm->rank ^ width, theirs = first ^ count;
        ASSAY_TRY(
            assay_comm_send_begin(comm, peer, bytes + borders[first], borders[first + count] - borders[first], err));
        ASSAY_TRY(
            assay_comm_receive(comm, peer, bytes + borders[theirs], borders[theirs + count] - borders[theirs], err));
        ASSAY_TRY(assay_comm_send_end(comm, err));
        first &= ~count;
    }
    return ASSAY_OK;
}

/* A process's own word, as one number: how it fares, and flags. */
static uint64_t word_of(assay_status status, unsigned flags) { return (uint64_t)status << 32 | flags; }
static assay_status status_in(uint64_t word) { return (assay_status)(word >> 32); }

/* The first rank that failed, one that was told to stop only where nobody failed otherwise; -1: all are well. */
static int first_failed(const assay_comm *comm)
{
    int stopped = -1;
    for (int r = 0; r < comm->size; r++) {
        assay_status status = status_in(comm->numbers[r]);
        if (status != ASSAY_OK && status != ASSAY_E_STOPPED) return r;
        if (status == ASSAY_E_STOPPED && stopped < 0) stopped = r;
    }
    return stopped;
}

/* Whether a rank has something to say of its own: where there is a failure, a stop is what the failure's call made of
 * it. */
static bool is_failure(const assay_comm *comm, int rank)
{
    assay_status status = status_in(comm->numbers[rank]);
    return status != ASSAY_OK && (status != ASSAY_E_STOPPED || !comm->over);
}

/* A stop is followed by a checkpoint, about which there is more to agree on; behind a failure nothing is. */
static assay_status judge(assay_comm *comm, assay_error *err)
{
    int failed = first_failed(comm);
    if (failed < 0) return ASSAY_OK;
    assay_status own = status_in(comm->numbers[comm->rank]), status = status_in(comm->numbers[failed]);
    comm->over = status != ASSAY_E_STOPPED;
    bool mine = is_failure(comm, comm->rank);
    comm->others_speak = !mine || is_failure(comm, 0);
    if (mine) return own;
    return assay_error_set(err, status, "rank %d of %d, %s, failed, and says why", failed, comm->size,
                           comm->hosts[failed]);
}

/* The others that had something to say, each of which has called this one. */
static int callers(const assay_comm *comm)
{
    int count = 0;
    for (int r = 0; r < comm->size; r++) count += r != comm->rank && status_in(comm->numbers[r]) != ASSAY_OK;
    return count;
}

assay_status assay_comm_agree(assay_comm *comm, assay_status status, unsigned *flags, assay_error *err)
{
    if (assay_comm_size(comm) == 1 || comm->broken || comm->over) return status;
    if (status != ASSAY_OK) ASSAY_TRY(assay_comm_call(comm, err));
    comm->numbers[comm->rank] = word_of(status, flags ? *flags : 0);
    ASSAY_TRY(assay_comm_gather(comm, comm->numbers, sizeof *comm->numbers, err));
    for (int r = 0; flags && r < comm->size; r++) *flags |= (unsigned)comm->numbers[r];
    ASSAY_TRY(assay_comm_take_calls(comm, callers(comm), err));
    return judge(comm, err);
}

/* How many of its kind have the same number as rank r. */
static int agreeing(const assay_comm *comm, int r, int kinds)
{
    int count = 0;
    for (int i = r % kinds; i < comm->size; i += kinds) count += comm->numbers[i] == comm->numbers[r];
    return count;
}

static void name_minority(const assay_comm *comm, int kinds, char *text, size_t room)
{
    size_t used = 0;
    for (int r = 0; r < comm->size; r++) {
        if (2 * agreeing(comm, r, kinds) > comm->size / kinds) continue;
        int more = snprintf(text + used, room - used, "%srank %d (%s)", used ? ", " : "", r, comm->hosts[r]);
        if (more < 0 || (size_t)more >= room - used) return;
        used += (size_t)more;
    }
}

assay_status assay_comm_compare(assay_comm *comm, uint64_t number, const char *what, assay_error *err)
{
    return assay_comm_compare_kinds(comm, number, 1, what, err);
}

assay_status assay_comm_compare_kinds(assay_comm *comm, uint64_t number, int kinds, const char *what, assay_error *err)
{
    char names[900] = "";
    bool equal = true;
    if (assay_comm_size(comm) == 1) return ASSAY_OK;
    comm->numbers[comm->rank] = number;
    ASSAY_TRY(assay_comm_gather(comm, comm->numbers, sizeof *comm->numbers, err));
    for (int kind = 0; kind < kinds; kind++) equal = equal && agreeing(comm, kind, kinds) == comm->size / kinds;
    if (equal) return ASSAY_OK;
    name_minority(comm, kinds, names, sizeof names);
    comm->over = comm->others_speak = true;
    return assay_error_set(err, ASSAY_E_UNEQUAL, "%s: not the same in all %d processes; they differ in %s", what,
                           comm->size, names);
}

bool assay_comm_speaks(const assay_comm *comm) { return assay_comm_rank(comm) == 0 || !comm->others_speak; }
