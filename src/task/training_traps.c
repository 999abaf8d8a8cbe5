#include "task/training_traps.h"

#include <math.h>
#include <string.h>

enum { FLAT_STEPS = 20, MOST_ENDS = 64 };

/* Hugging Face scores the last token that differs from pad: with pad = eos, the token before the end. */
static void say_pad(const assay_training *t, const assay_log *log)
{
    const assay_tokenizer_info *about = assay_tokenizer_about(t->source->tokenizer);
    const json_t *config = t->source->checkpoint->config, *pad_value = json_object_get(config, "pad_token_id"),
                 *eos_value = json_object_get(config, "eos_token_id");
    int64_t pad = json_is_integer(pad_value) ? json_integer_value(pad_value) : about->pad;
    int64_t eos = json_is_integer(eos_value) ? json_integer_value(eos_value) : about->eos;
    if (pad < 0 || pad != eos) return;
    const char *other = t->pad_token >= 0 ? assay_tokenizer_token(t->source->tokenizer, (int32_t)t->pad_token) : NULL;
    assay_note(log,
               "the model's pad token is its end-of-text token (%lld): other programs would score the token before it; "
               "what is saved names %s as pad instead",
               (long long)pad, other ? other : "no other (none was found)");
}

static void say_double_bos(const assay_training *t, const assay_log *log)
{
    int32_t bos = assay_tokenizer_about(t->source->tokenizer)->bos;
    size_t doubled = 0;
    for (size_t i = 0; bos >= 0 && i < t->examples.count; i++) {
        const assay_example_answer *best = assay_example_best(&t->examples, &t->examples.items[i]);
        const int32_t *ids = t->examples.ids + best->first;
        doubled += best->count > 1 && ids[0] == bos && ids[1] == bos;
    }
    if (doubled)
        assay_warn(log,
                   "%zu of %zu texts begin with the start token twice: the data or the template brings one too many; "
                   "look with: assay preview",
                   doubled, t->examples.count);
}

typedef struct end_counts {
    int32_t ids[MOST_ENDS];
    size_t counts[MOST_ENDS], known, ordinary, total;
} end_counts;

static bool marks_an_end(const assay_tokenizer *tokenizer, int32_t id)
{
    const char *token = assay_tokenizer_token(tokenizer, id);
    size_t length = token ? strlen(token) : 0;
    return id == assay_tokenizer_about(tokenizer)->eos ||
           (length > 2 && (*token == '<' || *token == '[') && strchr(">]", token[length - 1]));
}

static void count_end(end_counts *ends, const assay_tokenizer *tokenizer, int32_t id)
{
    size_t i = 0;
    while (i < ends->known && ends->ids[i] != id) i++;
    if (i == ends->known && i < MOST_ENDS) ends->ids[ends->known++] = id;
    if (i < MOST_ENDS) ends->counts[i]++;
    ends->ordinary += !marks_an_end(tokenizer, id);
    ends->total++;
}

/* The score is read at the last token. Where that is a word of the answer, and not always the same, the model has no
 * place to put its judgement. */
static void say_no_end(const assay_training *t, const assay_log *log)
{
    end_counts ends = {0};
    size_t most = 0;
    for (size_t i = 0; i < t->examples.answer_count; i++) {
        const assay_example_answer *answer = &t->examples.answers[i];
        count_end(&ends, t->source->tokenizer, t->examples.ids[answer->first + answer->count - 1]);
    }
    for (size_t i = 0; i < ends.known; i++) most = ends.counts[i] > most ? ends.counts[i] : most;
    if (ends.total < 16 || ends.ordinary * 2 < ends.total || most * 20 > ends.total * 19) return;
    assay_warn(log,
               "%zu of %zu texts end in an ordinary token (template %s has no end of turn, or the texts were cut): the "
               "score is read at the last one; "
               "--append-eos true, or a longer --max-length, usually judges better",
               ends.ordinary, ends.total, t->source->template_name);
}

void assay_training_say_traps(const assay_training *t, const assay_log *log)
{
    if (!t->source->tokenizer) return;
    bool steps = t->source->config.head.steps; /* read at their own ends, whatever stands behind them */
    if (!steps) say_pad(t, log);
    say_double_bos(t, log);
    if (!steps) say_no_end(t, log);
}

void assay_trap_watch_step(assay_trap_watch *watch, const assay_step_record *r, const assay_log *log)
{
    if (r->skipped) return;
    bool allowed = watch->head_zero && r->step == 1;
    if (r->ties == r->pairs && r->pairs > 1 && !allowed && !watch->said_equal) {
        watch->said_equal = true;
        assay_warn(log,
                   "step %llu: chosen and rejected got equal scores in all %llu pairs; are the answers cut off "
                   "(--max-length), or the head's weights zero?",
                   (unsigned long long)r->step, (unsigned long long)r->pairs);
    }
    watch->flat = fabs(r->loss - 0.69314718) < 0.001 ? watch->flat + 1 : 0;
    if (watch->flat < FLAT_STEPS || watch->said_flat) return;
    watch->said_flat = true;
    assay_warn(log,
               "the loss has stayed at 0.693, which is a coin's, for %d steps: nothing is learned; is --lr too small, "
               "or chosen and rejected mixed up in the data?",
               FLAT_STEPS);
}
