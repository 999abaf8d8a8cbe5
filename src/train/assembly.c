#include "train/assembly.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/sizes.h"
#include "train/moments.h"
#include "train/state_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNED = 64 };

/* The stage that reads a layer's weights. */
static int stage_of(const assay_trainer *t, int layer)
{
    int stage = 0;
    while (t->shares.stages > 1 && stage + 1 < t->shares.stages && layer >= t->borders[stage + 1]) stage++;
    return stage;
}

static void find_owners(const assay_trainer *t, int *owner_of)
{
    const assay_program *whole = assay_model_whole(t->model);
    for (size_t s = 0; s < whole->step_count; s++)
        for (int i = 0; i < whole->steps[s].params; i++)
            owner_of[whole->steps[s].param[i]] = stage_of(t, whole->steps[s].layer);
}

/* This process's items, with what is theirs; the others' without. */
static void list_items(assay_assembly *all, const int *owner_of)
{
    const assay_trainer *t = all->trainer;
    const assay_program *whole = assay_model_whole(t->model);
    size_t own = 0;
    for (size_t i = 0; i < whole->param_count; i++) {
        const assay_param *param = &whole->params[i];
        if (!param->trained) continue;
        all->items[all->count] = (assay_optimizer_item){
            .count = param->rows * param->cols, .packed = assay_moments_packed(whole, i, t->settings.eight_bits)};
        if (owner_of[i] == t->shares.stage) all->items[all->count] = t->optimizer->items[own++];
        all->owners[all->count] = owner_of[i];
        all->params[all->count++] = (int)i;
    }
}

static void release_lists(assay_assembly *all)
{
    assay_free(all->items);
    assay_free(all->params);
    assay_free(all->owners);
    *all = (assay_assembly){0};
}

assay_status assay_assembly_describe(assay_assembly *all, assay_trainer *t, assay_error *err)
{
    size_t params = t->model->program->param_count;
    int *owner_of = assay_alloc(params, sizeof *owner_of);
    *all = (assay_assembly){.trainer = t,
                            .items = assay_alloc(params, sizeof *all->items),
                            .params = assay_alloc(params, sizeof *all->params),
                            .owners = assay_alloc(params, sizeof *all->owners)};
    bool room = owner_of && all->items && all->params && all->owners;
    if (room) find_owners(t, owner_of);
    if (room) list_items(all, owner_of);
    assay_free(owner_of);
    if (room) return ASSAY_OK;
    release_lists(all);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
}

static bool is_own(const assay_assembly *all, size_t item) { return all->owners[item] == all->trainer->shares.stage; }

static size_t aligned(size_t bytes) { return (bytes + ALIGNED - 1) / ALIGNED * ALIGNED; }

static size_t bytes_of(const assay_assembly *all, size_t item)
{
    const assay_optimizer_item *it = &all->items[item];
    size_t moments = all->moments ? assay_optimizer_moment_bytes(it->count, it->packed) : 0;
    return aligned(it->count * sizeof(float)) + aligned(moments);
}

/* A file that is gone as soon as nobody looks at it. Its blocks are taken now: a full disk is an error here, not a
 * trap when they are written to. */
static assay_status map_file(assay_assembly *all, const char *folder, assay_error *err)
{
    char *path = assay_strfmt("%s/.assembly-XXXXXX", folder);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = ASSAY_OK;
    int fd = mkstemp(path), failed = fd < 0 ? errno : 0;
    if (fd >= 0) (void)unlink(path);
    if (!failed) failed = posix_fallocate(fd, 0, (off_t)all->bytes);
    void *memory = failed ? MAP_FAILED : mmap(NULL, all->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!failed && memory == MAP_FAILED) failed = errno;
    if (failed)
        status = assay_error_set(err, ASSAY_E_IO, "cannot put the weights of all stages together in %s (%zu bytes): %s",
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
        if (is_own(all, i)) continue;
        all->items[i].weight = (float *)(void *)at;
        if (all->moments) assay_optimizer_place(&all->items[i], at + aligned(all->items[i].count * sizeof(float)));
        all->trainer->model->params[all->params[i]].data = all->items[i].weight;
        at += bytes_of(all, i);
    }
}

static assay_status make_room(assay_assembly *all, const char *folder, assay_error *err)
{
    for (size_t i = 0; i < all->count; i++)
        if (!is_own(all, i) && !assay_add_size(all->bytes, bytes_of(all, i), &all->bytes))
            return assay_error_set(err, ASSAY_E_NO_FIT, "the weights of all stages overflow the address space");
    if (all->bytes) ASSAY_TRY(map_file(all, folder, err));
    place(all);
    return ASSAY_OK;
}

static assay_status move_parts(assay_assembly *all, size_t item, bool sends, assay_error *err)
{
    assay_comm *row = all->trainer->shares.row;
    assay_state_part parts[ASSAY_STATE_PARTS];
    assay_state_parts(&all->items[item], parts);
    for (size_t p = 0; p < (all->moments ? ASSAY_STATE_PARTS : 1); p++) {
        if (!parts[p].count) continue;
        ASSAY_TRY(sends ? assay_comm_send(row, 0, parts[p].values, parts[p].bytes, err)
                        : assay_comm_receive(row, all->owners[item], parts[p].values, parts[p].bytes, err));
    }
    return ASSAY_OK;
}

/* From stage to stage, in the order of the weights. */
static assay_status move_all(assay_assembly *all, bool sends, assay_error *err)
{
    for (size_t i = 0; i < all->count; i++)
        if (is_own(all, i) == sends) ASSAY_TRY(move_parts(all, i, sends, err));
    return ASSAY_OK;
}

assay_status assay_assembly_make(assay_assembly *all, assay_trainer *t, const char *folder, bool moments,
                                 assay_error *err)
{
    int rank = assay_comm_rank(t->shares.comm);
    assay_status status = assay_assembly_describe(all, t, err);
    if (!t->shares.row) return status;
    all->moments = moments;
    if (status == ASSAY_OK && rank == 0) status = make_room(all, folder, err);
    status = assay_comm_agree(t->shares.comm, status, NULL, err);
    if (status == ASSAY_OK && rank < t->shares.stages) status = move_all(all, rank > 0, err);
    if (status != ASSAY_OK) assay_assembly_release(all);
    return status;
}

void assay_assembly_release(assay_assembly *all)
{
    for (size_t i = 0; all->memory && i < all->count; i++)
        if (!is_own(all, i)) all->trainer->model->params[all->params[i]].data = NULL;
    if (all->memory) munmap(all->memory, all->bytes);
    release_lists(all);
}
