/* Items that several processes share: every one is computed once, all have all numbers, and who fails or is told to
 * stop ends the others by name. */
#include "test_support.h"

#include "mesh_fork.h"

#include "task/shared_work.h"

#include <string.h>

enum { ITEMS = 300, GOOD = 0, WRONG = 7 };

typedef struct job {
    size_t count;
    int fails, stops; /* ranks; -1: none */
    assay_comm *comm;
    volatile sig_atomic_t stop;
    size_t scored;
    double one[3 * ITEMS], two[2 * 3 * ITEMS];
} job;

/* Items have no, one or two numbers. */
static size_t place_of(const void *context, size_t item)
{
    (void)context;
    return item / 3 * 3 + (item % 3 == 2);
}

static size_t size_of(const void *context, size_t item)
{
    (void)context;
    return 1 + item % 50 * (item % 7 == 0);
}

static double number_of(size_t place, int block) { return (double)place * 1.5 + block; }

static assay_status score(void *context, size_t first, size_t count, assay_error *err)
{
    job *j = context;
    int rank = assay_comm_rank(j->comm);
    for (size_t i = first; i < first + count; i++) {
        if (rank == j->stops && i > ITEMS / 3) j->stop = SIGTERM;
        ASSAY_TRY(assay_comm_go_on(j->comm, &j->stop, err));
        if (rank == j->fails && i > ITEMS / 3) return assay_error_set(err, ASSAY_E_NUMERIC, "item %zu", i);
        j->scored++;
        for (size_t place = place_of(j, i); place < place_of(j, i + 1); place++) {
            j->one[place] = number_of(place, 0);
            j->two[2 * place] = number_of(place, 1);
            j->two[2 * place + 1] = number_of(place, 2);
        }
    }
    return ASSAY_OK;
}

static assay_status run(job *j, assay_comm *comm, assay_error *err)
{
    j->comm = comm;
    const assay_shared_work work = {.comm = comm,
                                    .count = j->count,
                                    .size = size_of,
                                    .score = score,
                                    .place = place_of,
                                    .blocks = {{j->one, 1}, {j->two, 2}},
                                    .context = j};
    return assay_shared_work_run(&work, err);
}

static int share(assay_comm *comm, void *context)
{
    job *j = context;
    assay_error err = {0};
    uint64_t scored[MESH_MOST] = {0}, all = 0;
    if (run(j, comm, &err) != ASSAY_OK) return WRONG;
    for (size_t place = 0; place < place_of(j, j->count); place++)
        if (j->one[place] != number_of(place, 0) || j->two[2 * place + 1] != number_of(place, 2)) return WRONG;
    scored[assay_comm_rank(comm)] = j->scored;
    if (assay_comm_gather(comm, scored, sizeof *scored, &err) != ASSAY_OK) return WRONG;
    for (int r = 0; r < assay_comm_size(comm); r++) all += scored[r];
    if (j->count == ITEMS && !scored[assay_comm_rank(comm)]) return WRONG; /* everybody has something to do */
    return all == j->count ? GOOD : WRONG;
}

static job *job_make(size_t count)
{
    job *j = calloc(1, sizeof *j);
    assert_non_null(j);
    j->count = count;
    j->fails = j->stops = -1;
    return j;
}

static void test_all_have_all_numbers(void **state)
{
    static const size_t counts[] = {0, 1, 2, 5, ITEMS};
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int size = 1; size <= 5; size++) {
            int codes[MESH_MOST];
            job *j = job_make(counts[c]);
            mesh_run(size, share, j, codes);
            for (int r = 0; r < size; r++) assert_int_equal(codes[r], GOOD);
            free(j);
        }
}

static int fail_all(assay_comm *comm, void *context)
{
    job *j = context;
    assay_error err = {0};
    assay_status wanted = j->fails >= 0 ? ASSAY_E_NUMERIC : ASSAY_E_STOPPED;
    int rank = assay_comm_rank(comm);
    if (run(j, comm, &err) != wanted) return WRONG;
    if (j->fails < 0) return GOOD;
    if (rank == j->fails) return strstr(err.text, "item ") && assay_comm_speaks(comm) ? GOOD : WRONG;
    return strstr(err.text, "rank 1 of 3") && assay_comm_speaks(comm) == (rank == 0) ? GOOD : WRONG;
}

static void test_who_fails_or_stops_ends_all(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        int codes[3];
        job *j = job_make(ITEMS);
        j->fails = stops ? -1 : 1;
        j->stops = stops ? 1 : -1;
        mesh_run(3, fail_all, j, codes);
        for (int r = 0; r < 3; r++) assert_int_equal(codes[r], GOOD);
        free(j);
    }
}

static void test_parts_are_about_as_much_work(void **state)
{
    size_t borders[6];
    (void)state;
    assay_work_cut(borders, 5, 20, 220, size_of, NULL);
    assert_true(borders[0] == 20 && borders[5] == 220);
    double all = 0;
    for (size_t i = 20; i < 220; i++) all += (double)size_of(NULL, i);
    for (size_t p = 0; p < 5; p++) {
        double part = 0;
        assert_true(borders[p] <= borders[p + 1]);
        for (size_t i = borders[p]; i < borders[p + 1]; i++) part += (double)size_of(NULL, i);
        assert_true(part > all / 5 - 50 && part < all / 5 + 50); /* an item is at most 50, half of it on either side */
    }
    assay_work_cut(borders, 5, 7, 7, size_of, NULL);
    for (size_t p = 0; p < 6; p++) assert_int_equal(borders[p], 7);
}

static void test_rounds_last_some_tens_of_seconds(void **state)
{
    size_t each = assay_work_round(0, 0);
    (void)state;
    assert_true(each > 0);
    assert_int_equal(assay_work_round(each, 1), 2 * each);
    assert_int_equal(assay_work_round(each, 30), each);
    assert_int_equal(assay_work_round(each, 3000), each / 2);
    assert_int_equal(assay_work_round(1, 3000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_about_as_much_work),
        cmocka_unit_test(test_rounds_last_some_tens_of_seconds),
        cmocka_unit_test(test_all_have_all_numbers),
        cmocka_unit_test(test_who_fails_or_stops_ends_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
