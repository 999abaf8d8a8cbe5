#include "jinja/jinja_capture.h"

#include <string.h>

/* What is printed lands behind what was printed before, and is cut off again. */
assay_status assay_jinja_eval_capture(assay_py_run *run, assay_py_frame *frame, const assay_py_node *chain,
                                      assay_py_value *out)
{
    size_t before = run->state->out->size;
    char *copy;
    ASSAY_TRY(assay_jinja_eval_statements(run, frame, chain));
    size_t size = run->state->out->size - before;
    ASSAY_TRY(assay_py_run_bytes(run, size, &copy));
    if (size) memcpy(copy, run->state->out->data + before, size);
    *out = assay_py_value_text(copy, size);
    out->ascii = true;
    for (size_t i = 0; i < size && out->ascii; i++) out->ascii = (unsigned char)copy[i] < 0x80;
    if (size) {
        run->state->out->size = before;
        run->state->out->data[before] = 0;
    }
    return ASSAY_OK;
}
