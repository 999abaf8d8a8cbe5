#include "data/example.h"

#include "base/sizes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct example_builder {
    assay_example_set *set;
    const assay_renderer *renderer;
    assay_example_options options;
    assay_message *messages; /* a whole conversation, rebuilt for each side */
    size_t message_capacity;
    assay_ids *sides; /* of one example; their memory is used again */
    size_t count, side_capacity;
    assay_ids ends; /* of the steps of sides[0] */
} example_builder;

const assay_example_answer *assay_example_best(const assay_example_set *set, const assay_example *example)
{
    return set->answers + example->answers;
}

const assay_example_answer *assay_example_worst(const assay_example_set *set, const assay_example *example)
{
    return set->answers + example->answers + example->count - 1;
}

size_t assay_example_length(const assay_example_set *set, const assay_example *example)
{
    size_t tokens = 0;
    for (size_t i = 0; i < example->count; i++) tokens += set->answers[example->answers + i].count;
    return tokens;
}

size_t assay_example_tokens(const assay_example_set *set, const assay_example *example)
{
    return assay_example_length(set, example) - (example->count - 1) * example->shared;
}

size_t assay_example_longest(const assay_example_set *set, const assay_example *example)
{
    size_t longest = 0;
    for (size_t i = 0; i < example->count; i++)
        longest = assay_larger(longest, set->answers[example->answers + i].count);
    return example->steps ? assay_example_length(set, example) : longest;
}

size_t assay_example_set_dropped(const assay_example_set *set, assay_drop_reason reason)
{
    size_t count = 0;
    for (size_t i = 0; i < set->drop_count; i++) count += set->drops[i].reason == reason;
    return count;
}

void assay_example_set_release(assay_example_set *set)
{
    assay_free(set->items);
    assay_free(set->answers);
    assay_free(set->values);
    assay_free(set->targets);
    assay_free(set->ids);
    assay_free(set->drops);
    *set = (assay_example_set){0};
}

/* ends NULL: it is read at its last id alone. */
static assay_status render_side(example_builder *builder, const assay_turns *prompt, const assay_turns *answer,
                                assay_ids *ids, assay_ids *ends, assay_error *err)
{
    const assay_renderer *renderer = builder->renderer;
    size_t count = prompt->count + answer->count;
    ASSAY_TRY(assay_grow(&builder->messages, &builder->message_capacity, count, sizeof *builder->messages, err));
    if (prompt->count) memcpy(builder->messages, prompt->items, prompt->count * sizeof *prompt->items);
    if (answer->count) memcpy(builder->messages + prompt->count, answer->items, answer->count * sizeof *answer->items);
    ids->count = 0;
    const assay_conversation conversation = {builder->messages, count, prompt->context};
    ASSAY_TRY(ends ? renderer->render_steps(renderer->context, &conversation, ids, ends, err)
                   : renderer->render(renderer->context, &conversation, ids, err));
    if (!ids->count) return assay_error_set(err, ASSAY_E_FORMAT, "the template renders this pair to nothing at all");
    if (ids->count > UINT32_MAX / 4)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%zu tokens on one side", ids->count);
    return ASSAY_OK;
}

static size_t common_ids(const assay_ids *a, const assay_ids *b)
{
    size_t count = 0;
    while (count < a->count && count < b->count && a->data[count] == b->data[count]) count++;
    return count;
}

/* What all sides begin with alike, of which each keeps one id for itself. */
static size_t shared_ids(const example_builder *builder)
{
    size_t shared = builder->count > 1 ? builder->sides[0].count - 1 : 0;
    for (size_t i = 1; i < builder->count; i++) {
        shared = assay_smaller(shared, common_ids(&builder->sides[0], &builder->sides[i]));
        shared = assay_smaller(shared, builder->sides[i].count - 1);
    }
    return shared;
}

/* A gate that is not the same token of all sides cannot be computed once for all. */
static bool gates_agree(const example_builder *builder)
{
    const assay_prefix_rule *rule = builder->renderer->prefix;
    const assay_ids *sides = builder->sides;
    size_t first = assay_prefix_gate(rule, sides[0].data, sides[0].count);
    for (size_t i = 1; i < builder->count; i++)
        if (assay_prefix_gate(rule, sides[i].data, sides[i].count) != first) return false;
    return true;
}

static size_t longest_side(const example_builder *builder)
{
    size_t longest = 0;
    for (size_t i = 0; i < builder->count; i++) longest = assay_larger(longest, builder->sides[i].count);
    return longest;
}

static bool all_alike(const example_builder *builder)
{
    const assay_ids *first = &builder->sides[0];
    for (size_t i = 1; i < builder->count; i++)
        if (builder->sides[i].count != first->count || common_ids(first, &builder->sides[i]) != first->count)
            return false;
    return builder->count > 1;
}

static void cut_out(assay_ids *ids, size_t from, size_t count)
{
    memmove(ids->data + from, ids->data + from + count, (ids->count - from - count) * sizeof *ids->data);
    ids->count -= count;
}

static bool truncate_left(example_builder *builder, size_t longest)
{
    size_t shared = builder->count > 1 ? shared_ids(builder) : builder->sides[0].count - 1,
           head = assay_smaller(assay_renderer_head_length(builder->renderer, &builder->sides[0]), shared),
           surplus = longest - builder->options.max_length;
    if (surplus > shared - head) return false;
    for (size_t i = 0; i < builder->count; i++) cut_out(&builder->sides[i], head, surplus);
    return true;
}

/* Applies the length rule; ASSAY_DROP_COUNT: the example stays. */
static assay_drop_reason fit(example_builder *builder)
{
    size_t limit = builder->options.max_length, longest = longest_side(builder);
    bool over = limit && longest > limit;
    if (over && builder->options.truncate == ASSAY_TRUNCATE_NONE) return ASSAY_DROP_TOO_LONG;
    if (over && builder->options.truncate == ASSAY_TRUNCATE_LEFT && !truncate_left(builder, longest))
        return ASSAY_DROP_ANSWER_TOO_LONG;
    if (over && builder->options.truncate == ASSAY_TRUNCATE_RIGHT)
        for (size_t i = 0; i < builder->count; i++)
            builder->sides[i].count = assay_smaller(builder->sides[i].count, limit);
    if (all_alike(builder)) return ASSAY_DROP_SAME_IDS;
    builder->set->truncated += over;
    return ASSAY_DROP_COUNT;
}

static assay_status add_side(assay_example_set *set, const assay_ids *ids, double value, assay_error *err)
{
    ASSAY_TRY(assay_grow(&set->ids, &set->id_capacity, set->id_count + ids->count, sizeof *set->ids, err));
    ASSAY_TRY(assay_grow(&set->answers, &set->answer_capacity, set->answer_count + 1, sizeof *set->answers, err));
    ASSAY_TRY(assay_grow(&set->values, &set->value_capacity, set->answer_count + 1, sizeof *set->values, err));
    memcpy(set->ids + set->id_count, ids->data, ids->count * sizeof *ids->data);
    set->values[set->answer_count] = value;
    set->answers[set->answer_count++] = (assay_example_answer){set->id_count, (uint32_t)ids->count};
    set->id_count += ids->count;
    return ASSAY_OK;
}

/* Of the answer that is added next. */
static assay_status add_targets(example_builder *builder, const assay_attributes *attributes, assay_error *err)
{
    assay_example_set *set = builder->set;
    size_t before = set->answer_count * set->label_count;
    if (!set->label_count) return ASSAY_OK;
    ASSAY_TRY(assay_grow(&set->targets, &set->target_capacity, before + set->label_count, sizeof *set->targets, err));
    assay_label_list_values(builder->options.labels, attributes, set->targets + before);
    return ASSAY_OK;
}

static assay_status add_example(example_builder *builder, uint32_t index, assay_error *err)
{
    assay_example_set *set = builder->set;
    const assay_pair *pair = set->pairs->pairs + index;
    size_t common = gates_agree(builder) ? shared_ids(builder) : 0,
           shared = assay_prefix_shared(builder->renderer->prefix, builder->sides[0].data, common);
    assay_example example = {.answers = set->answer_count,
                             .count = builder->count,
                             .shared = (uint32_t)shared,
                             .pair = index,
                             .margin = pair->margin,
                             .share = pair->share,
                             .weight = pair->weight};
    for (size_t i = 0; i < builder->count; i++) {
        double value = builder->count > 2 ? pair->answers[i].value : i == 0;
        size_t place = pair->answers && i ? pair->answer_count - builder->count + i : i;
        ASSAY_TRY(add_targets(builder, assay_pair_attributes(pair, place), err));
        ASSAY_TRY(add_side(set, &builder->sides[i], value, err));
    }
    ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    set->items[set->count++] = example;
    set->longest = assay_larger(set->longest, longest_side(builder));
    return ASSAY_OK;
}

/* ---- steps ---- */

/* The length rule: how many steps stay is left in builder->ends. */
static assay_drop_reason fit_steps(example_builder *builder, const assay_pair *pair)
{
    assay_ids *ends = &builder->ends;
    size_t limit = builder->options.max_length;
    bool over = limit && builder->sides[0].count > limit, known = false;
    if (over && builder->options.truncate != ASSAY_TRUNCATE_RIGHT) return ASSAY_DROP_TOO_LONG;
    while (over && ends->count && (size_t)ends->data[ends->count - 1] >= limit) ends->count--;
    if (!ends->count) return ASSAY_DROP_TOO_LONG;
    for (size_t i = 0; i < ends->count; i++) known |= !isnan(pair->step_labels[i]);
    if (!known) return ASSAY_DROP_NO_LABEL;
    builder->set->truncated += over;
    return ASSAY_DROP_COUNT;
}

static assay_status add_steps(example_builder *builder, uint32_t index, assay_error *err)
{
    assay_example_set *set = builder->set;
    const assay_pair *pair = set->pairs->pairs + index;
    assay_example example = {.answers = set->answer_count,
                             .count = builder->ends.count,
                             .steps = true,
                             .pair = index,
                             .margin = (double)NAN,
                             .share = (double)NAN,
                             .weight = pair->weight};
    size_t begin = 0;
    for (size_t i = 0; i < builder->ends.count; i++) {
        size_t end = (size_t)builder->ends.data[i] + 1;
        const assay_ids step = {.data = builder->sides[0].data + begin, .count = end - begin};
        ASSAY_TRY(add_side(set, &step, pair->step_labels[i], err));
        begin = end;
    }
    ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    set->items[set->count++] = example;
    set->longest = assay_larger(set->longest, begin);
    return ASSAY_OK;
}

static assay_status add_drop(assay_example_set *set, uint32_t pair, assay_drop_reason reason, size_t length,
                             assay_error *err)
{
    ASSAY_TRY(assay_grow(&set->drops, &set->drop_capacity, set->drop_count + 1, sizeof *set->drops, err));
    set->drops[set->drop_count++] = (assay_example_drop){pair, reason, (uint32_t)length};
    return ASSAY_OK;
}

/* <sop>, or the gate, was cut off. */
static bool lost(const example_builder *builder)
{
    for (size_t i = 0; i < builder->count; i++)
        if (assay_prefix_check(builder->renderer->prefix, builder->sides[i].data, builder->sides[i].count, NULL) !=
            ASSAY_OK)
            return true;
    return false;
}

static assay_status make_sides(example_builder *builder, size_t count, assay_error *err)
{
    size_t made = builder->side_capacity;
    ASSAY_TRY(assay_grow(&builder->sides, &builder->side_capacity, count, sizeof *builder->sides, err));
    for (; made < builder->side_capacity; made++) builder->sides[made] = (assay_ids){0};
    builder->count = count;
    return ASSAY_OK;
}

static assay_status render_steps(example_builder *builder, const assay_pair *pair, assay_error *err)
{
    if (!builder->renderer->render_steps)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "this is an answer in labelled steps, and the model reads a text at one token");
    builder->ends.count = 0;
    ASSAY_TRY(make_sides(builder, 1, err));
    return render_side(builder, &pair->prompt, &pair->chosen, &builder->sides[0], &builder->ends, err);
}

static assay_status render_sides(example_builder *builder, const assay_pair *pair, assay_error *err)
{
    if (pair->step_labels) return render_steps(builder, pair, err);
    bool whole = pair->answers && !builder->options.ends_only;
    ASSAY_TRY(make_sides(builder, whole ? pair->answer_count : pair->single ? 1 : 2, err));
    for (size_t i = 0; i < builder->count; i++) {
        const assay_turns *answer = whole ? &pair->answers[i].turns : i == 0 ? &pair->chosen : &pair->rejected;
        ASSAY_TRY(render_side(builder, &pair->prompt, answer, &builder->sides[i], NULL, err));
    }
    for (size_t i = 0; i < builder->count; i++)
        ASSAY_TRY(assay_prefix_check(builder->renderer->prefix, builder->sides[i].data, builder->sides[i].count, err));
    return ASSAY_OK;
}

/* Whether anybody could learn from it, or judge by it, what is wanted. */
static assay_drop_reason unwanted(const example_builder *builder, const assay_pair *pair)
{
    bool known = false;
    size_t last = pair->answers ? pair->answer_count : pair->single ? 1 : 2;
    for (size_t i = 0; i < last; i++) known |= assay_attributes_known(assay_pair_attributes(pair, i));
    if (builder->set->label_count && !builder->options.decided_only)
        return known ? ASSAY_DROP_COUNT : ASSAY_DROP_NO_LABEL;
    bool undecided = builder->options.decided_only && !pair->single && pair->share <= 0.5;
    return undecided ? ASSAY_DROP_UNDECIDED : ASSAY_DROP_COUNT;
}

static assay_status take_pair(example_builder *builder, uint32_t index, assay_error *err)
{
    const assay_pair *pair = builder->set->pairs->pairs + index;
    ASSAY_TRY(render_sides(builder, pair, err));
    size_t length = longest_side(builder);
    if (pair->step_labels) {
        assay_drop_reason misfit = fit_steps(builder, pair);
        return misfit == ASSAY_DROP_COUNT ? add_steps(builder, index, err)
                                          : add_drop(builder->set, index, misfit, length, err);
    }
    assay_drop_reason reason = unwanted(builder, pair);
    if (reason == ASSAY_DROP_COUNT) reason = fit(builder);
    if (reason == ASSAY_DROP_COUNT && lost(builder)) reason = ASSAY_DROP_ANSWER_TOO_LONG;
    return reason == ASSAY_DROP_COUNT ? add_example(builder, index, err)
                                      : add_drop(builder->set, index, reason, length, err);
}

static assay_status nothing_left(const assay_example_set *set, const assay_example_options *options, assay_error *err)
{
    char reasons[512] = "there were none to begin with";
    size_t used = 0;
    for (int reason = 0; reason < ASSAY_DROP_COUNT; reason++) {
        size_t dropped = assay_example_set_dropped(set, (assay_drop_reason)reason);
        for (size_t i = 0; i < set->pairs->drop_count; i++) dropped += (int)set->pairs->drops[i].reason == reason;
        if (!dropped || used >= sizeof reasons) continue;
        int put = snprintf(reasons + used, sizeof reasons - used, "%s%zu: %s", used ? "; " : "", dropped,
                           assay_drop_text((assay_drop_reason)reason));
        used += put > 0 ? (size_t)put : 0;
    }
    size_t shortest = SIZE_MAX;
    for (size_t i = 0; i < set->drop_count; i++) shortest = assay_smaller(shortest, set->drops[i].length);
    bool long_ones = assay_example_set_dropped(set, ASSAY_DROP_TOO_LONG) ||
                     assay_example_set_dropped(set, ASSAY_DROP_ANSWER_TOO_LONG);
    if (!long_ones) return assay_error_set(err, ASSAY_E_FORMAT, "no pair is left to work on (%s)", reasons);
    const char *cut = options->truncate == ASSAY_TRUNCATE_NONE ? ", or cut with --truncate left" : "";
    return assay_error_set(
        err, ASSAY_E_FORMAT,
        "no pair is left to work on (%s); the shortest dropped one has %zu tokens on its longer side, the "
        "maximum length is %zu: raise --max-length%s",
        reasons, shortest, options->max_length, cut);
}

static assay_status build(example_builder *builder, const uint32_t *picked, size_t count, assay_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t index = picked ? picked[i] : (uint32_t)i;
        assay_status status = take_pair(builder, index, err);
        if (status == ASSAY_OK) continue;
        char *place = assay_pair_set_place(builder->set->pairs, builder->set->pairs->pairs[index].place);
        assay_error_prefix(err, status, "%s: ", place ? place : "a pair");
        assay_free(place);
        return status;
    }
    return builder->set->count ? ASSAY_OK : nothing_left(builder->set, &builder->options, err);
}

assay_status assay_example_set_build(assay_example_set *set, const assay_pair_set *pairs, const uint32_t *picked,
                                     size_t picked_count, const assay_renderer *renderer,
                                     const assay_example_options *options, assay_error *err)
{
    *set = (assay_example_set){.pairs = pairs, .label_count = options->labels ? options->labels->count : 0};
    example_builder builder = {.set = set, .renderer = renderer, .options = *options};
    assay_status status = build(&builder, picked, picked ? picked_count : pairs->count, err);
    assay_free(builder.messages);
    for (size_t i = 0; i < builder.side_capacity; i++) assay_ids_release(&builder.sides[i]);
    assay_free(builder.sides);
    assay_ids_release(&builder.ends);
    if (status != ASSAY_OK) assay_example_set_release(set);
    return status;
}
