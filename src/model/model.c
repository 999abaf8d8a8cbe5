/* Opening a model: write the program, then find every weight it names. */
#include "model/model.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "model/model_pack.h"
#include "model/model_tensors.h"
#include "model/token_head.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct loader {
    assay_model *model;
    const assay_checkpoint *checkpoint;
    const assay_adapter_file *adapter;
    const assay_model_options *options;
    assay_error *err;
    size_t adapted; /* tensors of the adapter that found a place */
} loader;

static size_t param_elements(const assay_param *param) { return param->rows * param->cols; }

/* Memory for a parameter's values, and the parameter's view of it. planes: dtype is BF16, and more is behind it. */
static assay_status own_memory(loader *l, size_t index, assay_dtype dtype, bool planes)
{
    const assay_param *param = &l->model->program->params[index];
    assay_owned_weight owned = {.dtype = dtype, .planes = planes};
    bool counted = planes ? assay_planes_bytes(param_elements(param), &owned.bytes)
                          : assay_dtype_bytes(dtype, param_elements(param), &owned.bytes);
    owned.data = counted ? assay_alloc(owned.bytes, 1) : NULL;
    if (!owned.data)
        return assay_error_set(l->err, ASSAY_E_MEMORY, "out of memory for weight %s (%zu values)", param->name,
                               param_elements(param));
    l->model->owned[index] = owned;
    l->model->owned_bytes += owned.bytes;
    l->model->params[index] =
        (assay_param_view){.data = owned.data, .dtype = dtype, .rows = param->rows, .cols = param->cols};
    return ASSAY_OK;
}

static assay_status own_f32(loader *l, size_t index, float **values)
{
    ASSAY_TRY(own_memory(l, index, ASSAY_F32, false));
    *values = l->model->owned[index].data;
    return ASSAY_OK;
}

/* A frozen matrix that cannot be used where it lies takes half the memory in a bf16 run; so does a trained one where
 * that is asked for. */
static assay_status own_bf16(loader *l, size_t index, const assay_weight *weight, bool in_planes)
{
    const assay_param *param = &l->model->program->params[index];
    size_t count = param_elements(param);
    ASSAY_TRY(own_memory(l, index, ASSAY_BF16, in_planes));
    uint16_t *bf16 = l->model->owned[index].data;
    const assay_planes planes = assay_model_own_planes(l->model, index);
    float *wide = assay_alloc(count, sizeof *wide);
    ASSAY_TRY_ALLOC(wide, param->name, l->err);
    assay_status status = assay_checkpoint_read(l->checkpoint, weight, wide, l->err);
    if (status == ASSAY_OK && in_planes) assay_planes_split(&planes, 0, wide, count);
    for (size_t i = 0; status == ASSAY_OK && !in_planes && i < count; i++) bf16[i] = assay_f32_to_bf16(wide[i]);
    assay_free(wide);
    return status;
}

/* A trained matrix of which no more is kept than bf16. */
static bool is_half(const loader *l, size_t index)
{
    const assay_param *param = &l->model->program->params[index];
    return l->options->half_weights && param->trained && param->role == ASSAY_ROLE_BASE &&
           assay_program_is_bulk(l->model->program, index);
}

/* A trained matrix of which products read no more than bf16, while all of it is kept. */
static bool is_in_planes(const loader *l, size_t index)
{
    const assay_param *param = &l->model->program->params[index];
    return l->options->planes && param->trained && param->role == ASSAY_ROLE_BASE &&
           assay_program_is_bulk(l->model->program, index) && assay_program_reads_bf16(l->model->program, index);
}

static bool is_packed(const assay_weight *weight) { return assay_dtype_is_packed(weight->tensor.dtype); }

static assay_status own_row_map(loader *l, size_t index, const assay_weight *weight)
{
    const assay_param *param = &l->model->program->params[index];
    assay_owned_weight owned = {.dtype = ASSAY_U32, .bytes = param->rows * sizeof(uint32_t)};
    uint32_t *map = owned.data = assay_alloc(param->rows, sizeof *map);
    ASSAY_TRY_ALLOC(map, param->name, l->err);
    for (size_t row = 0; row < param->rows; row++)
        map[row] = (uint32_t)assay_weight_source_row(weight, param->rows, row);
    l->model->owned[index] = owned;
    l->model->owned_bytes += owned.bytes;
    l->model->params[index].row_map = map;
    return ASSAY_OK;
}

static assay_status borrow(loader *l, size_t index, const assay_weight *weight)
{
    const assay_param *param = &l->model->program->params[index];
    l->model->params[index] = (assay_param_view){
        .data = weight->tensor.data, .dtype = weight->tensor.dtype, .rows = param->rows, .cols = param->cols};
    l->model->params[index].parts = weight->tensor.parts;
    l->model->params[index].to_bf16 = l->options->bf16 && is_packed(weight);
    l->model->borrowed_bytes += assay_tensor_stored_bytes(&weight->tensor);
    return assay_model_has_moved_rows(weight) ? own_row_map(l, index, weight) : ASSAY_OK;
}

static assay_status load_weight(loader *l, size_t index, const assay_weight *weight)
{
    const assay_param *param = &l->model->program->params[index];
    assay_status fits = assay_model_check_shape(param, &weight->tensor, weight->file, l->err);
    if (fits != ASSAY_OK)
        return l->checkpoint->kind == ASSAY_CHECKPOINT_GGUF
                   ? fits
                   : assay_error_prefix(l->err, fits, "%s/", l->checkpoint->path);
    if (!assay_model_uses_in_place(param, weight)) {
        if (is_half(l, index)) return own_bf16(l, index, weight, false);
        if (is_in_planes(l, index)) return own_bf16(l, index, weight, true);
        if (l->options->bf16 && !param->trained && !param->vector && param->role == ASSAY_ROLE_BASE)
            return own_bf16(l, index, weight, false);
        float *values;
        ASSAY_TRY(own_f32(l, index, &values));
        return assay_checkpoint_read(l->checkpoint, weight, values, l->err);
    }
    return borrow(l, index, weight);
}

static assay_status load_adapter_tensor(loader *l, size_t index, const assay_tensor *tensor)
{
    const assay_param *param = &l->model->program->params[index];
    ASSAY_TRY(assay_model_check_shape(param, tensor, l->adapter->tensors->path, l->err));
    float *values;
    ASSAY_TRY(own_f32(l, index, &values));
    assay_dtype_to_f32(tensor->dtype, tensor->data, values, param_elements(param));
    return ASSAY_OK;
}

static void fill_uniform(float *data, size_t count, double bound, uint64_t seed, const char *name)
{
    assay_rng rng = {.seed = seed, .stream = assay_rng_stream(name)};
    for (size_t i = 0; i < count; i++) data[i] = (float)((2 * assay_rng_uniform(&rng) - 1) * bound);
}

static void fill_normal(float *data, size_t count, double deviation, uint64_t seed, const char *name)
{
    assay_rng rng = {.seed = seed, .stream = assay_rng_stream(name)};
    for (size_t i = 0; i < count; i++) data[i] = (float)(assay_rng_normal(&rng) * deviation);
}

/* An adapter that trains the language head changes the rows, too. */
static assay_status make_token_head(loader *l, size_t index)
{
    float *values;
    const assay_param *param = &l->model->program->params[index];
    for (size_t i = 0; l->adapter && i < l->adapter->tensors->count; i++)
        if (assay_model_is_language_head(l->model->config.arch, l->adapter->tensors->tensors[i].name))
            return assay_error_set(l->err, ASSAY_E_UNSUPPORTED,
                                   "%s trains the language head (%s), whose rows were asked for: merge it with PEFT's "
                                   "merge_and_unload() first",
                                   l->adapter->tensors->path, l->adapter->tensors->tensors[i].name);
    ASSAY_TRY(own_f32(l, index, &values));
    if (param->vector) return ASSAY_OK;
    return assay_token_head_read(l->checkpoint, &l->model->config, l->options->head_tokens, values, l->err);
}

/* Hidden states times a head of this deviation give rewards of about unit size (the usual choice for reward heads, e.g.
 * TRL's). */
static assay_status make_head(loader *l, size_t index)
{
    const assay_param *param = &l->model->program->params[index];
    l->model->head_is_new = true;
    if (l->options->head_tokens) return make_token_head(l, index);
    if (l->options->need_head && l->adapter)
        return assay_error_set(l->err, ASSAY_E_FORMAT,
                               "neither %s nor its base %s has the reward head (tensor %s): the adapter was saved "
                               "without it, so it cannot score",
                               l->adapter->tensors->path, l->checkpoint->name, param->name);
    if (l->options->need_head)
        return assay_error_set(l->err, ASSAY_E_FORMAT,
                               "%s has no reward head (tensor %s): it is a base model; train one, or give the trained "
                               "folder as --model or --adapter, or judge by words: --head-from-tokens yes,no",
                               l->checkpoint->name, param->name);
    float *values;
    ASSAY_TRY(own_f32(l, index, &values));
    if (!param->vector && !l->options->head_zero)
        fill_normal(values, param_elements(param), 1 / sqrt((double)param->cols + 1), l->options->seed, param->name);
    return ASSAY_OK;
}

/* A: uniform in +-1/sqrt(in), B: zero, as PEFT starts them. */
static assay_status make_lora(loader *l, size_t index)
{
    const assay_param *param = &l->model->program->params[index];
    float *values;
    ASSAY_TRY(own_f32(l, index, &values));
    if (param->role == ASSAY_ROLE_LORA_A)
        fill_uniform(values, param_elements(param), 1 / sqrt((double)param->cols), l->options->seed, param->name);
    return ASSAY_OK;
}

/* Of another slice. That its head will be new is for everybody to know. */
static assay_status leave_out(loader *l, size_t index, bool head_is_there)
{
    const assay_param *param = &l->model->program->params[index];
    if (param->role == ASSAY_ROLE_HEAD && !head_is_there) l->model->head_is_new = true;
    l->model->params[index] = (assay_param_view){.dtype = ASSAY_F32, .rows = param->rows, .cols = param->cols};
    return ASSAY_OK;
}

static assay_status load_param(loader *l, size_t index)
{
    const assay_param *param = &l->model->program->params[index];
    const assay_tensor *adapted = l->adapter ? assay_tensor_file_find(l->adapter->tensors, param->name) : NULL;
    l->adapted += adapted != NULL;
    bool head_is_there = adapted || assay_model_find_weight(l->checkpoint, l->model->config.arch, param->name);
    if (param->role == ASSAY_ROLE_HEAD && l->options->head_tokens && head_is_there)
        return assay_error_set(l->err, ASSAY_E_USAGE,
                               "%s has a trained head (tensor %s): leave out the option that makes one of tokens",
                               adapted ? l->adapter->tensors->path : l->checkpoint->name, param->name);
    if (param->absent) return leave_out(l, index, head_is_there);
    if (adapted) return load_adapter_tensor(l, index, adapted);
    if (param->role == ASSAY_ROLE_LORA_A || param->role == ASSAY_ROLE_LORA_B) {
        if (!l->adapter) return make_lora(l, index);
        return assay_error_set(l->err, ASSAY_E_FORMAT, "%s: tensor %s is missing", l->adapter->tensors->path,
                               param->name);
    }
    const assay_weight *weight = assay_model_find_weight(l->checkpoint, l->model->config.arch, param->name);
    if (weight) return load_weight(l, index, weight);
    if (param->role == ASSAY_ROLE_HEAD) return make_head(l, index);
    return assay_error_set(l->err, ASSAY_E_FORMAT, "%s: tensor %s is missing", l->checkpoint->name, param->name);
}

/* What the adapter brings must all have found a place; if it has not, the first that did not is named. */
static assay_status check_adapter_used(const loader *l)
{
    if (!l->adapter || l->adapted == l->adapter->tensors->count) return ASSAY_OK;
    for (size_t i = 0; i < l->adapter->tensors->count; i++) {
        const char *name = l->adapter->tensors->tensors[i].name;
        if (assay_program_find_param(l->model->program, name) < 0 &&
            !assay_model_is_language_head(l->model->config.arch, name))
            return assay_error_set(l->err, ASSAY_E_FORMAT,
                                   "adapter_model.safetensors: tensor %s has no place in a %s model", name,
                                   l->model->config.arch->name);
    }
    return ASSAY_OK;
}

/* A new head has as many rows as were asked for, one that is there keeps its own. */
static assay_status choose_outputs(loader *l)
{
    assay_model_config *config = &l->model->config;
    if (l->options->steps) return assay_model_config_take_steps(l->checkpoint, l->adapter, config, l->err);
    size_t wanted = l->options->outputs ? l->options->outputs : 1;
    char name[ASSAY_HEAD_NAME];
    snprintf(name, sizeof name, "%s.weight", config->arch->names->head);
    bool is_there = assay_model_find_weight(l->checkpoint, config->arch, name) ||
                    (l->adapter && assay_tensor_file_find(l->adapter->tensors, name));
    if (!is_there && !config->head.count && !config->head.kind && wanted > 1)
        assay_model_config_give_labels(config, wanted, 0);
    if (assay_head_is_labels(&config->head) && assay_head_outputs(&config->head) == wanted) return ASSAY_OK;
    ASSAY_TRY(assay_model_check_trained_head(l->checkpoint, config, "trained on", l->err));
    if (wanted == 1) return ASSAY_OK;
    return assay_error_set(l->err, ASSAY_E_USAGE,
                           "%s has a head of one number, and the data has %zu attributes: train on a base without a "
                           "head, or on data with one attribute",
                           l->adapter ? l->adapter->tensors->path : l->checkpoint->name, wanted);
}

static assay_status write_program(loader *l)
{
    assay_model *model = l->model;
    assay_status status = ASSAY_OK;
    assay_lora_file file = {.adapter = l->adapter, .status = &status, .err = l->err};
    assay_decoder_options decoder = {
        .tuning = l->options->tuning, .bf16 = l->options->bf16, .all_rows = l->options->all_rows};
    ASSAY_TRY(assay_model_config_read(l->checkpoint->config, l->checkpoint->name, &model->config, l->err));
    ASSAY_TRY(assay_model_config_see(l->checkpoint, l->adapter, &model->config, l->err));
    if (l->options->tuning != ASSAY_TUNE_NOTHING) ASSAY_TRY(choose_outputs(l));
    if (l->adapter) {
        decoder.adapter = assay_lora_rank_by_file;
        decoder.adapter_context = &file;
        decoder.dropout = (float)l->adapter->config.dropout;
    } else if (l->options->lora) {
        ASSAY_TRY(assay_lora_check(l->options->lora, model->config.arch, l->err));
        decoder.adapter = assay_lora_rank_by_spec;
        decoder.adapter_context = l->options->lora;
        decoder.dropout = (float)l->options->lora->dropout;
    }
    ASSAY_TRY(assay_decoder_program(&model->program, &model->config, &decoder, l->err));
    ASSAY_TRY(status);
    if (!l->options->slice.end) return ASSAY_OK;
    assay_program *slice;
    ASSAY_TRY(assay_program_slice(&slice, model->program, &l->options->slice, l->err));
    slice->whole = model->program;
    model->program = slice;
    return ASSAY_OK;
}

static assay_status build(loader *l)
{
    assay_model *model = l->model;
    ASSAY_TRY(write_program(l));
    ASSAY_TRY(assay_model_check_tensors(l->checkpoint, &model->config, model->program, true, l->err));
    model->params = assay_alloc(model->program->param_count, sizeof *model->params);
    model->owned = assay_alloc(model->program->param_count, sizeof *model->owned);
    if (!model->params || !model->owned) return assay_error_set(l->err, ASSAY_E_MEMORY, "out of memory for the model");
    for (size_t i = 0; i < model->program->param_count; i++) ASSAY_TRY(load_param(l, i));
    ASSAY_TRY(assay_model_check_tensors(l->checkpoint, &model->config, model->program, false, l->err));
    return check_adapter_used(l);
}

assay_status assay_model_open(assay_model **out, const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                              const assay_model_options *options, assay_error *err)
{
    loader l = {.model = assay_alloc(1, sizeof **out),
                .checkpoint = checkpoint,
                .adapter = adapter,
                .options = options,
                .err = err};
    *out = NULL;
    ASSAY_TRY_ALLOC(l.model, "a model", err);
    l.model->checkpoint = checkpoint;
    assay_status status = build(&l);
    if (status != ASSAY_OK) {
        assay_model_close(l.model);
        return status;
    }
    *out = l.model;
    return ASSAY_OK;
}

/* A matrix that will be packed in memory, and the bytes it will take there. */
static bool packed_later(const loader *l, const assay_param *param, const assay_weight *weight, size_t *bytes)
{
    if (weight && assay_dtype_is_packed(weight->tensor.dtype)) return false;
    return assay_model_packed_bytes(l->model->config.arch, param->name, param->rows, param->cols, l->options->quantise,
                                    l->options->double_quant, bytes);
}

static void measure_param(const loader *l, const assay_param *param, assay_model_size *size)
{
    size_t count = param_elements(param);
    const assay_weight *weight = param->role == ASSAY_ROLE_BASE
                                     ? assay_model_find_weight(l->checkpoint, l->model->config.arch, param->name)
                                     : NULL;
    bool frozen_matrix = param->role == ASSAY_ROLE_BASE && !param->trained && !param->vector,
         known = l->checkpoint->weight_count > 0, half = is_half(l, (size_t)(param - l->model->program->params));
    size_t packed = 0, planes = 0;
    if (param->absent) return;
    if (param->trained) size->trained += count;
    if (param->role != ASSAY_ROLE_BASE) size->adapters += count * sizeof(float);
    if (is_in_planes(l, (size_t)(param - l->model->program->params)) && assay_planes_bytes(count, &planes)) {
        size->owned += planes;
        return;
    }
    if (frozen_matrix && packed_later(l, param, weight, &packed)) {
        size->owned += packed;
        return;
    }
    if (known && weight && assay_model_uses_in_place(param, weight) && assay_model_has_moved_rows(weight))
        size->owned += param->rows * sizeof(uint32_t);
    if (frozen_matrix && known ? weight && assay_model_uses_in_place(param, weight)
                               : frozen_matrix && l->checkpoint->kind != ASSAY_CHECKPOINT_GGUF)
        size->borrowed += weight ? assay_tensor_stored_bytes(&weight->tensor)
                                 : count * assay_dtype_block_bytes(assay_model_config_dtype(l->checkpoint));
    else size->owned += count * (half || (frozen_matrix && l->options->bf16) ? sizeof(uint16_t) : sizeof(float));
}

assay_status assay_model_measure(assay_program **program, assay_model_size *size, const assay_checkpoint *checkpoint,
                                 const assay_adapter_file *adapter, const assay_model_options *options,
                                 assay_error *err)
{
    assay_model model = {0};
    loader l = {.model = &model, .checkpoint = checkpoint, .adapter = adapter, .options = options, .err = err};
    assay_status status = write_program(&l);
    if (status == ASSAY_OK) status = assay_model_check_tensors(checkpoint, &model.config, model.program, true, err);
    *size = (assay_model_size){0};
    *program = NULL;
    if (status != ASSAY_OK) {
        assay_program_free(model.program);
        return status;
    }
    *program = model.program;
    for (size_t i = 0; i < model.program->param_count; i++) measure_param(&l, &model.program->params[i], size);
    return ASSAY_OK;
}

void assay_model_close(assay_model *model)
{
    if (!model) return;
    for (size_t i = 0; model->owned && i < model->program->param_count; i++) assay_free(model->owned[i].data);
    assay_free(model->owned);
    assay_free(model->params);
    assay_program_free(model->program);
    assay_free(model);
}

const assay_program *assay_model_whole(const assay_model *model)
{
    return model->program->whole ? model->program->whole : model->program;
}

size_t assay_model_weights(const assay_model *model, bool trained_only)
{
    size_t total = 0;
    const assay_program *program = assay_model_whole(model);
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *param = &program->params[i];
        if (param->trained || !trained_only) total += param_elements(param);
    }
    return total;
}

float *assay_model_own_f32(const assay_model *model, size_t param)
{
    const assay_owned_weight *owned = &model->owned[param];
    return owned->dtype == ASSAY_F32 ? owned->data : NULL;
}

uint16_t *assay_model_own_bf16(const assay_model *model, size_t param)
{
    const assay_owned_weight *owned = &model->owned[param];
    return owned->dtype == ASSAY_BF16 && !owned->planes ? owned->data : NULL;
}

assay_planes assay_model_own_planes(const assay_model *model, size_t param)
{
    const assay_owned_weight *owned = &model->owned[param];
    const assay_param_view *view = &model->params[param];
    return owned->planes ? assay_planes_at(owned->data, view->rows * view->cols) : (assay_planes){0};
}

static const assay_owned_weight *same_in(const assay_model *base, const char *name, const assay_owned_weight *mine)
{
    int param = assay_program_find_param(base->program, name);
    const assay_owned_weight *theirs = param >= 0 ? &base->owned[param] : NULL;
    bool same = theirs && theirs->data && theirs->dtype == mine->dtype && theirs->bytes == mine->bytes;
    return same && memcmp(theirs->data, mine->data, mine->bytes) == 0 ? theirs : NULL;
}

void assay_model_share(assay_model *model, const assay_model *base)
{
    for (size_t i = 0; i < model->program->param_count; i++) {
        assay_owned_weight *mine = &model->owned[i];
        const assay_owned_weight *theirs = mine->data ? same_in(base, model->program->params[i].name, mine) : NULL;
        if (!theirs) continue;
        if (mine->dtype == ASSAY_U32) model->params[i].row_map = theirs->data;
        else model->params[i].data = theirs->data;
        model->owned_bytes -= mine->bytes;
        assay_free(mine->data);
        *mine = (assay_owned_weight){0};
    }
}
