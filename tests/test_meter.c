/* Memory counted while it is made: what one meter may, what a pool has, what is given back; and that trees, texts and
 * ids charge at least what they take. */
#include "test_support.h"

#include "base/json_doc.h"
#include "base/meter.h"
#include "data/text_arena.h"
#include "subword/ids.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

static void one_meter_has_its_limit(void **state)
{
    assay_meter meter;
    assay_error error = {0};
    (void)state;
    assay_meter_init(&meter, NULL, 100);
    assert_int_equal(assay_meter_take(&meter, 60, &error), ASSAY_OK);
    assert_int_equal(assay_meter_take(&meter, 41, &error), ASSAY_E_NO_FIT);
    assert_int_equal(assay_meter_take(&meter, SIZE_MAX, &error), ASSAY_E_NO_FIT);
    assert_int_equal(assay_meter_take(&meter, 40, &error), ASSAY_OK);
    assay_meter_give(&meter, 50);
    assert_int_equal(meter.used, 50);
    assert_int_equal(meter.peak, 100);
    /* a refusal that somebody swallowed is found again */
    assert_int_equal(assay_meter_verdict(&meter, ASSAY_E_MEMORY, &error), ASSAY_E_NO_FIT);
    assert_int_equal(assay_meter_verdict(&meter, ASSAY_OK, &error), ASSAY_OK);
    assert_int_equal(assay_meter_take(NULL, SIZE_MAX, NULL), ASSAY_OK);
}

static void a_pool_is_shared(void **state)
{
    assay_meter_pool pool = {.most = 100};
    assay_meter first, second, small;
    (void)state;
    assay_meter_init(&first, &pool, 1000);
    assay_meter_init(&second, &pool, 1000);
    assay_meter_init(&small, &pool, 1000);
    assert_int_equal(first.most, 100); /* more than the pool ever has never fits */
    small.unpooled = 10;
    assert_int_equal(assay_meter_take(&first, 80, NULL), ASSAY_OK);
    assert_int_equal(assay_meter_take(&second, 21, NULL), ASSAY_E_MEMORY);
    assert_int_equal(assay_meter_take(&second, 20, NULL), ASSAY_OK);
    assert_int_equal(assay_meter_take(&small, 10, NULL), ASSAY_OK);
    assert_int_equal(assay_meter_take(&small, 1, NULL), ASSAY_E_MEMORY);
    assert_int_equal(atomic_load(&pool.used), 100);
    assay_meter_release(&first);
    assay_meter_release(&first);
    assert_int_equal(atomic_load(&pool.used), 20);
    assert_int_equal(assay_meter_take(&small, 30, NULL), ASSAY_OK);
    assert_int_equal(atomic_load(&pool.used), 50);
    assay_meter_release(&second);
    assay_meter_release(&small);
    assert_int_equal(atomic_load(&pool.used), 0);
}

static void texts_and_ids_are_charged(void **state)
{
    assay_meter meter;
    (void)state;
    assay_meter_init(&meter, NULL, 1 << 20);
    assay_text_arena arena = {.meter = &meter};
    assert_non_null(assay_text_arena_alloc(&arena, 1000, 1000));
    assert_true(meter.used >= 1000000);
    assert_null(assay_text_arena_alloc(&arena, 100, 1000));
    assay_text_arena_release(&arena);
    assay_meter_release(&meter);
    assay_ids ids = {.meter = &meter};
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK) status = assay_ids_push(&ids, 7, NULL);
    assert_int_equal(status, ASSAY_E_NO_FIT);
    assert_int_equal(meter.used, ids.capacity * sizeof *ids.data);
    assert_true(meter.peak <= meter.most && ids.count > 100000);
    assay_ids_release(&ids);
    assert_int_equal(meter.used, 0);
}

/* Repeats a piece in a list until it is about as long as wanted. */
static char *many(const char *piece, size_t size, size_t *length)
{
    assay_buf text;
    assay_buf_init(&text, 2 * size);
    assert_int_equal(assay_buf_text(&text, "[", NULL), ASSAY_OK);
    while (text.size < size) {
        assert_int_equal(assay_buf_text(&text, piece, NULL), ASSAY_OK);
        assert_int_equal(assay_buf_text(&text, ",", NULL), ASSAY_OK);
    }
    assert_int_equal(assay_buf_text(&text, "0]", NULL), ASSAY_OK);
    return assay_buf_take(&text, length);
}

/* What malloc holds for a tree is no more than was charged for it. */
static void trees_charge_what_they_take(void **state)
{
    static const char *const pieces[] = {"{}",
                                         "[]",
                                         "1",
                                         "\"\"",
                                         "\"abcdefghijklmnopqrstuvwxyz\"",
                                         "0.5",
                                         "{\"a\":1}",
                                         "[1,2,3]",
                                         "true",
                                         "{\"abc\":\"def\",\"g\":[{}]}",
                                         "[[[]]]",
                                         "{\"a\":{\"b\":{}}}",
                                         "null",
                                         "[\"\",\"\"]",
                                         "{\"role\":\"user\",\"content\":\"\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assay_meter meter;
        json_t *tree;
        size_t size;
        char *text = many(pieces[i], 300000, &size);
        assay_json_reading reading = {.meter = &meter};
        assay_meter_init(&meter, NULL, 1 << 30);
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        assert_int_equal(assay_json_parse_as(text, size, "a test", &reading, &tree, NULL), ASSAY_OK);
        size_t taken = mallinfo2().uordblks + mallinfo2().hblkhd - before;
        if (taken > meter.used) fail_msg("%s: %zu bytes taken, %zu charged", pieces[i], taken, meter.used);
        json_decref(tree);
        assay_meter_init(&meter, NULL, meter.used - 1);
        assert_int_equal(assay_json_parse_as(text, size, "a test", &reading, &tree, NULL), ASSAY_E_NO_FIT);
        assay_free(text);
    }
}

static bool wants_a(const void *context, const char *name) { return (void)context, !strcmp(name, "a"); }

static void what_is_not_wanted_costs_nothing(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf{\"b\":[{},{},NaN,-Infinity,123456789012345678901234567890],\"a\":[1,{\"b\":2}],"
        "\"c\":Infinity,\"d\":{\"a\":[{}]}}";
    assay_meter meter;
    json_t *tree;
    assay_error error;
    assay_json_reading reading = {.meter = &meter, .wanted = wants_a, .python = true};
    (void)state;
    assay_meter_init(&meter, NULL, 2000);
    assert_int_equal(assay_json_parse_as(text, sizeof text - 1, "a test", &reading, &tree, &error), ASSAY_OK);
    assert_int_equal(json_object_size(tree), 1);
    assert_int_equal(json_array_size(json_object_get(tree, "a")), 2);
    assert_non_null(json_object_get(json_array_get(json_object_get(tree, "a"), 1), "b"));
    json_decref(tree);
    /* where they are wanted they are no numbers; and what is read over must be JSON all the same */
    static const char *const wrong[] = {"{\"a\":NaN}", "{\"a\":1,\"b\":[}", "{\"b\":Nan}", "{\"b\":}", "{\"b\":NaN"};
    assay_meter_init(&meter, NULL, 20000);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(assay_json_parse_as(wrong[i], strlen(wrong[i]), "a test", &reading, &tree, &error),
                         ASSAY_E_FORMAT);
    reading.python = false;
    assert_int_equal(assay_json_parse_as("{\"b\":NaN}", 9, "a test", &reading, &tree, &error), ASSAY_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_meter_has_its_limit),          cmocka_unit_test(a_pool_is_shared),
        cmocka_unit_test(texts_and_ids_are_charged),        cmocka_unit_test(trees_charge_what_they_take),
        cmocka_unit_test(what_is_not_wanted_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
