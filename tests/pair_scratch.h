/* A folder for files that a test writes, and pair files read with what a user may say of them. Behind cmocka.h. */
#ifndef ASSAY_TESTS_PAIR_SCRATCH_H
#define ASSAY_TESTS_PAIR_SCRATCH_H

#include "base/file.h"
#include "data/pair_file.h"

#include <stdio.h>
#include <stdlib.h>

static char scratch[64];

static inline int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/assay-pairs-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int drop_scratch(void **state)
{
    (void)state;
    return assay_remove_tree(scratch, NULL) == ASSAY_OK ? 0 : -1;
}

static inline const char *scratch_file(const char *name, const char *text, size_t size)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    assert_int_equal(assay_file_write_atomic(path, text, size, NULL), ASSAY_OK);
    return path;
}

static inline assay_pair_set *read_with(const char *path, const char *columns_text, bool skip, assay_status wanted,
                                        assay_error *err)
{
    assay_pair_set *set;
    assay_columns columns;
    *err = (assay_error){0};
    assert_int_equal(assay_pair_set_new(&set, err), ASSAY_OK);
    assert_int_equal(assay_columns_parse(&columns, columns_text, err), ASSAY_OK);
    assay_pair_options options = {.columns = &columns, .skip_bad_lines = skip};
    assay_status status = assay_pair_set_read(set, path, &options, err);
    if (status != wanted) print_error("%s: %s\n", path, err->text);
    assert_int_equal(status, wanted);
    assay_columns_release(&columns);
    return set;
}

#endif
