#include "cli/command.h"

#include "base/text.h"
#include "data/json_text.h"
#include "model/model_tensors.h"
#include "task/model_source.h"
#include "task/objective_choice.h"
#include "task/pair_input.h"
#include "text/unicode.h"
#include "tokenizer/token_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_PAIRS = 3, SHOWN_WHOLE = 20, SHOWN_DROPS = 5 };

typedef struct pair_preview {
    const assay_options *options;
    assay_model_source *source;
    assay_pair_set *pairs;
    assay_label_list labels; /* of the attributes that are learned */
    assay_example_set examples;
    size_t shown;
} pair_preview;

/* One side of an example: ids[0..count), of which the first `shared` are on all sides. */
typedef struct preview_side {
    const int32_t *ids;
    size_t count, shared;
    const assay_turns *answer;
    const assay_attributes *attributes;
    double value; /* of a list's answer, or a step's label */
    size_t step;  /* from 1; 0: it is none */
} preview_side;

/* Side i, best first. An objective of pairs has a list's ends alone. */
static preview_side side_of(const pair_preview *preview, const assay_example *example, size_t i)
{
    const assay_example_set *set = &preview->examples;
    const assay_pair *pair = &preview->pairs->pairs[example->pair];
    const assay_example_answer *answer = &set->answers[example->answers + i];
    size_t place = pair->answers && i ? pair->answer_count - example->count + i : i;
    const assay_turns *turns = pair->answers && !example->steps ? &pair->answers[place].turns
                               : i == 0                         ? &pair->chosen
                                                                : &pair->rejected;
    return (preview_side){.ids = set->ids + answer->first,
                          .count = answer->count,
                          .shared = example->shared,
                          .answer = turns,
                          .attributes = assay_pair_attributes(pair, place),
                          .value = set->values[example->answers + i],
                          .step = example->steps ? i + 1 : 0};
}

/* All steps, and the prompt before them. */
static preview_side whole_of(const pair_preview *preview, const assay_example *example)
{
    preview_side side = side_of(preview, example, 0);
    side.step = 0;
    side.count = assay_example_length(&preview->examples, example);
    return side;
}

static bool is_list(const assay_example *example) { return example->count > 2 || example->steps; }

static json_t *ids_json(const int32_t *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, json_integer(ids[i]));
    return list;
}

/* The bytes behind the answer's last message, NULL where its text is not found: a template may rewrite it, and a text
 * that is cut may end inside it. */
static const char *behind_answer(const char *text, size_t left, const assay_turns *answer)
{
    const assay_message *last = answer->count ? answer->items + answer->count - 1 : NULL;
    const char *words = last ? last->text : NULL, *found = NULL, *end = text + left;
    size_t size = last ? last->size : 0;
    if (words) assay_text_strip(&words, &size);
    for (const char *at = text; words && size && at; at += size) {
        at = memmem(at, (size_t)(end - at), words, size);
        if (!at) break;
        found = at + size;
    }
    return found;
}

/* Where the scored token stands, in words; NULL: out of memory. */
static char *place_words(const pair_preview *preview, const preview_side *side)
{
    if (side->step) return assay_strfmt("the end of step %zu", side->step);
    json_t *text = assay_token_run_json(preview->source->tokenizer, side->ids, side->count);
    const char *whole = json_string_value(text);
    size_t left = json_string_length(text);
    const char *behind = whole ? behind_answer(whole, left, side->answer) : NULL;
    size_t size = behind ? left - (size_t)(behind - whole) : 0;
    json_t *quoted = size ? json_stringn(behind, size) : NULL;
    assay_buf shown;
    assay_buf_init(&shown, SIZE_MAX / 4);
    if (quoted && assay_json_text(quoted, &shown, NULL) != ASSAY_OK) assay_buf_reset(&shown);
    const char *pooled = assay_pooling_words(preview->source->pooling);
    char *words = shown.size ? assay_strfmt("%s, the end of %s, which stands behind the answer", pooled, shown.data)
                  : behind   ? assay_strfmt("%s, the answer's own: nothing stands behind it", pooled)
                             : assay_strfmt("%s of the rendered text", pooled);
    json_decref(quoted);
    json_decref(text);
    assay_buf_release(&shown);
    return words;
}

static json_t *side_json(const pair_preview *preview, const preview_side *side)
{
    const assay_tokenizer *tokenizer = preview->source->tokenizer;
    int32_t scored = side->ids[side->count - 1];
    char *words = place_words(preview, side);
    json_t *token = json_pack("{s:I,s:i,s:o,s:s}", "index", (json_int_t)(side->count - 1), "id", (int)scored, "token",
                              assay_token_run_json(tokenizer, &scored, 1), "place", words ? words : "");
    assay_free(words);
    json_t *attributes = side->attributes->items ? json_object() : NULL;
    for (size_t i = 0; attributes && i < side->attributes->count; i++)
        json_object_set_new(attributes, side->attributes->items[i].name,
                            assay_json_number(side->attributes->items[i].value));
    return json_pack("{s:I,s:o,s:o,s:o,s:o*}", "tokens", (json_int_t)side->count, "ids",
                     ids_json(side->ids, side->count), "text", assay_token_run_json(tokenizer, side->ids, side->count),
                     "scored", token, "attributes", attributes);
}

/* Of a list every answer, with what the list says of it. */
static json_t *answers_json(const pair_preview *preview, const assay_example *example)
{
    json_t *list = is_list(example) ? json_array() : NULL;
    for (size_t i = 0; list && i < example->count; i++) {
        preview_side side = side_of(preview, example, i);
        json_t *one = side_json(preview, &side);
        json_object_set_new(one, "value", assay_json_number(side.value));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *example_json(const pair_preview *preview, const assay_example *example)
{
    const assay_pair *pair = &preview->pairs->pairs[example->pair];
    preview_side chosen = example->steps ? whole_of(preview, example) : side_of(preview, example, 0),
                 rejected = side_of(preview, example, example->count - 1);
    bool alone = example->count == 1 || example->steps;
    char *place = assay_pair_set_place(preview->pairs, pair->place);
    json_t *object = json_pack(
        "{s:s,s:I,s:o,s:o,s:o,s:o,s:o*}", "place", place ? place : "", "shared", (json_int_t)example->shared,
        "shared_text", assay_token_run_json(preview->source->tokenizer, chosen.ids, example->shared), "margin",
        isnan(example->margin) ? json_null() : json_real(example->margin), "chosen", side_json(preview, &chosen),
        "rejected", alone ? json_null() : side_json(preview, &rejected), "answers", answers_json(preview, example));
    if (object && pair->id) json_object_set_new(object, "id", assay_json_value(pair->id));
    assay_free(place);
    return object;
}

static assay_place drop_place(const pair_preview *preview, size_t index, assay_drop_reason *reason, size_t *tokens)
{
    const assay_pair_set *pairs = preview->pairs;
    *tokens = 0;
    *reason = index < pairs->drop_count ? pairs->drops[index].reason
                                        : preview->examples.drops[index - pairs->drop_count].reason;
    if (index < pairs->drop_count) return pairs->drops[index].place;
    const assay_example_drop *drop = &preview->examples.drops[index - pairs->drop_count];
    *tokens = drop->length;
    return pairs->pairs[drop->pair].place;
}

static json_t *drops_json(const pair_preview *preview)
{
    json_t *list = json_array();
    for (size_t i = 0; i < preview->pairs->drop_count + preview->examples.drop_count; i++) {
        assay_drop_reason reason;
        size_t tokens;
        char *place = assay_pair_set_place(preview->pairs, drop_place(preview, i, &reason, &tokens));
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:o}", "place", place ? place : "", "reason", assay_drop_key(reason),
                                        "tokens", tokens ? json_integer((json_int_t)tokens) : json_null()));
        assay_free(place);
    }
    return list;
}

static size_t records_of(const assay_pair_set *pairs) { return pairs->count + pairs->drop_count + pairs->bad_count; }

static assay_status print_json(const pair_preview *preview, assay_error *err)
{
    const assay_model_source *source = preview->source;
    json_t *shown = json_array();
    for (size_t i = 0; i < preview->shown; i++)
        json_array_append_new(shown, example_json(preview, &preview->examples.items[i]));
    json_t *object =
        json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "template", source->template_name, "append_eos",
                  assay_append_eos_word(source->append_eos), "max_length", (json_int_t)source->max_length, "records",
                  (json_int_t)records_of(preview->pairs), "bad_lines", (json_int_t)preview->pairs->bad_count, "kept",
                  (json_int_t)preview->examples.count, "truncated", (json_int_t)preview->examples.truncated, "longest",
                  (json_int_t)preview->examples.longest, "dropped", drops_json(preview), "pairs", shown);
    ASSAY_TRY_ALLOC(object, "the preview", err);
    assay_status status = assay_print_json(object, err);
    json_decref(object);
    return status;
}

/* "  NAME  "TEXT"" with JSON's escapes, so that line ends and spaces are seen. */
static assay_status text_row(const pair_preview *preview, const char *name, const int32_t *ids, size_t count,
                             assay_buf *out, assay_error *err)
{
    json_t *text = assay_token_run_json(preview->source->tokenizer, ids, count);
    ASSAY_TRY_ALLOC(text, "a text", err);
    assay_status status = assay_buf_printf(out, err, "  %-9s %5zu tokens  ", name, count);
    if (status == ASSAY_OK) status = assay_json_text(text, out, err);
    json_decref(text);
    ASSAY_TRY(status);
    ASSAY_TRY(assay_buf_text(out, "\n            ids", err));
    for (size_t i = 0; i < count; i++) ASSAY_TRY(assay_buf_printf(out, err, " %d", (int)ids[i]));
    return assay_buf_text(out, "\n", err);
}

static assay_status scored_row(const pair_preview *preview, const char *name, const preview_side *side, assay_buf *out,
                               assay_error *err)
{
    int32_t id = side->ids[side->count - 1];
    json_t *text = assay_token_run_json(preview->source->tokenizer, &id, 1);
    ASSAY_TRY_ALLOC(text, "a text", err);
    assay_status status = assay_buf_printf(out, err, "  scored in %-9s token %zu of %zu, id %d ", name, side->count,
                                           side->count, (int)id);
    if (status == ASSAY_OK) status = assay_json_text(text, out, err);
    json_decref(text);
    char *words = status == ASSAY_OK ? place_words(preview, side) : NULL;
    if (words) status = assay_buf_printf(out, err, ": %s\n", words);
    else if (status == ASSAY_OK) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the preview");
    assay_free(words);
    return status;
}

static assay_status attributes_row(const preview_side *side, assay_buf *out, assay_error *err)
{
    if (!side->attributes->items) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "  attributes", err));
    for (size_t i = 0; i < side->attributes->count; i++) {
        const assay_attribute *one = &side->attributes->items[i];
        ASSAY_TRY(assay_buf_printf(out, err, "%s %s", i ? "," : "", one->name));
        ASSAY_TRY(isnan(one->value) ? assay_buf_text(out, " not known", err)
                                    : assay_buf_printf(out, err, " %g", one->value));
    }
    return assay_buf_text(out, "\n", err);
}

/* What side i is called: of a list by its place and what the list says of it. */
static void name_side(const assay_example *example, const preview_side *side, size_t i, char *name, size_t size)
{
    if (is_list(example) && isnan(side->value)) assay_text_format(name, size, "%zu (?)", i + 1);
    else if (is_list(example)) assay_text_format(name, size, "%zu (%g)", i + 1, side->value);
    else assay_text_format(name, size, "%s", i ? "rejected" : "chosen");
}

static assay_status sides_text(const pair_preview *preview, const assay_example *example, assay_buf *out,
                               assay_error *err)
{
    char name[48], scored[52];
    for (size_t i = 0; i < example->count; i++) {
        preview_side side = side_of(preview, example, i);
        name_side(example, &side, i, name, sizeof name);
        ASSAY_TRY(text_row(preview, name, side.ids + side.shared, side.count - side.shared, out, err));
        ASSAY_TRY(attributes_row(&side, out, err));
    }
    for (size_t i = 0; i < example->count; i++) {
        preview_side side = side_of(preview, example, i);
        name_side(example, &side, i, name, sizeof name);
        snprintf(scored, sizeof scored, "%s:", example->count == 1 && !example->steps ? "answer" : name);
        ASSAY_TRY(scored_row(preview, scored, &side, out, err));
    }
    return ASSAY_OK;
}

static assay_status example_text(const pair_preview *preview, size_t index, assay_buf *out, assay_error *err)
{
    const assay_example *example = &preview->examples.items[index];
    preview_side first = side_of(preview, example, 0);
    char *place = assay_pair_set_place(preview->pairs, preview->pairs->pairs[example->pair].place);
    ASSAY_TRY_ALLOC(place, "a place", err);
    assay_status status = assay_buf_printf(out, err, "\nPair %zu, %s", index + 1, place);
    assay_free(place);
    ASSAY_TRY(status);
    if (!isnan(example->margin)) ASSAY_TRY(assay_buf_printf(out, err, ", margin %g", example->margin));
    ASSAY_TRY(assay_buf_text(out, "\n", err));
    if (!example->steps) ASSAY_TRY(text_row(preview, "shared", first.ids, example->shared, out, err));
    return sides_text(preview, example, out, err);
}

static assay_status drops_text(const pair_preview *preview, assay_buf *out, assay_error *err)
{
    size_t count = preview->pairs->drop_count + preview->examples.drop_count;
    ASSAY_TRY(assay_buf_printf(out, err, "\nDropped: %zu\n", count));
    for (size_t i = 0; i < count && i < SHOWN_DROPS; i++) {
        assay_drop_reason reason;
        size_t tokens;
        char *place = assay_pair_set_place(preview->pairs, drop_place(preview, i, &reason, &tokens));
        ASSAY_TRY_ALLOC(place, "a place", err);
        assay_status status = assay_buf_printf(out, err, "  %s: %s", place, assay_drop_text(reason));
        assay_free(place);
        ASSAY_TRY(status);
        ASSAY_TRY(tokens ? assay_buf_printf(out, err, " (%zu tokens)\n", tokens) : assay_buf_text(out, "\n", err));
    }
    return count > SHOWN_DROPS
               ? assay_buf_printf(out, err, "  ... and %zu more; --json lists all\n", count - SHOWN_DROPS)
               : ASSAY_OK;
}

static assay_status print_text(const pair_preview *preview, assay_error *err)
{
    const assay_model_source *source = preview->source;
    assay_buf out;
    assay_buf_init(&out, SIZE_MAX / 4);
    assay_status status = assay_buf_printf(
        &out, err,
        "template %s, append-eos %s, max-length %lld\n%zu records: %zu pairs kept (%zu truncated), longest side %zu "
        "tokens\n",
        source->template_name, assay_append_eos_word(source->append_eos), (long long)source->max_length,
        records_of(preview->pairs), preview->examples.count, preview->examples.truncated, preview->examples.longest);
    for (size_t i = 0; i < preview->shown && status == ASSAY_OK; i++) status = example_text(preview, i, &out, err);
    if (status == ASSAY_OK) status = drops_text(preview, &out, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status preview_build(pair_preview *preview, const assay_log *log, assay_error *err)
{
    const assay_options *options = preview->options;
    assay_renderer renderer;
    assay_objective_settings settings;
    ASSAY_TRY(assay_objective_begin(options, &settings, err));
    ASSAY_TRY(assay_model_source_open(&preview->source, options->model, options->adapter, &options->ignore_config, NULL,
                                      ASSAY_SOURCE_CONFIG_ONLY, err));
    ASSAY_TRY(assay_pair_input_read(&preview->pairs, &options->data, options, log, err));
    ASSAY_TRY(assay_objective_settle(options, preview->pairs, &settings, log, err));
    if (settings.objective->of_steps)
        ASSAY_TRY(assay_model_config_take_steps(preview->source->checkpoint, preview->source->adapter,
                                                &preview->source->config, err));
    ASSAY_TRY(assay_model_source_settle(preview->source, options, err));
    assay_model_source_warn(preview->source, log);
    if (assay_pair_input_has_text_prompts(preview->pairs)) assay_source_say_text_prompts(preview->source, log);
    if (settings.objective->of_attributes) ASSAY_TRY(assay_label_list_of(&preview->labels, preview->pairs, err));
    assay_renderer_of_template(&renderer, preview->source->chosen, &preview->source->config.prefix);
    assay_example_options how = {.max_length = (size_t)preview->source->max_length,
                                 .truncate = assay_pair_input_truncate(options),
                                 .labels = settings.objective->of_attributes ? &preview->labels : NULL,
                                 .decided_only = !settings.objective->reads_labels,
                                 .ends_only = !assay_objective_reads_rows(&settings)};
    ASSAY_TRY(assay_example_set_build(&preview->examples, preview->pairs, NULL, 0, &renderer, &how, err));
    bool few = options->max_train_samples > 0 && options->max_train_samples <= SHOWN_WHOLE;
    size_t wanted = few ? (size_t)options->max_train_samples : SHOWN_PAIRS;
    preview->shown = wanted < preview->examples.count ? wanted : preview->examples.count;
    return ASSAY_OK;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    pair_preview preview = {.options = options};
    assay_status status = preview_build(&preview, context->task.log, err);
    if (status == ASSAY_OK) status = options->json ? print_json(&preview, err) : print_text(&preview, err);
    assay_example_set_release(&preview.examples);
    assay_label_list_release(&preview.labels);
    assay_pair_set_free(preview.pairs);
    assay_model_source_close(preview.source);
    return status;
}

const assay_command assay_command_preview = {
    .name = "preview",
    .summary = "shows pairs as the model will see them",
    .arguments = "--model M --data PATH [options]",
    .help = "Renders pairs with the options of train and shows text and ids of what both answers share and of each "
            "answer, the token that is\n"
            "scored, and what would be dropped and why. Shows 3 pairs, or --max-train-samples N of them where N is at "
            "most 20.\n"
            "Nothing is trained or written.\n"
            "\n"
            "Examples:\n"
            "  assay preview --model Qwen/Qwen2.5-0.5B-Instruct --data pairs.jsonl\n"
            "  assay preview --model ./chatglm3-6b --data ./data/reward --template chatglm3 --json\n",
    .takes = ASSAY_FOR_PREVIEW,
    .run = run,
};
