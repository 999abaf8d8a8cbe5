#include "train/evaluation.h"

#include "score/score_examples.h"
#include "train/staged.h"

static size_t share_of(const assay_trainer *t, const assay_example_set *examples, int group)
{
    return examples->count * (size_t)group / (size_t)t->shares.groups;
}

/* One process's evaluation, which it may be told to give up. */
typedef struct scored_share {
    assay_trainer *trainer;
    const volatile sig_atomic_t *stop;
} scored_share;

static assay_status go_on(void *context, assay_error *err)
{
    const scored_share *share = context;
    return assay_comm_go_on(share->trainer->shares.comm, share->stop, err);
}

/* There the messages of the pipe say it, behind the same micro-batch to all stages. */
static assay_status go_on_staged(void *context, assay_error *err)
{
    const scored_share *share = context;
    (void)err;
    if (share->stop && *share->stop) assay_pipe_give_up(&share->trainer->pipe, ASSAY_E_STOPPED, "interrupted");
    return ASSAY_OK;
}

static assay_status score_share(assay_trainer *t, const assay_example_set *examples, const volatile sig_atomic_t *stop,
                                double *rewards, double *numbers, assay_error *err)
{
    bool staged = t->shares.row != NULL;
    const assay_score_setup setup = {.engine = t->engine,
                                     .model = t->model,
                                     .forward = staged ? assay_staged_score : NULL,
                                     .context = t,
                                     .tokens = t->plan.micro_tokens,
                                     .rows = t->plan.bounds.rows[ASSAY_SCORED]};
    int group = assay_comm_rank(t->shares.comm) / t->shares.stages;
    size_t first = share_of(t, examples, group), count = share_of(t, examples, group + 1) - first;
    assay_score_batch batch;
    ASSAY_TRY(assay_score_batch_init(&batch, &setup, err));
    assay_pipe_begin(&t->pipe);
    scored_share share = {t, stop};
    const assay_score_watch watch = {staged ? go_on_staged : go_on, &share};
    assay_status status = assay_score_examples(&batch, examples, first, count, &watch, rewards, numbers, err);
    assay_score_batch_release(&batch);
    return status == ASSAY_OK && staged ? assay_pipe_end(&t->pipe, err) : status;
}

/* Everybody's numbers to everybody, `bytes` an answer. */
static assay_status share_numbers(assay_trainer *t, const assay_example_set *examples, double *numbers, size_t bytes,
                                  assay_error *err)
{
    const assay_shares *shares = &t->shares;
    for (int r = 0; r <= assay_comm_size(shares->comm); r++) {
        size_t first = share_of(t, examples, r / shares->stages);
        size_t answer = first < examples->count ? examples->items[first].answers : examples->answer_count;
        shares->rewards[r] = answer * bytes;
    }
    return assay_comm_share(shares->comm, numbers, shares->rewards, err);
}

assay_status assay_trainer_evaluate(assay_trainer *t, const assay_example_set *examples,
                                    const volatile sig_atomic_t *stop, double *rewards, double *numbers,
                                    assay_error *err)
{
    assay_status status = score_share(t, examples, stop, rewards, numbers, err);
    ASSAY_TRY(assay_comm_agree(t->shares.comm, status, NULL, err));
    ASSAY_TRY(share_numbers(t, examples, rewards, sizeof *rewards, err));
    return numbers ? share_numbers(t, examples, numbers, examples->label_count * sizeof *numbers, err) : ASSAY_OK;
}
