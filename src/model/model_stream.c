/* One walk over the program's steps tells for each parameter whose it is: of one layer, of an operation that reads it
 * by row, or of more than one step. Then the files are asked where its bytes are. */
#include "model/model_stream.h"

#include "base/alloc.h"
#include "base/text.h"
#include "model/model_tensors.h"

#include <unistd.h>

typedef struct lister {
    const assay_program *program;
    const assay_checkpoint *checkpoint;
    const assay_adapter_file *adapter;
    const assay_architecture *arch;
    assay_stream_list *list;
    int *place; /* per parameter: a layer, ASSAY_STREAM_ROWS, or ASSAY_STREAM_NOT; UNSEEN */
    assay_error *err;
} lister;

enum { UNSEEN = -3 };

static void look_at_step(lister *l, const assay_step *step)
{
    bool inside = step->layer >= 0 && step->layer < l->program->layers;
    int place = step->op->by_row ? ASSAY_STREAM_ROWS : inside ? step->layer : ASSAY_STREAM_NOT;
    for (int i = 0; i < step->params; i++) {
        int *known = &l->place[step->param[i]];
        *known = *known == UNSEEN || (*known == place && place >= 0) ? place : ASSAY_STREAM_NOT;
    }
}

/* A frozen matrix of the base that no adapter brings anew. */
static bool is_base_matrix(const lister *l, const assay_param *param)
{
    return param->role == ASSAY_ROLE_BASE && !param->trained && !param->vector &&
           !(l->adapter && assay_tensor_file_find(l->adapter->tensors, param->name));
}

/* What the bytes at `data` are; false: not in a file. */
static assay_status find_piece(const lister *l, const assay_weight *weight, const void *data, assay_stream_piece *piece,
                               bool *found)
{
    assay_file_place place;
    *found = assay_checkpoint_locate_bytes(l->checkpoint, data, piece->bytes, &place);
    if (!*found) return ASSAY_OK;
    piece->tensor = weight->tensor.name;
    piece->offset = place.offset;
    return assay_stream_list_file(l->list, place.path, place.file_bytes, &piece->file, l->err);
}

static assay_status add_layer_weight(const lister *l, int param, const assay_weight *weight)
{
    const assay_tensor *tensor = &weight->tensor;
    const assay_parts *parts = tensor->parts;
    const struct {
        const void *data;
        size_t bytes;
    } all[] = {[ASSAY_STREAM_VALUES] = {tensor->data, tensor->bytes},
               [ASSAY_STREAM_SCALES] = {parts ? parts->scales : NULL, parts ? parts->scale_bytes : 0},
               [ASSAY_STREAM_MAP] = {parts ? parts->map : NULL, ASSAY_PARTS_MAP_BYTES},
               [ASSAY_STREAM_MAP_SCALES] = {parts ? parts->map_scales : NULL, parts ? parts->map_scale_bytes : 0},
               [ASSAY_STREAM_ZEROS] = {parts ? parts->zeros : NULL, parts ? parts->zero_bytes : 0},
               [ASSAY_STREAM_GROUPS] = {parts ? parts->groups : NULL, parts ? parts->group_bytes : 0}};
    assay_stream_piece pieces[sizeof all / sizeof *all];
    size_t count = 0;
    for (size_t part = 0; part < sizeof all / sizeof *all; part++) {
        bool found = true;
        if (!all[part].data) continue;
        pieces[count] = (assay_stream_piece){
            .layer = l->place[param], .param = param, .part = (assay_stream_part)part, .bytes = all[part].bytes};
        ASSAY_TRY(find_piece(l, weight, all[part].data, &pieces[count++], &found));
        if (!found) return ASSAY_OK;
    }
    for (size_t i = 0; i < count; i++) ASSAY_TRY(assay_stream_list_add(l->list, &pieces[i], l->err));
    return ASSAY_OK;
}

/* Blocks that cross rows cannot be taken row by row. */
static assay_status add_by_row(const lister *l, int param, const assay_weight *weight)
{
    const assay_param *p = &l->program->params[param];
    bool found = false, by_row = !weight->tensor.parts && !assay_model_has_moved_rows(weight) && p->rows > 0;
    assay_stream_piece row = {.param = param, .bytes = weight->tensor.bytes};
    if (!by_row || l->list->rows.param >= 0) return ASSAY_OK;
    ASSAY_TRY(find_piece(l, weight, weight->tensor.data, &row, &found));
    row.bytes = weight->tensor.bytes / p->rows;
    if (found) assay_stream_list_by_row(l->list, &row, p->rows);
    return ASSAY_OK;
}

/* Without files all matrices are of one type, and lie nowhere. */
static assay_status add_unseen(const lister *l, int param)
{
    const assay_param *p = &l->program->params[param];
    size_t row = p->cols * assay_dtype_block_bytes(assay_model_config_dtype(l->checkpoint));
    assay_stream_piece piece = {.layer = l->place[param], .param = param, .file = -1, .bytes = row};
    if (l->checkpoint->kind == ASSAY_CHECKPOINT_GGUF) return ASSAY_OK;
    if (l->place[param] == ASSAY_STREAM_ROWS) {
        if (l->list->rows.param < 0) assay_stream_list_by_row(l->list, &piece, p->rows);
        return ASSAY_OK;
    }
    piece.bytes = row * p->rows;
    return assay_stream_list_add(l->list, &piece, l->err);
}

/* A plan made from the config alone asks how fast the files are, where there are any. */
static assay_status note_files(const lister *l)
{
    char **names;
    size_t count;
    assay_status status = ASSAY_OK;
    if (!assay_path_is_dir(l->checkpoint->path)) return ASSAY_OK;
    ASSAY_TRY(assay_list_dir(l->checkpoint->path, &names, &count, l->err));
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        int file, fd;
        uint64_t bytes;
        if (!assay_text_ends(names[i], ".safetensors") && !assay_text_ends(names[i], ".bin")) continue;
        char *path = assay_path_join(l->checkpoint->path, names[i]);
        if (path && assay_file_open(path, &fd, &bytes, NULL) == ASSAY_OK) {
            close(fd);
            status = assay_stream_list_file(l->list, path, bytes, &file, l->err);
        }
        assay_free(path);
    }
    assay_names_free(names, count);
    return status;
}

static assay_status add_param(const lister *l, int param)
{
    const assay_param *p = &l->program->params[param];
    if (l->place[param] < ASSAY_STREAM_ROWS || !is_base_matrix(l, p)) return ASSAY_OK;
    if (l->checkpoint->weight_count == 0) return add_unseen(l, param);
    const assay_weight *weight = assay_model_find_weight(l->checkpoint, l->arch, p->name);
    if (!weight || !assay_model_uses_in_place(p, weight)) return ASSAY_OK;
    return l->place[param] == ASSAY_STREAM_ROWS ? add_by_row(l, param, weight) : add_layer_weight(l, param, weight);
}

static assay_status fill(lister *l)
{
    for (size_t i = 0; i < l->program->param_count; i++) l->place[i] = UNSEEN;
    for (size_t s = 0; s < l->program->step_count; s++) look_at_step(l, &l->program->steps[s]);
    for (size_t i = 0; i < l->program->param_count; i++) ASSAY_TRY(add_param(l, (int)i));
    if (l->checkpoint->weight_count == 0) ASSAY_TRY(note_files(l));
    assay_stream_list_settle(l->list);
    return ASSAY_OK;
}

assay_status assay_model_stream_list(assay_stream_list **out, const assay_program *program,
                                     const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                     assay_error *err)
{
    lister l = {.program = program,
                .checkpoint = checkpoint,
                .adapter = adapter,
                .arch = assay_architecture_of(checkpoint->config),
                .err = err};
    *out = NULL;
    ASSAY_TRY(assay_stream_list_create(&l.list, program->param_count, program->layers, err));
    l.place = assay_alloc(program->param_count, sizeof *l.place);
    assay_status status = l.place ? fill(&l) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list");
    assay_free(l.place);
    if (status == ASSAY_OK && l.list->bytes > 0) *out = l.list;
    else assay_stream_list_free(l.list);
    return status;
}
