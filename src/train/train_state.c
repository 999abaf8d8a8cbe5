#include "train/train_state.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/json_doc.h"
#include "base/sizes.h"
#include "base/text.h"
#include "container/safetensors.h"
#include "train/state_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static XXH128_hash_t with_list(const assay_example_set *examples, const assay_example *e, XXH128_hash_t hash)
{
    double compared = examples->pairs->pairs[e->pair].equal_is_tie;
    hash = XXH3_128bits_withSeed(&compared, sizeof compared, hash.low64 ^ hash.high64);
    hash = XXH3_128bits_withSeed(examples->values + e->answers, e->count * sizeof(double), hash.low64 ^ hash.high64);
    for (size_t i = 1; i + 1 < e->count; i++) {
        double tokens = examples->answers[e->answers + i].count;
        hash = XXH3_128bits_withSeed(&tokens, sizeof tokens, hash.low64 ^ hash.high64);
    }
    return hash;
}

static XXH128_hash_t with_targets(const assay_example_set *examples, const assay_example *e, XXH128_hash_t hash)
{
    size_t labels = examples->label_count;
    for (size_t i = 0; i < e->count * labels; i++) {
        double target = examples->targets[e->answers * labels + i], known = !isnan(target);
        double field[] = {known, known != 0 ? target : 0};
        hash = XXH3_128bits_withSeed(field, sizeof field, hash.low64 ^ hash.high64);
    }
    return hash;
}

static XXH128_hash_t with_steps(const assay_example_set *examples, const assay_example *e, XXH128_hash_t hash)
{
    for (size_t i = 0; i < e->count; i++) {
        double label = examples->values[e->answers + i], known = !isnan(label);
        double field[] = {examples->answers[e->answers + i].count, known, known != 0 ? label : 0};
        hash = XXH3_128bits_withSeed(field, sizeof field, hash.low64 ^ hash.high64);
    }
    return hash;
}

void assay_fingerprint_data(const assay_example_set *examples, char text[40])
{
    XXH128_hash_t hash = XXH3_128bits(examples->ids, examples->id_count * sizeof *examples->ids);
    for (size_t i = 0; i < examples->count; i++) {
        const assay_example *e = &examples->items[i];
        double fields[] = {(double)assay_example_best(examples, e)->count,
                           (double)assay_example_worst(examples, e)->count, (double)e->shared, e->margin};
        hash = XXH3_128bits_withSeed(fields, sizeof fields, hash.low64 ^ hash.high64);
        if (e->steps) hash = with_steps(examples, e, hash);
        else if (e->count > 2) hash = with_list(examples, e, hash);
        if (examples->label_count) hash = with_targets(examples, e, hash);
        double label[] = {e->share, e->weight};
        if (!isnan(e->share) || e->weight != 1)
            hash = XXH3_128bits_withSeed(label, sizeof label, hash.low64 ^ hash.high64);
    }
    assay_hash_text(hash, text);
}

/* The settings that change results, by the names of their options: what a refusal names. Those behind the first count
 * only where one of their group differs from what runs had before it existed: bt without smoothing (all three are 0
 * then), one lane, moments and weights of floats. So such runs go on. */
enum { SETTINGS = 22, MASTER = SETTINGS - 1, MOMENTS = MASTER - 1, LANES = MOMENTS - 1, OBJECTIVE_SETTINGS = 3 };
static const char *const setting_names[SETTINGS] = {"batch-pairs",
                                                    "epochs or max-steps",
                                                    "lr",
                                                    "schedule",
                                                    "min-lr",
                                                    "warmup",
                                                    "adam-beta1",
                                                    "adam-beta2",
                                                    "adam-epsilon",
                                                    "weight-decay",
                                                    "clip",
                                                    "margin",
                                                    "center",
                                                    "seed",
                                                    "on-nan",
                                                    "precision",
                                                    "objective",
                                                    "label-smoothing",
                                                    "tie-parameter",
                                                    "lanes",
                                                    "moments",
                                                    "master"};

static void setting_values(const assay_train_settings *s, const assay_program *program, uint64_t total_steps,
                           double values[SETTINGS])
{
    double numbers[SETTINGS] = {(double)s->batch_pairs,
                                (double)total_steps,
                                s->lr,
                                (double)s->shape,
                                s->min_lr,
                                s->warmup,
                                s->adam.beta1,
                                s->adam.beta2,
                                s->adam.eps,
                                s->adam.weight_decay,
                                s->adam.clip,
                                s->margin,
                                s->center,
                                (double)s->seed,
                                (double)s->skip_nan,
                                (double)program->bf16,
                                assay_objective_number(&s->objective),
                                s->objective.smoothing,
                                s->objective.tie_learned ? ASSAY_TIE_LEARNED : s->objective.tie_parameter,
                                (double)assay_larger(s->lanes, 1),
                                (double)s->eight_bits,
                                (double)s->half_weights};
    memcpy(values, numbers, sizeof numbers);
}

static size_t setting_count(const double values[SETTINGS])
{
    if (values[MASTER] != 0) return SETTINGS;
    if (values[MOMENTS] != 0) return MASTER;
    if (values[LANES] > 1) return MOMENTS;
    for (size_t i = LANES - OBJECTIVE_SETTINGS; i < LANES; i++)
        if (values[i] != 0) return LANES;
    return LANES - OBJECTIVE_SETTINGS;
}

void assay_fingerprint_settings(const assay_train_settings *s, const assay_program *program, uint64_t total_steps,
                                char text[40])
{
    double numbers[SETTINGS];
    setting_values(s, program, total_steps, numbers);
    XXH128_hash_t hash = XXH3_128bits(numbers, setting_count(numbers) * sizeof *numbers);
    for (size_t i = 0; i < program->step_count; i++) {
        double adapter[] = {(double)program->steps[i].attr.scale, (double)program->steps[i].attr.dropout};
        hash = XXH3_128bits_withSeed(adapter, sizeof adapter, hash.low64 ^ hash.high64);
    }
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *param = &program->params[i];
        if (param->trained)
            hash = XXH3_128bits_withSeed(param->name, strlen(param->name),
                                         hash.low64 ^ hash.high64 ^ param->rows ^ (uint64_t)param->cols << 32);
    }
    assay_hash_text(hash, text);
}

static assay_status describe_part(const assay_assembly *all, size_t item, const assay_state_part *part,
                                  assay_tensor *tensor, assay_error *err)
{
    *tensor = (assay_tensor){
        .name = assay_strfmt("%s.%s", part->prefix, all->trainer->model->program->params[all->params[item]].name),
        .dtype = part->dtype,
        .rank = 1,
        .shape = {part->count},
        .data = part->values,
        .bytes = part->bytes};
    ASSAY_TRY_ALLOC(tensor->name, "a tensor's name", err);
    return ASSAY_OK;
}

static assay_status describe_tie(const assay_trainer *t, assay_tensor *tensor, assay_error *err)
{
    *tensor = (assay_tensor){.name = assay_strdup("objective.tie_parameter"),
                             .dtype = ASSAY_F64,
                             .rank = 1,
                             .shape = {ASSAY_LEARNED_TIE_STATE},
                             .data = &t->tie,
                             .bytes = ASSAY_LEARNED_TIE_STATE * sizeof(double)};
    ASSAY_TRY_ALLOC(tensor->name, "a tensor's name", err);
    return ASSAY_OK;
}

/* What a checkpoint has: each tensor, and the part of a weight's state that it is (of the tie: none). */
typedef struct state_list {
    assay_tensor *tensors;
    assay_state_part *parts;
    size_t count;
} state_list;

static assay_status describe(const assay_assembly *all, state_list *list, assay_error *err)
{
    assay_state_part parts[ASSAY_STATE_PARTS];
    for (size_t i = 0; i < all->count; i++) {
        assay_state_parts(&all->items[i], parts);
        for (size_t p = 0; p < ASSAY_STATE_PARTS; p++) {
            if (!parts[p].count) continue;
            list->parts[list->count] = parts[p];
            ASSAY_TRY(describe_part(all, i, &parts[p], &list->tensors[list->count], err));
            list->count++;
        }
    }
    if (!all->trainer->settings.objective.tie_learned) return ASSAY_OK;
    ASSAY_TRY(describe_tie(all->trainer, &list->tensors[list->count], err));
    list->count++;
    return ASSAY_OK;
}

/* Tensors are handed back as the list has them. */
static assay_status write_part(void *context, const assay_tensor *tensor, assay_writer *writer, assay_error *err)
{
    const state_list *list = context;
    const assay_state_part *part = &list->parts[tensor - list->tensors];
    if (part->planes.high) return assay_state_part_write_planes(part, writer, err);
    return assay_writer_write(writer, tensor->data, tensor->bytes, err);
}

static assay_status save_tensors(const assay_assembly *all, const char *folder, assay_error *err)
{
    const size_t most = all->count * ASSAY_STATE_PARTS + 1;
    state_list list = {.tensors = assay_alloc(most, sizeof *list.tensors),
                       .parts = assay_alloc(most, sizeof *list.parts)};
    char *path = assay_path_join(folder, "state.safetensors");
    assay_status status = list.tensors && list.parts && path
                              ? describe(all, &list, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a checkpoint");
    if (status == ASSAY_OK) status = assay_safetensors_write(path, list.tensors, list.count, write_part, &list, err);
    for (size_t i = 0; i < list.count; i++) assay_free(list.tensors[i].name);
    assay_free(list.tensors);
    assay_free(list.parts);
    assay_free(path);
    return status;
}

static json_t *settings_json(const assay_trainer *t)
{
    double values[SETTINGS];
    json_t *object = json_object();
    setting_values(&t->settings, t->model->program, t->total_steps, values);
    size_t count = setting_count(values);
    for (size_t i = 0; object && i < count; i++) json_object_set_new(object, setting_names[i], json_real(values[i]));
    return object;
}

assay_status assay_train_state_save(const assay_assembly *all, const assay_fingerprints *prints, const char *folder,
                                    assay_error *err)
{
    const assay_trainer *t = all->trainer;
    ASSAY_TRY(save_tensors(all, folder, err));
    json_t *state = json_pack("{s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:o}", "step", (json_int_t)t->step, "total_steps",
                              (json_int_t)t->total_steps, "optimizer_steps", (json_int_t)t->optimizer->steps,
                              "tokens_seen", (json_int_t)t->tokens_seen, "base", prints->base, "data", prints->data,
                              "settings", prints->settings, "options", settings_json(t));
    bool whole =
        state && (prints->rendering < 2 || !json_object_set_new(state, "rendering", json_integer(prints->rendering)));
    char *path = assay_path_join(folder, "state.json");
    assay_status status = whole && path ? assay_json_save(state, path, err)
                                        : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a checkpoint");
    json_decref(state);
    assay_free(path);
    return status;
}

/* The file's tensor of a part, which must be there. */
static assay_status find_part(const assay_assembly *all, size_t item, const assay_state_part *part,
                              const assay_tensor_file *file, const assay_tensor **tensor, assay_error *err)
{
    assay_tensor wanted;
    ASSAY_TRY(describe_part(all, item, part, &wanted, err));
    *tensor = assay_tensor_file_find(file, wanted.name);
    bool fits = *tensor && (*tensor)->dtype == wanted.dtype && (*tensor)->bytes == wanted.bytes;
    assay_status status = fits ? ASSAY_OK
                               : assay_error_set(err, ASSAY_E_FORMAT, "%s: tensor %s is missing or of another size",
                                                 file->path, wanted.name);
    assay_free(wanted.name);
    return status;
}

static assay_status load_tie(assay_trainer *t, const assay_tensor_file *file, assay_error *err)
{
    double state[ASSAY_LEARNED_TIE_STATE];
    const assay_tensor *tensor = assay_tensor_file_find(file, "objective.tie_parameter");
    bool fits = tensor && tensor->dtype == ASSAY_F64 && tensor->bytes == sizeof state;
    if (fits) memcpy(state, tensor->data, sizeof state);
    if (!fits || !isfinite(exp(state[0])) || !isfinite(state[1]) || !(state[2] >= 0))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: tensor objective.tie_parameter is missing or holds no state",
                               file->path);
    t->tie = (assay_learned_tie){.place = state[0], .m = state[1], .v = state[2]};
    assay_tie_put(&t->settings.objective, t->tie.place);
    return ASSAY_OK;
}

/* Where pieces come from: the first process's file; NULL: this is another process. */
typedef struct piece_source {
    const assay_assembly *all;
    const assay_tensor_file *file;
} piece_source;

static assay_status find_piece(const piece_source *from, const assay_assembly_piece *piece, char **data,
                               assay_error *err)
{
    const assay_tensor *tensor;
    assay_state_part parts[ASSAY_STATE_PARTS];
    assay_state_parts(&from->all->items[piece->item], parts);
    ASSAY_TRY(find_part(from->all, piece->item, &parts[piece->part], from->file, &tensor, err));
    *data = (char *)(uintptr_t)tensor->data + piece->at;
    return ASSAY_OK;
}

/* What this process has; of the others' that it is there. */
static assay_status load_piece(void *context, const assay_assembly_piece *piece, assay_error *err)
{
    const piece_source *from = context;
    assay_state_part parts[ASSAY_STATE_PARTS];
    char *data;
    ASSAY_TRY(find_piece(from, piece, &data, err));
    assay_state_parts(&from->all->items[piece->item], parts);
    if (piece->part == 0) assay_state_part_take(&parts[0], data);
    else if (piece->own) memcpy(piece->own, data, piece->bytes);
    return ASSAY_OK;
}

static assay_status load_tensors(const assay_assembly *all, const assay_tensor_file *file, assay_error *err)
{
    piece_source from = {.all = all, .file = file};
    ASSAY_TRY(assay_assembly_walk(all, true, load_piece, &from, err));
    return all->trainer->settings.objective.tie_learned ? load_tie(all->trainer, file, err) : ASSAY_OK;
}

/* From the first process to whoever has it. */
static assay_status spread_piece(void *context, const assay_assembly_piece *piece, assay_error *err)
{
    const piece_source *from = context;
    assay_comm *comm = from->all->trainer->shares.comm;
    char *data;
    if (piece->rank == 0) return ASSAY_OK;
    if (!from->file) return piece->own ? assay_comm_receive(comm, 0, piece->own, piece->bytes, err) : ASSAY_OK;
    ASSAY_TRY(find_piece(from, piece, &data, err));
    return assay_comm_send(comm, piece->rank, data, piece->bytes, err);
}

static assay_status open_tensors(const char *folder, assay_tensor_file **file, assay_error *err)
{
    char *path = assay_path_join(folder, "state.safetensors");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_safetensors_open(file, path, err);
    assay_free(path);
    return status;
}

assay_status assay_train_state_spread(assay_trainer *t, const char *folder, assay_error *err)
{
    assay_assembly all = {0};
    assay_tensor_file *file = NULL;
    assay_status status = assay_assembly_describe(&all, t, err);
    if (status == ASSAY_OK && assay_comm_rank(t->shares.comm) == 0) status = open_tensors(folder, &file, err);
    status = assay_comm_agree(t->shares.comm, status, NULL, err);
    piece_source from = {.all = &all, .file = file};
    if (status == ASSAY_OK) status = assay_assembly_walk(&all, true, spread_piece, &from, err);
    assay_tensor_file_close(file);
    assay_assembly_release(&all);
    return status;
}

static assay_status check_print(const json_t *state, const char *key, const char *now, const char *advice,
                                const char *where, assay_error *err)
{
    const char *then = "";
    ASSAY_TRY(assay_json_string(state, key, true, &then, where, err));
    if (!strcmp(then, now)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "cannot resume from %s: the %s changed (%s)", where, key, advice);
}

/* What the user gives in place of a number. Weights in planes train as those of f32 do, and count as them. */
static const struct {
    const char *setting;
    double value;
    const char *word;
} setting_words[] = {{"schedule", ASSAY_LR_COSINE, "cosine"},
                     {"schedule", ASSAY_LR_LINEAR, "linear"},
                     {"schedule", ASSAY_LR_CONSTANT, "constant"},
                     {"margin", -1, "auto"},
                     {"margin", 0, "off"},
                     {"on-nan", 0, "stop"},
                     {"on-nan", 1, "skip"},
                     {"precision", 0, "f32"},
                     {"precision", 1, "bf16"},
                     {"tie-parameter", ASSAY_TIE_LEARNED, "learn"},
                     {"moments", 0, "f32"},
                     {"moments", 1, "8bit"},
                     {"master", 0, "f32 or planes"},
                     {"master", 1, "bf16-stochastic"}};

static void setting_text(size_t setting, double value, char text[32])
{
    assay_text_format(text, 32, "%.9g", value);
    for (size_t i = 0; i < sizeof setting_words / sizeof *setting_words; i++)
        if (setting_words[i].value == value && !strcmp(setting_words[i].setting, setting_names[setting]))
            snprintf(text, 32, "%s", setting_words[i].word);
}

/* Names the first option that differs. */
static assay_status check_settings(const assay_trainer *t, const assay_fingerprints *prints, const json_t *state,
                                   const char *where, assay_error *err)
{
    double values[SETTINGS];
    char advice[600] = "the trained weights, or the adapter's rank, alpha, dropout or targets; give the same options";
    const json_t *then = json_object_get(state, "options");
    setting_values(&t->settings, t->model->program, t->total_steps, values);
    for (size_t i = 0; i < SETTINGS; i++) {
        const json_t *was = json_object_get(then, setting_names[i]);
        bool implied = i >= LANES - OBJECTIVE_SETTINGS && !was;
        double old = implied && i == LANES ? 1 : json_number_value(was);
        if ((!json_is_number(was) && !implied) || old == values[i]) continue;
        char before[32], after[32];
        setting_text(i, old, before);
        setting_text(i, values[i], after);
        assay_text_format(
            advice, sizeof advice,
            i == 1 ? "--%s: %s steps then, %s now; give the same. The learning rate was planned for that length; "
                     "to train on from where the run ended, start a new one from its result: --adapter "
                     "(or, of all weights, --model) with that --output, and another --output"
                   : "--%s: %s then, %s now; give the same",
            setting_names[i], before, after);
        break;
    }
    return check_print(state, "settings", prints->settings, advice, where, err);
}

/* Before the data, which another objective reads in another way. */
static assay_status check_objective(const assay_trainer *t, const json_t *state, const char *where, assay_error *err)
{
    double then = json_number_value(json_object_get(json_object_get(state, "options"), "objective")),
           now = assay_objective_number(&t->settings.objective);
    const char *name = then >= 0 && then < 1e3 ? assay_objective_name_at((size_t)then) : NULL;
    if (then == now) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "cannot resume from %s: the settings changed (--objective: %s then, %s now; give the same)",
                           where, name ? name : "one of a later version", assay_objective_name(&t->settings.objective));
}

static assay_status load_counters(assay_trainer *t, const assay_fingerprints *prints, const json_t *state,
                                  const char *where, assay_error *err)
{
    int64_t step, optimizer_steps, tokens;
    ASSAY_TRY(check_print(state, "base", prints->base, "give the same --model", where, err));
    ASSAY_TRY(check_objective(t, state, where, err));
    ASSAY_TRY(check_print(state, "data", prints->data,
                          "give the same --data, --template, --max-length and --eval-split", where, err));
    ASSAY_TRY(check_settings(t, prints, state, where, err));
    ASSAY_TRY(assay_json_int(state, "step", true, &step, where, err));
    ASSAY_TRY(assay_json_int(state, "optimizer_steps", true, &optimizer_steps, where, err));
    ASSAY_TRY(assay_json_int(state, "tokens_seen", true, &tokens, where, err));
    if (step < 0 || optimizer_steps < 0 || tokens < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a counter is negative", where);
    t->optimizer->steps = (uint64_t)optimizer_steps;
    t->tokens_seen = (uint64_t)tokens;
    return assay_trainer_seek(t, (uint64_t)step, err);
}

assay_status assay_train_state_load(assay_trainer *t, const assay_fingerprints *prints, const char *folder,
                                    assay_error *err)
{
    char *json = assay_path_join(folder, "state.json");
    json_t *state = NULL;
    assay_tensor_file *file = NULL;
    assay_assembly all = {0};
    assay_status status = json ? assay_json_load(json, 1 << 20, &state, err)
                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    if (status == ASSAY_OK) status = load_counters(t, prints, state, json, err);
    if (status == ASSAY_OK) status = open_tensors(folder, &file, err);
    if (status == ASSAY_OK) status = assay_assembly_describe(&all, t, err);
    if (status == ASSAY_OK) status = load_tensors(&all, file, err);
    assay_assembly_release(&all);
    assay_tensor_file_close(file);
    json_decref(state);
    assay_free(json);
    return status;
}
