#include "task/early_choice.h"

#include "base/text.h"

#include <stdio.h>

void assay_early_hindrance(const assay_train_settings *s, bool stage, size_t step_tokens, char *text, size_t size)
{
    *text = 0;
    if (s->adam.clip > 0)
        assay_text_format(text, size,
                          "--clip %g needs the norm of all of them before any is applied (--clip 0 does not)",
                          s->adam.clip);
    else if (s->skip_nan) snprintf(text, size, "--on-nan skip passes over a step before anything has moved");
    else if (stage || s->lanes > 1) snprintf(text, size, "lanes and processes add theirs up behind the pass");
    else if (s->micro_tokens && s->micro_tokens < step_tokens)
        snprintf(text, size, "a step has up to %zu tokens, in micro-batches of %zu (--micro-tokens)", step_tokens,
                 s->micro_tokens);
}
