/* Python's dict: keys in the order of insertion, found by a hash table beside them (none while there are few). */
#ifndef ASSAY_PYTHON_PY_DICT_H
#define ASSAY_PYTHON_PY_DICT_H

#include "python/py_value.h"

typedef struct assay_py_entry {
    assay_py_value key, value;
    uint64_t hash;
} assay_py_entry;

typedef struct assay_py_dict {
    assay_py_entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* entry number + 1, 0: free; NULL while there are few */
    size_t slot_count;
} assay_py_dict;

assay_status assay_py_dict_new(assay_py_run *run, size_t capacity, assay_py_dict **out);
assay_py_value assay_py_dict_value(assay_py_dict *dict);

/* Adds or overwrites in place. An error: a list or dict as key. */
assay_status assay_py_dict_put(assay_py_run *run, assay_py_dict *dict, const assay_py_value *key,
                               const assay_py_value *value);
assay_status assay_py_dict_put_all(assay_py_run *run, assay_py_dict *dict, const assay_py_dict *from);

/* *out: the value, or type MISSING. An error: a list or dict as key. */
assay_status assay_py_dict_get(assay_py_run *run, const assay_py_dict *dict, const assay_py_value *key,
                               assay_py_value *out);
bool assay_py_value_is_hashable(const assay_py_value *key);

#endif
