#include "data/single_formats.h"

#include <string.h>

/* CSV has texts. */
static bool label_of(const json_t *label, double *share)
{
    const char *text = json_string_value(label);
    bool yes = json_is_true(label) || (text && (!strcmp(text, "true") || !strcmp(text, "True")));
    bool no = json_is_false(label) || (text && (!strcmp(text, "false") || !strcmp(text, "False")));
    *share = yes;
    return yes || no || (assay_format_number(label, share) && *share >= 0 && *share <= 1);
}

static assay_status take_label(const assay_format_reader *reader)
{
    const json_t *label = assay_format_field(reader->line, "label");
    reader->pair->single = true;
    if (label_of(label, &reader->pair->share)) return ASSAY_OK;
    return assay_error_set(reader->err, ASSAY_E_FORMAT,
                           "\"label\" should be true, false or a number from 0 to 1 and is %s",
                           json_is_number(label) ? "another number" : assay_json_kind(label));
}

assay_status assay_single_unpaired(const assay_format_reader *reader)
{
    const json_t *prompt = assay_format_field(reader->line, "prompt");
    reader->pair->prompt.from_text = json_is_string(prompt);
    ASSAY_TRY(take_label(reader));
    ASSAY_TRY(assay_turns_any(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER, prompt, "prompt", reader->err));
    return assay_turns_any(&reader->pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT,
                           assay_format_field(reader->line, "completion"), "completion", reader->err);
}

assay_status assay_single_messages(const assay_format_reader *reader)
{
    ASSAY_TRY(take_label(reader));
    return assay_format_conversation(reader, "messages");
}
