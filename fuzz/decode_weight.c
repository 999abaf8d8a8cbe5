#include "decode_weight.h"
#include "fuzz_file.h"

#include "backend/kernels.h"
#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ELEMENTS = 1 << 20, MOST_CONFIGS = 8 };

static struct {
    const char *config;
    bool read;
} tried[MOST_CONFIGS];

typedef struct decoding {
    const assay_decoders *decoders;
    assay_stored stored;
    float *one, *other; /* a row by both decoders */
} decoding;

static void *copy_of(const void *data, size_t bytes)
{
    void *copy = malloc(bytes ? bytes : 1);
    if (!copy) abort();
    if (bytes) memcpy(copy, data, bytes);
    return copy;
}

static void must_agree(const decoding *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool both_none = isnan(d->one[i]) && isnan(d->other[i]);
        if (!both_none && memcmp(d->one + i, d->other + i, sizeof *d->one) != 0) abort();
    }
}

static void decode_run(const decoding *d, size_t row, size_t first, size_t count)
{
    assay_stored_decode(NULL, &d->stored, row, first, count, d->one);
    assay_stored_decode(d->decoders, &d->stored, row, first, count, d->other);
    must_agree(d, count);
}

static void decode_rows(decoding *d, size_t rows)
{
    size_t cols = d->stored.cols;
    d->one = malloc(cols * sizeof *d->one);
    d->other = malloc(cols * sizeof *d->other);
    if (!d->one || !d->other) abort();
    for (size_t row = 0; row < rows; row++) {
        decode_run(d, row, 0, cols);
        decode_run(d, row, cols / 3, cols / 2);
    }
    free(d->one);
    free(d->other);
}

static void decode_copies(const assay_tensor *tensor, size_t rows)
{
    const assay_kernels *kernels;
    assay_tensor copy = *tensor;
    assay_parts parts = tensor->parts ? *tensor->parts : (assay_parts){0};
    if (assay_kernels_select(&kernels, NULL, NULL) != ASSAY_OK) abort();
    void *data = copy_of(tensor->data, tensor->bytes), *scales = copy_of(parts.scales, parts.scale_bytes),
         *map = copy_of(parts.map, parts.map ? ASSAY_PARTS_MAP_BYTES : 0),
         *map_scales = copy_of(parts.map_scales, parts.map_scale_bytes),
         *zeros = copy_of(parts.zeros, parts.zero_bytes), *groups = copy_of(parts.groups, parts.group_bytes);
    copy.data = data;
    parts.scales = scales;
    if (parts.map) parts.map = map;
    parts.map_scales = map_scales;
    if (parts.zeros) parts.zeros = zeros;
    if (parts.groups) parts.groups = groups;
    if (tensor->parts) copy.parts = &parts;
    decoding d = {.decoders = kernels->decoders, .stored = assay_stored_tensor(&copy)};
    decode_rows(&d, rows);
    free(data);
    free(scales);
    free(map);
    free(map_scales);
    free(zeros);
    free(groups);
}

void assay_fuzz_decode(const assay_checkpoint *checkpoint, const assay_weight *weight)
{
    const assay_tensor *tensor = &weight->tensor;
    size_t elements;
    bool known = assay_dtype_is_weight(tensor->dtype) && assay_tensor_elements(tensor, &elements);
    if (!known || elements == 0 || elements > MOST_ELEMENTS) return;
    decode_copies(tensor, elements / assay_stored_tensor(tensor).cols);
    float *values = assay_alloc(elements, sizeof *values);
    if (values) assay_checkpoint_read(checkpoint, weight, values, NULL);
    assay_free(values);
}

static bool *read_flag(const char *config)
{
    size_t i = 0;
    while (tried[i].config && tried[i].config != config)
        if (++i == MOST_CONFIGS) abort();
    tried[i].config = config;
    return &tried[i].read;
}

const char *assay_fuzz_unread_config(void)
{
    for (size_t i = 0; i < MOST_CONFIGS; i++)
        if (tried[i].config && !tried[i].read) return tried[i].config;
    return NULL;
}

void assay_fuzz_decode_folder(const char *config, const void *weights, size_t size)
{
    assay_checkpoint *checkpoint;
    bool *read = read_flag(config);
    assay_fuzz_put("config.json", config, strlen(config));
    assay_fuzz_put("model.safetensors", weights, size);
    if (assay_checkpoint_open(&checkpoint, assay_fuzz_folder(), 0, NULL) != ASSAY_OK) return;
    *read = true;
    for (size_t i = 0; i < checkpoint->weight_count; i++) assay_fuzz_decode(checkpoint, &checkpoint->weights[i]);
    assay_checkpoint_close(checkpoint);
}
