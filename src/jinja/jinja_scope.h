/* Which variable a name means (jinja2/idtracking.py and the frames of its compiler).
 *
 * Jinja decides that before a template runs, and not always as one would guess: a name that a scope sets somewhere is
 * the scope's own from its beginning; in a loop's body it starts each round with the outer value, or with none; at the
 * top level it starts with none unless it was read before it was set, or is set only inside an if. So
 *     {% for m in messages %}{{ x }}{% endfor %}{% set x = 1 %}
 * prints nothing, whatever x was given to the rendering. Loops, macros, call blocks, block sets, filter blocks and
 * `with` make scopes; `if` does not. */
#ifndef ASSAY_JINJA_JINJA_SCOPE_H
#define ASSAY_JINJA_JINJA_SCOPE_H

#include "jinja/jinja_ast.h"
#include "python/py_arena.h"

/* Fills the references and scopes of a parsed template; `function` becomes the template's own. Also refuses what only a
 * name makes wrong: unknown filters and tests (but inside an `if`, where they fail when they are reached). `specials`:
 * the names caller, kwargs, varargs, loop; `name`: of the template. */
assay_status assay_jinja_scope_resolve(assay_jinja_function *function, assay_py_node *body,
                                       assay_jinja_name *const *specials, const char *name, assay_py_arena *arena,
                                       assay_error *err);

#endif
