#include "task/staging.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "engine/balance.h"

#include <stdio.h>

/* What a process says of its plan. */
typedef struct word {
    uint64_t fits, lack, room; /* lack: bytes over its budget; room: of its budget beside weights and their like */
    uint64_t micro_tokens;
} word;

typedef struct maker {
    assay_staging *out;
    assay_comm *comm;
    assay_planning_subject subject;
    word *words; /* of all ranks; of a run that is not there, of one row */
    int count;   /* of words */
    assay_error *err;
} maker;

int assay_staging_processes(const assay_options *options, const assay_comm *comm, bool planned)
{
    if (!planned || assay_comm_size(comm) > 1) return assay_comm_size(comm);
    return (int)(options->processes ? options->processes : options->stages);
}

static assay_status check_processes(int64_t stages, int size, bool planned, assay_error *err)
{
    if (size == 1 && !planned)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--stages %lld needs as many processes, and this is one; type: mpirun -n %lld assay "
                               "train ... --stages %lld (docs/clusters.md)",
                               (long long)stages, (long long)stages, (long long)stages);
    if (size % stages == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--stages %lld: %d processes are no multiple of it; start %lld, or give another number",
                           (long long)stages, size, (long long)((size / stages + 1) * stages));
}

assay_status assay_staging_check(const assay_options *options, const assay_comm *comm, bool planned, assay_error *err)
{
    if (options->stages <= 1) return ASSAY_OK;
    ASSAY_TRY(check_processes(options->stages, assay_staging_processes(options, comm, planned), planned, err));
    if (!options->spill && options->master == ASSAY_OPT_MASTER_F32 && options->tie_parameter >= -1) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--stages goes with neither --spill, --master %s nor --tie-parameter learn yet: leave them "
                           "or the stages out",
                           options->master == ASSAY_OPT_MASTER_PLANES ? "planes" : "bf16-stochastic");
}

static assay_status check_layers(int64_t stages, int layers, assay_error *err)
{
    if (stages <= layers) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "--stages %lld: the model has %d layer%s; give at most %d",
                           (long long)stages, layers, layers == 1 ? "" : "s", layers);
}

/* The program of all layers, cut by its FLOPs. */
static assay_status balance(maker *s, assay_plan_request *request)
{
    const assay_planning_subject *subject = &s->subject;
    assay_program *program;
    assay_model_size size;
    ASSAY_TRY(assay_model_measure(&program, &size, subject->checkpoint, subject->adapter, &subject->model, s->err));
    assay_status status = check_layers(s->out->stages, program->layers, s->err);
    request->program = program;
    if (status == ASSAY_OK) status = assay_balance_stages(request, s->out->stages, s->out->borders, s->err);
    assay_program_free(program);
    return status;
}

/* A stage as it would be planned; a plan that does not fit says by how much. */
static assay_status plan_stage(const maker *s, int stage, word *out)
{
    assay_planning planning;
    assay_planning_subject subject = s->subject;
    assay_staging_enter(s->out, stage, &subject);
    ASSAY_TRY(assay_planning_make(&planning, &subject, s->err));
    const assay_plan *plan = &planning.plan;
    size_t fixed = plan->total_bytes - plan->arena_bytes;
    *out = (word){.fits = planning.fits,
                  .lack = planning.fits ? 0 : plan->total_bytes - assay_smaller(planning.budget, plan->total_bytes),
                  .room = planning.budget > fixed ? planning.budget - fixed : 0,
                  .micro_tokens = plan->micro_tokens};
    return ASSAY_OK;
}

/* Each process its own; where there are none yet, this one all. */
static assay_status plan_all(const maker *s)
{
    int rank = assay_comm_rank(s->comm);
    for (int stage = 0; !s->comm && stage < s->count; stage++) ASSAY_TRY(plan_stage(s, stage, &s->words[stage]));
    if (!s->comm) return ASSAY_OK;
    ASSAY_TRY(assay_comm_agree(s->comm, plan_stage(s, rank % s->out->stages, &s->words[rank]), NULL, s->err));
    return assay_comm_gather(s->comm, s->words, sizeof *s->words, s->err);
}

/* The stage that lacks most, and that with the most room; false: all fit. Of several processes of a stage the one that
 * is worst off counts. */
static bool find_ends(const maker *s, int *poor, int *rich)
{
    uint64_t lack = 0, room = 0;
    bool any = false;
    for (int stage = 0; stage < s->out->stages; stage++) {
        uint64_t most = 0, least = UINT64_MAX;
        for (int r = stage; r < s->count; r += s->out->stages) {
            const word *w = &s->words[r];
            if (!w->fits && w->lack + 1 > most) most = w->lack + 1;
            if (w->room < least) least = w->room;
        }
        if (most > lack) lack = most, *poor = stage, any = true;
        if (most == 0 && least > room) room = least, *rich = stage;
    }
    return any && room > 0;
}

/* A layer goes from one stage to another: the borders between them move by one. False: there is none to spare. */
static bool move_layer(maker *s, int from, int to)
{
    int *borders = s->out->borders;
    if (borders[from + 1] - borders[from] < 2) return false;
    for (int b = from + 1; b <= to; b++) borders[b]--;
    for (int b = to + 1; b <= from; b++) borders[b]++;
    return true;
}

static assay_status fit(maker *s)
{
    int poor = 0, rich = 0, rounds = s->out->borders[s->out->stages];
    ASSAY_TRY(plan_all(s));
    while (rounds-- > 0 && find_ends(s, &poor, &rich) && move_layer(s, poor, rich)) ASSAY_TRY(plan_all(s));
    return ASSAY_OK;
}

/* The smallest micro-batch that anybody planned. */
static void settle_tokens(maker *s)
{
    uint64_t least = UINT64_MAX;
    for (int r = 0; r < s->count; r++)
        if (s->words[r].micro_tokens < least) least = s->words[r].micro_tokens;
    s->out->micro_tokens = (size_t)least;
}

/* As many forward passes ahead as there are stages from here on, or pairs in a group's step. */
static int flights_of(const assay_staging *staging, const assay_train_settings *settings, int stage)
{
    int ahead = staging->stages - stage, groups = staging->groups;
    uint64_t all = assay_larger(settings->lanes, 1), lanes = (all + (uint64_t)groups - 1) / (uint64_t)groups,
             most = lanes * ((settings->batch_pairs + all - 1) / all);
    return most < (uint64_t)ahead ? (int)most : ahead;
}

void assay_staging_enter(const assay_staging *staging, int stage, assay_planning_subject *subject)
{
    if (staging->stages < 2) return;
    subject->model.slice = (assay_slice){staging->borders[stage], staging->borders[stage + 1]};
    subject->settings.flights = flights_of(staging, &subject->settings, stage);
    if (staging->micro_tokens) subject->settings.micro_tokens = staging->micro_tokens;
}

static assay_status make(maker *s)
{
    const assay_planning_subject *subject = &s->subject;
    assay_plan_request request =
        assay_trainer_request(&subject->settings, subject->examples, subject->evaluation, subject->max_length);
    s->out->borders = assay_alloc((size_t)s->out->stages + 1, sizeof *s->out->borders);
    s->words = assay_alloc((size_t)s->count, sizeof *s->words);
    assay_status status = s->out->borders && s->words
                              ? balance(s, &request)
                              : assay_error_set(s->err, ASSAY_E_MEMORY, "out of memory for the stages");
    assay_status agreed = assay_comm_agree(s->comm, status, NULL, s->err);
    if (status != ASSAY_OK || agreed != ASSAY_OK) return agreed != ASSAY_OK ? agreed : status;
    ASSAY_TRY(fit(s));
    settle_tokens(s);
    return ASSAY_OK;
}

assay_status assay_staging_make(assay_staging *out, int64_t stages, int processes, assay_comm *comm,
                                const assay_planning_subject *subject, assay_error *err)
{
    maker s = {.out = out, .comm = comm, .subject = *subject, .err = err};
    *out = (assay_staging){.stages = 1, .groups = processes};
    if (stages <= 1) return ASSAY_OK;
    *out = (assay_staging){.stages = (int)stages, .groups = processes / (int)stages};
    s.subject.alone = true;
    s.subject.timed = false;
    s.count = comm ? processes : out->stages;
    assay_status status = make(&s);
    assay_free(s.words);
    if (status != ASSAY_OK) assay_staging_release(out);
    return status;
}

void assay_staging_release(assay_staging *staging)
{
    assay_free(staging->borders);
    *staging = (assay_staging){0};
}

void assay_staging_say(const assay_staging *staging, char *text, size_t size)
{
    size_t used = 0;
    for (int s = 0; s < staging->stages && used < size; s++) {
        int more = snprintf(text + used, size - used, "%s%d to %d", s ? ", " : "layers ", staging->borders[s] + 1,
                            staging->borders[s + 1]);
        used += more > 0 ? (size_t)more : size;
    }
}

assay_status assay_staging_refuse(const assay_staging *staging, int stage, const assay_planning *planning,
                                  assay_error *err)
{
    assay_status status = assay_planning_refuse(planning, err);
    if (staging->stages < 2) return status;
    int first = staging->borders[stage] + 1, last = staging->borders[stage + 1];
    return assay_error_prefix(err, status, "stage %d of %d, layers %d to %d%s: ", stage + 1, staging->stages, first,
                              last, last > first ? " (more stages have less each)" : "");
}
