#include "python/py_undefined.h"

#include "python/py_print.h"
#include "python/py_run.h"

assay_status assay_py_value_undefined(assay_py_run *run, const char *hint, const assay_py_value *object,
                                      const assay_py_value *name, bool unsafe, assay_py_value *out)
{
    void *memory;
    const char *type = object ? assay_py_value_type_name(object) : NULL;
    assay_py_value called = name ? *name : (assay_py_value){0};
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_undefined), &memory));
    assay_py_undefined *made = memory;
    *made = (assay_py_undefined){hint, type, called, unsafe};
    *out = (assay_py_value){.type = ASSAY_PY_UNDEFINED, .as.undefined = made};
    return ASSAY_OK;
}

assay_status assay_py_value_undefined_error(assay_py_run *run, const assay_py_value *value)
{
    const assay_py_undefined *origin = value->as.undefined;
    assay_py_build build = {0};
    if (!origin) return assay_py_run_fail(run, "an undefined value is used");
    if (origin->name.type != ASSAY_PY_MISSING) ASSAY_TRY(assay_py_print_repr(run, &build, &origin->name));
    int size = build.size < 80 ? (int)build.size : 80;
    const char *name = build.data ? build.data : "";
    if (origin->unsafe)
        return assay_py_run_fail(run, "access to %.*s of a %s is not allowed", size, name, origin->object_type);
    if (origin->hint) return assay_py_run_fail(run, "%s%s%.*s", origin->hint, size ? ": " : "", size, name);
    if (!origin->object_type) return assay_py_run_fail(run, "%.*s is undefined", size, name);
    return assay_py_run_fail(run, "a %s has no element %.*s", origin->object_type, size, name);
}
