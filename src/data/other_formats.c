#include "data/other_formats.h"

typedef struct other_format {
    const char *fields[4]; /* all needed; NULL ends */
    const char *inside;    /* a field that the last one, an object, has; NULL: it may be anything */
    const char *what, *should;
} other_format;

static const other_format others[] = {
    {{"question", "label"},
     "steps",
     "a solution with rated steps (PRM800K)",
     "its \"question\" an object with \"problem\", the \"steps\" of its \"label\" a list"},
    {{"problem", "steps", "label"},
     NULL,
     "a solution with the place of its first error (ProcessBench)",
     "its \"steps\" a list of texts, its \"label\" -1 or the place of one of them"},
    {{"prompt", "completions", "labels"},
     NULL,
     "an answer in steps with labels (TRL stepwise)",
     "\"completions\" a list of texts, \"labels\" as long a list of true and false"},
    {{"input", "label", "task"},
     NULL,
     "a solution with + and - behind its steps (Math-Shepherd)",
     "its \"input\" a text with a mark behind each step, its \"label\" the same text with + or - there"},
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
            return assay_error_set(err, ASSAY_E_FORMAT, "the fields are those of %s, and that has %s", others[i].what,
                                   others[i].should);
    return ASSAY_OK;
}
