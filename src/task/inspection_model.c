/* Checkpoints and adapters against the program that would run them: every weight it names must be there in the right
 * shape. */
#include "head/head_kind.h"
#include "model/model.h"
#include "model/model_tensors.h"
#include "task/inspection.h"
#include "task/pooling.h"

#include <stdio.h>
#include <string.h>

enum { NAMED = 5 }; /* tensors named in full; the rest is counted */

static bool shape_fits(const assay_param *param, const assay_tensor *tensor)
{
    if (param->vector) return tensor->rank == 1 && tensor->shape[0] == param->cols;
    return tensor->rank == 2 && tensor->shape[0] == param->rows && tensor->shape[1] == param->cols;
}

static void report_shape(json_t *report, const assay_param *param, const assay_tensor *tensor)
{
    char found[128], wanted[64];
    if (param->vector) snprintf(wanted, sizeof wanted, "[%zu]", param->cols);
    else snprintf(wanted, sizeof wanted, "[%zu, %zu]", param->rows, param->cols);
    assay_inspect_problem(report, "the tensor %s has shape %s, the config asks for %s", param->name,
                          assay_shape_text(tensor, found, sizeof found), wanted);
}

static void check_weights(json_t *report, const assay_checkpoint *checkpoint, const assay_model_config *config,
                          const assay_program *program)
{
    size_t missing = 0, wrong = 0;
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *param = &program->params[i];
        const assay_weight *weight = assay_model_find_weight(checkpoint, config->arch, param->name);
        if (!weight && param->role != ASSAY_ROLE_HEAD && missing++ < NAMED)
            assay_inspect_problem(report, "the tensor %s is missing", param->name);
        if (!weight) continue;
        if (!shape_fits(param, &weight->tensor) && wrong++ < NAMED) report_shape(report, param, &weight->tensor);
        if (!assay_dtype_is_weight(weight->tensor.dtype))
            assay_inspect_problem(report, "the tensor %s holds %s, which is no type of weights", param->name,
                                  assay_dtype_name(weight->tensor.dtype));
    }
    if (missing > NAMED) assay_inspect_problem(report, "%zu tensors are missing in all", missing);
    if (wrong > NAMED) assay_inspect_problem(report, "%zu tensors have a wrong shape in all", wrong);
}

static void set_config(json_t *report, const assay_model_config *config)
{
    assay_inspect_set(report, "architecture", json_string(config->arch->name));
    assay_inspect_set(report, "layers", json_integer((json_int_t)config->layers));
    assay_inspect_set(report, "hidden", json_integer((json_int_t)config->hidden));
    assay_inspect_set(report, "vocabulary", json_integer((json_int_t)config->vocab));
}

static void find_head(json_t *report, const assay_checkpoint *checkpoint, const assay_model_config *config)
{
    char name[2 * ASSAY_HEAD_NAME];
    snprintf(name, sizeof name, "%s.weight", config->arch->names->head);
    if (!config->head.count && !assay_checkpoint_find(checkpoint, name)) {
        assay_inspect_set(report, "judge", json_string("untrained: --head-from-tokens YES,NO"));
        return;
    }
    assay_head_modules(&config->head, config->arch->names->head, name, sizeof name);
    bool own = assay_folder_holds(checkpoint->path, "assay.json");
    assay_pooling pooling = own ? ASSAY_POOL_LAST : assay_pooling_of(checkpoint->config, config);
    assay_inspect_set(report, "head", json_string(name));
    if (config->head.kind) assay_inspect_set(report, "head_kind", json_string(config->head.kind->title));
    const char *place = config->head.steps ? "the end of each step" : assay_pooling_words(pooling);
    assay_inspect_set(report, "pooling", json_string(place));
}

static void check_program(json_t *report, const assay_checkpoint *checkpoint)
{
    assay_model_config config;
    assay_program *program;
    assay_error err = {0};
    const char *type = json_string_value(json_object_get(checkpoint->config, "model_type"));
    if (type) assay_inspect_set(report, "architecture", json_string(type));
    bool read = assay_model_config_read(checkpoint->config, checkpoint->name, &config, &err) == ASSAY_OK;
    if (read) read = assay_model_config_see(checkpoint, NULL, &config, &err) == ASSAY_OK;
    if (!read || assay_decoder_program(&program, &config, &(assay_decoder_options){0}, &err) != ASSAY_OK) {
        assay_inspect_problem(report, "%s", err.text);
        return;
    }
    set_config(report, &config);
    if (checkpoint->weight_count) {
        find_head(report, checkpoint, &config);
        check_weights(report, checkpoint, &config, program);
        if (assay_model_check_tensors(checkpoint, &config, program, false, &err) != ASSAY_OK)
            assay_inspect_problem(report, "%s", err.text);
        assay_inspect_set(report, "supported", json_boolean(json_array_size(json_object_get(report, "problems")) == 0));
    }
    assay_program_free(program);
    assay_inspect_tokenizer(report, checkpoint->path, checkpoint->gguf, config.vocab);
}

void assay_inspect_checkpoint(json_t *report, const char *path)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    assay_inspect_set(report, "kind", json_string(assay_path_is_dir(path) ? "checkpoint" : "gguf"));
    if (assay_checkpoint_open(&checkpoint, path, 0, &err) != ASSAY_OK) {
        assay_inspect_problem(report, "%s", err.text); /* perhaps the weights alone are missing or of an unknown type */
        if (assay_checkpoint_open(&checkpoint, path, ASSAY_CHECKPOINT_CONFIG_ONLY, NULL) != ASSAY_OK) return;
    }
    if (checkpoint->weight_count) assay_inspect_weights(report, checkpoint);
    if (checkpoint->unlisted_count)
        assay_inspect_problem(report, "%zu tensors lie in a shard but not in the index", checkpoint->unlisted_count);
    check_program(report, checkpoint);
    assay_checkpoint_close(checkpoint);
}

/* ---- adapters ---- */

static bool has_module(const assay_adapter_file *adapter, const char *module)
{
    size_t length = strlen(module);
    for (size_t i = 0; i < adapter->tensors->count; i++) {
        const char *name = adapter->tensors->tensors[i].name;
        if (!strncmp(name, module, length) && name[length] == '.' && !strstr(name, ".lora_")) return true;
    }
    return false;
}

/* The architecture whose layers the adapter's names lie in, for a base that is not at hand. */
static const assay_architecture *guess(const assay_adapter_file *adapter)
{
    const assay_architecture *arch;
    for (size_t a = 0; (arch = assay_architecture_at(a)); a++) {
        size_t length = strcspn(arch->names->out, "%");
        for (size_t i = 0; i < adapter->tensors->count; i++)
            if (!strncmp(adapter->tensors->tensors[i].name, arch->names->out, length)) return arch;
    }
    return NULL;
}

/* The module of its head that the adapter holds; NULL: none of those that are read. */
static const char *head_inside(const assay_adapter_file *adapter, const assay_architecture *arch)
{
    const char *const modules[] = {arch ? arch->names->head : "score", "classifier_head", "v_head", "value_head"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (has_module(adapter, modules[i])) return modules[i];
    return NULL;
}

static void check_head(json_t *report, const assay_adapter_file *adapter, const assay_architecture *arch,
                       const assay_checkpoint *base)
{
    char name[96];
    const char *inside = head_inside(adapter, arch), *head = arch ? arch->names->head : "score";
    snprintf(name, sizeof name, "%s.weight", head);
    if (inside) {
        assay_inspect_set(report, "head", json_string(inside));
    } else if (base && assay_checkpoint_find(base, name)) {
        assay_inspect_set(report, "head", json_string("of the base"));
    } else if (arch && arch->peft_task_type_null) {
        assay_inspect_problem(report,
                              "the adapter has lost its head: no %s in it. PEFT saves only heads whose "
                              "name ends in score or "
                              "classifier unless modules_to_save names them, so the trained head is gone; train again",
                              head);
        assay_inspect_set(report, "supported", json_false());
    } else
        assay_inspect_problem(report, "there is no reward head (%s) in the adapter%s", head,
                              base ? " nor in its base" : "");
}

static void check_against_base(json_t *report, const assay_adapter_file *adapter, const assay_checkpoint *base)
{
    assay_model *model;
    assay_error err = {0};
    bool opened =
        assay_model_open(&model, base, adapter, &(assay_model_options){.tuning = ASSAY_TUNE_NOTHING}, &err) == ASSAY_OK;
    assay_inspect_set(report, "supported", json_boolean(opened));
    if (opened) set_config(report, &model->config);
    else assay_inspect_problem(report, "on its base: %s", err.text);
    if (opened) check_head(report, adapter, model->config.arch, base);
    if (opened) assay_model_close(model);
}

static void describe_adapter(json_t *report, const assay_adapter_file *adapter)
{
    const assay_adapter_config *config = &adapter->config;
    json_t *targets = json_array();
    for (size_t i = 0; i < config->target_count; i++) json_array_append_new(targets, json_string(config->targets[i]));
    assay_inspect_set(report, "rank", json_integer(config->rank));
    assay_inspect_set(report, "alpha", json_real(config->alpha));
    assay_inspect_set(report, "targets", targets);
    assay_inspect_set(report, "base", config->base ? json_string(config->base) : json_null());
    assay_checkpoint weights = {.config = json_object(), .weight_count = adapter->tensors->count};
    weights.weights = assay_alloc(weights.weight_count, sizeof *weights.weights);
    for (size_t i = 0; weights.weights && i < weights.weight_count; i++)
        weights.weights[i].tensor = adapter->tensors->tensors[i];
    if (weights.weights) assay_inspect_weights(report, &weights);
    assay_free(weights.weights);
    json_decref(weights.config);
}

void assay_inspect_adapter(json_t *report, const char *path)
{
    assay_adapter_file *adapter;
    assay_checkpoint *base = NULL;
    assay_error err = {0};
    assay_inspect_set(report, "kind", json_string("adapter"));
    if (assay_adapter_open(&adapter, path, &err) != ASSAY_OK) {
        assay_inspect_problem(report, "%s", err.text);
        return;
    }
    const assay_architecture *arch = guess(adapter);
    describe_adapter(report, adapter);
    if (arch) assay_inspect_set(report, "architecture", json_string(arch->name));
    if (!adapter->config.base)
        assay_inspect_problem(report, "the adapter does not name its base (base_model_name_or_path)");
    else if (assay_checkpoint_open(&base, adapter->config.base, 0, &err) != ASSAY_OK)
        assay_inspect_problem(report, "the base: %s", err.text);
    if (base) check_against_base(report, adapter, base);
    else check_head(report, adapter, arch, NULL);
    assay_checkpoint_close(base);
    assay_adapter_close(adapter);
}
