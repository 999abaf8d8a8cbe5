/* The tree of a template. Made by the parser, completed by the scope analysis (references, slots), walked by the
 * evaluator. */
#ifndef ASSAY_JINJA_JINJA_AST_H
#define ASSAY_JINJA_JINJA_AST_H

#include "python/py_value.h"

/* How high a tree may grow; jinja2's own ends earlier, at Python's recursion limit. */
enum { ASSAY_JINJA_TREE_DEPTH = 400 };

/* Where a node's children are: a, b, c, d below, and `list`, a chain by `next`. */
typedef enum assay_jinja_node_kind {
    /* expressions */
    ASSAY_JINJA_NODE_CONST,            /* value */
    ASSAY_JINJA_NODE_NAME,             /* name, ref; op: 1 where it is assigned to */
    ASSAY_JINJA_NODE_ATTRIBUTE_TARGET, /* name.value as target of set; name, ref; value: the attribute */
    ASSAY_JINJA_NODE_TUPLE,            /* list */
    ASSAY_JINJA_NODE_LIST,             /* list */
    ASSAY_JINJA_NODE_DICT,             /* list: key, value, key, value ... */
    ASSAY_JINJA_NODE_UNARY,            /* op: '-', '+', '!' (not); a */
    ASSAY_JINJA_NODE_BINARY,           /* op; a, b */
    ASSAY_JINJA_NODE_AND,              /* a, b */
    ASSAY_JINJA_NODE_OR,               /* a, b */
    ASSAY_JINJA_NODE_CONCAT,           /* list */
    ASSAY_JINJA_NODE_COMPARE,          /* a; list of OPERAND */
    ASSAY_JINJA_NODE_OPERAND,          /* op; a */
    ASSAY_JINJA_NODE_CONDITION,        /* a if b else c (NULL: undefined) */
    ASSAY_JINJA_NODE_ATTRIBUTE,        /* a.value */
    ASSAY_JINJA_NODE_ITEM,             /* a[b] */
    ASSAY_JINJA_NODE_SLICE,            /* a[b:c:d], each may be NULL */
    ASSAY_JINJA_NODE_CALL,             /* a(list, b: KEYWORDs, *c, **d) */
    ASSAY_JINJA_NODE_FILTER,           /* a | callee (as CALL); a is NULL: what the block captured */
    ASSAY_JINJA_NODE_TEST,             /* a is callee (as CALL) */
    ASSAY_JINJA_NODE_KEYWORD,          /* value: the name; a */
    /* statements */
    ASSAY_JINJA_NODE_OUTPUT, /* list */
    ASSAY_JINJA_NODE_IF,     /* a; list, else: b (IF of an elif, or NULL), c: chain of the else body */
    ASSAY_JINJA_NODE_FOR,    /* target a in b; c: LOOP_TEST or NULL; list; d: chain of the else body; op: uses; scope,
                                other */
    ASSAY_JINJA_NODE_LOOP_TEST,    /* target a (a copy with slots of its own), b; scope */
    ASSAY_JINJA_NODE_SET,          /* a = b */
    ASSAY_JINJA_NODE_SET_BLOCK,    /* a = list, through filter b (or NULL); scope */
    ASSAY_JINJA_NODE_MACRO,        /* name, ref; b: parameters (NAME with default a); list; op: uses; function */
    ASSAY_JINJA_NODE_CALL_BLOCK,   /* call a (NULL: a generation block); b, list, function as MACRO */
    ASSAY_JINJA_NODE_FILTER_BLOCK, /* filter a; list; scope */
    ASSAY_JINJA_NODE_WITH,         /* b: chain of SET; list; scope */
    ASSAY_JINJA_NODE_BREAK,
    ASSAY_JINJA_NODE_CONTINUE
} assay_jinja_node_kind;

/* The special names a body reads before it sets them; RECURSIVE is a FOR's. */
enum {
    ASSAY_JINJA_USES_CALLER = 1,
    ASSAY_JINJA_USES_KWARGS = 2,
    ASSAY_JINJA_USES_VARARGS = 4,
    ASSAY_JINJA_USES_LOOP = 8,
    ASSAY_JINJA_LOOP_RECURSIVE = 16
};

/* An identifier. `entry` belongs to the scope analysis. */
typedef struct assay_jinja_name {
    assay_py_value text;
    struct assay_jinja_name_entry *entry;
} assay_jinja_name;

/* A variable: slot of the frame `hops` functions further out. */
typedef struct assay_jinja_ref {
    uint32_t hops, slot;
} assay_jinja_ref;

/* What a scope does with its variables when it is entered. */
typedef enum assay_jinja_load_kind {
    ASSAY_JINJA_LOAD_NONE,    /* a parameter: somebody sets it */
    ASSAY_JINJA_LOAD_UNSET,   /* no value yet */
    ASSAY_JINJA_LOAD_RESOLVE, /* the value given to the rendering, or a global */
    ASSAY_JINJA_LOAD_ALIAS    /* the value of an outer scope */
} assay_jinja_load_kind;

typedef struct assay_jinja_load {
    assay_jinja_load_kind kind;
    uint32_t slot;
    assay_jinja_ref outer;
    const assay_jinja_name *name;
    struct assay_jinja_load *next;
} assay_jinja_load;

typedef struct assay_jinja_scope {
    assay_jinja_load *loads;
    uint32_t loop_slot; /* of a FOR whose body reads `loop`; else NO_SLOT */
} assay_jinja_scope;

enum { ASSAY_JINJA_NO_SLOT = UINT32_MAX / 2 };

/* What runs in a frame of its own: the template, a macro, a call block, the body of a recursive loop. */
typedef struct assay_jinja_function {
    uint32_t slots, level;
    uint32_t caller, kwargs, varargs; /* slots, or NO_SLOT: the body does not read them */
    size_t parameters;
    bool names_caller; /* caller is one of the parameters */
    assay_jinja_scope scope;
} assay_jinja_function;

typedef struct assay_py_node {
    assay_jinja_node_kind kind;
    int op, line;
    int depth;
    struct assay_py_node *next;
    struct assay_py_node *a, *b, *c, *d, *list;
    assay_jinja_name *name;
    assay_py_value value;
    assay_jinja_ref ref;
    assay_jinja_scope *scope, *other;      /* other: of a FOR's else body */
    const struct assay_py_builtin *callee; /* FILTER, TEST; NULL: unknown, an error where it is reached */
    assay_jinja_function *function;        /* also of a recursive FOR */
} assay_py_node;

#endif
