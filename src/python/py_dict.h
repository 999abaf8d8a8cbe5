/* Python's dict: keys in the order of insertion, found by a hash table beside them (none while there are few). */
#ifndef ASSAY_PYTHON_PY_DICT_H
#define ASSAY_PYTHON_PY_DICT_H

#include "python/py_value.h"

typedef struct assay_jentry {
    assay_jvalue key, value;
    uint64_t hash;
} assay_jentry;

typedef struct assay_jdict {
    assay_jentry *entries;
    size_t count, capacity;
    uint32_t *slots; /* entry number + 1, 0: free; NULL while there are few */
    size_t slot_count;
} assay_jdict;

assay_status assay_jdict_new(assay_jrun *run, size_t capacity, assay_jdict **out);
assay_jvalue assay_jdict_value(assay_jdict *dict);

/* Adds or overwrites in place. An error: a list or dict as key. */
assay_status assay_jdict_put(assay_jrun *run, assay_jdict *dict, const assay_jvalue *key, const assay_jvalue *value);
assay_status assay_jdict_put_all(assay_jrun *run, assay_jdict *dict, const assay_jdict *from);

/* *out: the value, or type MISSING. An error: a list or dict as key. */
assay_status assay_jdict_get(assay_jrun *run, const assay_jdict *dict, const assay_jvalue *key, assay_jvalue *out);
bool assay_jvalue_is_hashable(const assay_jvalue *key);

#endif
