/* Shared by the tests of the containers: comparison with the reference's f32 values
 * (tests/oracle/make_container_golden.py) and throw-away files. */
#ifndef ASSAY_TESTS_CONTAINER_CHECK_H
#define ASSAY_TESTS_CONTAINER_CHECK_H

#include "base/file.h"
#include "container/tensor_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/data/container/"

/* A fresh folder, its path for the caller to free. */
static inline char *fresh_folder(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/assay-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(path));
    return assay_strdup(path);
}

static inline void drop_folder(char *path)
{
    assert_int_equal(assay_remove_tree(path, NULL), ASSAY_OK);
    assay_free(path);
}

/* Plain and unsynced: thousands of mutations are written this way. */
static inline void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* Calls look(name, rank, shape, values, elements, context) for every tensor of GOLDEN/base.names. */
typedef void (*golden_look)(const char *name, int rank, const size_t *shape, const float *values, size_t elements,
                            void *context);

static inline void golden_each(const char *base, golden_look look, void *context)
{
    char path[256], *names, *values, *line_end;
    size_t names_size, values_size, used = 0;
    snprintf(path, sizeof path, GOLDEN "%s.names", base);
    assert_int_equal(assay_file_read(path, 1 << 20, &names, &names_size, NULL), ASSAY_OK);
    snprintf(path, sizeof path, GOLDEN "%s.f32", base);
    assert_int_equal(assay_file_read(path, 1 << 24, &values, &values_size, NULL), ASSAY_OK);
    for (char *line = names; (line_end = strchr(line, '\n')); line = line_end + 1) {
        size_t shape[ASSAY_MAX_RANK] = {0}, elements = 1;
        int rank = 0;
        *line_end = 0;
        char *at = strchr(line, ' ');
        if (at) *at++ = 0;
        while (at && *at) {
            shape[rank] = strtoull(at, &at, 10);
            elements *= shape[rank++];
        }
        assert_true(used + 4 * elements <= values_size);
        look(line, rank, shape, (const float *)(const void *)(values + used), elements, context);
        used += 4 * elements;
    }
    assert_int_equal(used, values_size);
    assay_free(names);
    assay_free(values);
}

static inline void golden_look_file(const char *name, int rank, const size_t *shape, const float *values,
                                    size_t elements, void *context)
{
    const assay_tensor *tensor = assay_tensor_file_find(context, name);
    if (!tensor) fail_msg("the tensor %s is missing", name);
    assert_int_equal(tensor->rank, rank);
    for (int i = 0; i < rank; i++) assert_int_equal(tensor->shape[i], shape[i]);
    float *mine = malloc(4 * elements + 1);
    assay_dtype_to_f32(tensor->dtype, tensor->data, mine, elements);
    if (memcmp(mine, values, 4 * elements) != 0) fail_msg("the tensor %s differs", name);
    free(mine);
}

/* Every tensor of the golden list is in the file with its shape and, converted, bit-equal values. */
static inline void golden_check_file(const char *base, assay_tensor_file *file)
{
    golden_each(base, golden_look_file, file);
}

typedef assay_status (*opener)(assay_tensor_file **out, const char *path, assay_error *err);

/* Opens what it is given; on success reads every byte of every tensor (so that a range outside the file is a fault). */
static inline assay_status open_and_touch(opener open, const char *path, assay_error *err)
{
    assay_tensor_file *file;
    assay_status status = open(&file, path, err);
    if (status != ASSAY_OK) {
        assert_null(file);
        return status;
    }
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < file->count; i++)
        for (size_t j = 0; j < file->tensors[i].bytes; j++)
            sum = (uint8_t)(sum + ((const uint8_t *)file->tensors[i].data)[j]);
    assay_tensor_file_close(file);
    return ASSAY_OK;
}

/* Every shorter file must be refused; every header byte set to a few other values must end in an error with a text or a
 * file that can be read whole. Returns how many mutations were refused. */
static inline size_t torture(opener open, const uint8_t *data, size_t size, size_t header)
{
    static const uint8_t flips[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};
    char *folder = fresh_folder(), *path = assay_path_join(folder, "file");
    size_t refused = 0;
    for (size_t cut = 0; cut < size; cut++) {
        put_file(path, data, cut);
        assay_error err = {0};
        if (open_and_touch(open, path, &err) == ASSAY_OK) fail_msg("accepted when cut to %zu of %zu bytes", cut, size);
        assert_true(err.text[0] != 0);
    }
    uint8_t *copy = malloc(size);
    for (size_t at = 0; at < header; at++)
        for (size_t i = 0; i < sizeof flips; i++) {
            memcpy(copy, data, size);
            copy[at] ^= flips[i];
            put_file(path, copy, size);
            assay_error err = {0};
            if (open_and_touch(open, path, &err) == ASSAY_OK) continue;
            assert_true(err.text[0] != 0);
            refused++;
        }
    free(copy);
    assay_free(path);
    drop_folder(folder);
    return refused;
}

#endif
