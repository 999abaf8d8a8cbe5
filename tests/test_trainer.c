/* Training: the optimizer on given gradients, accumulation, resumption, the schedule and the loss; all on the golden
 * Llama.
 *
 *     test_trainer --train MODEL STEPS.jsonl OUT --adapter DIR [--lr X]
 *
 * makes the steps of tests/oracle/training_steps.py with a constant rate and leaves metrics.jsonl and the adapter in
 * OUT, for its `compare`.
 */
#include "test_support.h"
#include "trainer_bench.h"
#include "trainer_material.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "container/safetensors.h"
#include "model/model_save.h"
#include "optim/optimizer.h"
#include "train/loss.h"
#include "train/metrics.h"
#include "train/run.h"
#include "train/train_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static trainer_bench open_bench(const char *path, const char *adapter, assay_tuning tuning,
                                const assay_train_settings *settings, const material *m, int threads)
{
    const assay_model_options options = {
        .tuning = tuning, .lora = tuning == ASSAY_TUNE_LORA ? &material_lora : NULL, .seed = 1};
    return trainer_bench_open(path, adapter, &options, settings, &m->set, threads);
}

static void run_steps(trainer_bench *b, uint64_t until)
{
    assay_error err;
    assay_step_record record;
    while (b->trainer->step < until) trainer_bench_check(assay_trainer_step(b->trainer, &record, &err), &err);
}

static uint64_t weights_hash(const trainer_bench *b)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < b->trainer->optimizer->count; i++) {
        const assay_optimizer_item *item = &b->trainer->optimizer->items[i];
        const float *parts[] = {item->weight, item->gradient, item->m, item->v};
        for (int p = 0; p < 4; p++)
            for (size_t j = 0; j < item->count; j++) {
                uint32_t bits;
                memcpy(&bits, &parts[p][j], sizeof bits);
                hash = (hash ^ bits) * 1099511628211u;
            }
    }
    return hash;
}

static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL, ASSAY_TUNE_HEAD};

/* Smallest and largest micro-batch, one and two threads, everything replayed: the same weights, gradients and moments
 * after nine steps. */
static uint64_t hash_of_every_way(const material *m, assay_tuning tuning, size_t lanes)
{
    uint64_t first = 0;
    for (int variant = 0; variant < 4; variant++) {
        assay_train_settings settings = material_settings(variant == 0 ? 60 : variant == 1 ? 300 : 0);
        settings.recompute = variant == 3 ? ASSAY_RECOMPUTE_ALL : ASSAY_RECOMPUTE_OFF;
        settings.lanes = lanes;
        trainer_bench b = open_bench("tests/data/golden/llama", NULL, tuning, &settings, m, variant % 2 + 1);
        run_steps(&b, 9);
        uint64_t hash = weights_hash(&b);
        if (variant == 0) first = hash;
        assert_true(hash == first);
        trainer_bench_close(&b);
    }
    return first;
}

static void test_accumulation_changes_no_bit(void **state)
{
    material m = {0};
    (void)state;
    material_random(&m, 18);
    for (size_t t = 0; t < 3; t++) hash_of_every_way(&m, tunings[t], 1);
    material_release(&m);
}

/* So it is with lanes, some of them empty too (six pairs in eight). Their number is seen in the bits; 0 is 1. */
static void test_lanes_have_their_own_bits(void **state)
{
    material m = {0};
    (void)state;
    material_random(&m, 18);
    for (size_t t = 0; t < 3; t++) {
        uint64_t one = hash_of_every_way(&m, tunings[t], 1);
        assert_true(one == hash_of_every_way(&m, tunings[t], 0));
        assert_true(one != hash_of_every_way(&m, tunings[t], 8));
    }
    material_release(&m);
}

/* What waits between lanes is in the plan, byte for byte, and no micro-batch is planned larger than a lane. */
static void test_lanes_are_planned(void **state)
{
    material m = {0};
    assay_train_settings one = material_settings(0), eight = one;
    (void)state;
    material_random(&m, 18);
    eight.lanes = 8;
    trainer_bench a = open_bench("tests/data/golden/llama", NULL, ASSAY_TUNE_FULL, &one, &m, 1),
                  b = open_bench("tests/data/golden/llama", NULL, ASSAY_TUNE_FULL, &eight, &m, 1);
    const assay_plan *small = &a.trainer->plan, *large = &b.trainer->plan;
    size_t values = assay_model_weights(a.model, true);
    assert_int_equal(large->total_bytes - large->arena_bytes,
                     small->total_bytes - small->arena_bytes + 3 * values * sizeof(float));
    assert_true(large->micro_tokens < small->micro_tokens);
    run_steps(&b, 3);
    assert_true(assay_trainer_peak_bytes(b.trainer) <= large->total_bytes);
    trainer_bench_close(&a);
    trainer_bench_close(&b);
    material_release(&m);
}

/* Stop after every step in turn, load the state into a new trainer, go on: the end is the same to the last bit. */
static void test_resume_changes_no_bit(void **state)
{
    material m = {0};
    assay_error err;
    assay_fingerprints prints = {.base = "b", .data = "d", .settings = "s"};
    (void)state;
    material_random(&m, 20);
    for (size_t t = 0; t < 3; t++) {
        assay_train_settings settings = material_settings(0);
        trainer_bench whole = open_bench("tests/data/golden/llama", NULL, tunings[t], &settings, &m, 1);
        run_steps(&whole, 8);
        for (uint64_t stop = 1; stop < 8; stop++) {
            char folder[] = "/tmp/assay-state-XXXXXX";
            assert_non_null(mkdtemp(folder));
            trainer_bench first = open_bench("tests/data/golden/llama", NULL, tunings[t], &settings, &m, 1);
            run_steps(&first, stop);
            assay_assembly all;
            trainer_bench_check(assay_assembly_make(&all, first.trainer, folder, true, &err), &err);
            trainer_bench_check(assay_train_state_save(&all, &prints, folder, &err), &err);
            assay_assembly_release(&all);
            trainer_bench_close(&first);
            trainer_bench second = open_bench("tests/data/golden/llama", NULL, tunings[t], &settings, &m, 2);
            trainer_bench_check(assay_train_state_load(second.trainer, &prints, folder, &err), &err);
            run_steps(&second, 8);
            assert_true(weights_hash(&second) == weights_hash(&whole));
            strcpy(prints.data, "x");
            assert_int_equal(assay_train_state_load(second.trainer, &prints, folder, &err), ASSAY_E_USAGE);
            strcpy(prints.data, "d");
            trainer_bench_close(&second);
            assay_remove_tree(folder, NULL);
        }
        trainer_bench_close(&whole);
    }
    material_release(&m);
}

static void say_no_memory(void *context, const assay_trainer *trainer, const assay_step_record *record)
{
    (void)trainer;
    *(bool *)context = record->step == 3;
}

/* The memory watch asks for a stop after step 3: a checkpoint is there, the message says how to go on, and the resumed
 * run ends as if never stopped. */
static void test_a_stop_for_memory_can_be_resumed(void **state)
{
    material m = {0};
    assay_error err;
    assay_run_outcome outcome;
    bool no_memory = false;
    char folder[] = "/tmp/assay-memory-XXXXXX", from[64];
    (void)state;
    material_random(&m, 20);
    assert_non_null(mkdtemp(folder));
    snprintf(from, sizeof from, "%s/checkpoint-3", folder);
    assay_train_settings settings = material_settings(0);
    assay_run_settings run = {.output = folder,
                              .save_steps = -1,
                              .eval_steps = -1,
                              .log_steps = 1,
                              .keep = 3,
                              .prints = {.base = "b", .data = "d", .settings = "s"},
                              .on_step = say_no_memory,
                              .listener = &no_memory,
                              .out_of_memory = &no_memory};
    trainer_bench whole = open_bench("tests/data/golden/llama", NULL, ASSAY_TUNE_LORA, &settings, &m, 1);
    run_steps(&whole, whole.trainer->total_steps);
    trainer_bench stopped = open_bench("tests/data/golden/llama", NULL, ASSAY_TUNE_LORA, &settings, &m, 1);
    assert_int_equal(assay_run(stopped.trainer, NULL, &run, &outcome, &err), ASSAY_E_NO_FIT);
    assert_int_equal(assay_status_exit_code(ASSAY_E_NO_FIT), 3);
    assert_true(strstr(err.text, "memory ran out") && strstr(err.text, "--resume") &&
                strstr(err.text, "checkpoint-3") && assay_path_is_dir(from));
    run.resume_from = from;
    no_memory = false;
    trainer_bench resumed = open_bench("tests/data/golden/llama", NULL, ASSAY_TUNE_LORA, &settings, &m, 1);
    trainer_bench_check(assay_run(resumed.trainer, NULL, &run, &outcome, &err), &err);
    assert_true(weights_hash(&resumed) == weights_hash(&whole));
    trainer_bench_close(&whole);
    trainer_bench_close(&stopped);
    trainer_bench_close(&resumed);
    assay_remove_tree(folder, NULL);
    material_release(&m);
}

/* A scheduler's signal that comes while a step is under way: the step is given up behind its micro-batch, nothing is
 * updated, and going on ends as if it had never come (weights, gradients and moments). Ctrl-C lets the step end. */
static void test_a_step_can_be_given_up(void **state)
{
    material m = {0};
    assay_error err;
    assay_step_record record;
    volatile sig_atomic_t by_hand = SIGINT;
    (void)state;
    material_random(&m, 20);
    for (size_t t = 0; t < 3; t++) {
        assay_train_settings settings = material_settings(60); /* several micro-batches a step */
        trainer_bench whole = open_bench("tests/data/golden/llama", NULL, tunings[t], &settings, &m, 1);
        run_steps(&whole, 8);
        trainer_bench b = open_bench("tests/data/golden/llama", NULL, tunings[t], &settings, &m, 1);
        run_steps(&b, 2);
        /* Not 0 from the step's first micro-batch on: the bits of its first reward. */
        b.trainer->rewards[0] = 0;
        b.trainer->interrupted = (const volatile sig_atomic_t *)(const volatile void *)b.trainer->rewards;
        assert_int_equal(assay_trainer_step(b.trainer, &record, &err), ASSAY_E_STOPPED);
        assert_true(*b.trainer->interrupted && b.trainer->step == 2);
        b.trainer->interrupted = &by_hand;
        trainer_bench_check(assay_trainer_step(b.trainer, &record, &err), &err);
        run_steps(&b, 8);
        assert_true(weights_hash(&b) == weights_hash(&whole));
        trainer_bench_close(&b);
        trainer_bench_close(&whole);
    }
    material_release(&m);
}

static const float *tensor(const assay_tensor_file *file, const char *format, int a, int b)
{
    char name[64];
    snprintf(name, sizeof name, format, a, b);
    const assay_tensor *found = assay_tensor_file_find(file, name);
    if (!found) fail_msg("%s is missing", name);
    return found->data;
}

/* torch.optim.AdamW on given gradients: 2e-6 of the weights' size is a dozen roundings over five steps. */
static void test_adamw_is_torch(void **state)
{
    assay_error err;
    assay_tensor_file *golden;
    assay_pool *pool;
    (void)state;
    trainer_bench_check(assay_safetensors_open(&golden, "tests/data/golden/adamw.safetensors", &err), &err);
    trainer_bench_check(assay_pool_create(&pool, 1, &err), &err);
    size_t tensors = 0;
    while (tensors < 8) {
        char name[64];
        snprintf(name, sizeof name, "weight.0.%zu", tensors);
        if (!assay_tensor_file_find(golden, name)) break;
        tensors++;
    }
    assert_true(tensors > 0);
    assay_optimizer_item items[8];
    for (size_t t = 0; t < tensors; t++) {
        char name[64];
        snprintf(name, sizeof name, "weight.0.%zu", t);
        const assay_tensor *start = assay_tensor_file_find(golden, name);
        size_t count = start->bytes / sizeof(float);
        items[t] = (assay_optimizer_item){
            .weight = assay_alloc(count, 4), .gradient = assay_alloc(count, 4), .count = count, .decay = true};
        memcpy(items[t].weight, start->data, start->bytes);
    }
    assay_optimizer *optimizer;
    trainer_bench_check(assay_optimizer_create(&optimizer, items, tensors, &err), &err);
    const float *factors = tensor(golden, "clip", 0, 0), *lr = tensor(golden, "lr", 0, 0),
                *norms = tensor(golden, "norm", 0, 0);
    for (int step = 0; step < 5; step++) {
        for (size_t t = 0; t < tensors; t++)
            memcpy(items[t].gradient, tensor(golden, "grad.%d.%d", step + 1, (int)t), items[t].count * 4);
        double norm = assay_optimizer_norm(optimizer, &assay_kernels_plain);
        assert_true(fabs(norm - (double)norms[step]) <= 1e-6 * norm);
        assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01, .clip = 1};
        assert_true(fabs(fmin(1 / (norm + 1e-6), 1) - (double)factors[step]) < 1e-6);
        assay_optimizer_step(optimizer, &assay_kernels_plain, pool, &hyper, (double)lr[step], norm);
        for (size_t t = 0; t < tensors; t++) {
            const float *expected = tensor(golden, "weight.%d.%d", step + 1, (int)t);
            const float *m = tensor(golden, "exp_avg.%d.%d", step + 1, (int)t),
                        *v = tensor(golden, "exp_avg_sq.%d.%d", step + 1, (int)t);
            for (size_t j = 0; j < items[t].count; j++) {
                assert_true(fabsf(items[t].weight[j] - expected[j]) <= 2e-6f * (1 + fabsf(expected[j])));
                assert_true(fabsf(optimizer->items[t].m[j] - m[j]) <= 1e-6f * (1e-3f + fabsf(m[j])));
                assert_true(fabsf(optimizer->items[t].v[j] - v[j]) <= 2e-6f * fabsf(v[j]) + 1e-12f);
            }
        }
    }
    for (size_t t = 0; t < tensors; t++) {
        assay_free(items[t].weight);
        assay_free(items[t].gradient);
    }
    assay_optimizer_free(optimizer);
    assay_pool_destroy(pool);
    assay_tensor_file_close(golden);
}

/* A list of three answers and a pair, each against central differences in double; 1e-8 is the difference's own error.
 */
static void check_slopes(const assay_train_settings *settings, size_t count, double spread)
{
    const double h = 1e-5;
    double rewards[3] = {spread, -0.5 * spread, 0.4}, slopes[3], values[3] = {2, 1, 1};
    assay_pair pair = {.equal_is_tie = true};
    const assay_pair_set pairs = {.pairs = &pair, .count = 1};
    const assay_example_set set = {.pairs = &pairs, .values = values};
    const assay_example e = {.count = count, .share = (double)NAN, .margin = (double)NAN, .weight = 2};
    const assay_loss_room room = {rewards, slopes, 1};
    for (size_t i = 0; i < count; i++) {
        double kept = rewards[i];
        rewards[i] = kept + h;
        double above = assay_example_loss(&room, settings, &set, &e);
        rewards[i] = kept - h;
        double by_differences = (above - assay_example_loss(&room, settings, &set, &e)) / (2 * h);
        rewards[i] = kept;
        assay_example_loss(&room, settings, &set, &e);
        assert_true(fabs(by_differences - slopes[i]) < 1e-8 * (1 + fabs(by_differences) * 1e2));
    }
}

static void test_loss_gradient(void **state)
{
    static const char *const names[] = {"bt", "all-pairs", "plackett-luce", "first-best", "rao-kupper"};
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        assay_train_settings s = {.margin = 0.5, .center = 0.02};
        trainer_bench_check(assay_objective_choose(names[n], 0, -1, &s.objective, NULL), NULL);
        for (double spread = -30; spread <= 30; spread += 1.3) {
            check_slopes(&s, 2, spread);
            check_slopes(&s, 3, spread);
        }
    }
}

/* Equal values are not compared; equal rewards count half. */
static void test_order_of_lists(void **state)
{
    double values[] = {3, 1, 1, 1, 0}, in_order[] = {2, 1, 0}, mixed[] = {1, 2, 0};
    const assay_example_set set = {.values = values};
    const assay_example list = {.count = 3}, pair = {.answers = 3, .count = 2};
    (void)state;
    assert_true(assay_example_order(&set, &list, in_order) == 1);
    assert_true(assay_example_order(&set, &list, mixed) == 0.5);
    assert_true(assay_example_order(&set, &pair, in_order) == 1);
    assert_true(assay_example_order(&set, &pair, (double[]){1, 1}) == 0.5);
}

static void test_schedule(void **state)
{
    assay_lr_schedule s = {.shape = ASSAY_LR_COSINE, .total = 100, .warmup = 10, .floor = 0.1};
    (void)state;
    assert_true(assay_lr_share(&s, 0) == 0.1 && assay_lr_share(&s, 9) == 1 && assay_lr_share(&s, 10) == 1);
    assert_true(fabs(assay_lr_share(&s, 55) - 0.55) < 1e-12 && fabs(assay_lr_share(&s, 100) - 0.1) < 1e-12);
    s.shape = ASSAY_LR_LINEAR;
    assert_true(fabs(assay_lr_share(&s, 55) - 0.5) < 1e-12 && assay_lr_share(&s, 100) == 0);
    s.shape = ASSAY_LR_CONSTANT;
    assert_true(assay_lr_share(&s, 99) == 1);
}

static size_t read_ids(const json_t *list, int32_t *ids)
{
    for (size_t i = 0; i < json_array_size(list); i++) ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
    return json_array_size(list);
}

static size_t read_steps(const char *path, material *m)
{
    char *text, *line;
    assay_error err;
    size_t size, per_step = 0;
    trainer_bench_check(assay_file_read(path, 1 << 28, &text, &size, &err), &err);
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *step, *pair;
        size_t i;
        trainer_bench_check(assay_json_parse(line, strlen(line), path, &step, &err), &err);
        per_step = json_array_size(json_object_get(step, "pairs"));
        json_array_foreach(json_object_get(step, "pairs"), i, pair)
        {
            int32_t chosen[4096], rejected[4096];
            size_t c = read_ids(json_object_get(pair, "chosen"), chosen),
                   r = read_ids(json_object_get(pair, "rejected"), rejected);
            material_add_example(m, chosen, c, rejected, r);
        }
        json_decref(step);
    }
    assay_free(text);
    material_finish(m);
    return per_step;
}

static int train(char **argv, int argc)
{
    material m = {0};
    assay_metrics metrics;
    assay_step_record record;
    assay_error err;
    size_t per_step = read_steps(argv[3], &m);
    assay_train_settings settings = {.batch_pairs = per_step,
                                     .epochs = 1,
                                     .lr = argc > 8 ? atof(argv[8]) : 1e-4,
                                     .shape = ASSAY_LR_CONSTANT,
                                     .budget = SIZE_MAX,
                                     .adam = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip = 1}};
    trainer_bench b = open_bench(argv[2], argv[6], ASSAY_TUNE_LORA, &settings, &m, 0);
    for (uint32_t i = 0; i < m.set.count; i++) b.trainer->sampler.order[i] = i;
    trainer_bench_check(assay_make_dirs(argv[4], &err), &err);
    trainer_bench_check(assay_metrics_open(&metrics, argv[4], 0, &err), &err);
    while (b.trainer->step < b.trainer->total_steps) {
        trainer_bench_check(assay_trainer_step(b.trainer, &record, &err), &err);
        trainer_bench_check(assay_metrics_step(&metrics, b.trainer, &record, &err), &err);
    }
    assay_metrics_close(&metrics);
    assay_save_options save = {.adapter = &b.adapter->config, .pad_token = -1};
    trainer_bench_check(assay_model_save_adapter(b.model, &save, argv[4], &err), &err);
    trainer_bench_close(&b);
    material_release(&m);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adamw_is_torch),
        cmocka_unit_test(test_loss_gradient),
        cmocka_unit_test(test_order_of_lists),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_accumulation_changes_no_bit),
        cmocka_unit_test(test_lanes_have_their_own_bits),
        cmocka_unit_test(test_lanes_are_planned),
        cmocka_unit_test(test_resume_changes_no_bit),
        cmocka_unit_test(test_a_stop_for_memory_can_be_resumed),
        cmocka_unit_test(test_a_step_can_be_given_up),
    };
    if (argc > 6 && !strcmp(argv[1], "--train")) return train(argv, argc);
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
