/* assay.json: one reader, one writer, a version, and what a checkpoint inside a run's folder takes from the run. */
#include "notes/notes.h"

#include "base/file.h"
#include "base/version.h"
#include "container_check.h"

#include <string.h>
#include <sys/stat.h>

static assay_error error;

static void put(const char *folder, const char *text)
{
    char *path = assay_path_join(folder, ASSAY_NOTES_NAME);
    assert_int_equal(assay_file_write_atomic(path, text, strlen(text), &error), ASSAY_OK);
    assay_free(path);
}

static void missing_notes_are_no_error(void **state)
{
    assay_notes notes;
    json_t *json;
    assert_int_equal(assay_notes_find(&notes, *state, &error), ASSAY_OK);
    assert_true(!notes.json && !notes.template_name && notes.max_length == 0 && notes.steps == -1);
    assert_int_equal(assay_notes_load(*state, &json, &error), ASSAY_OK);
    assert_null(json);
    assay_notes_release(&notes);
}

static void what_is_written_is_read(void **state)
{
    assay_notes notes;
    json_t *json = json_pack("{s:s, s:s, s:i, s:f, s:s, s:s}", "template", "chatml", "append_eos", "false",
                             "max_length", 77, "score_offset", 0.25, "precision", "bf16", "of_others", "kept");
    assert_int_equal(assay_notes_save(json, *state, &error), ASSAY_OK);
    json_decref(json);
    assert_int_equal(assay_notes_find(&notes, *state, &error), ASSAY_OK);
    assert_string_equal(notes.template_name, "chatml");
    assert_int_equal(notes.append_eos, ASSAY_EOS_NO);
    assert_true(notes.max_length == 77 && notes.score_offset == 0.25 && notes.bf16 && notes.rendering == 1);
    assert_string_equal(json_string_value(json_object_get(notes.json, "assay")), ASSAY_VERSION);
    assert_string_equal(json_string_value(json_object_get(notes.json, "of_others")), "kept");
    assert_int_equal(json_integer_value(json_object_get(notes.json, "format")), ASSAY_NOTES_FORMAT);
    assay_notes_release(&notes);
}

static void wrong_notes_are_named(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {{"{\"format\": 2}", "format is 2"},
                 {"{\"format\": \"1\"}", "format"},
                 {"{\"rendering\": 3}", "rendering is 3"},
                 {"{\"append_eos\": \"maybe\"}", "append_eos is \"maybe\""},
                 {"{\"precision\": \"f16\"}", "precision is \"f16\""},
                 {"{\"max_length\": -1}", "max_length is -1"},
                 {"{\"rewards\": {\"count\": 1, \"mean\": 0, \"deviation\": 0}}", "rewards"},
                 {"[]", "should be a JSON object"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_notes notes;
        put(*state, cases[i].text);
        assert_true(assay_notes_find(&notes, *state, &error) != ASSAY_OK);
        if (!strstr(error.text, cases[i].wanted) || !strstr(error.text, ASSAY_NOTES_NAME)) fail_msg("%s", error.text);
    }
}

/* A later version's file is refused by whoever reads it, also by those who only copy it. */
static void a_later_format_is_refused_by_all(void **state)
{
    json_t *json;
    put(*state, "{\"format\": 2}");
    assert_int_equal(assay_notes_load(*state, &json, &error), ASSAY_E_UNSUPPORTED);
    assert_null(json);
    assert_non_null(strstr(error.text, "later version"));
}

static void a_checkpoint_takes_the_notes_of_its_run(void **state)
{
    assay_notes notes;
    char *inside = assay_path_join(*state, "checkpoint-5"), *other = assay_path_join(*state, "elsewhere");
    assert_int_equal(mkdir(inside, 0700) | mkdir(other, 0700), 0);
    put(*state, "{\"template\": \"chatml\", \"steps\": 9, \"evaluation\": {}, \"max_length\": 5}");
    assert_int_equal(assay_notes_find(&notes, inside, &error), ASSAY_OK);
    assert_string_equal(notes.template_name, "chatml");
    assert_true(notes.max_length == 5 && notes.steps == -1 && !json_object_get(notes.json, "evaluation"));
    assay_notes_release(&notes);
    assert_int_equal(assay_notes_find(&notes, other, &error), ASSAY_OK);
    assert_null(notes.json);
    put(inside, "{\"template\": \"plain\"}");
    assert_int_equal(assay_notes_find(&notes, inside, &error), ASSAY_OK);
    assert_string_equal(notes.template_name, "plain");
    assay_notes_release(&notes);
    assay_free(inside);
    assay_free(other);
}

static int folder_made(void **state)
{
    *state = fresh_folder();
    return 0;
}

static int folder_dropped(void **state)
{
    drop_folder(*state);
    return 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_made, folder_dropped)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(missing_notes_are_no_error),
        IN_FOLDER(what_is_written_is_read),
        IN_FOLDER(wrong_notes_are_named),
        IN_FOLDER(a_later_format_is_refused_by_all),
        IN_FOLDER(a_checkpoint_takes_the_notes_of_its_run),
    };
    return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
