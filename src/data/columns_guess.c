#include "data/columns_guess.h"

#include "base/json_doc.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 20 };

/* Names under which the files of others have the three parts, the most telling first; NULL ends. */
static const char *const prompts[NAMES_MAX] = {"prompt",  "question", "query", "instruction", "input", "problem",
                                               "context", "user",     "q",     "问题",        "提问",  "指令"};
static const char *const chosens[NAMES_MAX] = {
    "chosen", "response_chosen", "good", "better",      "best",        "preferred", "accepted", "positive",
    "pos",    "winner",          "win",  "answer_good", "good_answer", "好",        "好答案",   "正例"};
static const char *const rejecteds[NAMES_MAX] = {"rejected",     "response_rejected", "bad",        "worse", "worst",
                                                 "dispreferred", "declined",          "negative",   "neg",   "loser",
                                                 "lose",         "answer_bad",        "bad_answer", "差",    "坏答案",
                                                 "负例"};

static const char *field_called(const json_t *line, const char *name)
{
    void *at = json_object_iter(assay_json_lent(line));
    for (; at; at = json_object_iter_next(assay_json_lent(line), at))
        if (assay_text_compare(json_object_iter_key(at), name) == 0 && !json_is_null(json_object_iter_value(at)))
            return json_object_iter_key(at);
    return NULL;
}

static const char *field_of(const json_t *line, const char *const *names)
{
    for (; *names; names++) {
        const char *found = field_called(line, *names);
        if (found) return found;
    }
    return NULL;
}

bool assay_columns_guess(const json_t *line, char *text, size_t size)
{
    const char *prompt = field_of(line, prompts), *chosen = field_of(line, chosens),
               *rejected = field_of(line, rejecteds);
    *text = '\0';
    if (!prompt || !chosen || !rejected) return false;
    int length = snprintf(text, size, "prompt=%s,chosen=%s,rejected=%s", prompt, chosen, rejected);
    return length > 0 && (size_t)length < size;
}
