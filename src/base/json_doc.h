/* JSON documents: jansson underneath, with typed look-ups whose errors name file and field. For small documents
 * (config.json, tokenizer.json, one line of a pair file). Duplicate keys are refused (but see `world`), nesting is at
 * most 64 deep, key order is kept, a whole number fits into 64 bits (a larger one that a double holds exactly becomes a
 * real). Where offsets matter and size is hostile (safetensors headers) use base/json_pull.h instead. A json_t from the
 * load functions belongs to the caller: json_decref. The getters return borrowed references. `where` is a name for
 * messages (a path, or "pairs.jsonl:12"). Each getter: a missing key leaves *out as it is when `needed` is false and is
 * an error naming the key otherwise; null counts as missing; a wrong type is always an error. */
#ifndef ASSAY_BASE_JSON_DOC_H
#define ASSAY_BASE_JSON_DOC_H

#include "base/buf.h"
#include "base/meter.h"

#include <jansson.h>
#include <stdint.h>

/* What a tree may take besides the text in it: an empty object of two bytes takes a hundred times that. parse is for
 * lines and requests: 64 MiB. load is for documents: 64 MiB, or 32 times the file where that is more (a merge of a
 * tokenizer.json, ["a","b"], takes 25 times its bytes). Beyond it: ASSAY_E_FORMAT. */
#define ASSAY_JSON_TREE_MAX ((size_t)64 << 20)
enum { ASSAY_JSON_TREE_A_BYTE = 32 };

assay_status assay_json_parse(const char *text, size_t size, const char *where, json_t **out, assay_error *err);
/* How a document of a stranger is read. */
typedef struct assay_json_reading {
    /* What the tree takes is charged, by what jansson needs for a value of its kind; NULL: not counted. The tree is not
     * known to the meter later: its charge stays until the meter is released. */
    assay_meter *meter;
    /* Which members of the outermost object are built, by name; the others are read over, whatever numbers are in them,
     * and cost nothing. NULL: all. */
    bool (*wanted)(const void *context, const char *name);
    const void *context;
    size_t most; /* bytes that the tree may take besides the text in it; 0: any */
    /* What programs write that is no JSON, or that no value here can hold, does not stop the reading, for nobody may
     * ask for it: NaN, infinities, numbers beyond 64 bits and beyond a double, texts with half a surrogate pair. They
     * are put into the tree unreadable (below). Of a key that comes twice the last counts, as in Python and JavaScript;
     * a key with a zero byte is left out. The number of a member "id" of the outermost object, which is a name, and one
     * that is all of the document keep their text (unreadable too) unless they are whole and fit into 64 bits. */
    bool world;
    bool python; /* what Python's json reads as well: a byte order mark in front, NaN and Infinity where not wanted */
} assay_json_reading;

assay_status assay_json_parse_as(const char *text, size_t size, const char *where, const assay_json_reading *reading,
                                 json_t **out, assay_error *err);

/* Why a value in a tree from the world cannot be read, as a thing ("NaN", "a whole number beyond 64 bits", "a text with
 * half a surrogate pair"); NULL: it can. One is an object to jansson, so whoever takes objects asks this first. */
const char *assay_json_unreadable(const json_t *value);

/* The text of an unreadable number ("1e400", "12345678901234567890123", of an id "1.50"); NULL: the value is none, or
 * no number of JSON. */
const char *assay_json_number_text(const json_t *value);

/* Looks through a whole value: the first reason there is, or NULL. */
const char *assay_json_any_unreadable(const json_t *value);

/* A value from a text of the program's own, such as an id that was kept as JSON; a number may be unreadable. NULL: out
 * of memory, or it is no JSON. */
json_t *assay_json_value(const char *text);

/* null, false, 0, empty, or not there: a key that says nothing. */
bool assay_json_is_off(const json_t *value);

/* A number, null where it is not finite: JSON has no NaN. A new value of the caller's; NULL: out of memory. */
json_t *assay_json_number(double value);

typedef struct assay_json_entry {
    const char *key;
    double value;
} assay_json_entry;

/* Such numbers put into the object, which is the caller's again. NULL, and the object is released: out of memory, or it
 * was NULL. */
json_t *assay_json_numbers(json_t *object, const assay_json_entry *entries, size_t count);

assay_status assay_json_load(const char *path, size_t ceiling, json_t **out, assay_error *err);

/* "a string", "a list", ...: what a value is, for messages; NULL: "missing". */
const char *assay_json_kind(const json_t *value);

/* For jansson's iterators and setters, which take what they only read, or count references of, without const. */
json_t *assay_json_lent(const json_t *value);

assay_status assay_json_int(const json_t *object, const char *key, bool needed, int64_t *out, const char *where,
                            assay_error *err);
assay_status assay_json_double(const json_t *object, const char *key, bool needed, double *out, const char *where,
                               assay_error *err);
assay_status assay_json_bool(const json_t *object, const char *key, bool needed, bool *out, const char *where,
                             assay_error *err);
assay_status assay_json_string(const json_t *object, const char *key, bool needed, const char **out, const char *where,
                               assay_error *err);

/* The value as text behind what is in *out, with jansson's flags (JSON_COMPACT, ...); an unreadable number as it was
 * written. On failure *out is as it was. Not
 * json_dump*: those lose a key for which there was no memory, and say nothing. */
assay_status assay_json_append(const json_t *value, size_t flags, assay_buf *out, assay_error *err);

/* The same as a text of its own, which the caller frees with assay_free. NULL: out of memory, or value is NULL. */
char *assay_json_dump(const json_t *value, size_t flags);

/* Writes with two-space indent, sorted keys and a final newline, whole or not at all. */
assay_status assay_json_save(const json_t *value, const char *path, assay_error *err);

#endif
