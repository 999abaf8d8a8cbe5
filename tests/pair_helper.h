/* Pairs made in memory, and a renderer that needs no model: for the tests of the data folder. */
#ifndef ASSAY_TESTS_PAIR_HELPER_H
#define ASSAY_TESTS_PAIR_HELPER_H

#include "data/example.h"

#include <math.h>
#include <string.h>

/* One user message, one assistant message each. Line numbers count from 1. */
static inline void helper_add_pair(assay_pair_set *set, const char *prompt, const char *chosen, const char *rejected)
{
    uint32_t file = 0;
    if (!set->file_count) assay_pair_set_add_file(set, "made.jsonl", &file, NULL);
    assay_pair pair = {.margin = (double)NAN, .share = (double)NAN, .weight = 1, .place = {0, set->count + 1, 0}};
    assay_turns_push(&pair.prompt, &set->arena, ASSAY_ROLE_USER, prompt, strlen(prompt), NULL);
    assay_turns_push(&pair.chosen, &set->arena, ASSAY_ROLE_ASSISTANT, chosen, strlen(chosen), NULL);
    assay_turns_push(&pair.rejected, &set->arena, ASSAY_ROLE_ASSISTANT, rejected, strlen(rejected), NULL);
    assay_pair_set_add(set, &pair, NULL);
}

static inline assay_status helper_push(assay_ids *ids, int32_t id, assay_error *err)
{
    ASSAY_TRY(assay_grow(&ids->data, &ids->capacity, ids->count + 1, sizeof *ids->data, err));
    ids->data[ids->count++] = id;
    return ASSAY_OK;
}

/* 1000, then for each message 1001 + role and its bytes, then 1009: a byte-level tokenizer with a template. A text with
 * '!' is refused. */
static inline assay_status helper_render(const void *context, const assay_conversation *conversation, assay_ids *ids,
                                         assay_error *err)
{
    const assay_message *messages = conversation->messages;
    (void)context;
    ASSAY_TRY(helper_push(ids, 1000, err));
    for (size_t i = 0; i < conversation->count; i++) {
        ASSAY_TRY(helper_push(ids, 1001 + (int32_t)messages[i].role, err));
        for (size_t j = 0; j < messages[i].size; j++) {
            if (messages[i].text[j] == '!') return assay_error_set(err, ASSAY_E_FORMAT, "no shouting");
            ASSAY_TRY(helper_push(ids, (unsigned char)messages[i].text[j], err));
        }
    }
    return helper_push(ids, 1009, err);
}

static const assay_renderer helper_renderer = {.render = helper_render, .head = {1000}, .head_count = 1};

#endif
