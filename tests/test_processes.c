/* Several processes train together, connected by sockets: however many they are, weights, moments and metrics are those
 * of one process with as many lanes, also where they stop and another number goes on; and what goes wrong in one of
 * them stops all of them by name. The same where the model is cut into stages. */
#include "test_support.h"

#include "mesh_fork.h"
#include "trainer_bench.h"
#include "trainer_material.h"

#include "base/file.h"
#include "train/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

enum { LANES = 8, STEPS = 6, LAYERS = 2, GOOD = 0, WRONG = 7 };

/* Instead of the C library's: each process's first time a signal comes between. */
int posix_fallocate(int fd, off_t from, off_t bytes)
{
    static bool interrupted;
    if (interrupted) return ftruncate(fd, from + bytes) == 0 ? 0 : errno;
    interrupted = true;
    return EINTR;
}

/* What a process is to do, and what it found: in memory that all share. */
typedef struct job {
    assay_tuning tuning;
    bool bf16;
    int stages;        /* 0: the model is not cut */
    bool skip_nan;     /* steps whose loss is no number */
    double lr, center; /* 0: the usual one */
    const material *material;
    const char *folder; /* checkpoints go there; NULL: none */
    const char *from;   /* a checkpoint to go on from; NULL: none */
    uint64_t stop;      /* behind this step; 0: never */
    int flips;          /* the rank whose weights get a wrong bit behind step 2; -1: none */
    int signalled;      /* the rank that is told to stop in step 3; -1: none */
    struct {
        assay_status status;
        uint64_t hash, step;
        char text[800];
        bool speaks;
    } found[MESH_MOST];
} job;

/* A sum over the weights, so that those of all stages add up to that of the whole. */
static uint64_t hash_of(const assay_trainer *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < t->optimizer->count; i++) {
        const assay_optimizer_item *item = &t->optimizer->items[i];
        const float *parts[] = {item->weight, item->gradient, item->m, item->v};
        uint64_t hash = t->step * 1000 + (uint64_t)t->trained[i];
        for (int p = 0; p < 4; p++) hash = XXH3_64bits_withSeed(parts[p], item->count * sizeof(float), hash);
        sum += hash;
    }
    return sum;
}

typedef struct watcher {
    const job *job;
    int rank;
    volatile sig_atomic_t interrupted;
} watcher;

static void behind_a_step(void *context, const assay_trainer *t, const assay_step_record *record)
{
    watcher *w = context;
    if (w->job->stop == record->step) w->interrupted = SIGINT;
    if (w->job->flips == w->rank && record->step == 2) {
        uint32_t bits;
        memcpy(&bits, t->optimizer->items[0].weight, sizeof bits);
        bits ^= 1;
        memcpy(t->optimizer->items[0].weight, &bits, sizeof bits);
    }
    if (w->job->signalled == w->rank && record->step == 2) w->interrupted = SIGTERM;
}

static int train(assay_comm *comm, void *context)
{
    job *j = context;
    int rank = assay_comm_rank(comm);
    watcher w = {.job = j, .rank = rank};
    assay_error err = {0};
    assay_run_outcome outcome;
    assay_train_settings settings = material_settings(0);
    settings.lanes = LANES;
    settings.max_steps = STEPS;
    settings.batch_pairs = 7;
    settings.skip_nan = j->skip_nan;
    if (j->lr > 0) settings.lr = j->lr;
    if (j->center > 0) settings.center = j->center;
    settings.flights = j->stages ? j->stages - rank % j->stages : 0;
    settings.micro_tokens = j->stages ? 120 : 0;
    static const int borders[] = {0, 1, LAYERS};
    assay_model_options options = {
        .tuning = j->tuning, .bf16 = j->bf16, .lora = j->tuning == ASSAY_TUNE_LORA ? &material_lora : NULL, .seed = 1};
    if (j->stages) options.slice = (assay_slice){rank % j->stages, rank % j->stages + 1};
    trainer_bench b = trainer_bench_open_with("tests/data/golden/llama", NULL, &options,
                                              &(assay_trainer_setup){.settings = settings,
                                                                     .examples = &j->material->set,
                                                                     .evaluation = &j->material->set,
                                                                     .comm = comm,
                                                                     .stages = j->stages,
                                                                     .borders = borders,
                                                                     .interrupted = &w.interrupted},
                                              rank % 2 + 1);
    assay_run_settings run = {.output = j->folder,
                              .save_steps = -1,
                              .eval_steps = 2,
                              .log_steps = 1,
                              .keep = 3,
                              .prints = {.base = "b", .data = "d", .settings = "s"},
                              .resume_from = rank ? NULL : j->from,
                              .on_step = behind_a_step,
                              .listener = &w,
                              .interrupted = &w.interrupted};
    j->found[rank].status = assay_run(b.trainer, &j->material->set, &run, &outcome, &err);
    j->found[rank].hash = hash_of(b.trainer);
    j->found[rank].step = b.trainer->step;
    j->found[rank].speaks = assay_comm_speaks(comm);
    snprintf(j->found[rank].text, sizeof j->found[rank].text, "%.700s", err.text);
    trainer_bench_close(&b);
    return GOOD;
}

static job *job_make(assay_tuning tuning, const material *m, const char *folder)
{
    job *j = mmap(NULL, sizeof *j, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(j != MAP_FAILED);
    *j = (job){.tuning = tuning, .material = m, .folder = folder, .flips = -1, .signalled = -1};
    return j;
}

static void job_free(job *j) { munmap(j, sizeof *j); }

/* All processes end alike; returns what they have. */
static uint64_t run_job(job *j, int size, assay_status wanted)
{
    int codes[MESH_MOST];
    mesh_run(size, train, j, codes);
    for (int r = 0; r < size; r++) {
        assert_int_equal(codes[r], GOOD);
        if (j->found[r].status != wanted) fail_msg("rank %d: %d %s", r, j->found[r].status, j->found[r].text);
        assert_true(j->found[r].hash == j->found[j->stages ? r % j->stages : 0].hash);
        if (wanted != ASSAY_OK) assert_int_equal(j->found[r].speaks, r == 0);
    }
    uint64_t whole = j->found[0].hash;
    for (int s = 1; s < j->stages; s++) whole += j->found[s].hash;
    return whole;
}

/* metrics.jsonl without what a clock or the memory of this process has a say in, as a hash. */
static uint64_t metrics_hash(const char *folder)
{
    char *path = assay_path_join(folder, "metrics.jsonl"), *text;
    size_t size;
    uint64_t hash = 0;
    assert_int_equal(assay_file_read(path, 1 << 20, &text, &size, NULL), ASSAY_OK);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        const char *key;
        void *next;
        json_t *value;
        assert_non_null(object);
        json_object_foreach_safe(object, next, key, value) if (strstr(key, "seconds") || strstr(key, "bytes") ||
                                                               strstr(key, "per_second")) json_object_del(object, key);
        char *kept = json_dumps(object, JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
        hash = XXH3_64bits_withSeed(kept, strlen(kept), hash);
        free(kept);
        json_decref(object);
    }
    free(path);
    free(text);
    return hash;
}

static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD};

/* Every number of processes that shares eight lanes. */
static void compare_sizes(const material *m, assay_tuning tuning, bool bf16)
{
    uint64_t weights = 0, metrics = 0;
    for (int size = 1; size <= LANES; size *= TESTS_ARE_SANITIZED ? 4 : 2) {
        char folder[] = "/tmp/assay-processes-XXXXXX";
        assert_non_null(mkdtemp(folder));
        job *j = job_make(tuning, m, folder);
        j->bf16 = bf16;
        uint64_t now = run_job(j, size, ASSAY_OK), lines = metrics_hash(folder);
        assert_int_equal(j->found[0].step, STEPS);
        if (size == 1) weights = now;
        if (size == 1) metrics = lines;
        assert_true(now == weights && lines == metrics);
        job_free(j);
        assay_remove_tree(folder, NULL);
    }
}

static void test_any_number_of_processes_has_the_same_bits(void **state)
{
    material m = {0};
    (void)state;
    material_random(&m, 20);
    for (size_t t = 0; t < (TESTS_ARE_SANITIZED ? 1 : 3); t++) compare_sizes(&m, tunings[t], false);
    for (size_t t = 0; t < (tests_are_thorough() ? 3 : 1); t++) compare_sizes(&m, tunings[t], true);
    material_release(&m);
}

typedef struct result {
    uint64_t weights, metrics;
} result;

static result train_in(int size, int stages, const material *m, assay_tuning tuning, bool bf16, bool skip_nan)
{
    char folder[] = "/tmp/assay-stages-XXXXXX";
    assert_non_null(mkdtemp(folder));
    job *j = job_make(tuning, m, folder);
    j->bf16 = bf16;
    j->stages = stages;
    j->skip_nan = skip_nan;
    result found = {.weights = run_job(j, size, ASSAY_OK)};
    found.metrics = metrics_hash(folder);
    job_free(j);
    assay_remove_tree(folder, NULL);
    return found;
}

static void compare_stages(const material *m, assay_tuning tuning, bool bf16, bool skip_nan)
{
    result whole = train_in(1, 0, m, tuning, bf16, skip_nan);
    for (int size = 2; size <= (TESTS_ARE_SANITIZED ? 2 : 4); size *= 2) {
        result now = train_in(size, LAYERS, m, tuning, bf16, skip_nan);
        assert_true(now.weights == whole.weights && now.metrics == whole.metrics);
    }
}

/* For sentences that name a pair. */
static void name_places(material *m)
{
    static char *file = "pairs.jsonl";
    m->pairs.files = &file;
    for (size_t i = 0; i < m->pairs.count; i++) m->pairs.pairs[i].place = (assay_place){.line = i + 1};
}

static void test_stages_have_the_same_bits(void **state)
{
    material m = {0};
    (void)state;
    material_random(&m, 20);
    name_places(&m);
    for (size_t t = 0; t < (TESTS_ARE_SANITIZED ? 1 : 3); t++) compare_stages(&m, tunings[t], t == 0, false);
    if (tests_are_thorough())
        for (size_t t = 0; t < 3; t++) compare_stages(&m, tunings[t], t != 0, false);
    m.set.items[3].margin = INFINITY; /* its loss is no number: no gradient comes down, and the step is skipped */
    compare_stages(&m, ASSAY_TUNE_LORA, false, true);
    material_release(&m);
}

/* What one process says of a step whose numbers are none, and all of several stages and rows. */
static void compare_culprits(const material *m, double lr, double center, const char *wanted)
{
    static const int sizes[] = {1, 2, 4};
    char whole[800] = "";
    for (int i = 0; i < 3; i++) {
        char folder[] = "/tmp/assay-culprit-XXXXXX";
        assert_non_null(mkdtemp(folder));
        job *j = job_make(ASSAY_TUNE_LORA, m, folder);
        j->stages = i ? LAYERS : 0;
        j->lr = lr;
        j->center = center;
        run_job(j, sizes[i], ASSAY_E_NUMERIC);
        char *end = strstr(j->found[0].text, "; the last good state");
        if (end) *end = '\0'; /* it names a folder */
        if (!strstr(j->found[0].text, wanted)) fail_msg("%s", j->found[0].text);
        if (i) assert_string_equal(j->found[0].text, whole);
        snprintf(whole, sizeof whole, "%s", j->found[0].text);
        job_free(j);
        assay_remove_tree(folder, NULL);
    }
}

static void test_stages_name_the_pair_that_went_wrong(void **state)
{
    material m = {0};
    (void)state;
    material_random(&m, 20);
    name_places(&m);
    compare_culprits(&m, 1e37, 0, ": the result of"); /* weights so large that the next step's products overflow */
    compare_culprits(&m, 0, 1e300, ": the gradient behind");
    m.set.items[3].margin = INFINITY;
    compare_culprits(&m, 0, 0, "pair pairs.jsonl:4: its loss is inf");
    material_release(&m);
}

/* Four in stages stop, two go on and stop, two in stages end: as if never stopped. */
static void test_another_number_goes_on(void **state)
{
    static const int sizes[] = {4, 2, 2}, stages[] = {LAYERS, 0, LAYERS};
    material m = {0};
    char folder[] = "/tmp/assay-elastic-XXXXXX", from[80];
    (void)state;
    material_random(&m, 20);
    assert_non_null(mkdtemp(folder));
    job *whole = job_make(ASSAY_TUNE_LORA, &m, folder), *j = job_make(ASSAY_TUNE_LORA, &m, folder);
    uint64_t wanted = run_job(whole, 1, ASSAY_OK);
    for (int i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%s/checkpoint-%d", folder, 2 * i);
        j->from = i ? from : NULL;
        j->stages = stages[i];
        j->stop = i < 2 ? 2 * (uint64_t)i + 2 : 0;
        uint64_t hash = run_job(j, sizes[i], i < 2 ? ASSAY_E_STOPPED : ASSAY_OK);
        assert_int_equal(hash == wanted, i == 2);
    }
    job_free(j);
    job_free(whole);
    assay_remove_tree(folder, NULL);
    material_release(&m);
}

/* One is told to stop while a step is under way: all give it up, and the checkpoint is that of the step before. */
static void test_a_signal_to_one_stops_all(void **state)
{
    material m = {0};
    char folder[] = "/tmp/assay-signal-XXXXXX", from[80];
    (void)state;
    material_random(&m, 20);
    assert_non_null(mkdtemp(folder));
    snprintf(from, sizeof from, "%s/checkpoint-2", folder);
    job *j = job_make(ASSAY_TUNE_LORA, &m, folder);
    for (j->stages = 0; j->stages <= LAYERS; j->stages += LAYERS)
        for (j->signalled = 0; j->signalled < 4; j->signalled++) {
            run_job(j, 4, ASSAY_E_STOPPED);
            assert_int_equal(j->found[0].step, 2);
            assert_true(assay_path_is_dir(from));
        }
    job_free(j);
    assay_remove_tree(folder, NULL);
    material_release(&m);
}

/* The one that differs is named by all, and nothing of the step is kept. */
static void test_a_flipped_bit_is_found(void **state)
{
    material m = {0};
    char folder[] = "/tmp/assay-flip-XXXXXX";
    int codes[MESH_MOST];
    (void)state;
    material_random(&m, 20);
    assert_non_null(mkdtemp(folder));
    job *j = job_make(ASSAY_TUNE_LORA, &m, folder);
    j->flips = 2;
    mesh_run(4, train, j, codes);
    for (int r = 0; r < 4; r++) {
        assert_int_equal(j->found[r].status, ASSAY_E_UNEQUAL);
        assert_true(strstr(j->found[r].text, "rank 2 (") && !strstr(j->found[r].text, "rank 1 ("));
        assert_int_equal(j->found[r].speaks, r == 0);
    }
    char *kept = assay_path_join(folder, "checkpoint-3");
    assert_false(assay_path_exists(kept));
    free(kept);
    job_free(j);
    assay_remove_tree(folder, NULL);
    material_release(&m);
}

static int refuse(assay_comm *comm, void *context)
{
    const size_t *lanes = context;
    assay_shares shares;
    assay_error err = {0};
    char wanted[32];
    if (assay_shares_make(&shares, comm, 1, lanes[0], &err) != ASSAY_E_USAGE) return WRONG;
    snprintf(wanted, sizeof wanted, lanes[2] ? "start %zu or %zu;" : "start %zu;", lanes[1], lanes[2]);
    return strstr(err.text, wanted) ? GOOD : WRONG;
}

static void test_lanes_that_cannot_be_shared_are_refused(void **state)
{
    static size_t three[] = {8, 2, 4}, five[] = {4, 4, 0}, two[] = {1, 1, 0};
    int codes[MESH_MOST];
    (void)state;
    mesh_run(3, refuse, three, codes);
    assert_true(codes[0] == GOOD && codes[1] == GOOD && codes[2] == GOOD);
    mesh_run(5, refuse, five, codes);
    assert_int_equal(codes[0], GOOD);
    mesh_run(2, refuse, two, codes);
    assert_int_equal(codes[1], GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_processes_has_the_same_bits),
        cmocka_unit_test(test_stages_have_the_same_bits),
        cmocka_unit_test(test_stages_name_the_pair_that_went_wrong),
        cmocka_unit_test(test_another_number_goes_on),
        cmocka_unit_test(test_a_signal_to_one_stops_all),
        cmocka_unit_test(test_a_flipped_bit_is_found),
        cmocka_unit_test(test_lanes_that_cannot_be_shared_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
