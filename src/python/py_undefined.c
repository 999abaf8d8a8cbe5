#include "python/py_undefined.h"

#include "python/py_print.h"
#include "python/py_run.h"

assay_status assay_jvalue_undefined(assay_jrun *run, const char *hint, const assay_jvalue *object,
                                    const assay_jvalue *name, bool unsafe, assay_jvalue *out)
{
    void *memory;
    const char *type = object ? assay_jvalue_type_name(object) : NULL;
    assay_jvalue called = name ? *name : (assay_jvalue){0};
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jundefined), &memory));
    assay_jundefined *made = memory;
    *made = (assay_jundefined){hint, type, called, unsafe};
    *out = (assay_jvalue){.type = ASSAY_J_UNDEFINED, .as.undefined = made};
    return ASSAY_OK;
}

assay_status assay_jvalue_undefined_error(assay_jrun *run, const assay_jvalue *value)
{
    const assay_jundefined *origin = value->as.undefined;
    assay_jbuild build = {0};
    if (!origin) return assay_jrun_fail(run, "an undefined value is used");
    if (origin->name.type != ASSAY_J_MISSING) ASSAY_TRY(assay_jprint_repr(run, &build, &origin->name));
    int size = build.size < 80 ? (int)build.size : 80;
    const char *name = build.data ? build.data : "";
    if (origin->unsafe)
        return assay_jrun_fail(run, "access to %.*s of a %s is not allowed", size, name, origin->object_type);
    if (origin->hint) return assay_jrun_fail(run, "%s%s%.*s", origin->hint, size ? ": " : "", size, name);
    if (!origin->object_type) return assay_jrun_fail(run, "%.*s is undefined", size, name);
    return assay_jrun_fail(run, "a %s has no element %.*s", origin->object_type, size, name);
}
