/* Lines to ids. A line that begins with an object's brace is an input as score reads it, one that is a JSON string is
 * that string, and any other line is text as it stands: so a line of plain text needs no quoting, and a text with line
 * ends can still be given. Each line is answered before the next one is read, so that a program may talk to it through
 * pipes. */
#include "cli/command.h"

#include "data/byte_source.h"
#include "data/input_file.h"
#include "data/record_reader.h"
#include "task/model_source.h"

#include <string.h>

typedef struct line_tokenizer {
    assay_model_source *source;
    assay_status settled; /* not OK: conversations cannot be rendered, for the reason in why */
    assay_error why;
    assay_text_arena arena;
    assay_buf line, out;
    assay_ids ids;
    assay_buf text; /* of the conversation at hand, rendered */
    json_t *texts;  /* those of the line */
    uint64_t index;
    const assay_options *options;
} line_tokenizer;

static assay_status write_ids(line_tokenizer *work, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(&work->out, "[", err));
    for (size_t i = 0; i < work->ids.count; i++)
        ASSAY_TRY(assay_buf_printf(&work->out, err, "%s%d", i ? ", " : "", (int)work->ids.data[i]));
    return assay_buf_text(&work->out, "]", err);
}

static assay_status encode_text(line_tokenizer *work, const char *text, size_t size, assay_error *err)
{
    work->ids.count = 0;
    ASSAY_TRY(
        assay_tokenizer_encode_text(work->source->tokenizer, work->source->append_eos, text, size, &work->ids, err));
    return write_ids(work, err);
}

static assay_status keep_text(line_tokenizer *work, assay_error *err)
{
    json_t *text = json_stringn(work->text.data ? work->text.data : "", work->text.size);
    if (!json_array_append_new(work->texts, text)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a text, or it is not UTF-8");
}

/* One text, or as many as there are lists of ids. */
static assay_status write_texts(line_tokenizer *work, bool several, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(&work->out, ", \"text\": ", err));
    return assay_json_append(several ? work->texts : json_array_get(work->texts, 0), JSON_ENCODE_ANY, &work->out, err);
}

/* The ids of a text as it was rendered: no special token is added. */
static assay_status encode_rendered(line_tokenizer *work, assay_error *err)
{
    ASSAY_TRY(assay_tokenizer_encode(work->source->tokenizer, work->text.data ? work->text.data : "", work->text.size,
                                     ASSAY_ENCODE_SPECIAL_TEXT, &work->ids, err));
    return write_ids(work, err);
}

static assay_status encode_turns(line_tokenizer *work, const assay_turns *turns, assay_error *err)
{
    const assay_conversation conversation = assay_turns_conversation(turns);
    if (work->settled != ASSAY_OK) return assay_error_set(err, work->settled, "%s", work->why.text);
    work->ids.count = 0;
    if (work->options->text || work->options->add_generation_prompt) {
        assay_buf_reset(&work->text);
        ASSAY_TRY(assay_template_text(work->source->chosen, &conversation, work->options->add_generation_prompt,
                                      &work->text, err));
        ASSAY_TRY(keep_text(work, err));
    }
    if (work->options->add_generation_prompt) return encode_rendered(work, err);
    ASSAY_TRY(assay_template_render(work->source->chosen, &conversation, &work->ids, err));
    return write_ids(work, err);
}

/* A pair or a list of answers gives a list of lists. */
static assay_status encode_input(line_tokenizer *work, const assay_input *input, assay_error *err)
{
    bool several = input->is_pair || input->is_list;
    json_array_clear(work->texts);
    if (several) ASSAY_TRY(assay_buf_text(&work->out, "[", err));
    for (size_t i = 0; i < input->count; i++) {
        const assay_turns *item = &input->items[i];
        if (i) ASSAY_TRY(assay_buf_text(&work->out, ", ", err));
        ASSAY_TRY(input->is_text ? encode_text(work, item->items[0].text, item->items[0].size, err)
                                 : encode_turns(work, item, err));
    }
    if (several) ASSAY_TRY(assay_buf_text(&work->out, "]", err));
    if (work->options->text && !input->is_text) ASSAY_TRY(write_texts(work, several, err));
    return input->id ? assay_buf_printf(&work->out, err, ", \"id\": %s", input->id) : ASSAY_OK;
}

static assay_status encode_object(line_tokenizer *work, const char *where, assay_error *err)
{
    json_t *object;
    assay_input input;
    ASSAY_TRY(assay_json_parse(work->line.data, work->line.size, where, &object, err));
    assay_text_arena_reset(&work->arena);
    assay_status status = assay_input_read(&input, object, &work->arena, err);
    if (status == ASSAY_OK) status = encode_input(work, &input, err);
    if (status != ASSAY_OK) assay_error_prefix(err, status, "%s: ", where);
    json_decref(object);
    return status;
}

static assay_status encode_plain(line_tokenizer *work, const char *where, assay_error *err)
{
    json_t *text = NULL;
    assay_status status =
        work->line.data[0] == '"' ? assay_json_parse(work->line.data, work->line.size, where, &text, err) : ASSAY_OK;
    if (status == ASSAY_E_MEMORY) return status;
    status = text ? encode_text(work, json_string_value(text), json_string_length(text), err)
                  : encode_text(work, work->line.data, work->line.size, err);
    json_decref(text);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "%s: ", where);
}

static bool begins_with_brace(const assay_buf *line)
{
    size_t blank = strspn(line->data, " \t");
    return line->data[blank] == '{';
}

static assay_status answer_line(line_tokenizer *work, const char *where, assay_error *err)
{
    assay_buf_reset(&work->out);
    ASSAY_TRY(assay_buf_printf(&work->out, err, "{\"index\": %llu, \"ids\": ", (unsigned long long)work->index++));
    ASSAY_TRY(begins_with_brace(&work->line) ? encode_object(work, where, err) : encode_plain(work, where, err));
    ASSAY_TRY(assay_buf_text(&work->out, "}\n", err));
    return assay_print_exact(work->out.data, err);
}

/* Blank lines are passed over; *more turns false at the end. */
static assay_status next_line(line_tokenizer *work, assay_byte_source *source, bool *more, assay_error *err)
{
    assay_buf_reset(&work->line);
    bool ended = false;
    *more = false;
    while (!ended && assay_byte_source_more(source)) {
        size_t there = (size_t)(source->end - source->at);
        const char *end = memchr(source->at, '\n', there);
        size_t size = end ? (size_t)(end - source->at) : there;
        if (size) ASSAY_TRY(assay_buf_append(&work->line, source->at, size, err));
        assay_byte_source_skip(source, end ? size + 1 : size);
        ended = end != NULL;
        *more = true;
    }
    if (work->line.size && work->line.data[work->line.size - 1] == '\r') work->line.data[--work->line.size] = '\0';
    return assay_byte_source_status(source, err);
}

static assay_status answer_all(line_tokenizer *work, assay_byte_source *source,
                               const volatile sig_atomic_t *interrupted, assay_error *err)
{
    for (bool more = true; more;) {
        uint64_t line = source->line;
        ASSAY_TRY(next_line(work, source, &more, err));
        if (*interrupted) return assay_error_set(err, ASSAY_E_STOPPED, "interrupted");
        if (!more || !work->line.size) continue;
        char *where = assay_record_place(source->name, line, 0);
        ASSAY_TRY_ALLOC(where, "a place", err);
        assay_status status = answer_line(work, where, err);
        assay_free(where);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

static assay_status tokenize(line_tokenizer *work, const assay_options *options, const assay_command_context *context,
                             assay_error *err)
{
    assay_byte_source source = {0};
    ASSAY_TRY(assay_model_source_open(&work->source, options->model, options->adapter, NULL, NULL,
                                      ASSAY_SOURCE_TOKENIZER_ONLY, err));
    work->settled = assay_model_source_settle(work->source, options, &work->why);
    if (work->settled == ASSAY_E_USAGE) return assay_error_set(err, work->settled, "%s", work->why.text);
    assay_model_source_warn(work->source, context->task.log);
    assay_status status = assay_byte_source_open(&source, options->input ? options->input : "-", err);
    if (status == ASSAY_OK) status = answer_all(work, &source, context->task.interrupted, err);
    assay_byte_source_close(&source);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    line_tokenizer work = {.options = options, .texts = json_array()};
    ASSAY_TRY_ALLOC(work.texts, "texts", err);
    assay_buf_init(&work.text, SIZE_MAX / 4);
    assay_buf_init(&work.line, ASSAY_RECORD_MAX);
    assay_buf_init(&work.out, SIZE_MAX / 4);
    assay_status status = tokenize(&work, options, context, err);
    assay_ids_release(&work.ids);
    assay_buf_release(&work.out);
    assay_buf_release(&work.line);
    assay_buf_release(&work.text);
    json_decref(work.texts);
    assay_text_arena_release(&work.arena);
    assay_model_source_close(work.source);
    return status;
}

const assay_command assay_command_tokenize = {
    .name = "tokenize",
    .summary = "text or conversations to ids",
    .arguments = "--model M [--template NAME] [options]",
    .help = "Reads lines from standard input (or --input) and writes for each {\"index\", \"ids\"} and the line's own "
            "\"id\". A line is a JSON object\n"
            "as score reads it (messages, prompt and response, a pair; a pair gives two lists), a JSON string, or "
            "plain text. Conversations are\n"
            "rendered with the template, texts encoded as they stand, both with the special tokens the model wants.\n"
            "\n"
            "Examples:\n"
            "  echo 'Hello world' | assay tokenize --model ./llama\n"
            "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}' | assay tokenize --model "
            "./chatglm3-6b --template chatglm3\n",
    .takes = ASSAY_FOR_TOKENIZE,
    .reports_first = true,
    .run = run,
};
