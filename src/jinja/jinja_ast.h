/* The tree of a template. Made by the parser, completed by the scope analysis (references, slots), walked by the
 * evaluator. */
#ifndef ASSAY_JINJA_JINJA_AST_H
#define ASSAY_JINJA_JINJA_AST_H

#include "python/py_value.h"

/* How high a tree may grow; jinja2's own ends earlier, at Python's recursion limit. */
enum { ASSAY_JINJA_TREE_DEPTH = 400 };

/* Where a node's children are: a, b, c, d below, and `list`, a chain by `next`. */
typedef enum assay_jnode_kind {
    /* expressions */
    ASSAY_JNODE_CONST,            /* value */
    ASSAY_JNODE_NAME,             /* name, ref; op: 1 where it is assigned to */
    ASSAY_JNODE_ATTRIBUTE_TARGET, /* name.value as target of set; name, ref; value: the attribute */
    ASSAY_JNODE_TUPLE,            /* list */
    ASSAY_JNODE_LIST,             /* list */
    ASSAY_JNODE_DICT,             /* list: key, value, key, value ... */
    ASSAY_JNODE_UNARY,            /* op: '-', '+', '!' (not); a */
    ASSAY_JNODE_BINARY,           /* op; a, b */
    ASSAY_JNODE_AND,              /* a, b */
    ASSAY_JNODE_OR,               /* a, b */
    ASSAY_JNODE_CONCAT,           /* list */
    ASSAY_JNODE_COMPARE,          /* a; list of OPERAND */
    ASSAY_JNODE_OPERAND,          /* op; a */
    ASSAY_JNODE_CONDITION,        /* a if b else c (NULL: undefined) */
    ASSAY_JNODE_ATTRIBUTE,        /* a.value */
    ASSAY_JNODE_ITEM,             /* a[b] */
    ASSAY_JNODE_SLICE,            /* a[b:c:d], each may be NULL */
    ASSAY_JNODE_CALL,             /* a(list, b: KEYWORDs, *c, **d) */
    ASSAY_JNODE_FILTER,           /* a | callee (as CALL); a is NULL: what the block captured */
    ASSAY_JNODE_TEST,             /* a is callee (as CALL) */
    ASSAY_JNODE_KEYWORD,          /* value: the name; a */
    /* statements */
    ASSAY_JNODE_OUTPUT, /* list */
    ASSAY_JNODE_IF,     /* a; list, else: b (IF of an elif, or NULL), c: chain of the else body */
    ASSAY_JNODE_FOR, /* target a in b; c: LOOP_TEST or NULL; list; d: chain of the else body; op: uses; scope, other */
    ASSAY_JNODE_LOOP_TEST,    /* target a (a copy with slots of its own), b; scope */
    ASSAY_JNODE_SET,          /* a = b */
    ASSAY_JNODE_SET_BLOCK,    /* a = list, through filter b (or NULL); scope */
    ASSAY_JNODE_MACRO,        /* name, ref; b: parameters (NAME with default a); list; op: uses; function */
    ASSAY_JNODE_CALL_BLOCK,   /* call a (NULL: a generation block); b, list, function as MACRO */
    ASSAY_JNODE_FILTER_BLOCK, /* filter a; list; scope */
    ASSAY_JNODE_WITH,         /* b: chain of SET; list; scope */
    ASSAY_JNODE_BREAK,
    ASSAY_JNODE_CONTINUE
} assay_jnode_kind;

/* The special names a body reads before it sets them; RECURSIVE is a FOR's. */
enum {
    ASSAY_JUSES_CALLER = 1,
    ASSAY_JUSES_KWARGS = 2,
    ASSAY_JUSES_VARARGS = 4,
    ASSAY_JUSES_LOOP = 8,
    ASSAY_JLOOP_RECURSIVE = 16
};

/* An identifier. `entry` belongs to the scope analysis. */
typedef struct assay_jname {
    assay_jvalue text;
    struct assay_jname_entry *entry;
} assay_jname;

/* A variable: slot of the frame `hops` functions further out. */
typedef struct assay_jref {
    uint32_t hops, slot;
} assay_jref;

/* What a scope does with its variables when it is entered. */
typedef enum assay_jload_kind {
    ASSAY_JLOAD_NONE,    /* a parameter: somebody sets it */
    ASSAY_JLOAD_UNSET,   /* no value yet */
    ASSAY_JLOAD_RESOLVE, /* the value given to the rendering, or a global */
    ASSAY_JLOAD_ALIAS    /* the value of an outer scope */
} assay_jload_kind;

typedef struct assay_jload {
    assay_jload_kind kind;
    uint32_t slot;
    assay_jref outer;
    const assay_jname *name;
    struct assay_jload *next;
} assay_jload;

typedef struct assay_jscope {
    assay_jload *loads;
    uint32_t loop_slot; /* of a FOR whose body reads `loop`; else NO_SLOT */
} assay_jscope;

enum { ASSAY_JNO_SLOT = UINT32_MAX / 2 };

/* What runs in a frame of its own: the template, a macro, a call block, the body of a recursive loop. */
typedef struct assay_jfunction {
    uint32_t slots, level;
    uint32_t caller, kwargs, varargs; /* slots, or NO_SLOT: the body does not read them */
    size_t parameters;
    bool names_caller; /* caller is one of the parameters */
    assay_jscope scope;
} assay_jfunction;

typedef struct assay_jnode {
    assay_jnode_kind kind;
    int op, line;
    int depth;
    struct assay_jnode *next;
    struct assay_jnode *a, *b, *c, *d, *list;
    assay_jname *name;
    assay_jvalue value;
    assay_jref ref;
    assay_jscope *scope, *other;         /* other: of a FOR's else body */
    const struct assay_jbuiltin *callee; /* FILTER, TEST; NULL: unknown, an error where it is reached */
    assay_jfunction *function;           /* also of a recursive FOR */
} assay_jnode;

#endif
