/* Heads that others trained, against their reference's numbers: the checkpoints of tests/data/golden were saved by the
 * reference's own class (tests/oracle/make_token_head_golden.py, make_head_golden.py). */
#include "test_support.h"

#include "container/safetensors.h"
#include "score/score_batch.h"

#include <math.h>
#include <string.h>

enum { ROWS = 64, LONGEST = 40 };

typedef struct scorer {
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_pool *pool;
    assay_engine *engine;
    assay_score_batch batch;
    assay_tensor_file *golden;
} scorer;

static assay_error error;

static void good(assay_status status)
{
    if (status != ASSAY_OK) fail_msg("%s", error.text);
}

static void open_engine(scorer *s)
{
    const assay_kernels *kernels = NULL;
    good(assay_pool_create(&s->pool, 1, &error));
    good(assay_kernels_select(&kernels, NULL, &error));
    const assay_engine_config config = {.program = s->model->program,
                                        .kernels = kernels,
                                        .pool = s->pool,
                                        .bounds = {.rows = {ROWS, ROWS}, .longest_path = LONGEST}};
    good(assay_engine_create(&s->engine, &config, &error));
    for (size_t i = 0; i < s->model->program->param_count; i++)
        assay_engine_bind(s->engine, (int)i, &s->model->params[i]);
    const assay_score_setup setup = {.engine = s->engine, .model = s->model, .tokens = ROWS, .rows = ROWS};
    good(assay_score_batch_init(&s->batch, &setup, &error));
}

static const assay_tensor *golden(const scorer *s, const char *name)
{
    const assay_tensor *found = assay_tensor_file_find(s->golden, name);
    if (!found) fail_msg("%s: no %s", s->golden->path, name);
    return found;
}

static void open_scorer(scorer *s, const char *folder, bool tokens)
{
    char path[160];
    *s = (scorer){0};
    snprintf(path, sizeof path, "%s/golden.safetensors", folder);
    good(assay_safetensors_open(&s->golden, path, &error));
    good(assay_checkpoint_open(&s->checkpoint, folder, 0, &error));
    const assay_model_options options = {.need_head = true, .head_tokens = tokens ? golden(s, "tokens")->data : NULL};
    good(assay_model_open(&s->model, s->checkpoint, NULL, &options, &error));
    open_engine(s);
}

static void close_scorer(scorer *s)
{
    assay_score_batch_release(&s->batch);
    assay_engine_free(s->engine);
    assay_model_close(s->model);
    assay_checkpoint_close(s->checkpoint);
    assay_pool_destroy(s->pool);
    assay_tensor_file_close(s->golden);
}

/* Sums of 16 and 24 products in f32 of numbers about 1 differ by less than 1e-6 between two orders; another row's
 * differ by tenths. */
static void compare(scorer *s, const char *name)
{
    const assay_tensor *wanted = golden(s, name);
    for (size_t t = 0; t < wanted->shape[0]; t++) {
        char ids_name[32];
        assay_lot lot;
        snprintf(ids_name, sizeof ids_name, "ids.%zu", t);
        const assay_tensor *ids = golden(s, ids_name);
        const assay_ids text = {.data = (int32_t *)(uintptr_t)ids->data, .count = ids->shape[0]};
        good(assay_lot_begin(&lot, &text, 1, false, &error));
        good(assay_score_batch_all(&s->batch, &lot, &error));
        double number = (double)((const float *)wanted->data)[t];
        if (!(fabs(lot.scores[0] - number) < 1e-5))
            fail_msg("%s, text %zu: %.9g, expected %.9g", s->golden->path, t, lot.scores[0], number);
        assay_lot_release(&lot);
    }
}

static void two_tokens_judge(void **state)
{
    static const char *const folders[] = {"tests/data/golden/verdict_llama", "tests/data/golden/verdict_qwen2",
                                          "tests/data/golden/verdict_cohere", "tests/data/golden/verdict_granite"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        scorer s;
        open_scorer(&s, folders[i], true);
        compare(&s, "difference");
        close_scorer(&s);
    }
}

static void refuse_tokens(const char *folder, const char *key, json_t *value, const char *says)
{
    static const int32_t tokens[2] = {3, 4};
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_error why = {0};
    const assay_model_options options = {.need_head = true, .head_tokens = tokens};
    good(assay_checkpoint_open(&checkpoint, folder, 0, &error));
    if (value) json_object_set_new(checkpoint->config, key, value);
    else if (key) json_object_del(checkpoint->config, key);
    if (assay_model_open(&model, checkpoint, NULL, &options, &why) == ASSAY_OK) fail_msg("%s opens", folder);
    if (!strstr(why.text, says)) fail_msg("%s", why.text);
    assay_checkpoint_close(checkpoint);
}

static void what_is_no_language_head_is_refused(void **state)
{
    (void)state;
    refuse_tokens("tests/data/golden/verdict_cohere", "logit_scale", NULL,
                  "\"logit_scale\" of the config does not say");
    refuse_tokens("tests/data/golden/verdict_llama", "final_logit_softcapping", json_real(30),
                  "--ignore-config final_logit_softcapping");
    refuse_tokens("tests/data/golden/verdict_qwen2", "tie_word_embeddings", json_false(),
                  "has no language head (tensor lm_head.weight)");
    refuse_tokens("tests/data/golden/llama", NULL, NULL, "has a trained head (tensor score.weight)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tokens_judge),
        cmocka_unit_test(what_is_no_language_head_is_refused),
    };
    return cmocka_run_group_tests_name("heads", tests, NULL, NULL);
}
