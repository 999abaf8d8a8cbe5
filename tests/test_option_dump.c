/* Options as data: final values under their own names, and reading them again gives the same options. */
#include "options_fixture.h"

#include "options/option_dump.h"

#include <stdlib.h>

static void assert_json(bool only_given, const char *want)
{
    json_t *object = assay_options_json(&options, ASSAY_FOR_TRAIN, only_given);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, want);
    free(text);
    json_decref(object);
}

static void given_options_under_their_own_names(void **state)
{
    (void)state;
    parse_ok("--model_name_or_path m --data a --data b --per_device_train_batch_size 4 --use_peft False --memory 1G "
             "--margin off --bf16 --force");
    assert_json(true, "{\"model\":\"m\",\"data\":[\"a\",\"b\"],\"tuning\":\"full\",\"batch-pairs\":4,\"margin\":"
                      "\"off\",\"precision\":\"bf16\","
                      "\"memory\":1073741824,\"force\":true}");
    parse_ok("");
    assert_json(true, "{}");
}

static void reading_again_gives_the_same(void **state)
{
    (void)state;
    parse_ok("--train_file_dir d --lr 3e-5 --lora-targets q,v --warmup 7 --save-steps end --resume --time 2h");
    json_t *first = assay_options_json(&options, ASSAY_FOR_TRAIN, false);
    const char *words[200];
    char *text;
    int count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(first, name, value)
    {
        if (json_is_array(value)) {
            for (size_t i = 0; i < json_array_size(value); i++)
                words[count++] = assay_strfmt("--%s=%s", name, json_string_value(json_array_get(value, i)));
        } else if (json_is_string(value)) {
            words[count++] = *json_string_value(value) ? assay_strfmt("--%s=%s", name, json_string_value(value))
                                                       : assay_strfmt("--%s", name);
        } else {
            text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
            words[count++] = assay_strfmt("--%s=%s", name, text);
            free(text);
        }
    }
    assay_status status = parse_words(ASSAY_FOR_TRAIN, "train", 0, words, count);
    if (status != ASSAY_OK) print_error("%s\n", error.text);
    assert_int_equal(status, ASSAY_OK);
    json_t *second = assay_options_json(&options, ASSAY_FOR_TRAIN, false);
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
    for (int i = 0; i < count; i++) assay_free(words[i]);
}

static int release_options(void **state)
{
    (void)state;
    assay_options_release(&options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_options_under_their_own_names),
        cmocka_unit_test(reading_again_gives_the_same),
    };
    return cmocka_run_group_tests_name("option dump", tests, NULL, release_options);
}
