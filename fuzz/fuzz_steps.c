/* A file of answers in labelled steps, its audit, and the lines that are written of it. Its kind is told by the first
 * byte: j .json, anything else .jsonl; the rest is the file. */
#include "fuzz_file.h"

#include "data/step_audit.h"

static void write_lines(const assay_step_set *set)
{
    assay_buf text;
    bool numbers = assay_step_set_has_shares(set);
    assay_buf_init(&text, 1 << 24);
    for (size_t i = 0; i < set->count; i++)
        if (assay_step_line(&set->items[i], numbers, &text, NULL) == ASSAY_OK) assay_fuzz_touch(text.data, text.size);
    assay_buf_release(&text);
}

static void audit(const assay_step_set *set)
{
    assay_step_audit audit;
    assay_buf text;
    json_t *object = NULL;
    assay_buf_init(&text, 1 << 24);
    if (assay_step_audit_make(&audit, set, set, NULL) == ASSAY_OK) {
        assay_step_audit_text(&audit, &text, NULL);
        assay_step_audit_json(&audit, &object, NULL);
        assay_step_audit_release(&audit);
    }
    json_decref(object);
    assay_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_step_set set = {0};
    size_t bad = 0;
    if (size == 0) return 0;
    const char *name = data[0] == 'j' ? "steps.json" : "steps.jsonl";
    assay_step_set_read(&set, assay_fuzz_put(name, data + 1, size - 1), &bad, NULL);
    write_lines(&set);
    audit(&set);
    assay_step_set_release(&set);
    return 0;
}
