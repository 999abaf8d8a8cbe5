/* The dialects as pure functions: every example of the list is parsed and rendered, the answer is the example's; fields
 * decide where paths are shared; hostile bodies are refused with a sentence. And keys. The server around them is tested
 * by tests/cli/serve.sh. */
#include "test_support.h"

#include "serve/api_keys.h"
#include "serve/dialect.h"
#include "serve/serve_log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static assay_status parse(assay_ask *ask, const char *path, const char *body, assay_error *err)
{
    return assay_ask_parse(ask, path, body, strlen(body), NULL, err);
}

/* Every key and type of the example is in the answer; numbers, ids and texts are compared where the example says so. */
static void assert_like(json_t *wanted, json_t *got, const char *where)
{
    const char *key;
    json_t *value;
    if (!got || (json_typeof(wanted) != json_typeof(got))) fail_msg("%s: %s", where, got ? "another type" : "missing");
    if (json_is_real(wanted)) assert_true(json_real_value(wanted) == json_real_value(got));
    if (json_is_array(wanted)) {
        assert_int_equal(json_array_size(wanted), json_array_size(got));
        for (size_t i = 0; i < json_array_size(wanted); i++)
            assert_like(json_array_get(wanted, i), json_array_get(got, i), where);
    }
    json_object_foreach(wanted, key, value) assert_like(value, json_object_get(got, key), key);
}

static json_t *render(assay_ask *ask, double first, double second)
{
    double scores[2] = {first, second};
    assert_true(ask->count <= 2);
    assay_reply reply = {.scores = scores,
                         .rewards = scores,
                         .tokens = 9,
                         .model = "default",
                         .fingerprint = "0123",
                         .id = "score-1",
                         .label = "LABEL_0"};
    return ask->dialect->render(ask, &reply);
}

/* Rerankers' examples put the better document last. */
static bool is_reranker(const assay_dialect *dialect) { return strstr(dialect->name, "rerank") != NULL; }

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; assay_dialect_at(i); i++) {
        const assay_dialect *dialect = assay_dialect_at(i);
        for (const char *const *path = dialect->paths; *path; path++) {
            assay_ask ask;
            assay_error error;
            if (parse(&ask, *path, dialect->request, &error) != ASSAY_OK) fail_msg("%s: %s", dialect->name, error.text);
            assert_ptr_equal(ask.dialect, dialect);
            json_t *wanted = json_loads(dialect->response, 0, NULL),
                   *got = is_reranker(dialect) ? render(&ask, -0.25, 0.5) : render(&ask, 0.5, -0.25);
            assert_non_null(wanted);
            /* nine digits of a longer number */
            if (!strcmp(dialect->name, "assay")) json_object_del(wanted, "probability");
            assert_like(wanted, got, dialect->name);
            json_decref(wanted);
            json_decref(got);
            assay_ask_release(&ask);
        }
    }
}

static void assert_dialect(const char *path, const char *body, const assay_dialect *wanted)
{
    assay_ask ask;
    assay_error error;
    if (parse(&ask, path, body, &error) != ASSAY_OK) fail_msg("%s %s: %s", path, body, error.text);
    assert_string_equal(ask.dialect->name, wanted->name);
    assay_ask_release(&ask);
}

static void test_fields_decide(void **state)
{
    (void)state;
    assert_dialect("/rerank", "{\"query\":\"a\",\"documents\":[\"b\"]}", &assay_dialect_rerank);
    assert_dialect("/rerank", "{\"query\":\"a\",\"texts\":[\"b\"]}", &assay_dialect_tei_rerank);
    assert_dialect("/score", "{\"text_1\":\"a\",\"text_2\":\"b\"}", &assay_dialect_pairs);
    assert_dialect("/score", "{\"prompt\":\"a\",\"response\":\"b\"}", &assay_dialect_own);
    assert_dialect("/score", "{\"data_1\":\"a\",\"data_2\":[\"b\"]}", &assay_dialect_pairs);
    assert_dialect("/", "{\"inputs\":\"a\"}", &assay_dialect_tei_predict);
    assert_dialect("/", "{\"query\":\"a\",\"texts\":[\"b\"]}", &assay_dialect_tei_rerank);
    assert_dialect("/classify", "{\"text\":\"a\"}", &assay_dialect_sglang);
    assert_dialect("/classify", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", &assay_dialect_classify);
}

static void test_what_is_read(void **state)
{
    assay_ask ask;
    (void)state;
    assert_int_equal(parse(&ask, "/score", "{\"queries\":[\"p\",\"q\"],\"documents\":[\"a\",\"b\"]}", NULL), ASSAY_OK);
    assert_int_equal(ask.count, 2);
    assert_true(ask.items[1].turns.count == 1 && ask.items[1].prompt->count == 1);
    assert_string_equal(ask.items[1].prompt->items[0].text, "q");
    assert_string_equal(ask.items[1].turns.items[0].text, "b");
    assert_int_equal(ask.items[1].turns.items[0].role, ASSAY_ROLE_ASSISTANT);
    assay_ask_release(&ask);
    assert_int_equal(
        parse(&ask, "/predict",
              "{\"inputs\":[\"t\"],\"raw_scores\":false,\"truncate\":true,\"truncation_direction\":\"Left\"}", NULL),
        ASSAY_OK);
    assert_true(ask.items[0].is_text && ask.cut == ASSAY_ASK_CUT_LEFT && ask.activation == ASSAY_ASK_SIGMOID);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/predict", "{\"inputs\":\"t\"}", NULL), ASSAY_OK);
    assert_int_equal(ask.activation, ASSAY_ASK_SERVERS);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/rerank",
                           "{\"query\":\"a\",\"documents\":[{\"text\":\"b\"}],\"top_n\":1,\"return_documents\":false}",
                           NULL),
                     ASSAY_OK);
    assert_string_equal(ask.items[0].turns.items[0].text, "b");
    assert_true(ask.top_n == 1 && !ask.return_texts);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/pooling", "{\"input\":\"t\",\"task\":\"token_classify\"}", NULL), ASSAY_OK);
    assert_true(ask.trace);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/v1/score/evaluation", "{\"messages\":[\"t\"],\"max_length\":7}", NULL), ASSAY_OK);
    assert_true(ask.cut == ASSAY_ASK_CUT_RIGHT && ask.max_length == 7);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/get_reward", "{\"query\":\"t\"}", NULL), ASSAY_OK);
    assert_true(ask.single_bos && ask.items[0].is_text);
    assay_ask_release(&ask);
}

static void test_tokens_are_read(void **state)
{
    assay_ask ask;
    (void)state;
    assert_int_equal(parse(&ask, "/classify", "{\"input\":[[3,4],\"t\",[5]]}", NULL), ASSAY_OK);
    assert_true(ask.count == 3 && ask.is_list && !ask.items[1].ids && ask.items[1].is_text);
    assert_int_equal(json_array_size(ask.items[0].ids), 2);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/pooling", "{\"input\":[3,4,5]}", NULL), ASSAY_OK);
    assert_true(ask.count == 1 && json_array_size(ask.items[0].ids) == 3);
    assay_ask_release(&ask);
}

static void test_function_to_apply(void **state)
{
    assay_ask ask;
    (void)state;
    assert_int_equal(
        parse(&ask, "/predict", "{\"inputs\":\"t\",\"parameters\":{\"function_to_apply\":\"sigmoid\"}}", NULL),
        ASSAY_OK);
    assert_int_equal(ask.activation, ASSAY_ASK_SIGMOID);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/", "{\"inputs\":\"t\",\"parameters\":{\"function_to_apply\":\"none\"}}", NULL),
                     ASSAY_OK);
    assert_int_equal(ask.activation, ASSAY_ASK_RAW);
    assay_ask_release(&ask);
    assert_int_equal(parse(&ask, "/", "{\"inputs\":\"t\",\"parameters\":{}}", NULL), ASSAY_OK);
    assert_int_equal(ask.activation, ASSAY_ASK_SERVERS);
    assay_ask_release(&ask);
}

static void test_refused(void **state)
{
    static const struct {
        const char *path, *body, *says;
        assay_status status;
    } cases[] = {
        {"/nowhere", "{}", "no such endpoint", ASSAY_E_USAGE},
        {"/score", "", "not valid JSON", ASSAY_E_FORMAT},
        {"/score", "[1]", "should be a JSON object", ASSAY_E_FORMAT},
        {"/score", "{\"a\":1}", "none of its fields", ASSAY_E_FORMAT},
        {"/score", "{\"queries\":[\"a\",\"b\"],\"documents\":[\"c\"]}", "2 queries and 1 documents", ASSAY_E_FORMAT},
        {"/score", "{\"queries\":\"a\"}", "needed, both", ASSAY_E_FORMAT},
        {"/rerank", "{\"documents\":[\"a\"]}", "\"query\" is missing", ASSAY_E_FORMAT},
        {"/rerank", "{\"query\":\"a\",\"documents\":\"b\"}", "should be a list", ASSAY_E_FORMAT},
        {"/rerank", "{\"query\":\"a\",\"documents\":[]}", "nothing to score", ASSAY_E_FORMAT},
        {"/get_reward", "{\"query\":[1]}", "query", ASSAY_E_FORMAT},
        {"/get_reward", "{\"query\":[]}", "nothing to score", ASSAY_E_FORMAT},
        {"/pooling", "{\"input\":\"a\",\"task\":\"embed\"}", "task \"embed\"", ASSAY_E_FORMAT},
        {"/predict", "{\"inputs\":[[\"a\",\"b\",\"c\"]]}", "a list of 3", ASSAY_E_FORMAT},
        {"/predict", "{\"inputs\":\"a\",\"raw_scores\":1}", "raw_scores", ASSAY_E_FORMAT},
        {"/predict", "{\"inputs\":\"a\",\"parameters\":7}", "\"parameters\" should be an object", ASSAY_E_FORMAT},
        {"/predict", "{\"inputs\":\"a\",\"parameters\":{\"function_to_apply\":\"softmax\"}}", "\"softmax\"",
         ASSAY_E_FORMAT},
        {"/classify", "{\"input\":[3,\"a\"]}", "token 1 should be a whole number", ASSAY_E_FORMAT},
        {"/classify", "{\"input\":[[3],7]}", "should be a string", ASSAY_E_FORMAT},
        {"/classify", "{\"input\":[3.5]}", "should be a string", ASSAY_E_FORMAT},
        {"/classify", "{\"input\":\"a\",\"model\":3}", "\"model\"", ASSAY_E_FORMAT},
        {"/v1/score", "{\"inputs\":[{\"text\":\"a\"},{}]}", "inputs[1]", ASSAY_E_FORMAT},
        {"/v1/score", "{\"text\":\"a\",\"activation\":\"tanh\"}", "activation", ASSAY_E_FORMAT},
        {"/v1/score/evaluation", "{\"messages\":\"a\"}", "list of texts", ASSAY_E_FORMAT},
        {"/get_reward", "{\"query\":\"a\",\"truncate\":\"up\"}", "\"truncate\" should be a side", ASSAY_E_FORMAT},
        {"/get_reward", "{\"query\":\"a\",\"truncation_side\":\"off\"}", "\"truncation_side\"", ASSAY_E_FORMAT},
        {"/rerank", "{\"query\":\"a\",\"documents\":[\"b\"],\"top_n\":\"2x\"}", "\"top_n\"", ASSAY_E_FORMAT},
        {"/rerank", "{\"query\":\"a\",\"documents\":[\"b\"],\"top_n\":1e300}", "\"top_n\"", ASSAY_E_FORMAT},
        {"/rerank", "{\"query\":\"a\",\"documents\":[{}]}", "", ASSAY_E_FORMAT},
        {"/classify", "{\"input\":\"a\",\"chat_template\":\"x\"}", "\"chat_template\" is not done",
         ASSAY_E_UNSUPPORTED},
        {"/score", "{\"queries\":\"a\",\"documents\":\"b\",\"encoding_format\":\"base64\"}", "not for /score",
         ASSAY_E_UNSUPPORTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_ask ask;
        assay_error error = {0};
        assert_int_equal(parse(&ask, cases[i].path, cases[i].body, &error), cases[i].status);
        if (!strstr(error.text, cases[i].says)) fail_msg("%s: \"%s\"", cases[i].body, error.text);
        assay_ask_release(&ask);
    }
}

static void assert_cut(const char *path, const char *body, assay_ask_cut cut, int64_t length)
{
    assay_ask ask;
    assay_error error;
    if (parse(&ask, path, body, &error) != ASSAY_OK) fail_msg("%s: %s", body, error.text);
    if (ask.cut != cut || ask.max_length != length)
        fail_msg("%s: cut %d at %lld", body, (int)ask.cut, (long long)ask.max_length);
    assay_ask_release(&ask);
}

static void test_sides_are_cut_by_all_their_names(void **state)
{
    (void)state;
    assert_cut("/get_reward", "{\"query\":\"t\"}", ASSAY_ASK_CUT_SERVERS, 0);
    assert_cut("/get_reward", "{\"query\":\"t\",\"truncate\":true}", ASSAY_ASK_CUT_RIGHT, 0);
    assert_cut("/get_reward", "{\"query\":\"t\",\"truncate\":false}", ASSAY_ASK_CUT_OFF, 0);
    assert_cut("/get_reward", "{\"query\":\"t\",\"truncate\":null}", ASSAY_ASK_CUT_SERVERS, 0);
    assert_cut("/get_reward", "{\"query\":\"t\",\"truncate\":\"START\"}", ASSAY_ASK_CUT_LEFT, 0);
    assert_cut("/get_reward", "{\"query\":\"t\",\"truncate\":\"none\"}", ASSAY_ASK_CUT_OFF, 0);
    assert_cut("/classify", "{\"input\":\"t\",\"truncate_prompt_tokens\":7}", ASSAY_ASK_CUT_LEFT, 7);
    assert_cut("/classify", "{\"input\":\"t\",\"truncate_prompt_tokens\":-1}", ASSAY_ASK_CUT_LEFT, 0);
    assert_cut("/classify", "{\"input\":\"t\",\"truncate_prompt_tokens\":\"7\",\"truncation_side\":\"right\"}",
               ASSAY_ASK_CUT_RIGHT, 7);
    assert_cut("/predict", "{\"inputs\":\"t\",\"truncate\":true,\"truncation_direction\":\"Left\"}", ASSAY_ASK_CUT_LEFT,
               0);
    assert_cut("/predict", "{\"inputs\":\"t\",\"truncation_direction\":\"Left\"}", ASSAY_ASK_CUT_SERVERS, 0);
}

/* 4,096 documents to one query of a megabyte: what is made stays near what was sent. */
static void test_a_query_is_there_once(void **state)
{
    assay_buf body;
    assay_meter meter;
    assay_ask ask;
    (void)state;
    assay_buf_init(&body, 1 << 22);
    assert_int_equal(assay_buf_text(&body, "{\"query\":\"", NULL), ASSAY_OK);
    for (size_t i = 0; i < 1 << 20; i++) assert_int_equal(assay_buf_byte(&body, 'x', NULL), ASSAY_OK);
    assert_int_equal(assay_buf_text(&body, "\",\"documents\":[\"d\"", NULL), ASSAY_OK);
    for (size_t i = 1; i < ASSAY_ASK_TEXTS; i++) assert_int_equal(assay_buf_text(&body, ",\"d\"", NULL), ASSAY_OK);
    assert_int_equal(assay_buf_text(&body, "]}", NULL), ASSAY_OK);
    assay_meter_init(&meter, NULL, 4 << 20);
    assert_int_equal(assay_ask_parse(&ask, "/rerank", body.data, body.size, &meter, NULL), ASSAY_OK);
    assert_true(ask.count == ASSAY_ASK_TEXTS && ask.items[0].prompt == ask.items[ASSAY_ASK_TEXTS - 1].prompt);
    assay_ask_release(&ask);
    assay_meter_init(&meter, NULL, 2 << 20); /* the query is decoded and kept: twice its size is not enough */
    assert_int_equal(assay_ask_parse(&ask, "/rerank", body.data, body.size, &meter, NULL), ASSAY_E_NO_FIT);
    assay_ask_release(&ask);
    assay_buf_release(&body);
}

static void test_reasons_are_cleared_of_texts(void **state)
{
    static const char *const cases[][2] = {
        {"\"query\" should be a string", "\"query\" should be a string"},
        {"\"activation\" is \"my secret\"; it", "\"activation\" is \"...\"; it"},
        {"role \"a \"b\" c\"", "role \"...\"b\"...\""},
        {"no end \"secret", "no end \"...\""},
        {"nothing (the fields are: secret, other)", "nothing "},
        {"line\n\033[31m", "line??[31m"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[400];
        assay_serve_log_clear(cases[i][0], out, sizeof out);
        assert_string_equal(out, cases[i][1]);
    }
    char out[20];
    assay_serve_log_clear("a reason that is longer than there is room for", out, sizeof out);
    assert_true(strlen(out) < sizeof out);
}

static void test_openapi_names_every_path(void **state)
{
    (void)state;
    json_t *document = assay_openapi_document(), *paths = json_object_get(document, "paths");
    assert_non_null(paths);
    for (size_t i = 0; assay_dialect_at(i); i++)
        for (const char *const *path = assay_dialect_at(i)->paths; *path; path++) {
            json_t *content = json_object_get(
                json_object_get(json_object_get(json_object_get(paths, *path), "post"), "requestBody"), "content");
            json_t *examples = json_object_get(json_object_get(content, "application/json"), "examples");
            assert_non_null(json_object_get(json_object_get(examples, assay_dialect_at(i)->name), "value"));
        }
    json_decref(document);
}

static void test_keys(void **state)
{
    char path[] = "/tmp/assay-keys-XXXXXX";
    static const char text[] = "# keys\n\n  alpha \nbeta\r\n";
    assay_api_keys keys;
    (void)state;
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    assert_int_equal(assay_api_keys_read(&keys, path, NULL), ASSAY_OK);
    assert_int_equal(keys.count, 2);
    assert_true(assay_api_keys_match(&keys, "alpha", 5) && assay_api_keys_match(&keys, "beta", 4));
    static const char *const wrong[] = {"", "alph", "alphaa", "alphaalpha", "Alpha", "# keys", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(assay_api_keys_match(&keys, wrong[i], wrong[i] ? strlen(wrong[i]) : 0));
    assay_api_keys_release(&keys);
    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(assay_api_keys_read(&keys, path, NULL), ASSAY_E_FORMAT);
    assay_api_keys_release(&keys);
    close(file);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_fields_decide),
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_tokens_are_read),
        cmocka_unit_test(test_function_to_apply),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_openapi_names_every_path),
        cmocka_unit_test(test_sides_are_cut_by_all_their_names),
        cmocka_unit_test(test_a_query_is_there_once),
        cmocka_unit_test(test_reasons_are_cleared_of_texts),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
