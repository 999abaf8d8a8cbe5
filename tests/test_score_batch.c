/* The one door to a reward: neighbours, cuts into micro-batches and traces change no bit; the offset is added once, in
 * double; a score that is no number stays inside, with the weight that made it. */
#include "test_support.h"

#include "container/safetensors.h"
#include "score/score_examples.h"
#include "score/score_lines.h"

#include <math.h>
#include <string.h>

enum { TEXTS = 12, LENGTH = 30, ROWS = 64 };

typedef struct door {
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_pool *pool;
    assay_engine *engine;
    assay_score_batch batch;
    int32_t ids[TEXTS][LENGTH];
    assay_ids texts[TEXTS];
} door;

static assay_error error;

static void good(assay_status status)
{
    if (status != ASSAY_OK) fail_msg("%s", error.text);
}

/* Texts 0 to 5 begin alike, the others are strangers. */
static void make_texts(door *d)
{
    for (size_t t = 0; t < TEXTS; t++) {
        for (size_t i = 0; i < LENGTH; i++)
            d->ids[t][i] = (int32_t)(t < 6 && i < 12 ? 3 + i : (7 * t + 11 * i + t * i) % 60);
        d->texts[t] = (assay_ids){.data = d->ids[t], .count = 18 + t};
    }
}

/* label NULL: the checkpoint has but one. */
static void open_labelled(door *d, const char *folder, const char *label, size_t tokens, double offset, bool every_row)
{
    const assay_kernels *kernels = NULL;
    const assay_model_options options = {.need_head = true, .all_rows = every_row};
    *d = (door){0};
    make_texts(d);
    good(assay_checkpoint_open(&d->checkpoint, folder, 0, &error));
    if (label) good(assay_checkpoint_choose_label(d->checkpoint, NULL, label, &error));
    good(assay_model_open(&d->model, d->checkpoint, NULL, &options, &error));
    good(assay_pool_create(&d->pool, 1, &error));
    good(assay_kernels_select(&kernels, NULL, &error));
    const assay_engine_config config = {.program = d->model->program,
                                        .kernels = kernels,
                                        .pool = d->pool,
                                        .bounds = {.rows = {tokens, every_row ? tokens : ROWS}, .longest_path = ROWS}};
    good(assay_engine_create(&d->engine, &config, &error));
    for (size_t i = 0; i < d->model->program->param_count; i++)
        assay_engine_bind(d->engine, (int)i, &d->model->params[i]);
    const assay_score_setup setup = {.engine = d->engine,
                                     .model = d->model,
                                     .tokens = tokens,
                                     .rows = every_row ? tokens : ROWS,
                                     .offset = offset,
                                     .every_row = every_row};
    good(assay_score_batch_init(&d->batch, &setup, &error));
}

static void open_door(door *d, size_t tokens, double offset, bool every_row)
{
    open_labelled(d, "tests/data/golden/llama", NULL, tokens, offset, every_row);
}

static void close_door(door *d)
{
    assay_score_batch_release(&d->batch);
    assay_engine_free(d->engine);
    assay_model_close(d->model);
    assay_checkpoint_close(d->checkpoint);
    assay_pool_destroy(d->pool);
}

static void score_alone(door *d, double scores[TEXTS])
{
    for (size_t t = 0; t < TEXTS; t++) {
        assay_lot lot;
        good(assay_lot_begin(&lot, &d->texts[t], 1, false, &error));
        good(assay_score_batch_all(&d->batch, &lot, &error));
        scores[t] = lot.scores[0];
        assay_lot_release(&lot);
    }
}

static void company_changes_no_bit(void **state)
{
    (void)state;
    static const size_t room[] = {LENGTH, 47, 100, 1000};
    double wanted[TEXTS];
    for (size_t r = 0; r < sizeof room / sizeof *room; r++) {
        door d;
        assay_lot lot;
        open_door(&d, room[r], 0, false);
        if (r == 0) score_alone(&d, wanted);
        good(assay_lot_begin(&lot, d.texts, TEXTS, false, &error));
        good(assay_score_batch_all(&d.batch, &lot, &error));
        assert_memory_equal(lot.scores, wanted, sizeof wanted);
        assay_lot_release(&lot);
        close_door(&d);
    }
    assert_true(wanted[0] != wanted[1]);
}

static void what_begins_alike_is_computed_once(void **state)
{
    (void)state;
    door d;
    assay_lot lot;
    open_door(&d, 1000, 0, false);
    good(assay_lot_begin(&lot, d.texts, 6, false, &error));
    assert_true(assay_score_batch_add(&d.batch, &lot));
    good(assay_score_batch_run(&d.batch, &error));
    size_t apart = 0;
    for (size_t t = 0; t < 6; t++) apart += d.texts[t].count;
    assert_int_equal(d.batch.last_tokens, apart - 5 * 12);
    assert_int_equal(d.batch.last_texts, 6);
    assay_lot_release(&lot);
    close_door(&d);
}

/* In float the offset would be lost: half a unit in the last place of a reward. */
static void the_offset_is_added_in_double(void **state)
{
    (void)state;
    const double offset = 1e-12;
    double plain[TEXTS], moved[TEXTS];
    door d;
    open_door(&d, 100, 0, false);
    score_alone(&d, plain);
    close_door(&d);
    open_door(&d, 100, offset, false);
    score_alone(&d, moved);
    for (size_t t = 0; t < TEXTS; t++) assert_true(moved[t] == plain[t] + offset && moved[t] != plain[t]);
    close_door(&d);
}

/* By one pass over all rows, and as a chain in a program that gives a row a text: the same numbers, the last one the
 * score, each one that of the text cut there. */
static void traces_have_the_bits_of_cut_texts(void **state)
{
    (void)state;
    for (int every = 0; every < 2; every++) {
        door d;
        assay_lot lot, cut;
        open_door(&d, 100, 0.5, every);
        good(assay_lot_begin(&lot, d.texts, 2, true, &error));
        good(assay_score_batch_all(&d.batch, &lot, &error));
        for (size_t t = 0; t < 2; t++) {
            assert_true(lot.traces[t][d.texts[t].count - 1] == lot.scores[t]);
            assay_ids begin = {.data = d.ids[t], .count = 9};
            good(assay_lot_begin(&cut, &begin, 1, false, &error));
            good(assay_score_batch_all(&d.batch, &cut, &error));
            assert_true(cut.scores[0] == lot.traces[t][8]);
            assay_lot_release(&cut);
        }
        assay_lot_release(&lot);
        close_door(&d);
    }
}

static size_t owned_vector(const assay_model *model)
{
    size_t param = 0;
    while (param < model->program->param_count && !assay_model_own_f32(model, param)) param++;
    assert_true(param < model->program->param_count);
    return param;
}

static void no_nan_leaves(void **state)
{
    (void)state;
    door d;
    assay_lot lot;
    open_door(&d, 100, 0, false);
    size_t param = owned_vector(d.model);
    assay_model_own_f32(d.model, param)[0] = NAN;
    good(assay_lot_begin(&lot, d.texts, 1, false, &error));
    assert_int_equal(assay_score_batch_all(&d.batch, &lot, &error), ASSAY_E_NUMERIC);
    assert_non_null(strstr(error.text, d.model->program->params[param].name));
    assay_lot_release(&lot);
    close_door(&d);
    open_door(&d, 100, INFINITY, false);
    good(assay_lot_begin(&lot, d.texts, 1, false, &error));
    assert_int_equal(assay_score_batch_all(&d.batch, &lot, &error), ASSAY_E_NUMERIC);
    assert_non_null(strstr(error.text, "no weight is NaN or infinite"));
    assay_lot_release(&lot);
    close_door(&d);
}

static void a_text_too_large_is_refused(void **state)
{
    (void)state;
    door d;
    assay_lot lot;
    open_door(&d, 20, 0, false);
    good(assay_lot_begin(&lot, &d.texts[TEXTS - 1], 1, false, &error));
    assert_int_equal(assay_score_batch_all(&d.batch, &lot, &error), ASSAY_E_NO_FIT);
    assert_non_null(strstr(error.text, "29 tokens does not fit into a micro-batch of 20"));
    assay_lot_release(&lot);
    close_door(&d);
}

typedef struct shelf {
    double scores[TEXTS];
    size_t count, dropped;
} shelf;

static assay_status put_on_shelf(void *context, assay_lot *lot, assay_error *err)
{
    shelf *s = context;
    (void)err;
    assert_int_equal(lot->status, ASSAY_OK);
    assert_ptr_equal(lot->owner, s);
    for (size_t i = 0; i < lot->count; i++) s->scores[s->count++] = lot->scores[i];
    return ASSAY_OK;
}

static void count_drop(void *owner) { ((shelf *)owner)->dropped++; }

static void lines_leave_in_order(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 5, 2, 4};
    door d;
    double wanted[TEXTS];
    shelf s = {.count = 0};
    assay_score_lines *lines;
    open_door(&d, 50, 0, false);
    score_alone(&d, wanted);
    const assay_score_taker taker = {.take = put_on_shelf, .drop = count_drop, .context = &s};
    good(assay_score_lines_open(&lines, &d.batch, &taker, &error));
    for (size_t i = 0, at = 0; i < 4; at += sizes[i++]) {
        assay_ids scratch[5];
        memcpy(scratch, d.texts + at, sizes[i] * sizeof *scratch);
        good(assay_score_lines_add(lines, scratch, NULL, sizes[i], &s, &error));
        memset(scratch, 0, sizeof scratch);
    }
    good(assay_score_lines_finish(lines, &error));
    assert_true(s.count == TEXTS && s.dropped == 4);
    assert_memory_equal(s.scores, wanted, sizeof wanted);
    good(assay_score_lines_add(lines, d.texts, NULL, 1, &s, &error));
    assay_score_lines_close(lines);
    assert_true(s.dropped == 5 && d.batch.placed_count == 0);
    close_door(&d);
}

/* Every label by name and by number, against the reference's logits (tests/oracle/make_label_golden.py). Sums of 16 and
 * 24 products in f32, of logits about 1, differ by less than 1e-6 between two orders; another row's differ by tenths.
 */
static void check_labels(const char *folder)
{
    static const char *const labels[] = {"helpful", "correct", "safe", "0", "1", "2"};
    char path[160];
    assay_tensor_file *golden;
    snprintf(path, sizeof path, "%s/golden.safetensors", folder);
    good(assay_safetensors_open(&golden, path, &error));
    const float *logits = assay_tensor_file_find(golden, "logits")->data;
    for (size_t l = 0; l < 6; l++) {
        door d;
        open_labelled(&d, folder, labels[l], 64, 0, false);
        for (size_t t = 0; t < 3; t++) {
            char name[16];
            snprintf(name, sizeof name, "ids.%zu", t);
            const assay_tensor *ids = assay_tensor_file_find(golden, name);
            const assay_ids text = {.data = (int32_t *)(uintptr_t)ids->data, .count = ids->shape[0]};
            assay_lot lot;
            good(assay_lot_begin(&lot, &text, 1, false, &error));
            good(assay_lot_want_labels(&lot, d.batch.outputs, &error));
            good(assay_score_batch_all(&d.batch, &lot, &error));
            double wanted = (double)logits[3 * t + l % 3];
            if (!(fabs(lot.scores[0] - wanted) < 1e-5))
                fail_msg("%s, label %s, text %zu: %.9g, expected %.9g", folder, labels[l], t, lot.scores[0], wanted);
            assert_memory_equal(&lot.labels[l % 3], lot.scores, sizeof *lot.scores);
            for (size_t k = 0; k < 3; k++)
                if (!(fabs(lot.labels[k] - (double)logits[3 * t + k]) < 1e-5))
                    fail_msg("%s, label %zu of all, text %zu: %.9g", folder, k, t, lot.labels[k]);
            assay_lot_release(&lot);
        }
        close_door(&d);
    }
    assay_tensor_file_close(golden);
}

static void a_label_is_its_row(void **state)
{
    (void)state;
    check_labels("tests/data/golden/labels_llama"); /* its head has a bias */
    check_labels("tests/data/golden/labels_qwen2");
    check_labels("tests/data/golden/head_mlp_labels"); /* of two layers with ReLU */
}

/* Heads of other trainers, each text at its last id, against their classes (tests/oracle/make_head_golden.py): the same
 * sums as above, and one layer of 16 products more at most. Together in one micro-batch they have the same bits. */
enum { MOST = 4 };

static assay_tensor_file *open_texts(const char *folder, assay_ids texts[MOST])
{
    char path[160];
    assay_tensor_file *golden;
    snprintf(path, sizeof path, "%s/golden.safetensors", folder);
    good(assay_safetensors_open(&golden, path, &error));
    for (size_t t = 0; t < MOST; t++) {
        snprintf(path, sizeof path, "ids.%zu", t);
        const assay_tensor *ids = assay_tensor_file_find(golden, path);
        texts[t] = (assay_ids){.data = (int32_t *)(uintptr_t)ids->data, .count = ids->shape[0]};
    }
    return golden;
}

static void check_head(const char *kind)
{
    char folder[96];
    assay_ids texts[MOST];
    assay_lot together, alone;
    door d;
    snprintf(folder, sizeof folder, "tests/data/golden/head_%s", kind);
    assay_tensor_file *golden = open_texts(folder, texts);
    const double *wanted = assay_tensor_file_find(golden, "scores")->data;
    open_labelled(&d, folder, NULL, 128, 0, false);
    good(assay_lot_begin(&together, texts, MOST, false, &error));
    good(assay_score_batch_all(&d.batch, &together, &error));
    for (size_t t = 0; t < MOST; t++) {
        good(assay_lot_begin(&alone, &texts[t], 1, false, &error));
        good(assay_score_batch_all(&d.batch, &alone, &error));
        assert_memory_equal(alone.scores, &together.scores[t], sizeof *alone.scores);
        if (!(fabs(alone.scores[0] - wanted[t]) < 1e-5))
            fail_msg("%s, text %zu: %.9g, expected %.9g", kind, t, alone.scores[0], wanted[t]);
        assay_lot_release(&alone);
    }
    assay_lot_release(&together);
    close_door(&d);
    assay_tensor_file_close(golden);
}

static void heads_of_others_score_as_their_classes(void **state)
{
    static const char *const kinds[] = {"qwen2_rm",       "inf_orm", "internlm2", "trl",    "openrlhf",
                                        "openrlhf_score", "ultrarm", "beaver",    "armorm", "grm"};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) check_head(kinds[i]);
}

/* Objectives and what each counts, as ArmoRM's class returns them: softmax and sums of 16 products. Two of the texts
 * begin alike with their gate in what they share, which is computed once. */
static void a_gate_says_what_objectives_count(void **state)
{
    enum { OBJECTIVES = 19, OUTPUTS = 1 + 2 * OBJECTIVES };
    const char *folder = "tests/data/golden/head_armorm";
    assay_ids texts[MOST];
    assay_lot lot;
    size_t tokens = 0;
    door d;
    (void)state;
    assay_tensor_file *golden = open_texts(folder, texts);
    const float *rewards = assay_tensor_file_find(golden, "rewards")->data,
                *gating = assay_tensor_file_find(golden, "gating")->data;
    open_labelled(&d, folder, NULL, 128, 0, false);
    good(assay_lot_begin(&lot, texts, MOST, false, &error));
    good(assay_lot_want_labels(&lot, d.batch.outputs, &error));
    assert_int_equal(d.batch.outputs, OUTPUTS);
    good(assay_score_batch_all(&d.batch, &lot, &error));
    for (size_t t = 0; t < MOST; t++) {
        const double *row = lot.labels + t * OUTPUTS;
        tokens += texts[t].count;
        assert_memory_equal(row, &lot.scores[t], sizeof *row);
        for (size_t k = 0; k < OBJECTIVES; k++) {
            double reward = (double)rewards[t * OBJECTIVES + k], share = (double)gating[t * OBJECTIVES + k];
            if (!(fabs(row[1 + k] - reward) < 1e-5 && fabs(row[1 + OBJECTIVES + k] - share) < 1e-6))
                fail_msg("text %zu, objective %zu: %.9g counts %.9g, expected %.9g, %.9g", t, k, row[1 + k],
                         row[1 + OBJECTIVES + k], reward, share);
        }
    }
    assert_int_equal(d.batch.last_tokens, tokens - 20); /* "twice as sab longsab" */
    assay_lot_release(&lot);
    close_door(&d);
    open_labelled(&d, folder, "helpsteer-verbosity", 128, 0, false);
    good(assay_lot_begin(&lot, texts, 1, false, &error));
    good(assay_score_batch_all(&d.batch, &lot, &error));
    if (!(fabs(lot.scores[0] - (double)rewards[4]) < 1e-5)) fail_msg("%.9g", lot.scores[0]);
    assay_lot_release(&lot);
    close_door(&d);
    assay_tensor_file_close(golden);
}

/* An answer that says the pattern again has a gate of its own: it shares nothing, and the others' scores stay. */
static void gates_that_differ_are_not_shared(void **state)
{
    assay_ids texts[MOST];
    int32_t longer[ROWS];
    assay_lot lot;
    double together[2];
    door d;
    (void)state;
    assay_tensor_file *golden = open_texts("tests/data/golden/head_armorm", texts);
    memcpy(longer, texts[2].data, texts[2].count * sizeof *longer);
    memcpy(longer + texts[2].count, texts[2].data + 17, 3 * sizeof *longer); /* "sab", then a letter */
    longer[texts[2].count + 3] = 7;
    const assay_ids pair[] = {texts[2], {.data = longer, .count = texts[2].count + 4}};
    open_labelled(&d, "tests/data/golden/head_armorm", NULL, 128, 0, false);
    good(assay_lot_begin(&lot, pair, 2, false, &error));
    good(assay_score_batch_all(&d.batch, &lot, &error));
    memcpy(together, lot.scores, sizeof together);
    assert_int_equal(d.batch.last_tokens, pair[0].count + pair[1].count);
    assay_lot_release(&lot);
    for (size_t t = 0; t < 2; t++) {
        good(assay_lot_begin(&lot, &pair[t], 1, false, &error));
        good(assay_score_batch_all(&d.batch, &lot, &error));
        assert_memory_equal(lot.scores, &together[t], sizeof *lot.scores);
        assay_lot_release(&lot);
    }
    close_door(&d);
    assay_tensor_file_close(golden);
}

/* Training on from a head of this kind would leave it out, or begin another. */
static void a_head_of_others_is_not_trained_on(void **state)
{
    const assay_model_options options = {.tuning = ASSAY_TUNE_HEAD};
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_error why = {0};
    (void)state;
    good(assay_checkpoint_open(&checkpoint, "tests/data/golden/head_qwen2_rm", 0, &error));
    assert_int_equal(assay_model_open(&model, checkpoint, NULL, &options, &why), ASSAY_E_UNSUPPORTED);
    if (!strstr(why.text, "score.0, score.2") || !strstr(why.text, "assay train --model BASE"))
        fail_msg("%s", why.text);
    assay_checkpoint_close(checkpoint);
}

static void refuse_label(const char *folder, const char *label, const char *says)
{
    assay_checkpoint *checkpoint;
    assay_error why = {0};
    good(assay_checkpoint_open(&checkpoint, folder, 0, &error));
    assert_int_equal(assay_checkpoint_choose_label(checkpoint, NULL, label, &why), ASSAY_E_USAGE);
    if (!strstr(why.text, says)) fail_msg("%s", why.text);
    assay_checkpoint_close(checkpoint);
}

static void what_is_no_label_is_refused(void **state)
{
    (void)state;
    const char *folder = "tests/data/golden/labels_qwen2";
    const assay_model_options options = {.need_head = true};
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_error why = {0};
    refuse_label(folder, "kind",
                 "--label kind: tests/data/golden/labels_qwen2 has the labels 0 (helpful), 1 (correct)");
    refuse_label(folder, "3", "give one of them");
    refuse_label(folder, "", "give one of them");
    refuse_label(folder, "99999999999999999999999", "give one of them");
    good(assay_checkpoint_open(&checkpoint, folder, 0, &error));
    assert_int_equal(assay_model_open(&model, checkpoint, NULL, &options, &why), ASSAY_E_UNSUPPORTED);
    if (!strstr(why.text, "helpful, correct, safe") || !strstr(why.text, "--label NAME")) fail_msg("%s", why.text);
    assay_checkpoint_close(checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(company_changes_no_bit),
        cmocka_unit_test(what_begins_alike_is_computed_once),
        cmocka_unit_test(the_offset_is_added_in_double),
        cmocka_unit_test(traces_have_the_bits_of_cut_texts),
        cmocka_unit_test(no_nan_leaves),
        cmocka_unit_test(a_text_too_large_is_refused),
        cmocka_unit_test(lines_leave_in_order),
        cmocka_unit_test(a_label_is_its_row),
        cmocka_unit_test(what_is_no_label_is_refused),
        cmocka_unit_test(heads_of_others_score_as_their_classes),
        cmocka_unit_test(a_gate_says_what_objectives_count),
        cmocka_unit_test(gates_that_differ_are_not_shared),
        cmocka_unit_test(a_head_of_others_is_not_trained_on),
    };
    return cmocka_run_group_tests_name("score_batch", tests, NULL, NULL);
}
