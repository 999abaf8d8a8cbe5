/* A step on lists of answers, on answers with attributes and on answers in labelled steps, against torch
 * (tests/oracle/rows_golden.py, regression_golden.py, process_golden.py): loss, and the gradient of every weight. */
#include "test_support.h"

#include "container/safetensors.h"
#include "trainer_bench.h"

#include <math.h>
#include <string.h>

#define MODEL "tests/data/golden/llama"
#define LABELLED "tests/data/golden/labels_qwen2"
#define STEPPED "tests/data/golden/steps_qwen2"
enum { ROWS = 3, ANSWERS = 9, MOST_IDS = 32, LABELS = 3 };

typedef struct material {
    assay_pair pair_items[ROWS];
    assay_pair_set pairs;
    assay_example items[ROWS];
    assay_example_answer answers[ANSWERS];
    double values[ANSWERS], targets[ANSWERS * LABELS];
    int32_t ids[ANSWERS * MOST_IDS];
    assay_example_set set;
} material;

static const assay_tensor *find(const assay_tensor_file *file, const char *key)
{
    const assay_tensor *found = assay_tensor_file_find(file, key);
    if (!found) fail_msg("%s is missing", key);
    return found;
}

static void add_side(material *m, const assay_tensor_file *golden, size_t row, size_t k, double value)
{
    assay_example_set *set = &m->set;
    char key[64];
    snprintf(key, sizeof key, "ids.%zu.%zu", row, k);
    const assay_tensor *ids = find(golden, key);
    size_t count = ids->bytes / sizeof(int32_t);
    memcpy(m->ids + set->id_count, ids->data, ids->bytes);
    m->answers[set->answer_count] = (assay_example_answer){set->id_count, (uint32_t)count};
    m->values[set->answer_count++] = value;
    set->id_count += count;
    set->longest = count > set->longest ? count : set->longest;
}

/* As the script has them: four answers in order, three with the best two equal, a pair that is a tie. */
static void fill(material *m, const assay_tensor_file *golden, size_t rows)
{
    static const size_t counts[ROWS] = {4, 3, 2};
    static const double values[ROWS][4] = {{4, 3, 2, 1}, {2, 2, 1}, {1, 1}};
    *m = (material){.pairs = {.pairs = m->pair_items, .count = rows},
                    .set = {.items = m->items, .ids = m->ids, .answers = m->answers, .values = m->values}};
    m->set.pairs = &m->pairs;
    for (size_t i = 0; i < rows; i++) {
        m->pair_items[i] = (assay_pair){.equal_is_tie = true};
        m->items[i] = (assay_example){.answers = m->set.answer_count,
                                      .count = counts[i],
                                      .shared = 6,
                                      .pair = (uint32_t)i,
                                      .margin = (double)NAN,
                                      .share = i == 2 ? 0.5 : (double)NAN,
                                      .weight = 1};
        for (size_t k = 0; k < counts[i]; k++) add_side(m, golden, i, k, values[i][k]);
        m->set.count++;
    }
}

/* Relative to the tensor's norm. Float32 itself is within 8.1e-7 of float64, says the script; other orders of the same
 * sums are as far again. */
static void compare(const trainer_bench *b, const assay_tensor_file *golden, const char *name)
{
    size_t compared = 0;
    for (size_t t = 0; t < b->trainer->optimizer->count; t++) {
        const assay_optimizer_item *item = &b->trainer->optimizer->items[t];
        char key[128];
        double off = 0, norm = 0;
        snprintf(key, sizeof key, "%s.grad.%s", name, b->model->program->params[b->trainer->trained[t]].name);
        const assay_tensor *wanted = assay_tensor_file_find(golden, key);
        if (!wanted) continue;
        const float *exact = wanted->data;
        assert_int_equal(wanted->bytes, item->count * sizeof(float));
        for (size_t i = 0; i < item->count; i++) {
            double difference = (double)item->gradient[i] - (double)exact[i];
            off += difference * difference;
            norm += (double)exact[i] * (double)exact[i];
        }
        if (sqrt(off) > 1e-5 * sqrt(norm)) fail_msg("%s is %g off", key, sqrt(off / norm));
        compared++;
    }
    assert_true(compared >= 4);
}

static void steps_on_rows_are_torch(void **state)
{
    static const struct {
        const char *name;
        size_t rows;
    } cases[] = {{"all-pairs", 3}, {"plackett-luce", 2}, {"first-best", 2}, {"rao-kupper", 3}};
    const assay_model_options options = {.tuning = ASSAY_TUNE_FULL, .seed = 1};
    assay_tensor_file *golden;
    assay_error err = {0};
    (void)state;
    trainer_bench_check(assay_safetensors_open(&golden, "tests/data/golden/rows_llama.safetensors", &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        material m;
        assay_step_record record;
        assay_train_settings settings = {.batch_pairs = 3, .epochs = 1, .margin = -1, .budget = SIZE_MAX};
        settings.adam = (assay_optimizer_hyper){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
        trainer_bench_check(assay_objective_choose(cases[i].name, 0, -1, &settings.objective, &err), &err);
        fill(&m, golden, cases[i].rows);
        trainer_bench b = trainer_bench_open(MODEL, NULL, &options, &settings, &m.set, 1);
        trainer_bench_check(assay_trainer_step(b.trainer, &record, &err), &err);
        char key[64];
        snprintf(key, sizeof key, "%s.loss", cases[i].name);
        double loss = (double)*(const float *)find(golden, key)->data;
        if (fabs(record.loss - loss) > 1e-6 * loss)
            fail_msg("%s: loss %.9g, not %.9g", cases[i].name, record.loss, loss);
        compare(&b, golden, cases[i].name);
        trainer_bench_close(&b);
    }
    assay_tensor_file_close(golden);
}

/* Two answers to one prompt and two that stand alone; some targets are not known. */
static void fill_graded(material *m, const assay_tensor_file *golden)
{
    static const size_t counts[ROWS] = {2, 1, 1};
    const assay_tensor *targets = find(golden, "targets");
    *m = (material){.pairs = {.pairs = m->pair_items, .count = ROWS},
                    .set = {.items = m->items, .ids = m->ids, .answers = m->answers, .values = m->values}};
    m->set.pairs = &m->pairs;
    m->set.targets = m->targets;
    m->set.label_count = LABELS;
    memcpy(m->targets, targets->data, targets->bytes);
    for (size_t i = 0; i < ROWS; i++) {
        m->items[i] = (assay_example){.answers = m->set.answer_count,
                                      .count = counts[i],
                                      .shared = counts[i] > 1 ? 6 : 0,
                                      .pair = (uint32_t)i,
                                      .margin = (double)NAN,
                                      .share = (double)NAN,
                                      .weight = 1};
        for (size_t k = 0; k < counts[i]; k++) add_side(m, golden, i, k, 0);
        m->set.count++;
    }
}

/* In micro-batches of any size: the head gives several numbers a row, and each must find its own slope. */
static void a_step_on_attributes_is_torch(void **state)
{
    const assay_model_options options = {.tuning = ASSAY_TUNE_FULL, .seed = 1, .outputs = LABELS};
    assay_tensor_file *golden;
    assay_error err = {0};
    (void)state;
    trainer_bench_check(assay_safetensors_open(&golden, "tests/data/golden/regression_qwen2.safetensors", &err), &err);
    double loss = (double)*(const float *)find(golden, "regression.loss")->data;
    for (size_t tokens = 16; tokens <= 64; tokens *= 2) {
        material m;
        assay_step_record record;
        assay_train_settings settings = {
            .batch_pairs = 3, .epochs = 1, .margin = -1, .budget = SIZE_MAX, .micro_tokens = tokens};
        settings.adam = (assay_optimizer_hyper){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
        trainer_bench_check(assay_objective_choose("regression", 0, -1, &settings.objective, &err), &err);
        fill_graded(&m, golden);
        trainer_bench b = trainer_bench_open(LABELLED, NULL, &options, &settings, &m.set, 1);
        trainer_bench_check(assay_trainer_step(b.trainer, &record, &err), &err);
        if (fabs(record.loss - loss) > 1e-6 * loss) fail_msg("loss %.9g, not %.9g", record.loss, loss);
        assert_true(isnan(record.accuracy) && isnan(record.margin) && record.ties == 0);
        compare(&b, golden, "regression");
        trainer_bench_close(&b);
    }
    assay_tensor_file_close(golden);
}

/* Answers of three, one and four steps, as the script has them. */
static void fill_steps(material *m, const assay_tensor_file *golden, const double labels[ROWS][4])
{
    static const size_t counts[ROWS] = {3, 1, 4};
    *m = (material){.pairs = {.pairs = m->pair_items, .count = ROWS},
                    .set = {.items = m->items, .ids = m->ids, .answers = m->answers, .values = m->values}};
    m->set.pairs = &m->pairs;
    for (size_t i = 0; i < ROWS; i++) {
        m->items[i] = (assay_example){.answers = m->set.answer_count,
                                      .count = counts[i],
                                      .steps = true,
                                      .pair = (uint32_t)i,
                                      .margin = (double)NAN,
                                      .share = (double)NAN,
                                      .weight = 1};
        for (size_t k = 0; k < counts[i]; k++) add_side(m, golden, i, k, labels[i][k]);
        m->set.count++;
    }
    m->set.longest = 14;
}

static const struct {
    const char *name;
    double labels[ROWS][4];
    double accuracy_of; /* labelled steps above or below 1/2 */
} step_cases[] = {{"hard", {{1, 0, (double)NAN}, {1}, {0, 1, 1, 0}}, 7},
                  {"soft", {{0.8, 0.5, (double)NAN}, {1}, {0, 0.3, 1, 0.5}}, 5}};

/* Whole trees in micro-batches of every size: no bit of the gradient may know which. */
static void a_step_on_labelled_steps_is_torch(void **state)
{
    const assay_model_options options = {.tuning = ASSAY_TUNE_FULL, .seed = 1, .steps = true};
    assay_tensor_file *golden;
    assay_error err = {0};
    (void)state;
    trainer_bench_check(assay_safetensors_open(&golden, "tests/data/golden/process_qwen2.safetensors", &err), &err);
    for (size_t c = 0; c < 2; c++)
        for (size_t tokens = 16; tokens <= 64; tokens *= 2) {
            material m;
            char key[32];
            assay_step_record record;
            assay_train_settings settings = {
                .batch_pairs = 3, .epochs = 1, .margin = -1, .budget = SIZE_MAX, .micro_tokens = tokens};
            settings.adam = (assay_optimizer_hyper){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
            trainer_bench_check(assay_objective_choose("process", 0, -1, &settings.objective, &err), &err);
            fill_steps(&m, golden, step_cases[c].labels);
            trainer_bench b = trainer_bench_open(STEPPED, NULL, &options, &settings, &m.set, 1);
            trainer_bench_check(assay_trainer_step(b.trainer, &record, &err), &err);
            snprintf(key, sizeof key, "%s.loss", step_cases[c].name);
            double loss = (double)*(const float *)find(golden, key)->data,
                   hits = record.accuracy * step_cases[c].accuracy_of;
            if (fabs(record.loss - loss) > 1e-6 * loss) fail_msg("loss %.9g, not %.9g", record.loss, loss);
            assert_true(fabs(hits - round(hits)) < 1e-9 && record.accuracy >= 0 && record.accuracy <= 1);
            assert_true(record.ties == 0 && record.tokens == 40 && record.tokens_shared == 0);
            compare(&b, golden, step_cases[c].name);
            trainer_bench_close(&b);
        }
    assay_tensor_file_close(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_on_rows_are_torch),
                                       cmocka_unit_test(a_step_on_attributes_is_torch),
                                       cmocka_unit_test(a_step_on_labelled_steps_is_torch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
