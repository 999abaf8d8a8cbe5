#include "score/pack_answers.h"

#include <string.h>

size_t assay_answers_shared(const assay_ids *answers, size_t count)
{
    size_t shared = count > 1 ? answers[0].count - 1 : 0;
    for (size_t i = 1; i < count; i++) {
        size_t most = answers[i].count - 1, n = 0;
        while (n < shared && n < most && answers[i].data[n] == answers[0].data[n]) n++;
        shared = n;
    }
    return shared;
}

/* Tokens of one tree that holds them all. */
static size_t tokens_together(const assay_ids *answers, size_t count, size_t shared)
{
    size_t tokens = shared;
    for (size_t i = 0; i < count; i++) tokens += answers[i].count - shared;
    return tokens;
}

bool assay_pack_answers_fit(const assay_pack *pack, size_t scored, const assay_ids *answers, size_t count,
                            size_t shared)
{
    return assay_pack_fits(pack, tokens_together(answers, count, shared), count + 1) && pack->scored + count <= scored;
}

size_t assay_pack_answers(assay_pack *pack, size_t scored, const assay_ids *answers, size_t count, size_t shared)
{
    if (!assay_pack_answers_fit(pack, scored, answers, 1, shared)) return 0;
    assay_pack_tree(pack, 0);
    int prompt = shared ? assay_pack_segment(pack, answers[0].data, shared, -1, false) : -1;
    size_t added = 0;
    for (; added < count && pack->scored < scored && assay_pack_fits(pack, answers[added].count - shared, 1); added++)
        assay_pack_segment(pack, answers[added].data + shared, answers[added].count - shared, prompt, true);
    return added;
}

assay_status assay_score_answers(assay_engine *engine, assay_pack *pack, size_t scored, const assay_ids *answers,
                                 size_t count, float *rewards, assay_error *err)
{
    size_t shared = assay_answers_shared(answers, count);
    for (size_t done = 0, added; done < count; done += added) {
        assay_pack_clear(pack);
        added = assay_pack_answers(pack, scored, answers + done, count - done, shared);
        if (added == 0)
            return assay_error_set(err, ASSAY_E_NO_FIT,
                                   "an answer of %zu tokens does not fit into a micro-batch of %zu",
                                   answers[done].count, pack->token_capacity);
        ASSAY_TRY(assay_engine_forward(engine, assay_pack_finish(pack), 0, 0, false, err));
        memcpy(rewards + done, assay_engine_rewards(engine), added * sizeof *rewards);
    }
    return ASSAY_OK;
}
