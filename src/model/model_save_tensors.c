/* Streaming weights to disk. A run of rows at a time comes as f32 (model_save_rows.c), is rounded to the type on disk
 * and handed to the file; what needs no change goes over as bytes. */
#include "model/model_save_tensors.h"

#include "checkpoint/checkpoint_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void assay_save_list_release(assay_save_list *list)
{
    for (size_t i = 0; i < list->count; i++) assay_free(list->items[i].name);
    assay_free(list->items);
    *list = (assay_save_list){0};
}

assay_status assay_save_list_add(assay_save_list *list, const assay_save_tensor *tensor, const char *name,
                                 assay_error *err)
{
    ASSAY_TRY(assay_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, err));
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a tensor's name", err);
    list->items[list->count] = *tensor;
    list->items[list->count++].name = copy;
    return ASSAY_OK;
}

const char *assay_save_full_name(const assay_architecture *arch, const char *name, char *text, size_t size)
{
    const char *prefix = arch->names->prefix, *heads[] = {arch->names->head, arch->names->language_head, prefix};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (!strncmp(name, heads[i], strlen(heads[i]))) return name;
    snprintf(text, size, "%s%s", prefix, name);
    return text;
}

assay_save_tensor assay_save_tensor_of_weight(const assay_weight *weight)
{
    const assay_tensor *tensor = &weight->tensor;
    assay_save_tensor out = {.rank = tensor->rank,
                             .data = tensor->data,
                             .from = tensor->dtype,
                             .parts = tensor->parts,
                             .dtype = tensor->dtype,
                             .rows = 1,
                             .cols = 1};
    memcpy(out.shape, tensor->shape, sizeof out.shape);
    if (tensor->rank > 0) out.rows = tensor->shape[0];
    for (int i = 1; i < tensor->rank; i++) out.cols *= tensor->shape[i];
    out.count = out.rows;
    out.permuted_heads = weight->permuted_heads;
    out.grouped_heads = weight->grouped_heads;
    out.plus_one = weight->plus_one;
    return out;
}

static void read_frequencies(const void *context, const assay_save_tensor *tensor, size_t first, size_t count,
                             float *dst)
{
    (void)context;
    for (size_t i = 0; i < count; i++) dst[i] = 1 / powf(10000, (float)(first + i) / (float)tensor->rows);
}

assay_status assay_save_list_add_frequencies(assay_save_list *list, const assay_model_config *config, assay_error *err)
{
    assay_save_tensor tensor = {.rank = 1, .from = ASSAY_F32, .read = read_frequencies, .cols = 1};
    tensor.rows = tensor.count = tensor.shape[0] = config->rotary / 2;
    return assay_save_list_add(list, &tensor, config->arch->frequencies, err);
}

static void attach_adapter(const assay_model *model, size_t param, assay_save_tensor *out)
{
    for (size_t i = 0; i < model->program->step_count; i++) {
        const assay_step *step = &model->program->steps[i];
        if (!step->attr.adapter || step->param[0] != (int)param) continue;
        const assay_param_view *a = &model->params[step->param[step->params - 2]],
                               *b = &model->params[step->param[step->params - 1]];
        out->a = a->data; /* adapters always lie in the model's own f32 memory */
        out->b = b->data;
        out->adapter_rank = a->rows;
        out->scale = step->attr.scale;
    }
}

static void read_planes(const void *context, const assay_save_tensor *tensor, size_t first, size_t count, float *dst)
{
    const assay_owned_weight *owned = context;
    const assay_planes planes = assay_planes_at(owned->data, tensor->rows * tensor->cols);
    assay_planes_join(&planes, first * tensor->cols, dst, count * tensor->cols);
}

assay_save_tensor assay_save_tensor_of_param(const assay_model *model, size_t param)
{
    const assay_param *described = &model->program->params[param];
    const assay_param_view *view = &model->params[param];
    assay_save_tensor out = {
        .rank = described->vector ? 1 : 2, .data = view->data, .from = view->dtype, .dtype = view->dtype};
    out.row_map = view->row_map;
    out.parts = view->parts;
    out.rows = out.count = out.shape[0] = described->vector ? described->cols : described->rows;
    out.cols = out.shape[1] = described->vector ? 1 : described->cols;
    if (model->owned[param].planes) {
        out.read = read_planes;
        out.context = &model->owned[param];
        out.from = out.dtype = ASSAY_F32;
    }
    if (!described->vector) attach_adapter(model, param, &out);
    return out;
}

void assay_save_list_set_dtype(assay_save_list *list, assay_dtype dtype, bool keep)
{
    for (size_t i = 0; i < list->count; i++) {
        assay_save_tensor *tensor = &list->items[i];
        if (!assay_dtype_is_weight(tensor->from)) continue;
        if (!keep) tensor->dtype = dtype;
        if (keep) tensor->dtype = assay_dtype_is_packed(tensor->from) ? ASSAY_F32 : tensor->from;
    }
}

bool assay_save_all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

assay_status assay_save_cannot_pack(const assay_save_tensor *tensor, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "tensor %s holds NaN, infinity or a number beyond the scales of %s, and cannot be packed: "
                           "fetch or convert the model again, or leave --quantize out",
                           tensor->name, assay_dtype_name(tensor->dtype));
}

/* What a block type takes from the values, in the tensor's sums. packed may not be the values. false: some value is
 * larger than the type's scale can say, and would be read as infinity. */
static bool count_loss(assay_save_tensor *tensor, const float *values, const void *packed, size_t count)
{
    size_t bytes = assay_dtype_block_bytes(tensor->dtype), block = assay_dtype_block(tensor->dtype);
    float group[ASSAY_GROUP];
    for (size_t i = 0; i < count; i += ASSAY_GROUP) {
        assay_dtype_run_to_f32(tensor->dtype, (const uint8_t *)packed + i / block * bytes, i % block, ASSAY_GROUP,
                               group);
        if (!assay_save_all_finite(group, ASSAY_GROUP)) return false;
        for (size_t j = 0; j < ASSAY_GROUP; j++) {
            double value = (double)values[i + j], rest = value - (double)group[j];
            tensor->squares += value * value;
            tensor->lost += rest * rest;
        }
    }
    return true;
}

/* Rounded to a block type, NaN would be a number like any other. */
static assay_status pack(assay_save_tensor *tensor, const float *values, size_t count, void *packed, assay_error *err)
{
    bool fits = assay_save_all_finite(values, count);
    if (fits) assay_dtype_from_f32(tensor->dtype, values, packed, count);
    if (fits && count_loss(tensor, values, packed, count)) return ASSAY_OK;
    return assay_save_cannot_pack(tensor, err);
}

/* Where rows go on their way to disk. */
typedef struct row_writer {
    assay_save_tensor *tensor;
    void *packed; /* room for a run of a block type */
    const assay_save_sink *sink;
} row_writer;

/* As bytes on disk: in place, or, of a block type, in `packed`. */
static assay_status hand_over(void *context, float *values, size_t count, assay_error *err)
{
    row_writer *w = context;
    bool blocks = assay_dtype_is_packed(w->tensor->dtype);
    if (blocks) ASSAY_TRY(pack(w->tensor, values, count, w->packed, err));
    else assay_dtype_from_f32(w->tensor->dtype, values, values, count);
    return w->sink->put(w->sink->context, blocks ? w->packed : values, assay_dtype_row_bytes(w->tensor->dtype, count),
                        err);
}

static assay_status write_computed(assay_save_tensor *tensor, const assay_save_sink *sink, assay_error *err)
{
    size_t run;
    row_writer w = {.tensor = tensor, .sink = sink};
    w.packed = assay_save_tensor_run(tensor, 1, &run) ? assay_alloc(run, sizeof(float)) : NULL;
    ASSAY_TRY_ALLOC(w.packed, tensor->name, err);
    assay_status status = assay_save_tensor_read(tensor, 1, hand_over, &w, err);
    assay_free(w.packed);
    return status;
}

assay_status assay_save_tensor_write(assay_save_tensor *tensor, const assay_save_sink *sink, assay_error *err)
{
    if (tensor->count == 0 || tensor->cols == 0) return ASSAY_OK;
    bool changed =
        tensor->read || tensor->a || assay_save_tensor_is_moved(tensor) || tensor->plus_one != tensor->stored.plus_one;
    if (changed || tensor->dtype != tensor->from) return write_computed(tensor, sink, err);
    size_t size = assay_dtype_row_bytes(tensor->from, tensor->cols);
    return sink->put(sink->context, (const uint8_t *)tensor->data + tensor->first * size, size * tensor->count, err);
}

static assay_status put_into_file(void *writer, const void *bytes, size_t size, assay_error *err)
{
    return assay_writer_write(writer, bytes, size, err);
}

assay_save_sink assay_save_into_file(assay_writer *writer)
{
    return (assay_save_sink){.put = put_into_file, .context = writer};
}

static assay_status source(void *context, const assay_tensor *tensor, assay_writer *writer, assay_error *err)
{
    assay_save_list *list = context;
    const assay_save_sink file = assay_save_into_file(writer);
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i].name, tensor->name)) return assay_save_tensor_write(&list->items[i], &file, err);
    return assay_error_set(err, ASSAY_E_FORMAT, "tensor %s is not in the list to be written", tensor->name);
}

static assay_status describe(const assay_save_tensor *item, assay_tensor *out, assay_error *err)
{
    size_t elements = 0;
    *out = (assay_tensor){.name = item->name, .dtype = item->dtype, .rank = item->rank};
    memcpy(out->shape, item->shape, sizeof out->shape);
    if (assay_tensor_elements(out, &elements) && assay_dtype_bytes(item->dtype, elements, &out->bytes)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "tensor %s is too large", item->name);
}

static assay_status describe_all(const assay_save_list *list, assay_tensor **out, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_tensor *tensors = *out = assay_alloc(list->count, sizeof *tensors);
    ASSAY_TRY_ALLOC(tensors, "a list of tensors", err);
    for (size_t i = 0; i < list->count && status == ASSAY_OK; i++) status = describe(&list->items[i], &tensors[i], err);
    return status;
}

assay_status assay_save_list_write(assay_save_list *list, const char *folder, size_t shard_bytes, assay_error *err)
{
    assay_tensor *tensors;
    assay_status status = describe_all(list, &tensors, err);
    if (status == ASSAY_OK)
        status = assay_checkpoint_write_sharded(folder, tensors, list->count, source, list,
                                                shard_bytes ? shard_bytes : ASSAY_SHARD_BYTES, err);
    assay_free(tensors);
    return status;
}

assay_status assay_save_list_write_body(assay_save_list *list, const char *folder, const char *architecture,
                                        assay_error *err)
{
    assay_tensor *tensors;
    char *path = assay_path_join(folder, ASSAY_BODY_FILE);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = describe_all(list, &tensors, err);
    if (status == ASSAY_OK) status = assay_gguf_write(path, architecture, tensors, list->count, source, list, err);
    assay_free(tensors);
    assay_free(path);
    return status;
}
