/* What is written beside its place, before it is renamed, is made new: a link or a file that somebody put under a name
 * that can be guessed is neither followed nor used. */
#include "test_support.h"

#include "base/file.h"
#include "task/output_folder.h"
#include "train/checkpoint_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLANTED = 3 };

typedef struct place {
    char folder[64], victim[96], target[96];
} place;

/* DIR/victim with a text, and links to it under the names that DIR/target would be written as. */
static place place_open(const char *victim_text, const char *mark)
{
    place p = {.folder = "/tmp/assay-test-XXXXXX"};
    char link[160];
    assert_non_null(mkdtemp(p.folder));
    snprintf(p.victim, sizeof p.victim, "%s/victim", p.folder);
    snprintf(p.target, sizeof p.target, "%s/target", p.folder);
    if (victim_text) assert_int_equal(assay_file_write_atomic(p.victim, victim_text, strlen(victim_text), NULL), 0);
    else assert_int_equal(assay_make_dirs(p.victim, NULL), ASSAY_OK);
    snprintf(link, sizeof link, "%s.%s-%ld", p.target, mark, (long)getpid());
    assert_int_equal(symlink(p.victim, link), 0);
    for (int n = 0; n < PLANTED; n++) {
        snprintf(link, sizeof link, "%s.%s-%ld-%d", p.target, mark, (long)getpid(), n);
        assert_int_equal(symlink(p.victim, link), 0);
    }
    return p;
}

/* The links are still there, and nothing else beside victim and target. */
static void place_close(place *p)
{
    char **names;
    size_t count;
    assert_int_equal(assay_list_dir(p->folder, &names, &count, NULL), ASSAY_OK);
    assert_int_equal(count, PLANTED + 3);
    assay_names_free(names, count);
    assert_int_equal(assay_remove_tree(p->folder, NULL), ASSAY_OK);
}

static void holds(const char *path, const char *wanted)
{
    char *text;
    size_t size;
    assert_int_equal(assay_file_read(path, 1 << 20, &text, &size, NULL), ASSAY_OK);
    assert_string_equal(text, wanted);
    assay_free(text);
}

static void test_a_file_follows_no_planted_link(void **state)
{
    place p = place_open("precious", "tmp");
    assay_error err = {0};
    (void)state;
    if (assay_file_write_atomic(p.target, "new", 3, &err)) fail_msg("%s", err.text);
    holds(p.victim, "precious");
    holds(p.target, "new");
    place_close(&p);
}

static void test_a_checkpoint_follows_no_planted_link(void **state)
{
    place p = place_open(NULL, "tmp");
    assay_error err = {0};
    char *working, path[160];
    (void)state;
    if (assay_checkpoint_dir_begin(&working, p.target, &err)) fail_msg("%s", err.text);
    snprintf(path, sizeof path, "%s/x", working);
    assert_int_equal(assay_file_write_atomic(path, "new", 3, NULL), ASSAY_OK);
    if (assay_checkpoint_dir_publish(working, p.target, &err)) fail_msg("%s", err.text);
    snprintf(path, sizeof path, "%s/x", p.victim);
    assert_false(assay_path_exists(path));
    snprintf(path, sizeof path, "%s/x", p.target);
    holds(path, "new");
    place_close(&p);
}

/* Twice: the second time the first folder steps aside. */
static void replace_twice(const char *mark)
{
    place p = place_open(NULL, mark);
    assay_error err = {0};
    char path[160];
    for (int round = 0; round < 2; round++) {
        assay_output_folder output;
        if (assay_output_open(&output, p.target, true, NULL, &err)) fail_msg("%s", err.text);
        snprintf(path, sizeof path, "%s/config.json", output.temporary);
        assert_int_equal(assay_file_write_atomic(path, round ? "two" : "one", 3, NULL), ASSAY_OK);
        if (assay_output_close(&output, ASSAY_OK, &err)) fail_msg("%s", err.text);
        snprintf(path, sizeof path, "%s/config.json", p.victim);
        assert_false(assay_path_exists(path));
        snprintf(path, sizeof path, "%s/config.json", p.target);
        holds(path, round ? "two" : "one");
    }
    place_close(&p);
}

static void test_an_output_folder_follows_no_planted_link(void **state)
{
    (void)state;
    replace_twice("tmp");
    replace_twice("old");
}

/* Every name taken: a sentence, and nothing left. */
static void test_all_names_taken(void **state)
{
    place p = place_open("precious", "tmp");
    assay_error err = {0};
    char path[160];
    (void)state;
    for (int n = PLANTED; n < 1000; n++) {
        snprintf(path, sizeof path, "%s.tmp-%ld-%d", p.target, (long)getpid(), n);
        assert_int_equal(symlink(p.victim, path), 0);
    }
    assert_int_equal(assay_file_write_atomic(p.target, "new", 3, &err), ASSAY_E_IO);
    assert_non_null(strstr(err.text, "cannot create"));
    holds(p.victim, "precious");
    assert_false(assay_path_exists(p.target));
    assert_int_equal(assay_remove_tree(p.folder, NULL), ASSAY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_follows_no_planted_link),
        cmocka_unit_test(test_a_checkpoint_follows_no_planted_link),
        cmocka_unit_test(test_an_output_folder_follows_no_planted_link),
        cmocka_unit_test(test_all_names_taken),
    };
    return cmocka_run_group_tests_name("file_write", tests, NULL, NULL);
}
