#include "cli/training_traps.h"

#include <math.h>

enum { FLAT_STEPS = 20 };

/* Hugging Face scores the last token that differs from pad: with pad = eos, the token before the end. */
static void say_pad(const assay_training *t, const assay_log *log)
{
    const assay_tokenizer_info *about = assay_tokenizer_about(t->source->tokenizer);
    const json_t *config = t->source->checkpoint->config, *pad_value = json_object_get(config, "pad_token_id"), *eos_value = json_object_get(config, "eos_token_id");
    int64_t pad = json_is_integer(pad_value) ? json_integer_value(pad_value) : about->pad;
    int64_t eos = json_is_integer(eos_value) ? json_integer_value(eos_value) : about->eos;
    if (pad < 0 || pad != eos) return;
    const char *other = t->pad_token >= 0 ? assay_tokenizer_token(t->source->tokenizer, (int32_t)t->pad_token) : NULL;
    assay_note(log, "the model's pad token is its end-of-text token (%lld): other programs would score the token before it; what is saved names %s as pad instead",
               (long long)pad, other ? other : "no other (none was found)");
}

static void say_double_bos(const assay_training *t, const assay_log *log)
{
    int32_t bos = assay_tokenizer_about(t->source->tokenizer)->bos;
    size_t doubled = 0;
    for (size_t i = 0; bos >= 0 && i < t->examples.count; i++) {
        const assay_example *e = &t->examples.items[i];
        const int32_t *ids = t->examples.ids + e->chosen;
        doubled += e->chosen_count > 1 && ids[0] == bos && ids[1] == bos;
    }
    if (doubled) assay_warn(log, "%zu of %zu texts begin with the start token twice: the data or the template brings one too many; look with: assay preview", doubled,
                            t->examples.count);
}

/* The score is read at the last token. Where that is a word of the answer, and another one each time, the model has no place to put its judgement. */
static void say_no_end(const assay_training *t, const assay_log *log)
{
    size_t same = 0;
    if (t->examples.count < 8) return;
    const assay_example *first = &t->examples.items[0];
    int32_t end = t->examples.ids[first->chosen + first->chosen_count - 1];
    int32_t other = t->examples.ids[first->rejected + first->rejected_count - 1];
    for (size_t i = 0; i < t->examples.count; i++) {
        const assay_example *e = &t->examples.items[i];
        int32_t a = t->examples.ids[e->chosen + e->chosen_count - 1], b = t->examples.ids[e->rejected + e->rejected_count - 1];
        same += (size_t)(a == end || a == other) + (size_t)(b == end || b == other);
    }
    if (same >= t->examples.count) return;
    assay_warn(log, "the texts end in different tokens (template %s has no end of turn, or the texts were cut): the score is read at the last one; --append-eos true, or "
                    "a longer --max-length, usually judges better", t->source->template_name);
}

void assay_training_say_traps(const assay_training *t, const assay_log *log)
{
    if (!t->source->tokenizer) return;
    say_pad(t, log);
    say_double_bos(t, log);
    say_no_end(t, log);
}

void assay_trap_watch_step(assay_trap_watch *watch, const assay_step_record *r, const assay_log *log)
{
    if (r->skipped) return;
    bool allowed = watch->head_zero && r->step == 1;
    if (r->ties == r->pairs && r->pairs > 1 && !allowed && !watch->said_equal) {
        watch->said_equal = true;
        assay_warn(log, "step %llu: chosen and rejected got equal scores in all %llu pairs; are the answers cut off (--max-length), or the head's weights zero?",
                   (unsigned long long)r->step, (unsigned long long)r->pairs);
    }
    watch->flat = fabs(r->loss - 0.69314718) < 0.001 ? watch->flat + 1 : 0;
    if (watch->flat < FLAT_STEPS || watch->said_flat) return;
    watch->said_flat = true;
    assay_warn(log, "the loss has stayed at 0.693, which is a coin's, for %d steps: nothing is learned; is --lr too small, or chosen and rejected mixed up in the data?",
               FLAT_STEPS);
}
