/* Two passes over each scope. `declare` visits what belongs to the scope itself and makes an entry for each name that
 * it sets, or reads where no outer scope knows it. `bind` visits the same again, writes references, and goes down into
 * inner scopes: by then all entries of this one are there. A name points to its innermost entry, so a look-up is one
 * step. */
#include "jinja/jinja_scope.h"

#include <stddef.h>

typedef struct assay_jinja_name_entry {
    struct level *level;
    assay_jinja_load *load;
    bool stored;
    assay_jinja_name *name;
    struct assay_jinja_name_entry *outer, *next; /* of the same name further out; of the same level */
} entry;

typedef struct level {
    assay_jinja_function *function;
    assay_jinja_scope *scope;
    entry *entries;
    int ifs; /* how many surround the statement being declared */
    struct level *outer;
} level;

typedef struct resolver {
    level *now;
    bool soft; /* inside an if: unknown filters wait until they are reached */
    const char *name;
    assay_jinja_name *const *specials; /* in the order of the ASSAY_JINJA_USES_ bits */
    assay_py_arena *arena;
    assay_error *err;
} resolver;

static assay_status take(resolver *r, size_t size, void **out)
{
    *out = assay_py_arena_alloc(r->arena, 1, size);
    if (*out) return ASSAY_OK;
    return assay_error_set(r->err, r->arena->full ? ASSAY_E_FORMAT : ASSAY_E_MEMORY, "%s: %s", r->name,
                           r->arena->full ? "the template is too large" : "out of memory");
}

static assay_status define(resolver *r, assay_jinja_name *name, assay_jinja_load_kind kind)
{
    void *memory;
    level *now = r->now;
    ASSAY_TRY(take(r, sizeof(entry), &memory));
    entry *made = memory;
    ASSAY_TRY(take(r, sizeof(assay_jinja_load), &memory));
    made->load = memory;
    *made->load =
        (assay_jinja_load){.kind = kind, .slot = now->function->slots++, .name = name, .next = now->scope->loads};
    now->scope->loads = made->load;
    if (kind == ASSAY_JINJA_LOAD_ALIAS) {
        const entry *outer = name->entry;
        made->load->outer = (assay_jinja_ref){now->function->level - outer->level->function->level, outer->load->slot};
    }
    made->level = now;
    made->name = name;
    made->outer = name->entry;
    made->next = now->entries;
    now->entries = made;
    name->entry = made;
    return ASSAY_OK;
}

static bool is_own(const resolver *r, const assay_jinja_name *name)
{
    return name->entry && name->entry->level == r->now;
}

static assay_status read_name(resolver *r, assay_jinja_name *name)
{
    return name->entry ? ASSAY_OK : define(r, name, ASSAY_JINJA_LOAD_RESOLVE);
}

static assay_status store_name(resolver *r, assay_jinja_name *name)
{
    assay_jinja_load_kind unset = r->now->ifs ? ASSAY_JINJA_LOAD_RESOLVE : ASSAY_JINJA_LOAD_UNSET;
    if (!is_own(r, name)) ASSAY_TRY(define(r, name, name->entry ? ASSAY_JINJA_LOAD_ALIAS : unset));
    name->entry->stored = true;
    return ASSAY_OK;
}

static assay_status parameter(resolver *r, assay_jinja_name *name)
{
    if (is_own(r, name)) name->entry->load->kind = ASSAY_JINJA_LOAD_NONE;
    else ASSAY_TRY(define(r, name, ASSAY_JINJA_LOAD_NONE));
    name->entry->stored = true;
    return ASSAY_OK;
}

static assay_status declare_target(resolver *r, assay_py_node *target, bool as_parameter)
{
    if (target->kind == ASSAY_JINJA_NODE_NAME)
        return as_parameter ? parameter(r, target->name) : store_name(r, target->name);
    if (target->kind == ASSAY_JINJA_NODE_ATTRIBUTE_TARGET) return read_name(r, target->name);
    for (assay_py_node *item = target->list; item; item = item->next) ASSAY_TRY(declare_target(r, item, as_parameter));
    return ASSAY_OK;
}

static assay_status declare_expressions(resolver *r, assay_py_node *chain)
{
    for (; chain; chain = chain->next) {
        if (chain->kind == ASSAY_JINJA_NODE_NAME) ASSAY_TRY(read_name(r, chain->name));
        assay_py_node *const children[] = {chain->a, chain->b, chain->c, chain->d, chain->list};
        for (size_t i = 0; i < sizeof children / sizeof *children; i++) ASSAY_TRY(declare_expressions(r, children[i]));
    }
    return ASSAY_OK;
}

static assay_status declare_chain(resolver *r, assay_py_node *chain);

static assay_status declare_if(resolver *r, assay_py_node *node)
{
    for (; node; node = node->b) {
        ASSAY_TRY(declare_expressions(r, node->a));
        r->now->ifs++;
        ASSAY_TRY(declare_chain(r, node->list));
        ASSAY_TRY(declare_chain(r, node->c));
        r->now->ifs--;
    }
    return ASSAY_OK;
}

static assay_status declare(resolver *r, assay_py_node *node)
{
    switch (node->kind) {
    case ASSAY_JINJA_NODE_OUTPUT:
        return declare_expressions(r, node->list);
    case ASSAY_JINJA_NODE_IF:
        return declare_if(r, node);
    case ASSAY_JINJA_NODE_FOR:
        return declare_expressions(r, node->b);
    case ASSAY_JINJA_NODE_SET:
        ASSAY_TRY(declare_expressions(r, node->b));
        return declare_target(r, node->a, false);
    case ASSAY_JINJA_NODE_SET_BLOCK:
        return declare_target(r, node->a, false);
    case ASSAY_JINJA_NODE_MACRO:
        return store_name(r, node->name);
    case ASSAY_JINJA_NODE_CALL_BLOCK:
    case ASSAY_JINJA_NODE_FILTER_BLOCK:
        return declare_expressions(r, node->a);
    case ASSAY_JINJA_NODE_WITH:
        for (assay_py_node *set = node->b; set; set = set->next) ASSAY_TRY(declare_expressions(r, set->b));
        return ASSAY_OK;
    default:
        return ASSAY_OK;
    }
}

static assay_status declare_chain(resolver *r, assay_py_node *chain)
{
    for (; chain; chain = chain->next) ASSAY_TRY(declare(r, chain));
    return ASSAY_OK;
}

static void bind_name(const resolver *r, assay_py_node *node)
{
    const entry *found = node->name->entry;
    node->ref = (assay_jinja_ref){r->now->function->level - found->level->function->level, found->load->slot};
}

static assay_status bind_expressions(resolver *r, assay_py_node *chain);

static assay_status bind_callee(resolver *r, assay_py_node *node)
{
    if (node->callee || r->soft) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_FORMAT, "%s, line %d: there is no %s named \"%.*s\"", r->name, node->line,
                           node->kind == ASSAY_JINJA_NODE_FILTER ? "filter" : "test",
                           node->value.size < 60 ? (int)node->value.size : 60, node->value.as.text);
}

static assay_status bind_children(resolver *r, assay_py_node *node)
{
    assay_py_node *const children[] = {node->a, node->b, node->c, node->d, node->list};
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) ASSAY_TRY(bind_expressions(r, children[i]));
    return ASSAY_OK;
}

static assay_status bind_expressions(resolver *r, assay_py_node *chain)
{
    for (; chain; chain = chain->next) {
        bool soft = r->soft;
        if (chain->kind == ASSAY_JINJA_NODE_NAME || chain->kind == ASSAY_JINJA_NODE_ATTRIBUTE_TARGET)
            bind_name(r, chain);
        if (chain->kind == ASSAY_JINJA_NODE_FILTER || chain->kind == ASSAY_JINJA_NODE_TEST)
            ASSAY_TRY(bind_callee(r, chain));
        r->soft = soft || chain->kind == ASSAY_JINJA_NODE_CONDITION;
        ASSAY_TRY(bind_children(r, chain));
        r->soft = soft;
    }
    return ASSAY_OK;
}

static assay_status bind_chain(resolver *r, assay_py_node *chain);

static assay_status push(resolver *r, assay_jinja_scope **scope)
{
    void *memory = *scope;
    if (!memory) ASSAY_TRY(take(r, sizeof **scope, &memory));
    *scope = memory;
    (*scope)->loop_slot = ASSAY_JINJA_NO_SLOT;
    ASSAY_TRY(take(r, sizeof(level), &memory));
    level *inner = memory;
    *inner = (level){.function = r->now ? r->now->function : NULL, .scope = *scope, .outer = r->now};
    r->now = inner;
    return ASSAY_OK;
}

static void pop(resolver *r)
{
    for (entry *own = r->now->entries; own; own = own->next) own->name->entry = own->outer;
    r->now = r->now->outer;
}

static assay_status push_function(resolver *r, assay_jinja_function **function)
{
    void *memory = *function;
    if (!memory) ASSAY_TRY(take(r, sizeof **function, &memory));
    *function = memory;
    assay_jinja_scope *scope = &(*function)->scope;
    (*function)->level = r->now ? r->now->function->level + 1 : 0;
    (*function)->caller = (*function)->kwargs = (*function)->varargs = ASSAY_JINJA_NO_SLOT;
    ASSAY_TRY(push(r, &scope));
    r->now->function = *function;
    return ASSAY_OK;
}

/* caller, kwargs or varargs, where the body reads it and no parameter has its name. */
static assay_status special_parameter(resolver *r, int uses, int bit, uint32_t *slot)
{
    assay_jinja_name *name = r->specials[bit];
    if (!(uses & 1 << bit) || is_own(r, name)) return ASSAY_OK;
    ASSAY_TRY(parameter(r, name));
    *slot = name->entry->load->slot;
    return ASSAY_OK;
}

static assay_status check_caller(const resolver *r, const assay_py_node *node)
{
    for (const assay_py_node *given = node->b; given; given = given->next) {
        if (given->name != r->specials[0]) continue;
        node->function->names_caller = true;
        if (given->a || !(node->op & ASSAY_JINJA_USES_CALLER)) continue;
        return assay_error_set(r->err, ASSAY_E_FORMAT, "%s, line %d: a parameter named caller needs a default", r->name,
                               node->line);
    }
    return ASSAY_OK;
}

/* A macro, or the body of a call block: parameters, their defaults, then the statements. */
static assay_status bind_function(resolver *r, assay_py_node *node)
{
    bool soft = r->soft;
    r->soft = false;
    ASSAY_TRY(push_function(r, &node->function));
    assay_jinja_function *function = node->function;
    ASSAY_TRY(check_caller(r, node));
    for (assay_py_node *given = node->b; given; given = given->next) {
        ASSAY_TRY(parameter(r, given->name));
        function->parameters++;
    }
    ASSAY_TRY(special_parameter(r, node->op, 0, &function->caller));
    ASSAY_TRY(special_parameter(r, node->op, 1, &function->kwargs));
    ASSAY_TRY(special_parameter(r, node->op, 2, &function->varargs));
    for (assay_py_node *given = node->b; given; given = given->next) ASSAY_TRY(declare_expressions(r, given->a));
    ASSAY_TRY(declare_chain(r, node->list));
    for (assay_py_node *given = node->b; given; given = given->next) {
        bind_name(r, given);
        ASSAY_TRY(bind_expressions(r, given->a));
    }
    ASSAY_TRY(bind_chain(r, node->list));
    pop(r);
    r->soft = soft;
    return ASSAY_OK;
}

static assay_status bind_loop_test(resolver *r, assay_py_node *test)
{
    ASSAY_TRY(push(r, &test->scope));
    ASSAY_TRY(declare_target(r, test->a, true));
    ASSAY_TRY(declare_expressions(r, test->b));
    ASSAY_TRY(bind_expressions(r, test->a));
    ASSAY_TRY(bind_expressions(r, test->b));
    pop(r);
    return ASSAY_OK;
}

static assay_status bind_loop_body(resolver *r, assay_py_node *loop)
{
    if (loop->op & ASSAY_JINJA_LOOP_RECURSIVE) {
        ASSAY_TRY(push_function(r, &loop->function));
        loop->scope = &loop->function->scope;
    } else ASSAY_TRY(push(r, &loop->scope));
    if (loop->op & (ASSAY_JINJA_USES_LOOP | ASSAY_JINJA_LOOP_RECURSIVE)) {
        ASSAY_TRY(parameter(r, r->specials[3]));
        loop->scope->loop_slot = r->specials[3]->entry->load->slot;
    }
    ASSAY_TRY(declare_target(r, loop->a, true));
    ASSAY_TRY(declare_chain(r, loop->list));
    ASSAY_TRY(bind_expressions(r, loop->a));
    ASSAY_TRY(bind_chain(r, loop->list));
    pop(r);
    return ASSAY_OK;
}

/* A scope without parameters: an else body, a captured block. `filter` belongs to it and may be NULL. */
static assay_status bind_block(resolver *r, assay_jinja_scope **scope, assay_py_node *filter, assay_py_node *body)
{
    ASSAY_TRY(push(r, scope));
    ASSAY_TRY(declare_expressions(r, filter));
    ASSAY_TRY(declare_chain(r, body));
    ASSAY_TRY(bind_expressions(r, filter));
    ASSAY_TRY(bind_chain(r, body));
    pop(r);
    return ASSAY_OK;
}

/* The test and the else body of a recursive loop run in its function's frame, beside its body. */
static assay_status bind_loop(resolver *r, assay_py_node *loop)
{
    bool soft = r->soft, recursive = loop->op & ASSAY_JINJA_LOOP_RECURSIVE;
    ASSAY_TRY(bind_expressions(r, loop->b));
    r->soft = false;
    if (!recursive) {
        if (loop->c) ASSAY_TRY(bind_loop_test(r, loop->c));
        ASSAY_TRY(bind_loop_body(r, loop));
        if (loop->d) ASSAY_TRY(bind_block(r, &loop->other, NULL, loop->d));
    } else {
        ASSAY_TRY(bind_loop_body(r, loop));
        assay_jinja_scope *none = NULL;
        ASSAY_TRY(push(r, &none));
        r->now->function = loop->function;
        if (loop->c) ASSAY_TRY(bind_loop_test(r, loop->c));
        if (loop->d) ASSAY_TRY(bind_block(r, &loop->other, NULL, loop->d));
        pop(r);
    }
    r->soft = soft;
    return ASSAY_OK;
}

static assay_status bind_with(resolver *r, assay_py_node *node)
{
    for (assay_py_node *set = node->b; set; set = set->next) ASSAY_TRY(bind_expressions(r, set->b));
    ASSAY_TRY(push(r, &node->scope));
    for (assay_py_node *set = node->b; set; set = set->next) ASSAY_TRY(declare_target(r, set->a, true));
    ASSAY_TRY(declare_chain(r, node->list));
    for (assay_py_node *set = node->b; set; set = set->next) ASSAY_TRY(bind_expressions(r, set->a));
    ASSAY_TRY(bind_chain(r, node->list));
    pop(r);
    return ASSAY_OK;
}

/* Inner scopes other than an if's are hard again: an unknown filter in them is an error at once, as in jinja2. */
static assay_status bind_hard_block(resolver *r, assay_jinja_scope **scope, assay_py_node *filter, assay_py_node *body)
{
    bool soft = r->soft;
    r->soft = false;
    ASSAY_TRY(bind_block(r, scope, filter, body));
    r->soft = soft;
    return ASSAY_OK;
}

static assay_status bind_if(resolver *r, assay_py_node *node)
{
    bool soft = r->soft;
    r->soft = true;
    for (; node; node = node->b) {
        ASSAY_TRY(bind_expressions(r, node->a));
        ASSAY_TRY(bind_chain(r, node->list));
        ASSAY_TRY(bind_chain(r, node->c));
    }
    r->soft = soft;
    return ASSAY_OK;
}

static assay_status bind(resolver *r, assay_py_node *node)
{
    switch (node->kind) {
    case ASSAY_JINJA_NODE_OUTPUT:
        return bind_expressions(r, node->list);
    case ASSAY_JINJA_NODE_IF:
        return bind_if(r, node);
    case ASSAY_JINJA_NODE_FOR:
        return bind_loop(r, node);
    case ASSAY_JINJA_NODE_SET:
        ASSAY_TRY(bind_expressions(r, node->a));
        return bind_expressions(r, node->b);
    case ASSAY_JINJA_NODE_SET_BLOCK:
        ASSAY_TRY(bind_expressions(r, node->a));
        return bind_hard_block(r, &node->scope, node->b, node->list);
    case ASSAY_JINJA_NODE_MACRO:
        bind_name(r, node);
        return bind_function(r, node);
    case ASSAY_JINJA_NODE_CALL_BLOCK:
        ASSAY_TRY(bind_expressions(r, node->a));
        return bind_function(r, node);
    case ASSAY_JINJA_NODE_FILTER_BLOCK:
        return bind_hard_block(r, &node->scope, node->a, node->list);
    case ASSAY_JINJA_NODE_WITH:
        return bind_with(r, node);
    default:
        return ASSAY_OK;
    }
}

static assay_status bind_chain(resolver *r, assay_py_node *chain)
{
    for (; chain; chain = chain->next) ASSAY_TRY(bind(r, chain));
    return ASSAY_OK;
}

assay_status assay_jinja_scope_resolve(assay_jinja_function *function, assay_py_node *body,
                                       assay_jinja_name *const *specials, const char *name, assay_py_arena *arena,
                                       assay_error *err)
{
    resolver r = {.name = name, .specials = specials, .arena = arena, .err = err};
    ASSAY_TRY(push_function(&r, &function));
    ASSAY_TRY(declare_chain(&r, body));
    ASSAY_TRY(bind_chain(&r, body));
    pop(&r);
    return ASSAY_OK;
}
