/* Messages and sums between processes, over sockets: what comes is what was sent, sums have the order of the tree, what
 * goes wrong anywhere is known everywhere and names the process. */
#include "test_support.h"

#include "mesh_fork.h"

#include <string.h>
#include <time.h>

enum { VALUES = 300000, GOOD = 0, WRONG = 7 }; /* values: more than one piece of a message */

#define WANT(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return WRONG;                                                   \
        }                                                                   \
    } while (0)

static void run_all(int size, mesh_work work, void *context)
{
    int codes[MESH_MOST];
    mesh_run(size, work, context, codes);
    for (int r = 0; r < size; r++) assert_int_equal(codes[r], GOOD);
}

static int exchange(assay_comm *comm, void *context)
{
    static float block[VALUES];
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm);
    uint64_t numbers[MESH_MOST] = {0};
    size_t borders[MESH_MOST + 1];
    assay_error err;
    WANT(size == *(int *)context && assay_comm_neighbours(comm) == size && assay_comm_hosts(comm) == 1);
    for (size_t i = 0; i < VALUES; i++) block[i] = (float)i + (rank ? 0.25f : 0.5f);
    WANT(assay_comm_broadcast(comm, block, sizeof block, &err) == ASSAY_OK);
    for (size_t i = 0; i < VALUES; i++) WANT(block[i] == (float)i + 0.5f);
    numbers[rank] = 100 + (uint64_t)rank;
    WANT(assay_comm_gather(comm, numbers, sizeof *numbers, &err) == ASSAY_OK);
    for (int r = 0; r < size; r++) WANT(numbers[r] == 100 + (uint64_t)r);
    for (int r = 0; r <= size; r++) borders[r] = (size_t)(r * r) * 1000 * sizeof(float); /* rank 0's is the least */
    for (size_t i = borders[rank]; i < borders[rank + 1]; i += sizeof(float)) block[i / sizeof(float)] = (float)rank;
    WANT(assay_comm_share(comm, block, borders, &err) == ASSAY_OK);
    for (int r = 0; r < size; r++)
        for (size_t i = borders[r]; i < borders[r + 1]; i += sizeof(float)) WANT(block[i / sizeof(float)] == (float)r);
    return GOOD;
}

static void test_what_comes_is_what_was_sent(void **state)
{
    (void)state;
    for (int size = 1; size <= 5; size++) run_all(size, exchange, &size);
}

/* Four processes as two rows and two columns. Both ends of a part send a long message before they receive, as slices
 * of a pipeline do. */
static int parts(assay_comm *comm, void *context)
{
    static float block[VALUES], came[VALUES];
    int rank = assay_comm_rank(comm), peer, number = rank;
    static const bool there[] = {true, true};
    assay_comm *row, *column, *none;
    assay_error err;
    size_t bytes;
    (void)context;
    WANT(assay_comm_part(&row, comm, rank / 2 * 2, 1, 2, &err) == ASSAY_OK);
    WANT(assay_comm_part(&column, comm, rank % 2, 2, 2, &err) == ASSAY_OK);
    WANT(assay_comm_part(&none, comm, rank, 1, 1, &err) == ASSAY_OK && !none);
    WANT(assay_comm_rank(row) == rank % 2 && assay_comm_rank(column) == rank / 2 && assay_comm_size(column) == 2);
    WANT(assay_comm_broadcast(column, &number, sizeof number, &err) == ASSAY_OK && number == rank % 2);
    for (size_t i = 0; i < VALUES; i++) block[i] = (float)rank;
    peer = 1 - rank % 2;
    for (int times = 0; times < 3; times++) {
        WANT(assay_comm_send_begin(row, peer, block, times == 1 ? 0 : sizeof block, &err) == ASSAY_OK);
        WANT(assay_comm_receive_most(row, peer, came, sizeof came, &bytes, &err) == ASSAY_OK);
        WANT(bytes == (times == 1 ? 0 : sizeof came) && came[VALUES - 1] == (float)(rank ^ 1));
    }
    WANT(assay_comm_send_end(row, &err) == ASSAY_OK && assay_comm_send_end(NULL, &err) == ASSAY_OK);
    WANT(assay_comm_sum(column, block, came, VALUES, there, &err) == ASSAY_OK);
    WANT(block[0] == (float)(rank % 2 + rank % 2 + 2));
    WANT(assay_comm_compare_kinds(comm, (uint64_t)(rank % 2), 2, "a kind", &err) == ASSAY_OK);
    WANT(assay_comm_compare_kinds(comm, rank == 3 ? 9 : (uint64_t)(rank % 2), 2, "a kind", &err) == ASSAY_E_UNEQUAL);
    WANT(strstr(err.text, "rank 1 (") && strstr(err.text, "rank 3 (") && !strstr(err.text, "rank 0 ("));
    assay_comm_part_free(row);
    assay_comm_part_free(column);
    return GOOD;
}

static void test_parts_and_messages_that_cross(void **state)
{
    (void)state;
    run_all(4, parts, NULL);
}

/* The other has gone: what was on its way to it is not waited for once that is known. */
static int send_to_one_that_is_gone(assay_comm *comm, void *context)
{
    static float block[VALUES];
    assay_error err;
    (void)context;
    if (assay_comm_rank(comm) == 1) return GOOD;
    WANT(assay_comm_send_begin(comm, 1, block, sizeof block, &err) == ASSAY_OK);
    WANT(assay_comm_receive(comm, 1, block, sizeof block, &err) == ASSAY_E_IO);
    WANT(assay_comm_send_end(comm, &err) == ASSAY_E_IO && strstr(err.text, "an earlier message failed"));
    return GOOD;
}

static void test_nothing_is_sent_behind_a_failure(void **state)
{
    (void)state;
    run_all(2, send_to_one_that_is_gone, NULL);
}

/* Numbers whose sums depend on their order. */
static float part_of(int rank, size_t i) { return (rank % 2 ? -1000.0f : 1.0f) / (float)(3 + i % 97 + (size_t)rank); }

static float sum_of(int first, int count, size_t i, const bool *there, bool *any)
{
    bool left, right;
    *any = there[first];
    if (count == 1) return part_of(first, i);
    float a = sum_of(first, count / 2, i, there, &left), b = sum_of(first + count / 2, count / 2, i, there, &right);
    *any = left || right;
    return left && right ? a + b : left ? a : b;
}

static int add_up(assay_comm *comm, void *context)
{
    static float sum[VALUES], spare[VALUES];
    const bool *there = context;
    assay_error err;
    bool any;
    for (size_t i = 0; i < VALUES; i++) sum[i] = there[assay_comm_rank(comm)] ? part_of(assay_comm_rank(comm), i) : 5;
    WANT(assay_comm_sum(comm, sum, spare, VALUES, there, &err) == ASSAY_OK);
    for (size_t i = 0; i < VALUES; i++) WANT(sum[i] == sum_of(0, assay_comm_size(comm), i, there, &any));
    return GOOD;
}

/* Slices of unequal lengths, one of them empty. */
static size_t border_of(int slice, int size) { return (size_t)(slice ? slice + 1 : 0) * VALUES / (size_t)(size + 1); }

/* Of the sum in slices each has its own, as the sum has it; then all have all. */
static int add_up_slices(assay_comm *comm, void *context)
{
    static float sum[VALUES], spare[VALUES];
    const bool *there = context;
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm), own = assay_comm_slice(rank, size);
    size_t borders[MESH_MOST + 1];
    assay_error err;
    bool any;
    for (int s = 0; s <= size; s++) borders[s] = border_of(s == 3 ? 2 : s, size) * sizeof *sum;
    borders[size] = sizeof sum;
    for (size_t i = 0; i < VALUES; i++) sum[i] = there[rank] ? part_of(rank, i) : 5;
    WANT(assay_comm_sum_slices(comm, sum, spare, borders, there, &err) == ASSAY_OK);
    for (size_t i = borders[own] / sizeof *sum; i < borders[own + 1] / sizeof *sum; i++)
        WANT(sum[i] == sum_of(0, size, i, there, &any));
    WANT(assay_comm_join_slices(comm, sum, borders, &err) == ASSAY_OK);
    for (size_t i = 0; i < VALUES; i++) WANT(sum[i] == sum_of(0, size, i, there, &any));
    return GOOD;
}

static void test_slices_of_sums_are_the_sums(void **state)
{
    static bool all[] = {true, true, true, true, true, true, true, true},
                some[] = {false, true, false, false, true, false, true, true},
                last[] = {false, false, false, false, false, false, false, true};
    (void)state;
    for (int size = 1; size <= 8; size *= 2) run_all(size, add_up_slices, all);
    run_all(8, add_up_slices, some);
    run_all(4, add_up_slices, last + 4);
    run_all(8, add_up_slices, last);
    for (int s = 0, found = 0; s < 8; s++, found = 0) {
        for (int rank = 0; rank < 8; rank++) found += assay_comm_slice(rank, 8) == s;
        assert_int_equal(found, 1);
    }
}

static void test_sums_have_the_order_of_the_tree(void **state)
{
    static bool all[] = {true, true, true, true, true, true, true, true},
                some[] = {false, true, false, false, true, false, true, true},
                last[] = {false, false, false, false, false, false, false, true};
    (void)state;
    for (int size = 1; size <= 8; size *= 2) run_all(size, add_up, all);
    run_all(8, add_up, some);
    run_all(4, add_up, last + 4);
    run_all(8, add_up, last);
}

static int disagree(assay_comm *comm, void *context)
{
    int rank = assay_comm_rank(comm);
    unsigned flags = 1u << rank;
    assay_error err = {0};
    const bool *called = context; /* the failure's call has stopped the first process, too */
    WANT(assay_comm_agree(comm, ASSAY_OK, &flags, &err) == ASSAY_OK && flags == 7);
    /* A stop is everybody's, and there is more to say behind it. */
    WANT(assay_comm_agree(comm, rank == 1 ? ASSAY_E_STOPPED : ASSAY_OK, NULL, &err) == ASSAY_E_STOPPED);
    assay_status own = rank == 2              ? assay_error_set(&err, ASSAY_E_MEMORY, "mine")
                       : rank == 1 || *called ? ASSAY_E_STOPPED
                                              : ASSAY_OK;
    WANT(assay_comm_agree(comm, own, NULL, &err) == ASSAY_E_MEMORY);
    WANT(rank == 2 ? !strcmp(err.text, "mine") : strstr(err.text, "rank 2 of 3") != NULL);
    WANT(assay_comm_speaks(comm) == (rank != 1));
    /* Nothing is sent any more: each has its own status, whoever else calls. */
    if (rank == 0) WANT(assay_comm_agree(comm, ASSAY_E_IO, NULL, &err) == ASSAY_E_IO);
    return GOOD;
}

static int fail_alike(assay_comm *comm, void *context)
{
    assay_error err;
    (void)context;
    WANT(assay_comm_agree(comm, ASSAY_E_USAGE, NULL, &err) == ASSAY_E_USAGE);
    WANT(assay_comm_speaks(comm) == (assay_comm_rank(comm) == 0));
    return GOOD;
}

static int differ(assay_comm *comm, void *context)
{
    const uint64_t *numbers = context;
    int rank = assay_comm_rank(comm), size = assay_comm_size(comm);
    assay_error err = {0};
    bool named[4];
    WANT(assay_comm_compare(comm, 5, "nothing", &err) == ASSAY_OK);
    WANT(assay_comm_compare(comm, numbers[rank], "a number", &err) == ASSAY_E_UNEQUAL);
    for (int r = 0; r < size; r++) {
        char name[32];
        snprintf(name, sizeof name, "rank %d (", r);
        named[r] = strstr(err.text, name) != NULL;
    }
    bool majority = numbers[0] == numbers[1];
    for (int r = 0; r < size; r++) WANT(named[r] == (!majority || r == 2));
    return GOOD;
}

static void test_what_goes_wrong_is_known_to_all(void **state)
{
    static uint64_t one_of_three[] = {3, 3, 4}, one_of_two[] = {3, 4};
    (void)state;
    for (int called = 0; called < 2; called++) run_all(3, disagree, &(bool){called});
    run_all(3, fail_alike, NULL);
    run_all(3, differ, one_of_three);
    run_all(2, differ, one_of_two);
}

/* Others compute, and would for long: who fails, or is told to stop, calls them. */
static int be_called(assay_comm *comm, void *context)
{
    const assay_status *failure = context;
    int rank = assay_comm_rank(comm);
    assay_error err = {0};
    assay_status status = *failure;
    WANT(assay_comm_go_on(comm, NULL, &err) == ASSAY_OK || rank != 1);
    while (rank != 1 && assay_comm_go_on(comm, NULL, &err) == ASSAY_OK) nanosleep(&(struct timespec){0, 1000000}, NULL);
    if (rank != 1) status = ASSAY_E_STOPPED;
    WANT(assay_comm_agree(comm, status, NULL, &err) == *failure);
    if (*failure != ASSAY_E_STOPPED) return GOOD;
    /* All calls were taken: what comes next is not disturbed, and a flag still counts. */
    volatile sig_atomic_t stop = SIGTERM;
    for (int i = 0; i < 3; i++) {
        WANT(assay_comm_go_on(comm, NULL, &err) == ASSAY_OK);
        WANT(assay_comm_agree(comm, ASSAY_OK, NULL, &err) == ASSAY_OK);
    }
    WANT(assay_comm_go_on(comm, &stop, &err) == ASSAY_E_STOPPED);
    return GOOD;
}

static void test_who_fails_calls_the_others(void **state)
{
    assay_status stopped = ASSAY_E_STOPPED, failed = ASSAY_E_MEMORY;
    (void)state;
    for (int size = 2; size <= 5; size++) {
        run_all(size, be_called, &stopped);
        run_all(size, be_called, &failed);
    }
}

static int never(assay_comm *comm, void *context)
{
    (void)comm;
    (void)context;
    return WRONG;
}

static void test_a_timeout_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"half an hour", "0", "-5", "10s", "1e3", "99999999999999999999", " 5"};
    int codes[2];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("ASSAY_RANK_TIMEOUT", wrong[i], 1);
        mesh_run(2, never, NULL, codes);
        assert_true(codes[0] == 2 && codes[1] == 2);
    }
    unsetenv("ASSAY_RANK_TIMEOUT");
}

static int receive_changed(assay_comm *comm, void *context)
{
    static char block[1000];
    assay_error err = {0};
    (void)context;
    assay_status status = assay_comm_broadcast(comm, block, sizeof block, &err);
    if (assay_comm_rank(comm) == 0) return GOOD;
    WANT(status == ASSAY_E_IO && strstr(err.text, "rank 0 of 2") && strstr(err.text, "changed on the way"));
    WANT(assay_comm_speaks(comm));
    WANT(assay_comm_broadcast(comm, block, sizeof block, &err) == ASSAY_E_IO); /* nothing goes on behind it */
    return GOOD;
}

static int lose_one(assay_comm *comm, void *context)
{
    assay_error err = {0};
    char byte = 0;
    (void)context;
    if (assay_comm_rank(comm) == 1) _exit(GOOD);
    assay_status status = assay_comm_receive(comm, 1, &byte, 1, &err);
    WANT(status == ASSAY_E_IO && strstr(err.text, "rank 1 of 2") && strstr(err.text, "gone"));
    return GOOD;
}

/* The other one never sends: it waits for this one to end. */
static int wait_for_one(assay_comm *comm, void *context)
{
    assay_error err = {0};
    char byte = 0;
    (void)context;
    assay_status status = assay_comm_receive(comm, assay_comm_rank(comm) ? 0 : 1, &byte, 1, &err);
    WANT(status == ASSAY_E_IO);
    if (assay_comm_rank(comm) == 0) WANT(strstr(err.text, "rank 1 of 2") != NULL);
    return GOOD;
}

static void test_a_bad_message_names_its_sender(void **state)
{
    (void)state;
    int codes[2];
    setenv("MESH_FLIP", "1", 1);
    mesh_run(2, receive_changed, NULL, codes);
    assert_true(codes[0] == GOOD && codes[1] == GOOD);
    unsetenv("MESH_FLIP");
    mesh_run(2, lose_one, NULL, codes);
    assert_int_equal(codes[0], GOOD);
    setenv("ASSAY_RANK_TIMEOUT", "1", 1);
    mesh_run(2, wait_for_one, NULL, codes);
    unsetenv("ASSAY_RANK_TIMEOUT");
    assert_true(codes[0] == GOOD && codes[1] == GOOD);
}

static void test_alone_nothing_is_sent(void **state)
{
    unsigned flags = 3;
    float sum = 1;
    bool there = true;
    (void)state;
    assert_true(assay_comm_rank(NULL) == 0 && assay_comm_size(NULL) == 1 && assay_comm_neighbours(NULL) == 1);
    assert_int_equal(assay_comm_agree(NULL, ASSAY_E_IO, &flags, NULL), ASSAY_E_IO);
    assert_int_equal(assay_comm_sum(NULL, &sum, NULL, 1, &there, NULL), ASSAY_OK);
    assert_int_equal(assay_comm_compare(NULL, 1, "a number", NULL), ASSAY_OK);
    assert_true(assay_comm_speaks(NULL));
    assert_int_equal(assay_comm_close(NULL, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_comm_go_on(NULL, NULL, NULL), ASSAY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone_nothing_is_sent),
        cmocka_unit_test(test_what_comes_is_what_was_sent),
        cmocka_unit_test(test_parts_and_messages_that_cross),
        cmocka_unit_test(test_nothing_is_sent_behind_a_failure),
        cmocka_unit_test(test_sums_have_the_order_of_the_tree),
        cmocka_unit_test(test_slices_of_sums_are_the_sums),
        cmocka_unit_test(test_what_goes_wrong_is_known_to_all),
        cmocka_unit_test(test_a_bad_message_names_its_sender),
        cmocka_unit_test(test_who_fails_calls_the_others),
        cmocka_unit_test(test_a_timeout_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
