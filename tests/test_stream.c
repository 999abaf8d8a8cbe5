/* What does not stay in memory. Weights that are streamed: a step computes the same bits as with all of them there,
 * whatever the schedule; what is read is what was planned; a layer's weights come at most twice a micro-batch and no
 * more than two layers are there at a time; a file that is cut short ends the run by name. Parameters that are streamed
 * are bound to no memory at all, so that whoever reads the mapping crashes. Values that are spilled: the same bits
 * again, nothing of a spilled layer in memory at the turn, as many bytes written as planned, and a file that nobody
 * finds. */
#include "container_check.h"
#include "test_support.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "model/model_init.h"
#include "model/model_stream.h"
#include "packing/pack.h"
#include "stream/spill_file.h"
#include "stream/stream_reader.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LAYERS = 4, PAIRS = 3, TOKENS = 400, VOCAB = 64 };

static void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

typedef struct bench {
    char *folder;
    assay_checkpoint *checkpoint;
    assay_model *model;
    assay_stream_list *list;
    float *gradients;
    size_t trained;
} bench;

static const char *const all_modules[] = {"all"};
static const assay_lora_spec lora = {.rank = 4, .alpha = 8, .targets = all_modules, .target_count = 1};

static void write_model(bench *b, const char *family, assay_dtype dtype)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assay_error err = {0};
    b->folder = fresh_folder();
    must(assay_model_shape_find(&shape, &arch, family, &err), &err);
    must(assay_model_init(shape, arch, &(assay_init_options){.layers = LAYERS, .seed = 3, .dtype = dtype}, b->folder,
                          &err),
         &err);
    must(assay_checkpoint_open(&b->checkpoint, b->folder, 0, &err), &err);
}

/* A new adapter's B is zero, and gives its A no gradient. */
static void fill_zeros(const assay_model *model)
{
    for (size_t i = 0; i < model->program->param_count; i++) {
        const assay_param *p = &model->program->params[i];
        float *values = p->role == ASSAY_ROLE_LORA_B ? assay_model_own_f32(model, i) : NULL;
        assay_rng rng = {.seed = 8, .stream = i};
        for (size_t j = 0; values && j < p->rows * p->cols; j++) values[j] = (float)assay_rng_normal(&rng) * 0.1f;
    }
}

static void open_model(bench *b, assay_tuning tuning, bool bf16)
{
    assay_error err = {0};
    const assay_model_options options = {
        .tuning = tuning, .lora = tuning == ASSAY_TUNE_LORA ? &lora : NULL, .bf16 = bf16, .seed = 1};
    must(assay_model_open(&b->model, b->checkpoint, NULL, &options, &err), &err);
    must(assay_model_stream_list(&b->list, b->model->program, b->checkpoint, NULL, &err), &err);
    assert_true(b->list || tuning == ASSAY_TUNE_FULL);
    fill_zeros(b->model);
    b->trained = assay_model_weights(b->model, true);
    b->gradients = assay_alloc(b->trained, sizeof *b->gradients);
}

static void close_model(bench *b)
{
    assay_stream_list_free(b->list);
    assay_model_close(b->model);
    assay_free(b->gradients);
}

static void remove_model(bench *b)
{
    assay_checkpoint_close(b->checkpoint);
    drop_folder(b->folder);
}

static void bind(const bench *b, assay_engine *engine, bool streamed)
{
    float *next = b->gradients;
    for (size_t i = 0; i < b->model->program->param_count; i++) {
        const assay_param *p = &b->model->program->params[i];
        assay_param_view view = b->model->params[i];
        if (streamed && b->list->group[i] != ASSAY_STREAM_NOT) view.data = NULL;
        view.gradient = p->trained ? next : NULL;
        if (p->trained) next += p->rows * p->cols;
        assay_engine_bind(engine, (int)i, &view);
    }
}

/* ChatGLM-6B's prompts have a mark and an end, and nothing behind looks like one. */
static void mark_prefix(const assay_prefix_rule *rule, int32_t *ids, size_t count)
{
    for (size_t i = 0; rule->on && i < count; i++) ids[i] %= rule->mark[1];
    if (rule->on) ids[0] = rule->mark[0];
    if (rule->on) ids[5] = rule->end;
}

/* Tokens come again within a text and between texts. */
static const assay_geometry *pack_pairs(assay_pack *pack, uint64_t first)
{
    int32_t ids[80];
    assay_pack_clear(pack);
    for (uint64_t pair = first; pair < first + PAIRS; pair++) {
        assay_rng rng = {.seed = 11, .stream = pair};
        for (size_t i = 0; i < 80; i++) ids[i] = (int32_t)assay_rng_below(&rng, VOCAB);
        mark_prefix(&pack->prefix, ids, sizeof ids / sizeof *ids);
        assay_pack_tree(pack, pair);
        int prompt = assay_pack_segment(pack, ids, 10 + (size_t)pair, -1, false);
        assay_pack_segment(pack, ids + 20, 17, prompt, true);
        assay_pack_segment(pack, ids + 40, 20 + (size_t)pair, prompt, true);
    }
    return assay_pack_finish(pack);
}

typedef struct outcome {
    uint64_t hash;
    size_t planned, used;
    uint64_t read, spilled;
} outcome;

static uint64_t add_to_hash(uint64_t hash, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

typedef struct way {
    assay_keep keep;
    int replayed, threads, spilled;
} way;

static assay_engine *open_planned(const bench *b, const way *w, bool streamed, bool backward, assay_pool **pool)
{
    assay_engine *engine;
    const assay_kernels *kernels;
    assay_error err = {0};
    must(assay_kernels_select(&kernels, NULL, &err), &err);
    must(assay_pool_create(pool, w->threads, &err), &err);
    const assay_engine_config config = {
        .program = b->model->program,
        .kernels = kernels,
        .pool = *pool,
        .stream = streamed ? b->list : NULL,
        .bounds = {.rows = {TOKENS, backward ? 2 * PAIRS : TOKENS}, .longest_path = 64},
        .spill = b->folder,
        .schedule = {.keep = w->keep, .replayed = w->replayed, .spilled = w->spilled, .backward = backward}};
    must(assay_engine_create(&engine, &config, &err), &err);
    bind(b, engine, streamed);
    return engine;
}

static assay_engine *open_engine(const bench *b, const way *w, bool streamed, assay_pool **pool)
{
    return open_planned(b, w, streamed, true, pool);
}

/* Two micro-batches. */
static outcome run(const bench *b, const way *w, bool streamed)
{
    assay_pool *pool;
    assay_pack pack;
    assay_error err = {0};
    outcome out = {.hash = 14695981039346656037u};
    assay_engine *engine = open_engine(b, w, streamed, &pool);
    memset(b->gradients, 0, b->trained * sizeof *b->gradients);
    must(assay_pack_init(&pack, TOKENS, 3 * PAIRS, &b->model->config.prefix, &err), &err);
    for (uint64_t micro = 0; micro < 2; micro++) {
        float slopes[2 * PAIRS];
        must(assay_engine_forward(engine, pack_pairs(&pack, micro * PAIRS), 5, micro, true, &err), &err);
        out.hash = add_to_hash(out.hash, assay_engine_rewards(engine), 2 * PAIRS);
        for (size_t i = 0; i < 2 * PAIRS; i++) slopes[i] = i % 2 ? 0.3f : -0.4f;
        must(assay_engine_backward(engine, slopes, &err), &err);
    }
    out.hash = add_to_hash(out.hash, b->gradients, b->trained);
    out.planned = assay_engine_planned_bytes(engine);
    out.used = assay_engine_used_bytes(engine);
    out.read = assay_engine_read_bytes(engine);
    out.spilled = assay_engine_spill_bytes(engine);
    assay_engine_free(engine);
    assay_pack_release(&pack);
    assay_pool_destroy(pool);
    return out;
}

/* Every way streamed against one that is not. */
static size_t compare(const bench *b, const way *ways, size_t count)
{
    outcome resident = run(b, &(way){.keep = ASSAY_KEEP_NEEDED, .threads = 1}, false);
    assert_int_equal(resident.read, 0);
    for (size_t i = 0; i < count; i++) {
        outcome streamed = run(b, &ways[i], true);
        assert_int_equal(streamed.hash, resident.hash);
        assert_true(streamed.used <= streamed.planned);
        assert_true(streamed.read > 0);
    }
    return count;
}

static const way ways[] = {{ASSAY_KEEP_EVERYTHING, 0, 1, 0}, {ASSAY_KEEP_NEEDED, 0, 1, 0},
                           {ASSAY_KEEP_NEEDED, 1, 2, 0},     {ASSAY_KEEP_NEEDED, 2, 1, 0},
                           {ASSAY_KEEP_NEEDED, 3, 2, 0},     {ASSAY_KEEP_NEEDED, LAYERS, 1, 0},
                           {ASSAY_KEEP_NEEDED, LAYERS, 2, 0}};
static const assay_tuning tunings[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_HEAD};

static size_t compare_model(const char *family, assay_dtype dtype, const way *some, size_t count)
{
    bench b = {0};
    size_t cells = 0;
    write_model(&b, family, dtype);
    for (size_t t = 0; t < sizeof tunings / sizeof *tunings; t++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
            open_model(&b, tunings[t], bf16);
            cells += compare(&b, some, count);
            close_model(&b);
        }
    remove_model(&b);
    return cells;
}

static void streamed_is_resident(void **state)
{
    static const char *const families[] = {"llama", "chatglm2", "chatglm3", "qwen2"};
    static const assay_dtype dtypes[] = {ASSAY_BF16, ASSAY_F32, ASSAY_F16};
    size_t cells = 0, all = sizeof ways / sizeof *ways;
    (void)state;
    for (size_t f = 0; f < (TESTS_ARE_SANITIZED ? 1 : 4); f++)
        for (size_t d = 0; d < (TESTS_ARE_SANITIZED ? 1 : tests_are_thorough() ? 3 : 2); d++)
            cells += compare_model(families[f], dtypes[d], ways, all);
    printf("%zu cells, 0 different\n", cells);
}

/* Layers of other kinds: the ends of the list of ways. */
static void every_family(void **state)
{
    const way ends[] = {ways[1], ways[6]};
    (void)state;
    for (size_t i = 0; assay_architecture_at(i) && !TESTS_ARE_SANITIZED; i++)
        compare_model(assay_architecture_at(i)->shapes->name, ASSAY_BF16, ends, 2);
}

/* ---- the way up alone: scores, and every layer for every token ---- */

static void open_scorer(bench *b, bool bf16, bool all_rows)
{
    assay_error err = {0};
    const assay_model_options options = {.tuning = ASSAY_TUNE_NOTHING, .bf16 = bf16, .all_rows = all_rows, .seed = 1};
    must(assay_model_open(&b->model, b->checkpoint, NULL, &options, &err), &err);
    must(assay_model_stream_list(&b->list, b->model->program, b->checkpoint, NULL, &err), &err);
    assert_non_null(b->list);
}

static uint64_t scores(const bench *b, int threads, bool all_rows, bool streamed)
{
    assay_pool *pool;
    assay_pack pack;
    assay_error err = {0};
    uint64_t hash = 14695981039346656037u;
    const way w = {.threads = threads};
    assay_engine *engine = open_planned(b, &w, streamed, false, &pool);
    must(assay_pack_init(&pack, TOKENS, 3 * PAIRS, &b->model->config.prefix, &err), &err);
    for (uint64_t micro = 0; micro < 2; micro++) {
        pack_pairs(&pack, micro * PAIRS);
        const assay_geometry *geometry = all_rows ? assay_pack_finish_all(&pack) : assay_pack_finish(&pack);
        must(assay_engine_forward(engine, geometry, 0, 0, false, &err), &err);
        hash = add_to_hash(hash, assay_engine_rewards(engine), geometry->spaces[ASSAY_SCORED].rows);
    }
    assert_int_equal(assay_engine_read_bytes(engine) > 0, streamed);
    assay_engine_free(engine);
    assay_pack_release(&pack);
    assay_pool_destroy(pool);
    return hash;
}

static void compare_scores(bench *b, bool bf16, bool all_rows)
{
    open_scorer(b, bf16, all_rows);
    uint64_t resident = scores(b, 1, all_rows, false);
    assert_int_equal(scores(b, 1, all_rows, true), resident);
    assert_int_equal(scores(b, 2, all_rows, true), resident);
    close_model(b);
}

static void scores_are_resident_ones(void **state)
{
    static const char *const families[] = {"llama", "chatglm2", "qwen2", "gemma2"};
    static const assay_dtype dtypes[] = {ASSAY_BF16, ASSAY_F32};
    (void)state;
    for (size_t f = 0; f < (TESTS_ARE_SANITIZED ? 1 : sizeof families / sizeof *families); f++)
        for (size_t d = 0; d < 2; d++) {
            bench b = {0};
            write_model(&b, families[f], dtypes[d]);
            for (int cell = 0; cell < 4; cell++) compare_scores(&b, cell & 1, cell & 2);
            remove_model(&b);
        }
}

/* How often each layer is loaded, and how many layers are there at a time at most. */
static void look_at(const assay_schedule *schedule, size_t loads[LAYERS], size_t *most)
{
    *most = 0;
    memset(loads, 0, LAYERS * sizeof *loads);
    for (size_t i = 0; i < schedule->instance_count; i++) {
        size_t there = 0;
        if (schedule->instances[i].action == ASSAY_LOAD && schedule->instances[i].group >= 0)
            loads[schedule->instances[i].group]++;
        for (size_t s = 0; s < schedule->slot_count; s++) {
            const assay_slot *slot = &schedule->slots[s];
            there += slot->weights && slot->owner >= 0 && slot->first <= i && i <= slot->last;
        }
        *most = there > *most ? there : *most;
    }
}

static void check_passes(const bench *b, int replayed, bool backward)
{
    assay_schedule *schedule;
    assay_error err = {0};
    size_t loads[LAYERS], most, once = 0;
    const assay_schedule_options options = {.keep = ASSAY_KEEP_NEEDED, .replayed = replayed, .backward = backward};
    must(assay_schedule_create(&schedule, b->model->program, b->list, &options, &err), &err);
    look_at(schedule, loads, &most);
    for (int layer = 0; layer < LAYERS; layer++) {
        once += b->list->layers[layer].read;
        assert_int_equal(loads[layer], backward && layer < LAYERS - 2 ? 2 : 1);
    }
    assert_int_equal(most, 2);
    assert_true(schedule->read <= 2 * once);
    assay_schedule_free(schedule);
}

/* Forward and back 2 L - 2 layers are loaded; the way up alone, and that of a head, each once. */
static void two_layers_at_a_time(void **state)
{
    bench b = {0};
    (void)state;
    write_model(&b, "llama", ASSAY_BF16);
    open_model(&b, ASSAY_TUNE_LORA, false);
    for (int replayed = 0; replayed <= LAYERS; replayed++) check_passes(&b, replayed, true);
    check_passes(&b, 0, false);
    close_model(&b);
    open_model(&b, ASSAY_TUNE_HEAD, false);
    check_passes(&b, 0, false);
    close_model(&b);
    remove_model(&b);
}

/* What is read of layers is what the schedule said, and of the embedding no row twice. */
static void reads_what_was_planned(void **state)
{
    bench b = {0};
    assay_schedule *schedule;
    assay_error err = {0};
    (void)state;
    write_model(&b, "chatglm2", ASSAY_BF16);
    open_model(&b, ASSAY_TUNE_LORA, false);
    const assay_schedule_options options = {.keep = ASSAY_KEEP_NEEDED, .backward = true};
    must(assay_schedule_create(&schedule, b.model->program, b.list, &options, &err), &err);
    uint64_t read = run(&b, &ways[1], true).read, least = 2 * schedule->read,
             rows = 2 * assay_stream_rows_read(b.list, VOCAB);
    assert_true(b.list->rows.param >= 0);
    assert_in_range(read, least - 2 * ASSAY_STREAM_BLOCK * b.list->piece_count, least + rows);
    assay_schedule_free(schedule);
    close_model(&b);
    remove_model(&b);
}

static char *weights_path(const bench *b) { return assay_path_join(b->folder, "model.safetensors"); }

/* The files are open and their headers read when somebody cuts one. */
static void a_cut_file_ends_it_by_name(void **state)
{
    bench b = {0};
    assay_pool *pool;
    assay_pack pack;
    assay_error err = {0};
    (void)state;
    write_model(&b, "llama", ASSAY_BF16);
    open_model(&b, ASSAY_TUNE_LORA, false);
    assay_engine *engine = open_engine(&b, &ways[1], true, &pool);
    const assay_stream_piece *last = &b.list->pieces[b.list->piece_count - 1];
    char *path = weights_path(&b);
    assert_int_equal(truncate(path, (off_t)(last->offset + last->bytes / 2)), 0);
    must(assay_pack_init(&pack, TOKENS, 3 * PAIRS, &b.model->config.prefix, &err), &err);
    for (int again = 0; again < 2; again++) {
        char expected[64];
        assert_int_equal(assay_engine_forward(engine, pack_pairs(&pack, 0), 5, 0, true, &err), ASSAY_E_IO);
        assert_non_null(strstr(err.text, path));
        assert_non_null(strstr(err.text, last->tensor));
        snprintf(expected, sizeof expected, "%zu bytes", last->bytes);
        assert_non_null(strstr(err.text, expected));
        snprintf(expected, sizeof expected, "gave %zu", last->bytes / 2);
        assert_non_null(strstr(err.text, expected));
    }
    assay_engine_free(engine);
    assay_pack_release(&pack);
    assay_pool_destroy(pool);
    assay_free(path);
    close_model(&b);
    remove_model(&b);
}

static void a_file_of_another_size_is_refused(void **state)
{
    bench b = {0};
    assay_stream_reader *reader;
    assay_error err = {0};
    (void)state;
    write_model(&b, "llama", ASSAY_BF16);
    open_model(&b, ASSAY_TUNE_LORA, false);
    char *path = weights_path(&b);
    assert_int_equal(truncate(path, (off_t)(b.list->files[0].bytes + 1)), 0);
    assert_int_equal(assay_stream_reader_open(&reader, b.list, TOKENS, &err), ASSAY_E_IO);
    assert_non_null(strstr(err.text, path));
    assert_null(reader);
    assay_free(path);
    close_model(&b);
    remove_model(&b);
}

/* Whoever does not want what was asked for goes without waiting: the memory is free when close returns. */
static void a_reader_is_closed_while_it_reads(void **state)
{
    bench b = {0};
    (void)state;
    write_model(&b, "qwen2", ASSAY_F32);
    open_model(&b, ASSAY_TUNE_LORA, false);
    for (int asked = 0; asked <= LAYERS; asked++) {
        assay_stream_reader *reader;
        assay_error err = {0};
        char *slots[LAYERS] = {0};
        must(assay_stream_reader_open(&reader, b.list, TOKENS, &err), &err);
        for (int layer = 0; layer < asked; layer++) {
            slots[layer] = assay_alloc(b.list->layers[layer].bytes, 1);
            assay_stream_reader_ask(reader, &(assay_stream_want){.group = layer, .to = slots[layer]});
        }
        assay_stream_reader_close(reader);
        for (int layer = 0; layer < LAYERS; layer++) assay_free(slots[layer]);
    }
    close_model(&b);
    remove_model(&b);
}

/* ---- spilled values ---- */

static const way spills[] = {{ASSAY_KEEP_NEEDED, 0, 1, 1},      {ASSAY_KEEP_NEEDED, 0, 2, 2},
                             {ASSAY_KEEP_NEEDED, 1, 1, 2},      {ASSAY_KEEP_NEEDED, 2, 2, LAYERS - 2},
                             {ASSAY_KEEP_NEEDED, 0, 1, LAYERS}, {ASSAY_KEEP_NEEDED, 0, 2, LAYERS}};

/* Weights are streamed as well where they can be. All spilled take less memory than all replayed. */
static size_t compare_spilled(const bench *b)
{
    outcome kept = run(b, &(way){.keep = ASSAY_KEEP_NEEDED, .threads = 1}, false),
            replayed = run(b, &(way){.keep = ASSAY_KEEP_NEEDED, .replayed = LAYERS, .threads = 1}, false);
    size_t cells = 0, count = sizeof spills / sizeof *spills;
    assert_int_equal(kept.spilled, 0);
    for (size_t i = 0; i < count; i++)
        for (int streamed = 0; streamed < (b->list ? 2 : 1); streamed++, cells++) {
            outcome spilled = run(b, &spills[i], streamed);
            assert_int_equal(spilled.hash, kept.hash);
            assert_true(spilled.used <= spilled.planned);
            assert_true(spilled.spilled > 0);
            if (!streamed && spills[i].spilled == LAYERS && spills[i].threads == 1)
                assert_true(spilled.planned < replayed.planned);
        }
    return cells;
}

static size_t spill_model(const char *family, bool bf16)
{
    static const assay_tuning all[] = {ASSAY_TUNE_LORA, ASSAY_TUNE_FULL};
    bench b = {0};
    size_t cells = 0;
    write_model(&b, family, ASSAY_F32);
    for (size_t t = 0; t < 2; t++) {
        open_model(&b, all[t], bf16);
        cells += compare_spilled(&b);
        close_model(&b);
    }
    remove_model(&b);
    return cells;
}

static void spilled_is_kept(void **state)
{
    size_t cells = 0;
    (void)state;
    for (size_t i = 0; assay_architecture_at(i) && (i < 2 || !TESTS_ARE_SANITIZED); i++)
        for (int bf16 = 0; bf16 < 2; bf16++)
            if (tests_are_thorough() || bf16 == (int)(i % 2))
                cells += spill_model(assay_architecture_at(i)->shapes->name, bf16);
    printf("%zu cells, 0 different\n", cells);
}

/* Each value of a spilled layer is written once, before the turn, and read back at most once behind it; at the turn
 * none of them is in memory. */
static void nothing_of_a_spilled_layer_waits_in_memory(void **state)
{
    bench b = {0};
    assay_schedule *schedule;
    assay_error err = {0};
    size_t written = 0, fetched = 0;
    const int spilled = LAYERS - 1;
    const assay_schedule_options options = {.keep = ASSAY_KEEP_NEEDED, .spilled = spilled, .backward = true};
    (void)state;
    write_model(&b, "llama", ASSAY_F32);
    open_model(&b, ASSAY_TUNE_LORA, false);
    must(assay_schedule_create(&schedule, b.model->program, NULL, &options, &err), &err);
    bool *in_file = assay_alloc(b.model->program->value_count, sizeof *in_file);
    for (size_t i = 0; i < schedule->instance_count; i++) {
        const assay_instance *instance = &schedule->instances[i];
        if (instance->action != ASSAY_SPILL && instance->action != ASSAY_FETCH) continue;
        bool writes = instance->action == ASSAY_SPILL;
        assert_true(writes == (i < schedule->forward_count));
        assert_int_equal(in_file[instance->value], !writes);
        in_file[instance->value] = writes;
        *(writes ? &written : &fetched) += 1;
    }
    assert_true(written > 0 && fetched == written);
    for (size_t s = 0; s < schedule->slot_count; s++) {
        const assay_slot *slot = &schedule->slots[s];
        int layer = slot->owner >= 0 ? b.model->program->values[slot->owner].layer : -1;
        bool spans = slot->first < schedule->forward_count && slot->last >= schedule->forward_count;
        assert_false(spans && layer >= 0 && layer < spilled);
    }
    assay_free(in_file);
    assay_schedule_free(schedule);
    close_model(&b);
    remove_model(&b);
}

/* Scoring while a run trains. */
static void a_pass_that_does_not_train_writes_nothing(void **state)
{
    bench b = {0};
    assay_pool *pool;
    assay_pack pack;
    assay_error err = {0};
    (void)state;
    write_model(&b, "llama", ASSAY_F32);
    open_model(&b, ASSAY_TUNE_LORA, false);
    assay_engine *engine = open_engine(&b, &spills[4], false, &pool);
    must(assay_pack_init(&pack, TOKENS, 3 * PAIRS, &b.model->config.prefix, &err), &err);
    must(assay_engine_forward(engine, pack_pairs(&pack, 0), 5, 0, false, &err), &err);
    assert_int_equal(assay_engine_spill_bytes(engine), 0);
    must(assay_engine_forward(engine, pack_pairs(&pack, 0), 5, 0, true, &err), &err);
    assert_true(assay_engine_spill_bytes(engine) > 0);
    assay_engine_free(engine);
    assay_pack_release(&pack);
    assay_pool_destroy(pool);
    close_model(&b);
    remove_model(&b);
}

/* The descriptor that the next file gets. */
static int next_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

static void a_spill_file_has_its_room_and_no_name(void **state)
{
    assay_spill_file *file;
    assay_error err = {0};
    struct stat about;
    char *folder = fresh_folder(), **names, back[5];
    size_t count;
    int fd = next_descriptor();
    (void)state;
    must(assay_spill_file_open(&file, folder, 1 << 20, &err), &err);
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_nlink, 0);
    assert_true(about.st_blocks >= (1 << 20) / 512);
    must(assay_list_dir(folder, &names, &count, &err), &err);
    assert_int_equal(count, 0);
    assay_names_free(names, count);
    must(assay_spill_file_write(file, 1000, "value", 5, &err), &err);
    assay_spill_file_expect(file, 1000, 5);
    must(assay_spill_file_read(file, 1000, back, 5, &err), &err);
    assert_memory_equal(back, "value", 5);
    assert_int_equal(assay_spill_file_written(file), 5);
    assert_int_equal(ftruncate(fd, 1002), 0);
    assert_int_equal(assay_spill_file_read(file, 1000, back, 5, &err), ASSAY_E_IO);
    assert_non_null(strstr(err.text, folder));
    assert_non_null(strstr(err.text, "ends 3 bytes early"));
    assay_spill_file_close(file);
    drop_folder(folder);
}

static void expect_refusal(const char *folder, uint64_t bytes, const char *why)
{
    assay_spill_file *file;
    assay_error err = {0};
    assert_int_equal(assay_spill_file_open(&file, folder, bytes, &err), ASSAY_E_IO);
    assert_null(file);
    assert_non_null(strstr(err.text, folder));
    assert_non_null(strstr(err.text, why));
}

/* A limit of the process stands for a full disk: both refuse the room. */
static void a_spill_file_that_cannot_be_is_refused(void **state)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "a-file");
    struct rlimit before, small;
    assay_error err = {0};
    (void)state;
    expect_refusal(path, 10, strerror(ENOENT));
    must(assay_file_write_atomic(path, "x", 1, &err), &err);
    expect_refusal(path, 10, strerror(ENOTDIR));
    expect_refusal(folder, UINT64_MAX, strerror(EFBIG));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_refusal(folder, 1 << 20, "does not fit there");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assay_free(path);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streamed_is_resident),
        cmocka_unit_test(every_family),
        cmocka_unit_test(scores_are_resident_ones),
        cmocka_unit_test(two_layers_at_a_time),
        cmocka_unit_test(reads_what_was_planned),
        cmocka_unit_test(a_cut_file_ends_it_by_name),
        cmocka_unit_test(a_file_of_another_size_is_refused),
        cmocka_unit_test(a_reader_is_closed_while_it_reads),
        cmocka_unit_test(spilled_is_kept),
        cmocka_unit_test(nothing_of_a_spilled_layer_waits_in_memory),
        cmocka_unit_test(a_pass_that_does_not_train_writes_nothing),
        cmocka_unit_test(a_spill_file_has_its_room_and_no_name),
        cmocka_unit_test(a_spill_file_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
