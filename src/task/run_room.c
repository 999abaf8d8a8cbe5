#include "task/run_room.h"

#include "base/file.h"
#include "base/format.h"

#include <string.h>

enum { BESIDES = 1 << 19 }; /* metrics, events, report, card, settings: a few hundred KiB */

static size_t checkpoints_there(const char *folder)
{
    char **names;
    size_t count, found = 0;
    if (assay_list_dir(folder, &names, &count, NULL) != ASSAY_OK) return 0;
    for (size_t i = 0; i < count; i++) found += !strncmp(names[i], "checkpoint-", 11) && !strchr(names[i], '.');
    assay_names_free(names, count);
    return found;
}

/* How many more there will be at one time. The newest is written before the oldest of `keep` goes. */
static uint64_t checkpoints_to_come(const assay_trainer *t, const assay_options *options)
{
    uint64_t total = t->total_steps, there = checkpoints_there(options->output),
             period = options->save_steps > 0   ? (uint64_t)options->save_steps
                      : options->save_steps < 0 ? total
                                                : assay_steps_per_epoch(t->examples->count, t->settings.batch_pairs);
    uint64_t all = total / period + (total % period != 0), most = (uint64_t)options->keep + 1;
    if (options->keep && all > most) all = most;
    return all > there + 1 ? all - there : 1;
}

static uint64_t result_bytes(const assay_training *t)
{
    const assay_gguf *gguf = t->source->tokenizer_folder ? NULL : t->source->checkpoint->gguf;
    uint64_t vocabulary = gguf ? 100 * (uint64_t)assay_tokenizer_about(t->source->tokenizer)->vocab_size : 0;
    return assay_run_model_bytes(t->trainer) + t->tokenizer_files.bytes + t->code_files.bytes + vocabulary + BESIDES;
}

assay_status assay_run_room_check(const assay_training *t, const assay_options *options, const assay_log *log,
                                  assay_error *err)
{
    char one_text[32], result_text[32], all_text[32], free_text[32];
    uint64_t left, one = assay_run_checkpoint_bytes(t->trainer, true) + t->code_files.bytes, result = result_bytes(t),
                   count = checkpoints_to_come(t->trainer, options), passing = assay_run_assembly_bytes(t->trainer),
                   all = count * one + passing + result;
    char *disk = assay_disk_of(options->output, &left);
    ASSAY_TRY_ALLOC(disk, "a path", err);
    assay_format_bytes(one + passing, one_text, sizeof one_text);
    assay_format_bytes(result, result_text, sizeof result_text);
    assay_format_bytes(all, all_text, sizeof all_text);
    assay_format_bytes(left, free_text, sizeof free_text);
    assay_status status = ASSAY_OK;
    if (left < one + passing + result)
        status = assay_error_set(err, ASSAY_E_IO,
                                 "a checkpoint needs about %s and the result %s, but the disk at %s has %s free: make "
                                 "room, or name an --output on another disk",
                                 one_text, result_text, disk, free_text);
    else if (left < all)
        assay_warn(log,
                   "%llu checkpoints of %s and the result need about %s, the disk at %s has %s free: a smaller --keep "
                   "or a greater --save-steps needs less",
                   (unsigned long long)count, one_text, all_text, disk, free_text);
    assay_free(disk);
    return status;
}
