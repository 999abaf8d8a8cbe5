#include "task/resources.h"

#include "base/sizes.h"
#include "base/threads.h"
#include "machine/machine.h"

#include <stdlib.h>
#include <unistd.h>

assay_status assay_choose_kernels(const assay_kernels **kernels, assay_error *err)
{
    const char *name = getenv("ASSAY_KERNELS");
    return assay_kernels_select(kernels, name && *name ? name : NULL, err);
}

static bool say_imitated(bool bf16, const assay_kernels *kernels, const assay_log *log)
{
    if (bf16 && !kernels->bf16->native)
        assay_note(log, "bf16 arithmetic is imitated on this processor (kernels %s): right, but slower than f32",
                   kernels->name);
    return bf16;
}

bool assay_training_in_bf16(const assay_options *options, const assay_kernels *kernels, const assay_log *log)
{
    if (options->precision == ASSAY_OPT_PRECISION_AUTO) return kernels->bf16->native;
    return say_imitated(options->precision == ASSAY_OPT_BF16, kernels, log);
}

bool assay_scoring_in_bf16(const assay_options *options, const assay_model_source *source, const assay_kernels *kernels,
                           const assay_log *log)
{
    if (options->precision == ASSAY_OPT_PRECISION_AUTO) return say_imitated(source->notes.bf16, kernels, log);
    return say_imitated(options->precision == ASSAY_OPT_BF16, kernels, log);
}

static size_t share(size_t bytes, const assay_comm *comm)
{
    return bytes == SIZE_MAX ? bytes : bytes / (size_t)assay_comm_neighbours(comm);
}

size_t assay_memory_share(uint64_t bytes) { return (size_t)((double)bytes * 0.9); }

assay_status assay_memory_budget(const assay_options *options, const assay_comm *comm, size_t besides, size_t *budget,
                                 assay_error *err)
{
    assay_machine_memory memory;
    *budget = options->memory;
    if (options->memory) return ASSAY_OK;
    ASSAY_TRY(assay_machine_memory_read(&memory, "", err));
    *budget = share(assay_memory_share(memory.free), comm);
    if (memory.own != UINT64_MAX)
        *budget = (size_t)assay_smaller_bytes(*budget, share(assay_memory_share(memory.own), comm) + besides);
    return ASSAY_OK;
}

int assay_threads_wanted(const assay_options *options, const assay_comm *comm)
{
    int neighbours = assay_comm_neighbours(comm), mine = assay_processors();
    bool shared = (long)mine * neighbours > sysconf(_SC_NPROCESSORS_ONLN);
    if (options->threads || !comm) return (int)options->threads;
    return !shared ? mine : mine > neighbours ? mine / neighbours : 1;
}

assay_status assay_memory_room_read(const assay_options *options, const assay_comm *comm, assay_memory_room *room,
                                    assay_error *err)
{
    assay_machine_memory memory;
    bool is_auto = options->memory == 0;
    assay_status status = assay_machine_memory_read(&memory, "", is_auto ? err : NULL);
    *room = (assay_memory_room){.wanted = options->memory, .own = SIZE_MAX};
    if (status != ASSAY_OK) return is_auto ? status : ASSAY_OK;
    room->own = share((size_t)assay_smaller_bytes(memory.own, memory.group), comm);
    if (is_auto)
        *room = (assay_memory_room){
            .wanted = share(assay_memory_share(memory.free), comm),
            .most = share((size_t)assay_smaller_bytes(assay_memory_share(memory.available), memory.group), comm),
            .own = room->own};
    return ASSAY_OK;
}
