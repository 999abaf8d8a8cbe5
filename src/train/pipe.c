#include "train/pipe.h"

#include <stdio.h>
#include <string.h>

/* What a message without rows says by its length; rows have more bytes. */
enum { NO_GRADIENTS = 0, GIVEN_UP = 1 };

static int last_of(const assay_pipe *pipe) { return assay_comm_size(pipe->row) - 1; }

bool assay_pipe_ends(const assay_pipe *pipe) { return assay_comm_rank(pipe->row) == last_of(pipe); }

void assay_pipe_begin(assay_pipe *pipe)
{
    pipe->given_up = pipe->without = false;
    pipe->status = ASSAY_OK;
}

void assay_pipe_give_up(assay_pipe *pipe, assay_status status, const char *why)
{
    if (pipe->status == ASSAY_OK) assay_error_set(&pipe->why, status, "%s", why);
    if (pipe->status == ASSAY_OK) pipe->status = status;
    pipe->given_up = true;
}

static void note(assay_pipe *pipe, assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) assay_pipe_give_up(pipe, status, err->text);
}

static size_t bytes_of(const assay_view *view, size_t rows)
{
    return rows * view->cols * (view->bf16 ? sizeof *view->bf16 : sizeof *view->data);
}

static void *memory_of(const assay_view *view) { return view->bf16 ? (void *)view->bf16 : (void *)view->data; }

static size_t tokens_of(const assay_pass *pass) { return pass->geometry->spaces[ASSAY_TOKENS].rows; }

/* Rows on their way lie where no pass touches them. */
static assay_status send_rows(assay_pipe *pipe, int peer, const assay_view *view, size_t bytes, assay_error *err)
{
    void *carrier = assay_engine_carrier(pipe->engine);
    ASSAY_TRY(assay_comm_send_end(pipe->row, err));
    if (view && bytes > GIVEN_UP) memcpy(carrier, memory_of(view), bytes);
    else memset(carrier, 0, bytes);
    return assay_comm_send_begin(pipe->row, peer, carrier, bytes, err);
}

static assay_status receive_rows(assay_pipe *pipe, int peer, const assay_view *view, size_t rows, assay_error *err)
{
    char nothing[GIVEN_UP];
    bool is_there = view->data || view->bf16;
    size_t wanted = is_there ? bytes_of(view, rows) : sizeof nothing, came;
    void *memory = is_there ? memory_of(view) : nothing;
    ASSAY_TRY(assay_comm_receive_most(pipe->row, peer, memory, wanted, &came, err));
    if (came == NO_GRADIENTS) pipe->without = true;
    else if (came == GIVEN_UP) pipe->given_up = true;
    else if (came != wanted)
        return assay_error_set(err, ASSAY_E_IO, "the slice of rank %d of this pipeline sent %zu bytes for %zu", peer,
                               came, wanted);
    return ASSAY_OK;
}

static int flight_of(const assay_pipe *pipe, const assay_pass *pass)
{
    return pipe->flights > 1 ? (int)(pass->number % (size_t)pipe->flights) : 0;
}

static void note_bad(assay_pipe *pipe, int step, const char *what)
{
    char why[400];
    if (step < 0) return;
    const assay_step *found = &pipe->program->steps[step];
    snprintf(why, sizeof why, "%s %s (layer %d) is the first that is NaN or infinite", what, found->name, found->layer);
    assay_pipe_give_up(pipe, ASSAY_E_NUMERIC, why);
}

static void compute_forward(assay_pipe *pipe, const assay_pass *pass)
{
    assay_error err;
    if (pipe->given_up) return;
    if (pipe->looks) {
        note_bad(pipe, assay_engine_first_bad(pipe->engine, pass->geometry, pass->seed, pass->step), "the result of");
        return;
    }
    note(pipe, assay_engine_forward(pipe->engine, pass->geometry, pass->seed, pass->step, pass->training, &err), &err);
}

assay_status assay_pipe_forward(assay_pipe *pipe, const assay_pass *pass, assay_error *err)
{
    int rank = assay_comm_rank(pipe->row);
    assay_engine_turn(pipe->engine, flight_of(pipe, pass));
    if (rank > 0) {
        const assay_view inlet = assay_engine_inlet(pipe->engine, pass->geometry);
        ASSAY_TRY(receive_rows(pipe, rank - 1, &inlet, tokens_of(pass), err));
    }
    compute_forward(pipe, pass);
    if (assay_pipe_ends(pipe)) return ASSAY_OK;
    const assay_view on = assay_engine_value(pipe->engine, pipe->program->output);
    return send_rows(pipe, rank + 1, &on, pipe->given_up ? GIVEN_UP : bytes_of(&on, tokens_of(pass)), err);
}

/* Gradients, or nothing, from above. */
static assay_status take_gradients(assay_pipe *pipe, const assay_pass *pass, assay_error *err)
{
    assay_error why;
    const assay_view seed = assay_engine_seed(pipe->engine);
    if (pipe->row && seed.data && !pipe->given_up && !pipe->without)
        note(pipe,
             assay_engine_return(pipe->engine, flight_of(pipe, pass), pass->geometry, pass->seed, pass->step, &why),
             &why);
    if (assay_pipe_ends(pipe)) return ASSAY_OK;
    const assay_view from = assay_engine_seed(pipe->engine); /* of the flight that was turned to */
    return receive_rows(pipe, assay_comm_rank(pipe->row) + 1, &from, tokens_of(pass), err);
}

assay_status assay_pipe_backward(assay_pipe *pipe, const assay_pass *pass, const float *d_rewards, assay_error *err)
{
    int rank = assay_comm_rank(pipe->row);
    assay_error why;
    pipe->without |= assay_pipe_ends(pipe) && !d_rewards;
    ASSAY_TRY(take_gradients(pipe, pass, err));
    bool computes = !pipe->given_up && !pipe->without;
    if (computes && pipe->looks)
        note_bad(pipe, assay_engine_first_bad_back(pipe->engine, d_rewards), "the gradient behind");
    else if (computes) note(pipe, assay_engine_backward(pipe->engine, d_rewards, &why), &why);
    if (rank == 0) return ASSAY_OK;
    const assay_view down = assay_engine_inlet_gradient(pipe->engine);
    size_t bytes = pipe->given_up            ? GIVEN_UP
                   : !computes || !down.data ? NO_GRADIENTS
                                             : bytes_of(&down, tokens_of(pass));
    return send_rows(pipe, rank - 1, &down, bytes, err);
}

assay_status assay_pipe_end(assay_pipe *pipe, assay_error *err)
{
    ASSAY_TRY(assay_comm_send_end(pipe->row, err));
    if (pipe->status != ASSAY_OK && err) *err = pipe->why;
    return pipe->status;
}
