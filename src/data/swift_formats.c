#include "data/swift_formats.h"

#include "data/answer_list.h"

/* One right answer, the pair's chosen, against several wrong ones, which nobody compared with each other. */
static assay_status take_wrong_ones(const assay_format_reader *reader, const json_t *wrong, const char *name)
{
    assay_answer_list list;
    ASSAY_TRY(assay_answer_list_begin(&list, reader, 1 + json_array_size(wrong)));
    list.items[list.count++] = (assay_answer){.turns = reader->pair->chosen, .value = 1};
    for (size_t i = 0; i < json_array_size(wrong); i++)
        ASSAY_TRY(assay_answer_list_add(&list, json_array_get(wrong, i), name, 0));
    assay_answer_list_settle(&list, false);
    return ASSAY_OK;
}

/* A text, a conversation, or a list of texts. The chosen answer is there already. */
static assay_status read_rejected_response(const assay_format_reader *reader)
{
    static const char name[] = "rejected_response";
    const json_t *response = assay_format_field(reader->line, name);
    if (json_is_string(json_array_get(response, 0))) return take_wrong_ones(reader, response, name);
    return assay_turns_any(&reader->pair->rejected, reader->arena, ASSAY_ROLE_ASSISTANT, response, name, reader->err);
}

/* messages ends with the chosen answer; the other one is a text, or a whole conversation. */
assay_status assay_swift_messages(const assay_format_reader *reader)
{
    assay_pair *pair = reader->pair;
    ASSAY_TRY(assay_turns_list(&pair->chosen, reader->arena, assay_format_field(reader->line, "messages"), "messages",
                               reader->err));
    const json_t *response = assay_format_field(reader->line, "rejected_response");
    if (!response) {
        const json_t *list = assay_format_field(reader->line, "rejected_messages");
        ASSAY_TRY(assay_turns_list(&pair->rejected, reader->arena, list, "rejected_messages", reader->err));
        return assay_format_shared_prompt(reader);
    }
    size_t answer = pair->chosen.count;
    while (answer && pair->chosen.items[answer - 1].role == ASSAY_ROLE_ASSISTANT) answer--;
    ASSAY_TRY(assay_turns_append(&pair->prompt, reader->arena, pair->chosen.items, answer, reader->err));
    pair->chosen = assay_format_turns_from(&pair->chosen, answer);
    return read_rejected_response(reader);
}

/* ms-swift's other spelling: the turns before are in "history". */
assay_status assay_swift_query(const assay_format_reader *reader)
{
    ASSAY_TRY(assay_format_before(reader));
    ASSAY_TRY(assay_turns_text(&reader->pair->prompt, reader->arena, ASSAY_ROLE_USER,
                               assay_format_field(reader->line, "query"), "query", reader->err));
    ASSAY_TRY(assay_turns_text(&reader->pair->chosen, reader->arena, ASSAY_ROLE_ASSISTANT,
                               assay_format_field(reader->line, "response"), "response", reader->err));
    return read_rejected_response(reader);
}
