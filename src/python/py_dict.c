/* Dicts, and whether two values are equal. They stand in one file because each is made of the other: a dict finds its
 * keys by their equality, and two dicts are equal where each finds the other's keys. */
#include "python/py_dict.h"

#include "python/py_run.h"

#include <string.h>
#include <xxhash.h>

enum { FEW = 8 };

static assay_status hash_of(assay_jrun *run, const assay_jvalue *key, int depth, uint64_t *out);

static assay_status hash_items(assay_jrun *run, const assay_jlist *list, int depth, uint64_t *out)
{
    uint64_t hash = 0x9e3779b97f4a7c15u, part = 0;
    if (depth > ASSAY_JVALUE_DEPTH) return assay_jrun_fail(run, "a dict's key is nested too deeply");
    for (size_t i = 0; i < list->count; i++) {
        ASSAY_TRY(assay_jrun_step(run));
        ASSAY_TRY(hash_of(run, &list->items[i], depth + 1, &part));
        hash = (hash ^ part) * 0x100000001b3u;
    }
    *out = hash;
    return ASSAY_OK;
}

static uint64_t hash_number(const assay_jvalue *key)
{
    double real = assay_jvalue_real(key);
    int64_t whole;
    if (assay_jvalue_is_whole(key, &whole)) return XXH3_64bits(&whole, sizeof whole);
    if (real >= -9e18 && real <= 9e18 && (double)(int64_t)real == real) whole = (int64_t)real;
    else memcpy(&whole, &real, sizeof whole);
    return XXH3_64bits(&whole, sizeof whole);
}

/* Equal values have equal hashes: 1, 1.0 and True are one key. */
static assay_status hash_of(assay_jrun *run, const assay_jvalue *key, int depth, uint64_t *out)
{
    if (key->type == ASSAY_J_TEXT) *out = XXH3_64bits(key->as.text, key->size);
    else if (assay_jvalue_is_number(key)) *out = hash_number(key);
    else if (key->type == ASSAY_J_NONE || key->type == ASSAY_J_UNDEFINED) *out = key->type;
    else if (assay_jvalue_is_list(key, ASSAY_JLIST_TUPLE)) return hash_items(run, key->as.list, depth, out);
    else if (key->type == ASSAY_J_LIST || key->type == ASSAY_J_DICT)
        return assay_jrun_fail(run, "unhashable type: '%s' cannot be a dict's key", assay_jvalue_type_name(key));
    else *out = XXH3_64bits(&key->as, sizeof key->as);
    return ASSAY_OK;
}

bool assay_jvalue_is_hashable(const assay_jvalue *key)
{
    if (assay_jvalue_is_list(key, ASSAY_JLIST_TUPLE)) {
        for (size_t i = 0; i < key->as.list->count; i++) {
            const assay_jvalue *item = &key->as.list->items[i];
            if (item->type == ASSAY_J_DICT || item->type == ASSAY_J_LIST) return false;
        }
        return true;
    }
    return key->type != ASSAY_J_LIST && key->type != ASSAY_J_DICT;
}

assay_status assay_jdict_new(assay_jrun *run, size_t capacity, assay_jdict **out)
{
    void *dict, *entries;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof **out, &dict));
    ASSAY_TRY(assay_jrun_alloc(run, capacity, sizeof(assay_jentry), &entries));
    *out = dict;
    **out = (assay_jdict){.entries = entries, .capacity = capacity};
    return ASSAY_OK;
}

assay_jvalue assay_jdict_value(assay_jdict *dict) { return (assay_jvalue){.type = ASSAY_J_DICT, .as.dict = dict}; }

static assay_status find_entry(assay_jrun *run, const assay_jdict *dict, const assay_jvalue *key, uint64_t hash,
                               assay_jentry **out)
{
    bool equal;
    *out = NULL;
    size_t mask = dict->slots ? dict->slot_count - 1 : 0, at = dict->slots ? hash & mask : 0;
    for (;; at = dict->slots ? (at + 1) & mask : at + 1) {
        if (dict->slots ? !dict->slots[at] : at == dict->count) return ASSAY_OK;
        assay_jentry *entry = &dict->entries[dict->slots ? dict->slots[at] - 1 : at];
        if (entry->hash != hash) continue;
        ASSAY_TRY(assay_jvalue_equal(run, &entry->key, key, &equal));
        if (!equal) continue;
        *out = entry;
        return ASSAY_OK;
    }
}

static void put_slot(assay_jdict *dict, size_t entry)
{
    size_t at = dict->entries[entry].hash & (dict->slot_count - 1);
    while (dict->slots[at]) at = (at + 1) & (dict->slot_count - 1);
    dict->slots[at] = (uint32_t)entry + 1;
}

static assay_status grow(assay_jrun *run, assay_jdict *dict)
{
    void *entries;
    size_t capacity = dict->capacity < FEW ? FEW : dict->capacity * 2;
    ASSAY_TRY(assay_jrun_alloc(run, capacity, sizeof(assay_jentry), &entries));
    if (dict->count) memcpy(entries, dict->entries, dict->count * sizeof(assay_jentry));
    dict->entries = entries;
    dict->capacity = capacity;
    return ASSAY_OK;
}

static assay_status rebuild_slots(assay_jrun *run, assay_jdict *dict)
{
    void *slots;
    size_t count = 4 * FEW;
    while (count < dict->count * 4) count *= 2;
    ASSAY_TRY(assay_jrun_alloc(run, count, sizeof(uint32_t), &slots));
    dict->slots = slots;
    dict->slot_count = count;
    for (size_t i = 0; i < dict->count; i++) put_slot(dict, i);
    return ASSAY_OK;
}

assay_status assay_jdict_put(assay_jrun *run, assay_jdict *dict, const assay_jvalue *key, const assay_jvalue *value)
{
    uint64_t hash = 0;
    assay_jentry *entry;
    ASSAY_TRY(assay_jrun_step(run));
    ASSAY_TRY(hash_of(run, key, 0, &hash));
    ASSAY_TRY(find_entry(run, dict, key, hash, &entry));
    if (entry) {
        entry->value = *value;
        return ASSAY_OK;
    }
    if (dict->count == dict->capacity) ASSAY_TRY(grow(run, dict));
    dict->entries[dict->count++] = (assay_jentry){*key, *value, hash};
    if (dict->count <= FEW) return ASSAY_OK;
    if (!dict->slots || dict->count * 2 > dict->slot_count) return rebuild_slots(run, dict);
    put_slot(dict, dict->count - 1);
    return ASSAY_OK;
}

assay_status assay_jdict_put_all(assay_jrun *run, assay_jdict *dict, const assay_jdict *from)
{
    for (size_t i = 0; i < from->count; i++)
        ASSAY_TRY(assay_jdict_put(run, dict, &from->entries[i].key, &from->entries[i].value));
    return ASSAY_OK;
}

assay_status assay_jdict_get(assay_jrun *run, const assay_jdict *dict, const assay_jvalue *key, assay_jvalue *out)
{
    uint64_t hash = 0;
    assay_jentry *entry;
    *out = (assay_jvalue){0};
    ASSAY_TRY(hash_of(run, key, 0, &hash));
    ASSAY_TRY(find_entry(run, dict, key, hash, &entry));
    if (entry) *out = entry->value;
    return ASSAY_OK;
}

static assay_status equal_lists(assay_jrun *run, const assay_jlist *a, const assay_jlist *b, int depth, bool *out)
{
    bool tuples = (a->kind == ASSAY_JLIST_TUPLE || a->kind == ASSAY_JLIST_GROUP) &&
                  (b->kind == ASSAY_JLIST_TUPLE || b->kind == ASSAY_JLIST_GROUP);
    bool views = a->kind == b->kind && (a->kind == ASSAY_JLIST_KEYS || a->kind == ASSAY_JLIST_ITEMS);
    *out = a == b || ((tuples || views || (a->kind == ASSAY_JLIST_LIST && b->kind == a->kind)) && a->count == b->count);
    for (size_t i = 0; a != b && *out && i < a->count; i++)
        ASSAY_TRY(assay_jvalue_equal_at(run, &a->items[i], &b->items[i], depth + 1, out));
    return ASSAY_OK;
}

static assay_status equal_dicts(assay_jrun *run, const assay_jdict *a, const assay_jdict *b, int depth, bool *out)
{
    assay_jvalue other;
    *out = a->count == b->count;
    for (size_t i = 0; a != b && *out && i < a->count; i++) {
        ASSAY_TRY(assay_jdict_get(run, b, &a->entries[i].key, &other));
        *out = other.type != ASSAY_J_MISSING;
        if (*out) ASSAY_TRY(assay_jvalue_equal_at(run, &a->entries[i].value, &other, depth + 1, out));
    }
    return ASSAY_OK;
}

static bool equal_ranges(const assay_jrange *a, const assay_jrange *b)
{
    if (a->count != b->count) return false;
    return a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step));
}

assay_status assay_jvalue_equal_at(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, int depth, bool *out)
{
    if (depth > ASSAY_JVALUE_DEPTH) return assay_jrun_fail(run, "a value is nested too deeply to be compared");
    ASSAY_TRY(assay_jrun_step(run));
    if (assay_jvalue_is_number(a) && assay_jvalue_is_number(b)) *out = assay_jvalue_order_numbers(a, b) == 0;
    else if (a->type != b->type) *out = false;
    else if (a->type == ASSAY_J_TEXT) {
        *out = a->size == b->size && assay_jvalue_order_texts(a, b) == 0;
        return *out ? assay_jrun_charge(run, a->size) : ASSAY_OK;
    } else if (a->type == ASSAY_J_LIST) return equal_lists(run, a->as.list, b->as.list, depth, out);
    else if (a->type == ASSAY_J_DICT) return equal_dicts(run, a->as.dict, b->as.dict, depth, out);
    else if (a->type == ASSAY_J_RANGE) *out = equal_ranges(a->as.range, b->as.range);
    else if (a->type == ASSAY_J_NONE || a->type == ASSAY_J_UNDEFINED) *out = true;
    else *out = a->as.list == b->as.list; /* identity, whatever it points to */
    return ASSAY_OK;
}

assay_status assay_jvalue_equal(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, bool *out)
{
    return assay_jvalue_equal_at(run, a, b, 0, out);
}
