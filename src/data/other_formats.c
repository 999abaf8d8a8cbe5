#include "data/other_formats.h"

typedef struct other_format {
    const char *fields[4]; /* all needed; NULL ends */
    const char *inside;    /* a field that the last one, an object, has; NULL: it may be anything */
    const char *what;
} other_format;

static const other_format others[] = {
    {{"question", "label"}, "steps", "a solution with rated steps (PRM800K)"},
    {{"problem", "steps", "label"}, NULL, "a solution with the place of its first error (ProcessBench)"},
    {{"prompt", "completions", "labels"}, NULL, "an answer in steps with labels (TRL stepwise)"},
    {{"input", "label", "task"}, NULL, "a solution with + and - behind its steps (Math-Shepherd)"},
};

static bool fits(const json_t *line, const other_format *other)
{
    const json_t *last = NULL;
    for (const char *const *name = other->fields; *name; name++) {
        last = json_object_get(line, *name);
        if (!last || json_is_null(last)) return false;
    }
    return !other->inside || json_object_get(last, other->inside);
}

assay_status assay_other_format_name(const json_t *line, assay_error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (fits(line, others + i))
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s is no pair of answers to one prompt, which is what is trained and evaluated on",
                                   others[i].what);
    return ASSAY_OK;
}
