#include "jinja/jinja_capture.h"

#include <string.h>

/* What is printed lands behind what was printed before, and is cut off again. */
assay_status assay_jeval_capture(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain, assay_jvalue *out)
{
    size_t before = run->state->out->size;
    char *copy;
    ASSAY_TRY(assay_jeval_statements(run, frame, chain));
    size_t size = run->state->out->size - before;
    ASSAY_TRY(assay_jrun_bytes(run, size, &copy));
    if (size) memcpy(copy, run->state->out->data + before, size);
    *out = assay_jvalue_text(copy, size);
    out->ascii = true;
    for (size_t i = 0; i < size && out->ascii; i++) out->ascii = (unsigned char)copy[i] < 0x80;
    if (size) {
        run->state->out->size = before;
        run->state->out->data[before] = 0;
    }
    return ASSAY_OK;
}
