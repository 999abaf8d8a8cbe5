/* Models that score the steps of an answer: the classes' own numbers (tests/oracle/make_step_golden.py), whatever is
 * computed beside them and however a text is cut; where steps end, and what is refused there. */
#include "test_support.h"

#include "container/safetensors.h"
#include "score/score_batch.h"
#include "template/chat_template.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ANSWERS = 3, TOKENS = 256, ROWS = 128 };

typedef struct scorer {
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_pool *pool;
    assay_engine *engine;
    assay_score_batch batch;
} scorer;

typedef struct answers {
    assay_tensor_file *golden;
    assay_ids texts[ANSWERS], ends[ANSWERS];
    const double *steps[ANSWERS];
} answers;

static assay_error error;

static void good(assay_status status)
{
    if (status != ASSAY_OK) fail_msg("%s", error.text);
}

static void open_scorer(scorer *s, const char *folder, size_t rows, bool every_row)
{
    const assay_kernels *kernels = NULL;
    const assay_model_options options = {.need_head = true, .all_rows = every_row};
    *s = (scorer){0};
    good(assay_checkpoint_open(&s->checkpoint, folder, 0, &error));
    good(assay_model_open(&s->model, s->checkpoint, NULL, &options, &error));
    good(assay_pool_create(&s->pool, 1, &error));
    good(assay_kernels_select(&kernels, NULL, &error));
    const assay_engine_config config = {
        .program = s->model->program,
        .kernels = kernels,
        .pool = s->pool,
        .bounds = {.rows = {TOKENS, every_row ? TOKENS : rows}, .longest_path = TOKENS}};
    good(assay_engine_create(&s->engine, &config, &error));
    for (size_t i = 0; i < s->model->program->param_count; i++)
        assay_engine_bind(s->engine, (int)i, &s->model->params[i]);
    const assay_score_setup setup = {.engine = s->engine,
                                     .model = s->model,
                                     .tokens = TOKENS,
                                     .rows = every_row ? TOKENS : rows,
                                     .every_row = every_row};
    good(assay_score_batch_init(&s->batch, &setup, &error));
}

static void close_scorer(scorer *s)
{
    assay_score_batch_release(&s->batch);
    assay_engine_free(s->engine);
    assay_model_close(s->model);
    assay_checkpoint_close(s->checkpoint);
    assay_pool_destroy(s->pool);
}

static assay_ids numbers(const answers *a, const char *name, size_t n)
{
    char key[16];
    snprintf(key, sizeof key, "%s.%zu", name, n);
    const assay_tensor *tensor = assay_tensor_file_find(a->golden, key);
    return (assay_ids){.data = (int32_t *)(uintptr_t)tensor->data, .count = tensor->shape[0]};
}

static void open_answers(answers *a, const char *folder)
{
    char path[160], key[16];
    snprintf(path, sizeof path, "%s/golden.safetensors", folder);
    good(assay_safetensors_open(&a->golden, path, &error));
    for (size_t n = 0; n < ANSWERS; n++) {
        a->texts[n] = numbers(a, "ids", n);
        a->ends[n] = numbers(a, "ends", n);
        snprintf(key, sizeof key, "steps.%zu", n);
        a->steps[n] = assay_tensor_file_find(a->golden, key)->data;
    }
}

/* A share differs by what a logit differs by, times the share of the others: below 1e-5 of itself as the logits do. */
static void check_steps(const char *folder, const answers *a, const assay_lot *lot)
{
    for (size_t n = 0; n < ANSWERS; n++) {
        double worst = 2;
        for (size_t i = 0; i < a->ends[n].count; i++) {
            double got = lot->steps[n][i], wanted = a->steps[n][i];
            if (!(fabs(got - wanted) <= 1e-5 * wanted))
                fail_msg("%s, answer %zu, step %zu: %.9g, expected %.9g", folder, n, i, got, wanted);
            if (got < worst) worst = got;
        }
        assert_true(lot->scores[n] == worst);
    }
}

static void compute(scorer *s, const answers *a, size_t first, size_t count, bool traces, assay_lot *lot)
{
    good(assay_lot_begin(lot, a->texts + first, count, traces, &error));
    good(assay_lot_want_steps(lot, a->ends + first, &error));
    good(assay_score_batch_all(&s->batch, lot, &error));
}

/* Alone, in a micro-batch that holds few rows, and out of a pass that makes every row: the same bits. */
static void check_company(scorer *s, const char *folder, const answers *a, const assay_lot *together)
{
    scorer small, every;
    assay_lot lot;
    open_scorer(&small, folder, ANSWERS, false);
    open_scorer(&every, folder, ROWS, true);
    for (size_t n = 0; n < ANSWERS; n++) {
        size_t bytes = a->ends[n].count * sizeof(double);
        compute(s, a, n, 1, false, &lot);
        assert_memory_equal(lot.steps[0], together->steps[n], bytes);
        assay_lot_release(&lot);
        compute(s, a, n, 1, true, &lot);
        for (size_t i = 0; i < a->ends[n].count; i++)
            assert_true(lot.traces[0][a->ends[n].data[i]] == together->steps[n][i]);
        assay_lot_release(&lot);
        compute(&small, a, n, 1, false, &lot);
        assert_memory_equal(lot.steps[0], together->steps[n], bytes);
        assay_lot_release(&lot);
    }
    compute(&every, a, 0, ANSWERS, true, &lot);
    for (size_t n = 0; n < ANSWERS; n++)
        assert_memory_equal(lot.steps[n], together->steps[n], a->ends[n].count * sizeof(double));
    assay_lot_release(&lot);
    close_scorer(&every);
    close_scorer(&small);
}

static void steps_score_as_their_classes(void **state)
{
    static const char *const folders[] = {"tests/data/golden/steps_qwen2", "tests/data/golden/steps_llama",
                                          "tests/data/golden/steps_bloom", "tests/data/golden/steps_process"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        scorer s;
        answers a;
        assay_lot lot;
        open_answers(&a, folders[i]);
        open_scorer(&s, folders[i], ROWS, false);
        compute(&s, &a, 0, ANSWERS, false, &lot);
        check_steps(folders[i], &a, &lot);
        check_company(&s, folders[i], &a, &lot);
        assay_lot_release(&lot);
        close_scorer(&s);
        assay_tensor_file_close(a.golden);
    }
}

/* ---- where steps end ---- */

static assay_template *open_template(assay_tokenizer *tokenizer, const char *name, const char *separator)
{
    assay_template *chosen;
    good(assay_template_open(&chosen, &(assay_template_request){.name = name, .separator = separator}, tokenizer,
                             &error));
    return chosen;
}

static void check_render(const assay_template *chosen, const answers *a, size_t n, const assay_message *messages,
                         size_t count)
{
    assay_ids ids = {0}, ends = {0};
    good(assay_template_render_steps(chosen, &(assay_conversation){.messages = messages, .count = count}, &ids, &ends,
                                     &error));
    assert_int_equal(ids.count, a->texts[n].count);
    assert_memory_equal(ids.data, a->texts[n].data, ids.count * sizeof *ids.data);
    assert_int_equal(ends.count, a->ends[n].count);
    assert_memory_equal(ends.data, a->ends[n].data, ends.count * sizeof *ends.data);
    assay_ids_release(&ids);
    assay_ids_release(&ends);
}

static assay_message message(assay_role role, const char *text, bool step)
{
    return (assay_message){.role = role, .text = text, .size = strlen(text), .step = step};
}

/* An answer in listed steps (the golden's second), and one as a text that its separator cuts. */
typedef struct split_answers {
    const char *folder, *separator, *template_name;
    const assay_message *listed, *text; /* three and two messages */
    size_t text_answer;                 /* of the golden */
} split_answers;

static void check_split(const split_answers *given)
{
    assay_tokenizer *tokenizer;
    answers a;
    open_answers(&a, given->folder);
    good(assay_tokenizer_open(&tokenizer, given->folder, NULL, &error));
    assay_template *chosen = open_template(tokenizer, "auto", given->separator);
    assert_string_equal(assay_template_name(chosen), given->template_name);
    check_render(chosen, &a, 1, given->listed, 3);
    check_render(chosen, &a, given->text_answer, given->text, 2);
    assay_template_close(chosen);
    assay_tokenizer_close(tokenizer);
    assay_tensor_file_close(a.golden);
}

/* A list of steps is TRL's; a text is cut at the separators, and a line feed in it then ends a step. */
static void pieces_are_encoded_each_for_itself(void **state)
{
    (void)state;
    const assay_message listed[] = {message(ASSAY_ROLE_USER, "2 + 2 = ?", false),
                                    message(ASSAY_ROLE_ASSISTANT, "one\nstep, two lines", true),
                                    message(ASSAY_ROLE_ASSISTANT, "4", true)},
                        text[] = {
                            message(ASSAY_ROLE_USER, "which is larger, 9.8 or 9.11?", false),
                            message(ASSAY_ROLE_ASSISTANT, "11 is more than 8.\nhence 9.11 is more.\n\nso 9.11", false)};
    const split_answers given = {"tests/data/golden/steps_llama", "\n", "plain", listed, text, 0};
    check_split(&given);
}

static void a_token_ends_a_step_in_the_templates_text(void **state)
{
    (void)state;
    const assay_message listed[] = {message(ASSAY_ROLE_USER, "2 + 2 = ?", false),
                                    message(ASSAY_ROLE_ASSISTANT, "one\nstep, two lines", true),
                                    message(ASSAY_ROLE_ASSISTANT, "4", true)},
                        text[] = {message(ASSAY_ROLE_USER, "2 + 2 = ?", false),
                                  message(ASSAY_ROLE_ASSISTANT, "one\nstep, two lines<extra_0>4", false)};
    const split_answers given = {"tests/data/golden/steps_process", "<extra_0>", "checkpoint", listed, text, 1};
    check_split(&given);
}

static void refuse_render(const assay_template *chosen, const assay_message *messages, size_t count, const char *says)
{
    assay_ids ids = {0}, ends = {0};
    assay_error why = {0};
    const assay_conversation conversation = {.messages = messages, .count = count};
    assert_int_equal(assay_template_render_steps(chosen, &conversation, &ids, &ends, &why), ASSAY_E_FORMAT);
    if (!strstr(why.text, says)) fail_msg("%s", why.text);
    assay_ids_release(&ids);
    assay_ids_release(&ends);
}

/* A prompt or a step that holds the separator would add steps that nobody wrote. */
static void what_forges_steps_is_refused(void **state)
{
    assay_tokenizer *tokenizer;
    assay_template *none;
    assay_error why = {0};
    (void)state;
    const assay_message forged[] = {message(ASSAY_ROLE_USER, "what is <extra_0>?", false),
                                    message(ASSAY_ROLE_ASSISTANT, "a", true)},
                        inside[] = {message(ASSAY_ROLE_USER, "no", false),
                                    message(ASSAY_ROLE_ASSISTANT, "a<extra_0>b", true)},
                        empty[] = {message(ASSAY_ROLE_USER, "no", false), message(ASSAY_ROLE_ASSISTANT, "", false)};
    good(assay_tokenizer_open(&tokenizer, "tests/data/golden/steps_process", NULL, &error));
    assay_template *chosen = open_template(tokenizer, "auto", "<extra_0>");
    refuse_render(chosen, forged, 2, "2 times for 1 steps");
    refuse_render(chosen, inside, 2, "2 times for 1 steps");
    refuse_render(chosen, empty, 2, "no step to read");
    refuse_render(chosen, forged, 1, "no step to read");
    assay_template_close(chosen);
    const assay_template_request request = {.name = "chatml", .separator = "\n"};
    assert_int_equal(assay_template_open(&none, &request, tokenizer, &why), ASSAY_E_USAGE);
    if (!strstr(why.text, "--template plain")) fail_msg("%s", why.text);
    assay_tokenizer_close(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_score_as_their_classes),
        cmocka_unit_test(pieces_are_encoded_each_for_itself),
        cmocka_unit_test(a_token_ends_a_step_in_the_templates_text),
        cmocka_unit_test(what_forges_steps_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
