#include "tensor/dtype.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

typedef struct dtype_info {
    const char *name;
    size_t bytes, block;
    int gguf;
} dtype_info;

static const dtype_info infos[] = {
#define SCALAR_INFO(name, text, bytes, gguf) {text, bytes, 1, gguf},
#define BLOCK_INFO(name, file, bytes, block, gguf, made) {#name, bytes, block, gguf},
#define PARTS_INFO(name, file, bytes, block) {#name, bytes, block, -1},
    ASSAY_SCALAR_MAP(SCALAR_INFO) ASSAY_BLOCK_MAP(BLOCK_INFO) ASSAY_PARTS_MAP(PARTS_INFO)
#undef PARTS_INFO
#undef SCALAR_INFO
#undef BLOCK_INFO
};

const char *assay_dtype_name(assay_dtype dtype) { return infos[dtype].name; }
size_t assay_dtype_block(assay_dtype dtype) { return infos[dtype].block; }
size_t assay_dtype_block_bytes(assay_dtype dtype) { return infos[dtype].bytes; }

bool assay_dtype_from_name(const char *name, assay_dtype *out)
{
    for (int i = 0; i < ASSAY_DTYPE_COUNT; i++)
        if (!assay_dtype_is_packed((assay_dtype)i) && !strcmp(infos[i].name, name)) {
            *out = (assay_dtype)i;
            return true;
        }
    return false;
}

bool assay_dtype_from_gguf(uint32_t number, assay_dtype *out)
{
    for (int i = 0; i < ASSAY_DTYPE_COUNT; i++)
        if (infos[i].gguf >= 0 && (uint32_t)infos[i].gguf == number) {
            *out = (assay_dtype)i;
            return true;
        }
    return false;
}

bool assay_dtype_to_gguf(assay_dtype dtype, uint32_t *number)
{
    *number = infos[dtype].gguf >= 0 ? (uint32_t)infos[dtype].gguf : 0;
    return infos[dtype].gguf >= 0;
}

bool assay_dtype_bytes(assay_dtype dtype, size_t elements, size_t *bytes)
{
    if (elements % infos[dtype].block) return false;
    return assay_mul_size(elements / infos[dtype].block, infos[dtype].bytes, bytes);
}

size_t assay_dtype_row_bytes(assay_dtype dtype, size_t cols) { return cols / infos[dtype].block * infos[dtype].bytes; }

bool assay_dtype_is_packed(assay_dtype dtype) { return dtype > ASSAY_BOOL; }

bool assay_dtype_is_weight(assay_dtype dtype)
{
    return dtype == ASSAY_F32 || dtype == ASSAY_F16 || dtype == ASSAY_BF16 || dtype == ASSAY_F64 ||
           assay_dtype_is_packed(dtype);
}
