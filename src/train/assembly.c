#include "train/assembly.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/sizes.h"
#include "train/moments.h"
#include "train/sliced.h"
#include "train/state_check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNED = 64 };

/* The stage that reads a layer's weights. */
static int stage_of(const assay_trainer *t, int layer)
{
    int stage = 0;
    while (stage + 1 < t->shares.stages && layer >= t->borders[stage + 1]) stage++;
    return stage;
}

static void find_owners(const assay_trainer *t, int *owner_of)
{
    const assay_program *whole = assay_model_whole(t->model);
    for (size_t s = 0; s < whole->step_count; s++)
        for (int i = 0; i < whole->steps[s].params; i++)
            owner_of[whole->steps[s].param[i]] = stage_of(t, whole->steps[s].layer);
}

/* A whole weight, without the moments where this process has a slice of them. */
static assay_optimizer_item whole_of(const assay_optimizer_item *own)
{
    assay_optimizer_item item = *own;
    if (own->begin == 0 && own->end == own->count) return item;
    item.begin = 0;
    item.end = item.count;
    item.m = item.v = item.m_scales = item.v_scales = NULL;
    item.m_levels = item.v_levels = NULL;
    return item;
}

/* This process's items, with what is theirs; the others' without. */
static void list_items(assay_assembly *all, const int *owner_of)
{
    const assay_trainer *t = all->trainer;
    const assay_program *whole = assay_model_whole(t->model);
    const assay_optimizer_item *own = t->optimizer->items;
    for (size_t i = 0; i < whole->param_count; i++) {
        const assay_param *param = &whole->params[i];
        if (!param->trained) continue;
        size_t item = all->count++, values = param->rows * param->cols;
        all->items[item] = (assay_optimizer_item){
            .count = values, .end = values, .packed = assay_moments_packed(whole, i, t->settings.eight_bits)};
        if (owner_of[i] == t->shares.stage) all->own[item] = own++;
        if (all->own[item]) all->items[item] = whole_of(all->own[item]);
        all->owners[item] = owner_of[i];
        all->params[item] = (int)i;
    }
}

/* The slices of a stage's moments, and where its weights begin among its values. */
static assay_status list_slices(assay_assembly *all, int stage, assay_sliced_weight *weights, assay_error *err)
{
    size_t count = 0, first = 0, groups = assay_sliced(all->trainer) ? (size_t)all->trainer->shares.groups : 1;
    for (size_t i = 0; i < all->count; i++) {
        const assay_optimizer_item *item = &all->items[i];
        if (all->owners[i] != stage) continue;
        weights[count] = (assay_sliced_weight){.count = item->count, .packed = item->packed};
        count++;
        all->firsts[i] = first;
        first += item->count;
    }
    return assay_moment_slices_make(&all->slices[stage], weights, count, groups, err);
}

static assay_status list_all_slices(assay_assembly *all, assay_error *err)
{
    assay_sliced_weight *weights = assay_alloc(all->count, sizeof *weights);
    ASSAY_TRY_ALLOC(weights, "a list of weights", err);
    assay_status status = ASSAY_OK;
    for (int s = 0; s < all->trainer->shares.stages && status == ASSAY_OK; s++)
        status = list_slices(all, s, weights, err);
    assay_free(weights);
    return status;
}

static void release_lists(assay_assembly *all)
{
    for (int s = 0; all->slices && s < all->trainer->shares.stages; s++) assay_moment_slices_release(&all->slices[s]);
    assay_free(all->slices);
    assay_free(all->items);
    assay_free(all->own);
    assay_free(all->params);
    assay_free(all->owners);
    assay_free(all->firsts);
    *all = (assay_assembly){0};
}

assay_status assay_assembly_describe(assay_assembly *all, assay_trainer *t, assay_error *err)
{
    size_t params = t->model->program->param_count;
    int *owner_of = assay_alloc(params, sizeof *owner_of);
    *all = (assay_assembly){.trainer = t,
                            .items = assay_alloc(params, sizeof *all->items),
                            .own = assay_alloc(params, sizeof *all->own),
                            .params = assay_alloc(params, sizeof *all->params),
                            .owners = assay_alloc(params, sizeof *all->owners),
                            .firsts = assay_alloc(params, sizeof *all->firsts),
                            .slices = assay_alloc((size_t)t->shares.stages, sizeof *all->slices)};
    bool room = owner_of && all->items && all->own && all->params && all->owners && all->firsts && all->slices;
    if (room) find_owners(t, owner_of);
    if (room) list_items(all, owner_of);
    assay_free(owner_of);
    assay_status status =
        room ? list_all_slices(all, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
    if (status != ASSAY_OK) release_lists(all);
    return status;
}

/* ---- pieces ---- */

/* Bytes of the first so many values of an item, all or whole blocks, in one of its parts. */
static size_t bytes_before(const assay_optimizer_item *item, const assay_state_part *part, size_t values)
{
    if (values == item->count || !part->count) return part->bytes;
    bool scales = part->count < item->count;
    return (scales ? values / ASSAY_DYNAMIC_BLOCK : values) * (part->bytes / part->count);
}

static assay_assembly_piece piece_of(const assay_assembly *all, size_t item, int part, int group)
{
    const assay_trainer *t = all->trainer;
    const assay_moment_slices *slices = &all->slices[all->owners[item]];
    const assay_optimizer_item *whole = &all->items[item], *own = all->own[item];
    assay_state_part parts[ASSAY_STATE_PARTS];
    size_t begin = 0, end = whole->count, slice = (size_t)assay_comm_slice(group, (int)slices->count);
    if (part > 0) assay_moment_slices_part(slices, slice, all->firsts[item], whole->count, &begin, &end);
    assay_state_parts(whole, parts);
    assay_assembly_piece piece = {.item = item, .part = part, .rank = group * t->shares.stages + all->owners[item]};
    piece.at = bytes_before(whole, &parts[part], begin);
    piece.bytes = bytes_before(whole, &parts[part], end) - piece.at;
    if (piece.rank != assay_comm_rank(t->shares.comm)) return piece;
    assay_state_parts(own, parts);
    piece.own = parts[part].values;
    return piece;
}

assay_status assay_assembly_walk(const assay_assembly *all, bool moments,
                                 assay_status (*visit)(void *context, const assay_assembly_piece *piece,
                                                       assay_error *err),
                                 void *context, assay_error *err)
{
    for (size_t i = 0; i < all->count; i++)
        for (int part = 0; part < (moments ? ASSAY_STATE_PARTS : 1); part++)
            for (int group = 0; group < (part ? (int)all->slices->count : 1); group++) {
                const assay_assembly_piece piece = piece_of(all, i, part, group);
                if (piece.bytes) ASSAY_TRY(visit(context, &piece, err));
            }
    return ASSAY_OK;
}

/* ---- what others have, in the first process ---- */

static size_t aligned(size_t bytes) { return (bytes + ALIGNED - 1) / ALIGNED * ALIGNED; }

static size_t weight_bytes(const assay_assembly *all, size_t item)
{
    return all->own[item] ? 0 : aligned(all->items[item].count * sizeof(float));
}

static size_t moment_bytes(const assay_assembly *all, size_t item)
{
    const assay_optimizer_item *whole = &all->items[item];
    if (!all->moments || whole->m || whole->m_levels) return 0;
    return aligned(assay_optimizer_moment_bytes(whole->count, whole->packed));
}

/* Without blocks of its own a full disk would be a trap when it is written to. */
static assay_status map_file(assay_assembly *all, const char *folder, assay_error *err)
{
    char *path = assay_strfmt("%s/.assembly-XXXXXX", folder);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = ASSAY_OK;
    bool named;
    int fd = assay_file_make_nameless(path, &named), failed = fd < 0 ? errno : 0;
    if (!failed) failed = assay_file_take_room(fd, (off_t)all->bytes);
    void *memory = failed ? MAP_FAILED : mmap(NULL, all->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!failed && memory == MAP_FAILED) failed = errno;
    if (failed)
        status = assay_error_set(
            err, ASSAY_E_IO, "cannot put what the processes have of weights and moments together in %s (%zu bytes): %s",
            folder, all->bytes, strerror(failed));
    else all->memory = memory;
    if (fd >= 0) close(fd);
    assay_free(path);
    return status;
}

static void place(assay_assembly *all)
{
    char *at = all->memory;
    for (size_t i = 0; i < all->count; i++) {
        size_t weight = weight_bytes(all, i), moments = moment_bytes(all, i);
        if (weight) {
            all->items[i].weight = (float *)(void *)at;
            all->trainer->model->params[all->params[i]].data = at;
        }
        if (moments) assay_optimizer_place(&all->items[i], at + weight);
        at += weight + moments;
    }
}

static assay_status make_room(assay_assembly *all, const char *folder, assay_error *err)
{
    for (size_t i = 0; i < all->count; i++)
        if (!assay_add_size(all->bytes, weight_bytes(all, i) + moment_bytes(all, i), &all->bytes))
            return assay_error_set(err, ASSAY_E_NO_FIT, "the weights of all stages overflow the address space");
    if (!all->bytes) return ASSAY_OK;
    ASSAY_TRY(map_file(all, folder, err));
    place(all);
    return ASSAY_OK;
}

/* To the first process; what it has itself of a part that it has not whole goes beside the others' pieces. */
static assay_status bring(void *context, const assay_assembly_piece *piece, assay_error *err)
{
    const assay_assembly *all = context;
    assay_comm *comm = all->trainer->shares.comm;
    assay_state_part parts[ASSAY_STATE_PARTS];
    if (assay_comm_rank(comm) > 0)
        return piece->own ? assay_comm_send(comm, 0, piece->own, piece->bytes, err) : ASSAY_OK;
    if (piece->rank == 0 && piece->part == 0) return ASSAY_OK;
    assay_state_parts(&all->items[piece->item], parts);
    char *to = (char *)parts[piece->part].values + piece->at;
    if (piece->rank != 0) return assay_comm_receive(comm, piece->rank, to, piece->bytes, err);
    if (piece->own && to != piece->own) memcpy(to, piece->own, piece->bytes);
    return ASSAY_OK;
}

bool assay_assembly_is_cut(const assay_trainer *t) { return t->shares.row || assay_sliced(t); }

assay_status assay_assembly_make(assay_assembly *all, assay_trainer *t, const char *folder, bool moments,
                                 assay_error *err)
{
    assay_status status = assay_assembly_describe(all, t, err);
    if (!assay_assembly_is_cut(t)) return status;
    all->moments = moments;
    if (status == ASSAY_OK) status = assay_state_check(t, err);
    if (status == ASSAY_OK && assay_comm_rank(t->shares.comm) == 0) status = make_room(all, folder, err);
    status = assay_comm_agree(t->shares.comm, status, NULL, err);
    if (status == ASSAY_OK) status = assay_assembly_walk(all, moments, bring, all, err);
    if (status != ASSAY_OK) assay_assembly_release(all);
    return status;
}

void assay_assembly_release(assay_assembly *all)
{
    for (size_t i = 0; all->memory && i < all->count; i++)
        if (!all->own[i]) all->trainer->model->params[all->params[i]].data = NULL;
    if (all->memory) munmap(all->memory, all->bytes);
    release_lists(all);
}
