/* The interpreter: a cursor over the bytes, a stack of value indices, a memo, and marks (a stack entry with a reserved
 * index).
 *
 * What bounds it: at most a million opcodes, each makes at most one value, one cell and one stack entry a byte or so,
 * strings stay where they are, and a memo index may not exceed the number of values made so far by more than the opcode
 * count. So a hostile pickle costs at most a few tens of megabytes and a second, whatever its counts say. */
#include "container/pickle.h"

#include <string.h>

enum { MARK = 0xffffffff };

typedef enum global_id {
    GLOBAL_ORDERED_DICT,
    GLOBAL_REBUILD_TENSOR,
    GLOBAL_REBUILD_PARAMETER,
    GLOBAL_STORAGE
} global_id;

typedef struct global_info {
    const char *module, *name;
    global_id id;
    assay_dtype dtype;
} global_info;

static const global_info globals[] = {{"collections", "OrderedDict", GLOBAL_ORDERED_DICT, 0},
                                      {"torch._utils", "_rebuild_tensor_v2", GLOBAL_REBUILD_TENSOR, 0},
                                      {"torch._utils", "_rebuild_parameter", GLOBAL_REBUILD_PARAMETER, 0},
                                      {"torch", "FloatStorage", GLOBAL_STORAGE, ASSAY_F32},
                                      {"torch", "HalfStorage", GLOBAL_STORAGE, ASSAY_F16},
                                      {"torch", "BFloat16Storage", GLOBAL_STORAGE, ASSAY_BF16},
                                      {"torch", "DoubleStorage", GLOBAL_STORAGE, ASSAY_F64},
                                      {"torch", "LongStorage", GLOBAL_STORAGE, ASSAY_I64},
                                      {"torch", "IntStorage", GLOBAL_STORAGE, ASSAY_I32},
                                      {"torch", "ShortStorage", GLOBAL_STORAGE, ASSAY_I16},
                                      {"torch", "CharStorage", GLOBAL_STORAGE, ASSAY_I8},
                                      {"torch", "ByteStorage", GLOBAL_STORAGE, ASSAY_U8},
                                      {"torch", "BoolStorage", GLOBAL_STORAGE, ASSAY_BOOL}};

typedef struct machine {
    assay_pickle *pickle;
    const uint8_t *start, *at, *end;
    const char *where;
    assay_error *err;
} machine;

static assay_status fail(const machine *m, const char *what)
{
    return assay_error_set(m->err, ASSAY_E_FORMAT, "%s: data.pkl, byte %zu: %s", m->where, (size_t)(m->at - m->start),
                           what);
}

static assay_status grow(void *items, size_t *capacity, size_t needed, size_t size, const machine *m)
{
    if (needed > 4 * (size_t)ASSAY_PICKLE_MAX_OPCODES) return fail(m, "too many values");
    return assay_grow(items, capacity, needed, size, m->err);
}

static assay_status take(machine *m, size_t size, const uint8_t **out)
{
    if ((size_t)(m->end - m->at) < size) return fail(m, "the pickle is cut short");
    *out = m->at;
    m->at += size;
    return ASSAY_OK;
}

static assay_status take_uint(machine *m, int bytes, uint64_t *out)
{
    const uint8_t *at = NULL;
    ASSAY_TRY(take(m, (size_t)bytes, &at));
    *out = 0;
    for (int i = bytes - 1; i >= 0; i--) *out = *out << 8 | at[i];
    return ASSAY_OK;
}

static assay_status push_index(machine *m, uint32_t index)
{
    assay_pickle *p = m->pickle;
    void *grown = p->stack;
    ASSAY_TRY(grow(&grown, &p->stack_capacity, p->stack_count + 1, sizeof *p->stack, m));
    p->stack = grown;
    p->stack[p->stack_count++] = index;
    return ASSAY_OK;
}

static assay_status push(machine *m, assay_pickle_value value)
{
    assay_pickle *p = m->pickle;
    void *grown = p->values;
    ASSAY_TRY(grow(&grown, &p->value_capacity, p->value_count + 1, sizeof *p->values, m));
    p->values = grown;
    p->values[p->value_count] = value;
    return push_index(m, (uint32_t)p->value_count++);
}

static assay_status push_number(machine *m, assay_pickle_kind kind, int64_t number)
{
    return push(m, (assay_pickle_value){.kind = kind, .number = number});
}

static assay_status pop(machine *m, uint32_t *out)
{
    assay_pickle *p = m->pickle;
    if (p->stack_count == 0 || p->stack[p->stack_count - 1] == MARK)
        return fail(m, "takes a value from an empty stack");
    *out = p->stack[--p->stack_count];
    return ASSAY_OK;
}

static assay_status top(machine *m, assay_pickle_value **out)
{
    assay_pickle *p = m->pickle;
    if (p->stack_count == 0 || p->stack[p->stack_count - 1] == MARK) return fail(m, "needs a value on the stack");
    *out = &p->values[p->stack[p->stack_count - 1]];
    return ASSAY_OK;
}

static assay_status add_child(machine *m, uint32_t parent, uint32_t child)
{
    assay_pickle *p = m->pickle;
    void *grown = p->cells;
    if (p->cell_count == 0) p->cell_count = 1;
    ASSAY_TRY(grow(&grown, &p->cell_capacity, p->cell_count + 1, sizeof *p->cells, m));
    p->cells = grown;
    uint32_t cell = (uint32_t)p->cell_count++;
    p->cells[cell] = (assay_pickle_cell){child, 0};
    assay_pickle_value *value = &p->values[parent];
    if (value->last) p->cells[value->last].next = cell;
    else value->first = cell;
    value->last = cell;
    value->count++;
    return ASSAY_OK;
}

/* Stack index of the first value behind the topmost mark. */
static assay_status find_mark(const machine *m, size_t *out)
{
    const assay_pickle *p = m->pickle;
    for (size_t i = p->stack_count; i > 0; i--)
        if (p->stack[i - 1] == MARK) {
            *out = i;
            return ASSAY_OK;
        }
    return fail(m, "no mark on the stack");
}

static assay_status make_tuple(machine *m, size_t first, size_t behind)
{
    assay_pickle *p = m->pickle;
    size_t count = p->stack_count;
    for (size_t i = first; i < count; i++)
        if (p->stack[i] == MARK) return fail(m, "a mark inside a tuple");
    ASSAY_TRY(push(m, (assay_pickle_value){.kind = ASSAY_PICKLE_TUPLE}));
    uint32_t tuple = p->stack[count];
    for (size_t i = first; i < count; i++) ASSAY_TRY(add_child(m, tuple, p->stack[i]));
    p->stack[behind] = tuple;
    p->stack_count = behind + 1;
    return ASSAY_OK;
}

static assay_status small_tuple(machine *m, size_t items)
{
    size_t count = m->pickle->stack_count;
    if (count < items) return fail(m, "a tuple of more values than there are");
    return make_tuple(m, count - items, count - items);
}

static assay_status marked_tuple(machine *m)
{
    size_t first = 0;
    ASSAY_TRY(find_mark(m, &first));
    return make_tuple(m, first, first - 1);
}

/* The values from stack index `first` on become children of the list or dict below them (below the mark, if `mark`). */
static assay_status append(machine *m, size_t first, bool mark, assay_pickle_kind kind)
{
    assay_pickle *p = m->pickle;
    size_t below = mark ? 2 : 1;
    if (first < below || p->stack[first - below] == MARK || p->values[p->stack[first - below]].kind != kind)
        return fail(m, kind == ASSAY_PICKLE_DICT ? "sets an item of something that is no dict"
                                                 : "appends to something that is no list");
    if (kind == ASSAY_PICKLE_DICT && (p->stack_count - first) % 2)
        return fail(m, "sets items from an odd number of values");
    for (size_t i = first; i < p->stack_count; i++) {
        if (p->stack[i] == MARK) return fail(m, "a mark among items");
        ASSAY_TRY(add_child(m, p->stack[first - below], p->stack[i]));
    }
    p->stack_count = first - (mark ? 1 : 0);
    return ASSAY_OK;
}

static assay_status append_some(machine *m, size_t items, assay_pickle_kind kind)
{
    if (m->pickle->stack_count < items) return fail(m, "appends from an empty stack");
    return append(m, m->pickle->stack_count - items, false, kind);
}

static assay_status append_marked(machine *m, assay_pickle_kind kind)
{
    size_t first = 0;
    ASSAY_TRY(find_mark(m, &first));
    return append(m, first, true, kind);
}

static assay_status take_line(machine *m, const char **text, size_t *length)
{
    const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end) return fail(m, "a global without an end");
    *text = (const char *)m->at;
    *length = (size_t)(end - m->at);
    m->at = end + 1;
    return ASSAY_OK;
}

static assay_status op_global(machine *m)
{
    const char *module = "", *name = "";
    size_t module_length = 0, name_length = 0;
    ASSAY_TRY(take_line(m, &module, &module_length));
    ASSAY_TRY(take_line(m, &name, &name_length));
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        const global_info *g = &globals[i];
        if (strlen(g->module) == module_length && !memcmp(g->module, module, module_length) &&
            strlen(g->name) == name_length && !memcmp(g->name, name, name_length))
            return push_number(m, ASSAY_PICKLE_GLOBAL, (int64_t)i);
    }
    return assay_error_set(m->err, ASSAY_E_UNSUPPORTED,
                           "%s: the pickle refers to \"%.*s %.*s\", which no plain state dict needs; it is not "
                           "executed and the file is refused (save the weights as safetensors if you trust it)",
                           m->where, (int)(module_length < 100 ? module_length : 100), module,
                           (int)(name_length < 100 ? name_length : 100), name);
}

static assay_status op_text(machine *m)
{
    uint64_t length = 0;
    const uint8_t *text = NULL;
    ASSAY_TRY(take_uint(m, 4, &length));
    ASSAY_TRY(take(m, (size_t)length, &text));
    return push(m,
                (assay_pickle_value){.kind = ASSAY_PICKLE_TEXT, .count = (uint32_t)length, .text = (const char *)text});
}

/* LONG1: a length byte, then so many bytes of two's complement. Only what fits 64 bits is a size. */
static assay_status op_long(machine *m)
{
    uint64_t length = 0, bits = 0;
    ASSAY_TRY(take_uint(m, 1, &length));
    if (length > 8) return fail(m, "a whole number of more than 8 bytes");
    ASSAY_TRY(take_uint(m, (int)length, &bits));
    if (length && length < 8 && bits >> (8 * length - 1)) bits |= ~(uint64_t)0 << 8 * length;
    return push_number(m, ASSAY_PICKLE_INT, (int64_t)bits);
}

static assay_status op_int(machine *m, int bytes)
{
    uint64_t bits = 0;
    ASSAY_TRY(take_uint(m, bytes, &bits));
    return push_number(m, ASSAY_PICKLE_INT, bytes == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits);
}

static assay_status op_put(machine *m, int bytes)
{
    assay_pickle *p = m->pickle;
    uint64_t index = 0;
    assay_pickle_value *value = NULL;
    ASSAY_TRY(take_uint(m, bytes, &index));
    ASSAY_TRY(top(m, &value));
    if (index >= ASSAY_PICKLE_MAX_OPCODES || index > 2 * p->value_count + 1024)
        return fail(m, "a memo index far beyond the values there are");
    void *grown = p->memo;
    ASSAY_TRY(grow(&grown, &p->memo_capacity, (size_t)index + 1, sizeof *p->memo, m));
    p->memo = grown;
    p->memo[index] = (uint32_t)(value - p->values) + 1;
    return ASSAY_OK;
}

static assay_status op_get(machine *m, int bytes)
{
    uint64_t index = 0;
    ASSAY_TRY(take_uint(m, bytes, &index));
    if (index >= m->pickle->memo_capacity || !m->pickle->memo[index]) return fail(m, "a memo entry that was never put");
    return push_index(m, m->pickle->memo[index] - 1);
}

/* torch's persistent id: ('storage', torch.XStorage, key, location, number of elements). */
static assay_status op_storage(machine *m)
{
    assay_pickle *p = m->pickle;
    uint32_t index = 0;
    ASSAY_TRY(pop(m, &index));
    const assay_pickle_value id = p->values[index], *part[5] = {0};
    for (uint32_t i = 0; i < 5; i++) part[i] = assay_pickle_child(p, &id, i);
    bool right = id.kind == ASSAY_PICKLE_TUPLE && id.count == 5 && part[0]->kind == ASSAY_PICKLE_TEXT &&
                 part[0]->count == 7 && !memcmp(part[0]->text, "storage", 7) && part[1]->kind == ASSAY_PICKLE_GLOBAL &&
                 part[2]->kind == ASSAY_PICKLE_TEXT && part[4]->kind == ASSAY_PICKLE_INT;
    if (!right || globals[part[1]->number].id != GLOBAL_STORAGE)
        return fail(m, "a persistent id that is no torch storage");
    assay_pickle_value storage = id;
    storage.kind = ASSAY_PICKLE_STORAGE;
    storage.number = (int64_t)globals[part[1]->number].dtype;
    return push(m, storage);
}

static assay_status op_reduce(machine *m)
{
    assay_pickle *p = m->pickle;
    uint32_t arguments = 0, function = 0;
    ASSAY_TRY(pop(m, &arguments));
    ASSAY_TRY(pop(m, &function));
    if (p->values[function].kind != ASSAY_PICKLE_GLOBAL || p->values[arguments].kind != ASSAY_PICKLE_TUPLE)
        return fail(m, "calls something that is no known function");
    global_id id = globals[p->values[function].number].id;
    assay_pickle_value tuple = p->values[arguments];
    const assay_pickle_value *first = assay_pickle_child(p, &tuple, 0);
    if (id == GLOBAL_ORDERED_DICT && tuple.count == 0) return push(m, (assay_pickle_value){.kind = ASSAY_PICKLE_DICT});
    if (id == GLOBAL_REBUILD_TENSOR && tuple.count >= 6 && first->kind == ASSAY_PICKLE_STORAGE) {
        tuple.kind = ASSAY_PICKLE_TENSOR;
        return push(m, tuple);
    }
    if (id == GLOBAL_REBUILD_PARAMETER && tuple.count == 3 && first->kind == ASSAY_PICKLE_TENSOR)
        return push_index(m, (uint32_t)(first - p->values));
    return fail(m, "rebuilds a tensor, parameter or dict from unexpected arguments");
}

/* BUILD sets an object's attributes. A state dict has one, _metadata (module versions), which says nothing about
 * weights. */
static assay_status op_build(machine *m)
{
    uint32_t state = 0;
    assay_pickle_value *object = NULL;
    ASSAY_TRY(pop(m, &state));
    ASSAY_TRY(top(m, &object));
    bool right = object->kind == ASSAY_PICKLE_DICT && m->pickle->values[state].kind == ASSAY_PICKLE_DICT;
    return right ? ASSAY_OK : fail(m, "sets attributes of something that is no dict");
}

static assay_status op_proto(machine *m)
{
    uint64_t version = 0;
    ASSAY_TRY(take_uint(m, 1, &version));
    return version >= 2 && version <= 5 ? ASSAY_OK : fail(m, "not a pickle of protocol 2 to 5");
}

static assay_status unknown_opcode(machine *m, uint8_t opcode)
{
    m->at--;
    return assay_error_set(m->err, ASSAY_E_UNSUPPORTED,
                           "%s: data.pkl, byte %zu: the pickle opcode 0x%02x is not one that a plain state dict needs; "
                           "the file is refused",
                           m->where, (size_t)(m->at - m->start), opcode);
}

static assay_status run_opcode(machine *m, uint8_t opcode)
{
    switch (opcode) {
    case 0x80:
        return op_proto(m);
    case '}':
        return push(m, (assay_pickle_value){.kind = ASSAY_PICKLE_DICT});
    case ']':
        return push(m, (assay_pickle_value){.kind = ASSAY_PICKLE_LIST});
    case ')':
        return push(m, (assay_pickle_value){.kind = ASSAY_PICKLE_TUPLE});
    case '(':
        return push_index(m, MARK);
    case 't':
        return marked_tuple(m);
    case 0x85:
        return small_tuple(m, 1);
    case 0x86:
        return small_tuple(m, 2);
    case 0x87:
        return small_tuple(m, 3);
    case 's':
        return append_some(m, 2, ASSAY_PICKLE_DICT);
    case 'u':
        return append_marked(m, ASSAY_PICKLE_DICT);
    case 'a':
        return append_some(m, 1, ASSAY_PICKLE_LIST);
    case 'e':
        return append_marked(m, ASSAY_PICKLE_LIST);
    case 'N':
        return push_number(m, ASSAY_PICKLE_NONE, 0);
    case 0x88:
        return push_number(m, ASSAY_PICKLE_BOOL, 1);
    case 0x89:
        return push_number(m, ASSAY_PICKLE_BOOL, 0);
    case 'J':
        return op_int(m, 4);
    case 'K':
        return op_int(m, 1);
    case 'M':
        return op_int(m, 2);
    case 0x8a:
        return op_long(m);
    case 'X':
        return op_text(m);
    case 'q':
        return op_put(m, 1);
    case 'r':
        return op_put(m, 4);
    case 'h':
        return op_get(m, 1);
    case 'j':
        return op_get(m, 4);
    case 'Q':
        return op_storage(m);
    case 'c':
        return op_global(m);
    case 'R':
        return op_reduce(m);
    case 'b':
        return op_build(m);
    default:
        return unknown_opcode(m, opcode);
    }
}

static assay_status run(machine *m)
{
    for (size_t count = 0; count < ASSAY_PICKLE_MAX_OPCODES; count++) {
        uint64_t opcode = 0;
        ASSAY_TRY(take_uint(m, 1, &opcode));
        if (opcode != '.') {
            ASSAY_TRY(run_opcode(m, (uint8_t)opcode));
            continue;
        }
        ASSAY_TRY(pop(m, &m->pickle->result));
        return m->at == m->end && m->pickle->stack_count == 0 ? ASSAY_OK : fail(m, "something is left over at the end");
    }
    return fail(m, "more than a million opcodes");
}

assay_status assay_pickle_read(assay_pickle *pickle, const uint8_t *bytes, size_t size, const char *where,
                               assay_error *err)
{
    *pickle = (assay_pickle){0};
    machine m = {.pickle = pickle, .start = bytes, .at = bytes, .end = bytes + size, .where = where, .err = err};
    assay_status status = run(&m);
    if (status != ASSAY_OK) assay_pickle_release(pickle);
    return status;
}

void assay_pickle_release(assay_pickle *pickle)
{
    assay_free(pickle->values);
    assay_free(pickle->cells);
    assay_free(pickle->stack);
    assay_free(pickle->memo);
    *pickle = (assay_pickle){0};
}

const assay_pickle_value *assay_pickle_child(const assay_pickle *pickle, const assay_pickle_value *value,
                                             uint32_t index)
{
    if (index >= value->count || !value->first) return NULL;
    uint32_t cell = value->first;
    while (index-- && cell) cell = pickle->cells[cell].next;
    return cell ? &pickle->values[pickle->cells[cell].value] : NULL;
}
