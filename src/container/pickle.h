/* The pickle of a state dict, read as data. For torch_bin.
 *
 * A closed list of opcodes builds plain values in an arena; a global is looked up in a fixed list of names and never
 * called: REDUCE on the tensor rebuilders makes a tensor value, on OrderedDict an empty dict, and BUILD sets a dict's
 * state aside. Everything else is refused with its opcode or its "module name". Values refer to each other by index, so
 * shared and cyclic structures cost nothing and nothing here walks them recursively. Opcodes: CPython,
 * Lib/pickletools.py; what torch writes: torch/_utils.py (_rebuild_tensor_v2, _rebuild_parameter),
 * torch/serialization.py (persistent_id). */
#ifndef ASSAY_CONTAINER_PICKLE_H
#define ASSAY_CONTAINER_PICKLE_H

#include "base/alloc.h"
#include "tensor/dtype.h"

enum { ASSAY_PICKLE_MAX_OPCODES = 1000000 };

typedef enum assay_pickle_kind {
    ASSAY_PICKLE_NONE,
    ASSAY_PICKLE_BOOL,
    ASSAY_PICKLE_INT,
    ASSAY_PICKLE_TEXT,
    ASSAY_PICKLE_TUPLE,
    ASSAY_PICKLE_LIST,
    ASSAY_PICKLE_DICT,
    ASSAY_PICKLE_GLOBAL,
    ASSAY_PICKLE_STORAGE, /* children: the five items of torch's persistent id; number: the dtype */
    ASSAY_PICKLE_TENSOR   /* children: storage, offset, size tuple, stride tuple, ... as given to _rebuild_tensor_v2 */
} assay_pickle_kind;

typedef struct assay_pickle_value {
    assay_pickle_kind kind;
    uint32_t first, last; /* cells of the children, 0: none; a dict's alternate key, value */
    uint32_t count;       /* children; texts: bytes */
    union {
        int64_t number;   /* BOOL, INT; GLOBAL: index in the fixed list; STORAGE: assay_dtype */
        const char *text; /* TEXT: UTF-8 in the pickle, not zero-terminated */
    };
} assay_pickle_value;

typedef struct assay_pickle_cell {
    uint32_t value, next;
} assay_pickle_cell;

typedef struct assay_pickle {
    assay_pickle_value *values;
    assay_pickle_cell *cells; /* cell 0 is not used */
    uint32_t *stack, *memo;   /* memo: value index + 1, 0: empty */
    size_t value_count, value_capacity, cell_count, cell_capacity, stack_count, stack_capacity, memo_capacity;
    uint32_t result; /* the value on the stack at STOP */
} assay_pickle;

/* Reads `size` bytes, which must stay as long as the values are used. On failure nothing is to be released. */
assay_status assay_pickle_read(assay_pickle *pickle, const uint8_t *bytes, size_t size, const char *where,
                               assay_error *err);
void assay_pickle_release(assay_pickle *pickle);

/* Child `index` of a value, or NULL; a walk along the children, so for short ones. */
const assay_pickle_value *assay_pickle_child(const assay_pickle *pickle, const assay_pickle_value *value,
                                             uint32_t index);

#endif
