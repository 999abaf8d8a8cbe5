/* Dicts, and whether two values are equal. They stand in one file because each is made of the other: a dict finds its
 * keys by their equality, and two dicts are equal where each finds the other's keys. */
#include "python/py_dict.h"

#include "python/py_run.h"

#include <string.h>
#include <xxhash.h>

enum { FEW = 8 };

static assay_status hash_of(assay_py_run *run, const assay_py_value *key, int depth, uint64_t *out);

static assay_status hash_items(assay_py_run *run, const assay_py_list *list, int depth, uint64_t *out)
{
    uint64_t hash = 0x9e3779b97f4a7c15u, part = 0;
    if (depth > ASSAY_PY_VALUE_DEPTH) return assay_py_run_fail(run, "a dict's key is nested too deeply");
    for (size_t i = 0; i < list->count; i++) {
        ASSAY_TRY(assay_py_run_step(run));
        ASSAY_TRY(hash_of(run, &list->items[i], depth + 1, &part));
        hash = (hash ^ part) * 0x100000001b3u;
    }
    *out = hash;
    return ASSAY_OK;
}

static uint64_t hash_number(const assay_py_value *key)
{
    double real = assay_py_value_real(key);
    int64_t whole;
    if (assay_py_value_is_whole(key, &whole)) return XXH3_64bits(&whole, sizeof whole);
    if (real >= -9e18 && real <= 9e18 && (double)(int64_t)real == real) whole = (int64_t)real;
    else memcpy(&whole, &real, sizeof whole);
    return XXH3_64bits(&whole, sizeof whole);
}

/* Equal values have equal hashes: 1, 1.0 and True are one key. */
static assay_status hash_of(assay_py_run *run, const assay_py_value *key, int depth, uint64_t *out)
{
    if (key->type == ASSAY_PY_TEXT) *out = XXH3_64bits(key->as.text, key->size);
    else if (assay_py_value_is_number(key)) *out = hash_number(key);
    else if (key->type == ASSAY_PY_NONE || key->type == ASSAY_PY_UNDEFINED) *out = key->type;
    else if (assay_py_value_is_list(key, ASSAY_PY_LIST_TUPLE)) return hash_items(run, key->as.list, depth, out);
    else if (key->type == ASSAY_PY_LIST || key->type == ASSAY_PY_DICT)
        return assay_py_run_fail(run, "unhashable type: '%s' cannot be a dict's key", assay_py_value_type_name(key));
    else *out = XXH3_64bits(&key->as, sizeof key->as);
    return ASSAY_OK;
}

bool assay_py_value_is_hashable(const assay_py_value *key)
{
    if (assay_py_value_is_list(key, ASSAY_PY_LIST_TUPLE)) {
        for (size_t i = 0; i < key->as.list->count; i++) {
            const assay_py_value *item = &key->as.list->items[i];
            if (item->type == ASSAY_PY_DICT || item->type == ASSAY_PY_LIST) return false;
        }
        return true;
    }
    return key->type != ASSAY_PY_LIST && key->type != ASSAY_PY_DICT;
}

assay_status assay_py_dict_new(assay_py_run *run, size_t capacity, assay_py_dict **out)
{
    void *dict, *entries;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof **out, &dict));
    ASSAY_TRY(assay_py_run_alloc(run, capacity, sizeof(assay_py_entry), &entries));
    *out = dict;
    **out = (assay_py_dict){.entries = entries, .capacity = capacity};
    return ASSAY_OK;
}

assay_py_value assay_py_dict_value(assay_py_dict *dict)
{
    return (assay_py_value){.type = ASSAY_PY_DICT, .as.dict = dict};
}

static assay_status find_entry(assay_py_run *run, const assay_py_dict *dict, const assay_py_value *key, uint64_t hash,
                               assay_py_entry **out)
{
    bool equal;
    *out = NULL;
    size_t mask = dict->slots ? dict->slot_count - 1 : 0, at = dict->slots ? hash & mask : 0;
    for (;; at = dict->slots ? (at + 1) & mask : at + 1) {
        if (dict->slots ? !dict->slots[at] : at == dict->count) return ASSAY_OK;
        assay_py_entry *entry = &dict->entries[dict->slots ? dict->slots[at] - 1 : at];
        if (entry->hash != hash) continue;
        ASSAY_TRY(assay_py_value_equal(run, &entry->key, key, &equal));
        if (!equal) continue;
        *out = entry;
        return ASSAY_OK;
    }
}

static void put_slot(assay_py_dict *dict, size_t entry)
{
    size_t at = dict->entries[entry].hash & (dict->slot_count - 1);
    while (dict->slots[at]) at = (at + 1) & (dict->slot_count - 1);
    dict->slots[at] = (uint32_t)entry + 1;
}

static assay_status grow(assay_py_run *run, assay_py_dict *dict)
{
    void *entries;
    size_t capacity = dict->capacity < FEW ? FEW : dict->capacity * 2;
    ASSAY_TRY(assay_py_run_alloc(run, capacity, sizeof(assay_py_entry), &entries));
    if (dict->count) memcpy(entries, dict->entries, dict->count * sizeof(assay_py_entry));
    dict->entries = entries;
    dict->capacity = capacity;
    return ASSAY_OK;
}

static assay_status rebuild_slots(assay_py_run *run, assay_py_dict *dict)
{
    void *slots;
    size_t count = 4 * FEW;
    while (count < dict->count * 4) count *= 2;
    ASSAY_TRY(assay_py_run_alloc(run, count, sizeof(uint32_t), &slots));
    dict->slots = slots;
    dict->slot_count = count;
    for (size_t i = 0; i < dict->count; i++) put_slot(dict, i);
    return ASSAY_OK;
}

assay_status assay_py_dict_put(assay_py_run *run, assay_py_dict *dict, const assay_py_value *key,
                               const assay_py_value *value)
{
    uint64_t hash = 0;
    assay_py_entry *entry;
    ASSAY_TRY(assay_py_run_step(run));
    ASSAY_TRY(hash_of(run, key, 0, &hash));
    ASSAY_TRY(find_entry(run, dict, key, hash, &entry));
    if (entry) {
        entry->value = *value;
        return ASSAY_OK;
    }
    if (dict->count == dict->capacity) ASSAY_TRY(grow(run, dict));
    dict->entries[dict->count++] = (assay_py_entry){*key, *value, hash};
    if (dict->count <= FEW) return ASSAY_OK;
    if (!dict->slots || dict->count * 2 > dict->slot_count) return rebuild_slots(run, dict);
    put_slot(dict, dict->count - 1);
    return ASSAY_OK;
}

assay_status assay_py_dict_put_all(assay_py_run *run, assay_py_dict *dict, const assay_py_dict *from)
{
    for (size_t i = 0; i < from->count; i++)
        ASSAY_TRY(assay_py_dict_put(run, dict, &from->entries[i].key, &from->entries[i].value));
    return ASSAY_OK;
}

assay_status assay_py_dict_get(assay_py_run *run, const assay_py_dict *dict, const assay_py_value *key,
                               assay_py_value *out)
{
    uint64_t hash = 0;
    assay_py_entry *entry;
    *out = (assay_py_value){0};
    ASSAY_TRY(hash_of(run, key, 0, &hash));
    ASSAY_TRY(find_entry(run, dict, key, hash, &entry));
    if (entry) *out = entry->value;
    return ASSAY_OK;
}

static assay_status equal_lists(assay_py_run *run, const assay_py_list *a, const assay_py_list *b, int depth, bool *out)
{
    bool tuples = (a->kind == ASSAY_PY_LIST_TUPLE || a->kind == ASSAY_PY_LIST_GROUP) &&
                  (b->kind == ASSAY_PY_LIST_TUPLE || b->kind == ASSAY_PY_LIST_GROUP);
    bool views = a->kind == b->kind && (a->kind == ASSAY_PY_LIST_KEYS || a->kind == ASSAY_PY_LIST_ITEMS);
    *out =
        a == b || ((tuples || views || (a->kind == ASSAY_PY_LIST_LIST && b->kind == a->kind)) && a->count == b->count);
    for (size_t i = 0; a != b && *out && i < a->count; i++)
        ASSAY_TRY(assay_py_value_equal_at(run, &a->items[i], &b->items[i], depth + 1, out));
    return ASSAY_OK;
}

static assay_status equal_dicts(assay_py_run *run, const assay_py_dict *a, const assay_py_dict *b, int depth, bool *out)
{
    assay_py_value other;
    *out = a->count == b->count;
    for (size_t i = 0; a != b && *out && i < a->count; i++) {
        ASSAY_TRY(assay_py_dict_get(run, b, &a->entries[i].key, &other));
        *out = other.type != ASSAY_PY_MISSING;
        if (*out) ASSAY_TRY(assay_py_value_equal_at(run, &a->entries[i].value, &other, depth + 1, out));
    }
    return ASSAY_OK;
}

static bool equal_ranges(const assay_py_range *a, const assay_py_range *b)
{
    if (a->count != b->count) return false;
    return a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step));
}

assay_status assay_py_value_equal_at(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, int depth,
                                     bool *out)
{
    if (depth > ASSAY_PY_VALUE_DEPTH) return assay_py_run_fail(run, "a value is nested too deeply to be compared");
    ASSAY_TRY(assay_py_run_step(run));
    if (assay_py_value_is_number(a) && assay_py_value_is_number(b)) *out = assay_py_value_order_numbers(a, b) == 0;
    else if (a->type != b->type) *out = false;
    else if (a->type == ASSAY_PY_TEXT) {
        *out = a->size == b->size && assay_py_value_order_texts(a, b) == 0;
        return *out ? assay_py_run_charge(run, a->size) : ASSAY_OK;
    } else if (a->type == ASSAY_PY_LIST) return equal_lists(run, a->as.list, b->as.list, depth, out);
    else if (a->type == ASSAY_PY_DICT) return equal_dicts(run, a->as.dict, b->as.dict, depth, out);
    else if (a->type == ASSAY_PY_RANGE) *out = equal_ranges(a->as.range, b->as.range);
    else if (a->type == ASSAY_PY_NONE || a->type == ASSAY_PY_UNDEFINED) *out = true;
    else *out = a->as.list == b->as.list; /* identity, whatever it points to */
    return ASSAY_OK;
}

assay_status assay_py_value_equal(assay_py_run *run, const assay_py_value *a, const assay_py_value *b, bool *out)
{
    return assay_py_value_equal_at(run, a, b, 0, out);
}
