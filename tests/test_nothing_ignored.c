/* Nothing in a checkpoint is passed over in silence: every family's tiny checkpoint with one thing added at a time, a
 * tensor nobody reads, a key that changes mathematics somewhere, a class with another head. Each must be refused by
 * name or obeyed. And what loaded before goes on loading: configs of public models (tests/data/configs, reduced to what
 * a config.json has to say; written down from their published values). */
#include "container_check.h"

#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "container/safetensors.h"
#include "family/config_audit.h"
#include "model/model_init.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- public configs ---- */

static void test_public_configs_load(void **state)
{
    (void)state;
    char line[8192];
    size_t old = 0, all = 0;
    FILE *file = fopen("tests/data/configs/public.jsonl", "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); all++) {
        json_t *row = assay_json_value(line), *config = json_object_get(row, "config");
        const char *name = json_string_value(json_object_get(row, "name"));
        assay_model_config read;
        assay_error err = {0};
        if (assay_model_config_read(config, name, &read, &err)) fail_msg("%s: %s", name, err.text);
        json_t *notes = assay_config_notes(config, read.arch, NULL, false);
        if (json_array_size(notes)) fail_msg("%s: %s", name, json_string_value(json_array_get(notes, 0)));
        old += !strcmp(json_string_value(json_object_get(row, "since")), "0.1");
        json_decref(notes);
        json_decref(row);
    }
    fclose(file);
    assert_true(old >= 30);
    print_message("%zu public configs load, %zu of them did in 0.1\n", all, old);
}

/* ---- tiny checkpoints of every family ---- */

static void write_tiny(const assay_architecture *arch, const char *folder)
{
    assay_error err = {0};
    const assay_init_options options = {.seed = 1, .pad_token = 259, .bos_token = 256, .eos_token = 258};
    if (assay_model_init(arch->shapes, arch, &options, folder, &err)) fail_msg("%s: %s", arch->name, err.text);
}

static assay_checkpoint *open_tiny(const char *folder)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    if (assay_checkpoint_open(&checkpoint, folder, 0, &err)) fail_msg("%s", err.text);
    return checkpoint;
}

static assay_status open_model(const assay_checkpoint *checkpoint, assay_error *err)
{
    assay_model *model = NULL;
    assay_status status = assay_model_open(&model, checkpoint, NULL, &(assay_model_options){.seed = 1}, err);
    if (status == ASSAY_OK) assay_model_close(model);
    return status;
}

/* The checkpoint with one more tensor in its list, in its place by name. */
static assay_checkpoint with_tensor(const assay_checkpoint *base, const char *name)
{
    static const float zeros[64];
    assay_checkpoint more = *base;
    size_t at = 0;
    more.weights = assay_alloc(base->weight_count + 1, sizeof *more.weights);
    while (at < base->weight_count && strcmp(base->weights[at].tensor.name, name) < 0) at++;
    memcpy(more.weights, base->weights, at * sizeof *more.weights);
    memcpy(more.weights + at + 1, base->weights + at, (base->weight_count - at) * sizeof *more.weights);
    more.weights[at] = (assay_weight){
        .tensor = {.name = name, .dtype = ASSAY_F32, .rank = 1, .shape = {64}, .data = zeros, .bytes = sizeof zeros},
        .file = "model.safetensors"};
    more.weight_count++;
    return more;
}

typedef struct surprise {
    const char *tensor; /* "%s": the module of layer 0 that attention ends in */
    const char *says;
} surprise;

static const surprise surprises[] = {
    {"%s.surprise", "has no place"},
    {"surprise.weight", "has no place"},
    {"%s.qweight", "quantised"},
    {"%s.g_idx", "gptq"},
    {"%s.absmax", "bitsandbytes"},
    {"%s.weight_scale_inv", "fp8"},
    {"%s.lora_A.default.weight", "not merged"},
    {"model.layers.0.mlp.experts.0.up_proj.weight", "experts"},
    {"score.0.weight", "head"},
    {"v_head.summary.weight", "head"},
    {"value_head.weight", "head"},
    {"classifier.out_proj.weight", "head"},
    {"gating.layers.0.weight", "head"},
    {"gating.logit_scale", "head"},
    {"reward_transform_matrix", "head"},
    {"regression_layer.weight", "head"},
    {"regression_head.weight", "head"},
    {"score_head.weight", "head"},
    {"v_head.weight", "head"},
    {"v_head.summary.0.weight", "head"},
    {"v_head.summary.2.bias", "head"},
    {"reward_head.weight", "head"},
    {"mean", "head"},
};

static void module_of(char *out, size_t size, const char *pattern, int layer)
{
    size_t length = strcspn(pattern, "%");
    snprintf(out, size, "%.*s%d%s", (int)length, pattern, layer, pattern + length + 2);
}

static void check_surprise(const assay_checkpoint *base, const assay_architecture *arch, const char *name,
                           const char *says)
{
    assay_error err = {0};
    assay_checkpoint more = with_tensor(base, name);
    if (open_model(&more, &err) == ASSAY_OK) fail_msg("%s: the tensor %s was left out in silence", arch->name, name);
    if (!strstr(err.text, name) || !strstr(err.text, says)) fail_msg("%s, %s: %s", arch->name, name, err.text);
    assay_free(more.weights);
}

static size_t check_tensors(const assay_architecture *arch)
{
    char *folder = fresh_folder(), module[128], name[192];
    const surprise *s = surprises;
    size_t count = sizeof surprises / sizeof *surprises;
    assay_error err = {0};
    write_tiny(arch, folder);
    assay_checkpoint *base = open_tiny(folder);
    if (open_model(base, &err)) fail_msg("%s: %s", arch->name, err.text);
    for (size_t i = 0; i < count; i++) {
        module_of(module, sizeof module, arch->names->out, 0);
        if (!strncmp(s[i].tensor, "%s", 2)) snprintf(name, sizeof name, "%s%s", module, s[i].tensor + 2);
        else snprintf(name, sizeof name, "%s", s[i].tensor);
        check_surprise(base, arch, name, s[i].says);
    }
    module_of(module, sizeof module, arch->names->out, 7);
    snprintf(name, sizeof name, "%s.weight", module);
    check_surprise(base, arch, name, "layer 7");
    assay_checkpoint_close(base);
    drop_folder(folder);
    return count + 1;
}

static void test_no_tensor_is_left_out(void **state)
{
    (void)state;
    size_t refused = 0;
    for (size_t i = 0; assay_architecture_at(i); i++) refused += check_tensors(assay_architecture_at(i));
    print_message("%zu unknown tensors refused\n", refused);
}

/* A head of a kind that is read is obeyed whole, on every family: the model has it, and one tensor less is refused. */
static void check_kind(const assay_architecture *arch, const assay_head_kind *kind)
{
    char *folder = fresh_folder();
    assay_error err = {0};
    assay_model *model;
    const assay_init_options options = {
        .seed = 1, .pad_token = 259, .bos_token = 256, .eos_token = 258, .head = kind->name};
    if (assay_model_init(arch->shapes, arch, &options, folder, &err)) fail_msg("%s: %s", arch->name, err.text);
    assay_checkpoint *base = open_tiny(folder);
    if (assay_model_open(&model, base, NULL, &(assay_model_options){.need_head = true}, &err))
        fail_msg("%s, %s: %s", arch->name, kind->name, err.text);
    if (model->config.head.kind != kind) fail_msg("%s, %s: read as another", arch->name, kind->name);
    const assay_program *program = model->program;
    size_t part = 0, first = 0;
    while (program->params[part].role != ASSAY_ROLE_HEAD) part++;
    while (strcmp(base->weights[first].tensor.name, program->params[part].name) != 0) first++;
    assay_model_close(model);
    memmove(&base->weights[first], &base->weights[first + 1], (--base->weight_count - first) * sizeof *base->weights);
    if (assay_model_open(&model, base, NULL, &(assay_model_options){.need_head = true}, &err) == ASSAY_OK)
        fail_msg("%s, %s: half a head was left out in silence", arch->name, kind->name);
    assay_checkpoint_close(base);
    drop_folder(folder);
}

static void test_every_head_is_obeyed_or_refused(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t a = 0; assay_architecture_at(a); a++)
        for (size_t k = 0; assay_head_kind_at(k); k++) {
            if (!assay_head_kind_at(k)->init_layers) continue;
            check_kind(assay_architecture_at(a), assay_head_kind_at(k));
            count++;
        }
    print_message("%zu heads obeyed whole, refused in part\n", count);
}

/* ---- keys ---- */

static const char *const keys[] = {
    "{\"is_causal\": false}",
    "{\"use_bidirectional_attention\": true}",
    "{\"add_cross_attention\": true}",
    "{\"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 0}",
    "{\"layer_types\": [\"sliding_attention\", \"chunked_attention\"]}",
    "{\"attention_window\": 5}",
    "{\"attention_chunk_size\": 5}",
    "{\"attn_logit_softcapping\": 7.5}",
    "{\"query_pre_attn_scalar\": 77}",
    "{\"attention_multiplier\": 0.77}",
    "{\"attn_temperature_tuning\": true}",
    "{\"use_logn_attn\": true}",
    "{\"use_dynamic_ntk\": true}",
    "{\"embedding_multiplier\": 7.5}",
    "{\"scale_emb\": 7}",
    "{\"residual_multiplier\": 0.77}",
    "{\"scale_depth\": 0.7}",
    "{\"qk_layernorm\": true}",
    "{\"use_qk_norm\": true}",
    "{\"clip_qkv\": 8}",
    "{\"use_parallel_residual\": true}",
    "{\"alibi\": true}",
    "{\"position_encoding_2d\": true}",
    "{\"position_embedding_type\": \"absolute\"}",
    "{\"partial_rotary_factor\": 0.25}",
    "{\"rotary_pct\": 0.25}",
    "{\"rope_interleaved\": true}",
    "{\"rope_ratio\": 50}",
    "{\"rope_local_base_freq\": 777.0}",
    "{\"no_rope_layers\": [0, 1]}",
    "{\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 4.0}}",
    "{\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1.0], \"long_factor\": [2.0]}}",
    "{\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 4.0, \"surprise\": 2}}",
    "{\"use_bias\": true}",
    "{\"multi_query\": true}",
    "{\"num_local_experts\": 8}",
    "{\"n_routed_experts\": 8}",
    "{\"pre_seq_len\": 128}",
    "{\"quantization_bit\": 4}",
    "{\"apply_residual_connection_post_layernorm\": true}",
    "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 5}}",
    "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"checkpoint_format\": \"marlin\"}}",
    "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"rotation\": \"hadamard\"}}",
    "{\"quantization_config\": {\"quant_method\": \"awq\"}}",
    "{\"quantization_config\": {\"quant_method\": \"awq\", \"bits\": 4, \"version\": \"gemv_fast\"}}",
    "{\"quantization_config\": {\"quant_method\": \"bitsandbytes\"}}",
    "{\"quantization_config\": {\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"}}",
    "{\"quantization_config\": {\"quant_method\": \"compressed-tensors\"}}",
    ("{\"quantization_config\": {\"quant_method\": \"compressed-tensors\", \"format\": \"marlin-24\", "
     "\"config_groups\": {\"a\": {\"weights\": {\"type\": \"int\", \"num_bits\": 4}}}}}"),
    ("{\"quantization_config\": {\"quant_method\": \"compressed-tensors\", \"format\": \"pack-quantized\", "
     "\"transform_config\": {\"x\": 1}, \"config_groups\": {\"a\": {\"weights\": {\"type\": \"int\"}}}}}"),
    ("{\"quantization_config\": {\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\", "
     "\"ignore\": [\"lm_head\", 7]}}"),
    "{\"compression_config\": {\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"}}",
    "{\"architectures\": [\"Qwen2ForRewardModel\"]}",
    "{\"architectures\": [\"Qwen2ForProcessRewardModel\"]}",
    "{\"architectures\": [\"LlamaForRewardModelWithGating\"]}",
    "{\"architectures\": [\"LlamaForRewardModelWithGating31\"]}",
    "{\"architectures\": [\"GRewardModel\"]}",
    "{\"architectures\": [\"InternLM2ForRewardModel\"]}",
    "{\"architectures\": [\"LlamaForTokenClassification\"]}",
    "{\"architectures\": [\"LlamaForScore\"]}",
    "{\"architectures\": [\"AutoModelForCausalLMWithValueHead\"]}",
    "{\"architectures\": [\"XForSequenceClassification\"], \"id2label\": {\"0\": \"a\", \"1\": \"b\"}}",
};

static json_t *tiny_config(const assay_architecture *arch)
{
    assay_model_config config;
    json_t *json = NULL;
    assay_error err = {0};
    if (assay_model_shape_config(arch->shapes, arch, &(assay_init_options){0}, &config, &json, &err))
        fail_msg("%s: %s", arch->name, err.text);
    return json;
}

static bool same_numbers(const assay_model_config *a, const assay_model_config *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The config with the key says what it said without: no case. */
static bool says_so_already(const assay_architecture *arch, const char *key)
{
    json_t *config = tiny_config(arch), *patched = json_copy(config), *patch = assay_json_value(key);
    assert_int_equal(json_object_update(patched, patch), 0);
    bool same = json_equal(config, patched);
    json_decref(config);
    json_decref(patched);
    json_decref(patch);
    return same;
}

static bool obeyed(const assay_architecture *arch, const char *key, assay_error *err, bool *refused)
{
    json_t *config = tiny_config(arch), *patch = assay_json_value(key);
    assay_model_config before, after;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    assert_int_equal(assay_model_config_read(config, "tiny", &before, NULL), ASSAY_OK);
    assert_int_equal(json_object_update(config, patch), 0);
    *refused = assay_model_config_read(config, "config.json", &after, err) != ASSAY_OK;
    json_decref(config);
    json_decref(patch);
    return !*refused && !same_numbers(&before, &after);
}

static void test_no_key_is_ignored(void **state)
{
    (void)state;
    size_t refusals = 0, obeys = 0;
    for (size_t a = 0; assay_architecture_at(a); a++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            assay_error err = {0};
            if (says_so_already(assay_architecture_at(a), keys[k])) continue;
            bool refused, followed = obeyed(assay_architecture_at(a), keys[k], &err, &refused);
            if (!refused && !followed) fail_msg("%s: %s was ignored", assay_architecture_at(a)->name, keys[k]);
            if (refused && !strstr(err.text, "config.json")) fail_msg("%s: %s", keys[k], err.text);
            refusals += refused;
            obeys += followed;
        }
    print_message("%zu keys refused, %zu obeyed, none ignored\n", refusals, obeys);
}

/* What says nothing goes on loading. */
static const char *const neutral[] = {
    "{\"is_causal\": true}",
    "{\"sliding_window\": null}",
    "{\"use_sliding_window\": false}",
    "{\"layer_types\": [\"full_attention\", \"full_attention\"]}",
    "{\"attn_logit_softcapping\": null}",
    "{\"embedding_multiplier\": 1.0}",
    "{\"residual_multiplier\": 1}",
    "{\"qk_layernorm\": false}",
    "{\"attention_dropout\": 0.1, \"hidden_dropout\": 0.1}",
    "{\"rope_scaling\": null}",
    "{\"quantization_config\": null}",
    "{\"num_local_experts\": 1}",
    "{\"final_logit_softcapping\": 30.0}",
    "{\"use_cache\": false, \"pretraining_tp\": 2}",
};

static void test_neutral_values_load(void **state)
{
    (void)state;
    for (size_t a = 0; assay_architecture_at(a); a++)
        for (size_t k = 0; k < sizeof neutral / sizeof *neutral; k++) {
            assay_error err = {0};
            bool refused;
            obeyed(assay_architecture_at(a), neutral[k], &err, &refused);
            if (refused) fail_msg("%s, %s: %s", assay_architecture_at(a)->name, neutral[k], err.text);
        }
}

/* Qwen2 with windows that no layer has, in the three ways that configs say so; and one that some layers have. */
static void test_windows_of_qwen2(void **state)
{
    static const struct {
        const char *patch;
        size_t window;
        bool first, second;
    } cases[] = {
        {"{\"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 2}", 16, false, false},
        {"{\"use_sliding_window\": true, \"sliding_window\": null}", 0, false, false},
        {"{\"layer_types\": [\"full_attention\", \"full_attention\"], \"use_sliding_window\": true, "
         "\"sliding_window\": 16, \"max_window_layers\": 2}",
         16, false, false},
        {"{\"use_sliding_window\": true, \"sliding_window\": 16, \"max_window_layers\": 1}", 16, false, true},
        {"{\"use_sliding_window\": false, \"sliding_window\": 16, \"max_window_layers\": 0}", 0, false, false},
        {"{\"layer_types\": [\"sliding_attention\", \"full_attention\"], \"use_sliding_window\": true, "
         "\"sliding_window\": 16}",
         16, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *config = tiny_config(assay_architecture_find("qwen2")), *patch = assay_json_value(cases[i].patch);
        assay_model_config read;
        json_object_update(config, patch);
        assert_int_equal(assay_model_config_read(config, "config.json", &read, NULL), ASSAY_OK);
        assert_int_equal(read.window, cases[i].window);
        assert_int_equal(assay_layer_in(&read.windowed, 0), cases[i].first);
        assert_int_equal(assay_layer_in(&read.windowed, 1), cases[i].second);
        json_decref(patch);
        json_decref(config);
    }
}

#define LONGROPE(original)                                                                                         \
    "{\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 1, 1, 1.25, 1, 1, 1, 1], \"long_factor\": " \
    "[2, 2, 2, 2, 2, 2, 2, 2], \"original_max_position_embeddings\": " original "}}"

/* Rotary frequencies against Transformers 5.24 (ROPE_INIT_FUNCTIONS, heads of 16 columns, base 10000): the factor of
 * cos and sin, and the fourth frequency, which lies inside the ramp. */
static void test_rope_objects(void **state)
{
    static const struct {
        const char *patch;
        double scale, fourth;
    } cases[] = {
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64}}",
         1.13862944, 0.00790569466},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64, \"mscale\": 1.0, \"mscale_all_dim\": 1.0}}",
         1, 0.00790569466},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64, \"mscale\": 0.707, \"mscale_all_dim\": 1.0}}",
         0.964326915, 0.00790569466},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64, \"truncate\": false}}",
         1.13862944, 0.00790569466},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": null, "
         "\"original_max_position_embeddings\": 64}}",
         1.34657359, 0.000988211832},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64, \"attention_factor\": 1.5}}",
         1.5, 0.00790569466},
        {"{\"rope_parameters\": {\"rope_theta\": 10000.0, \"rope_type\": \"yarn\", \"factor\": 4.0, "
         "\"original_max_position_embeddings\": 64, \"beta_fast\": 16.0, \"beta_slow\": 2.0}}",
         1.13862944, 0.00790569466},
        {LONGROPE("64"), 1.3540064, 0.0252982229},
        {LONGROPE("64, \"factor\": 4.0"), 1.15470054, 0.0252982229},
        {LONGROPE("64, \"attention_factor\": 1.5"), 1.5, 0.0252982229},
        {LONGROPE("2048"), 1, 0.0252982229},
        {"{\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}, \"rope_parameters\": {\"rope_type\": "
         "\"default\", \"rope_theta\": 500.0}}",
         1, 0.0158113893},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *config = tiny_config(assay_architecture_find("llama")), *patch = assay_json_value(cases[i].patch);
        assay_model_config read;
        assay_error err = {0};
        float inverse[8], scale;
        json_object_update(config, patch);
        if (assay_model_config_read(config, "config.json", &read, &err)) fail_msg("%s: %s", cases[i].patch, err.text);
        assay_rope_frequencies(&read.rope, read.rotary, inverse, &scale);
        if (fabs((double)scale - cases[i].scale) > 1e-6 || fabs((double)inverse[3] / cases[i].fourth - 1) > 1e-6)
            fail_msg("%s: factor %.9g, fourth %.9g", cases[i].patch, (double)scale, (double)inverse[3]);
        json_decref(patch);
        json_decref(config);
    }
}

/* rope_ratio of ChatGLM2-6B-32k divides positions, that of ChatGLM3-6B-32k multiplies the base; their code tells. */
static void check_ratio(const char *code, bool divides)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "modeling_chatglm.py"),
         *config = assay_path_join(folder, "config.json");
    assay_model_config read;
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    json_t *json = tiny_config(assay_architecture_find("chatglm"));
    json_object_update_new(json, json_pack("{s:i, s:i}", "rope_ratio", 50, "padded_vocab_size", 65024));
    assert_int_equal(assay_json_save(json, config, NULL), ASSAY_OK);
    if (code) assert_int_equal(assay_file_write_atomic(path, code, strlen(code), NULL), ASSAY_OK);
    assert_int_equal(assay_checkpoint_open(&checkpoint, folder, ASSAY_CHECKPOINT_CONFIG_ONLY, &err), ASSAY_OK);
    assay_status status = assay_model_config_read(checkpoint->config, folder, &read, &err);
    assert_int_equal(status, code ? ASSAY_OK : ASSAY_E_UNSUPPORTED);
    if (!code) assert_non_null(strstr(err.text, "rope_ratio_divides"));
    if (code) assert_true(read.rope.base == (divides ? 10000 : 500000));
    if (code) assert_true(read.rope.factor == (divides ? 50 : 1));
    assay_checkpoint_close(checkpoint);
    json_decref(json);
    assay_free(path);
    assay_free(config);
    drop_folder(folder);
}

static void test_rope_ratio_by_its_code(void **state)
{
    (void)state;
    check_ratio("        seq_idx = torch.arange(seq_len) / self.rope_ratio\n", true);
    check_ratio("        base = base * self.rope_ratio\n", false);
    check_ratio(NULL, false);
}

/* A note for a key that nobody knows, and for a padding that is the end of text; none for what is known. */
static void test_notes(void **state)
{
    (void)state;
    json_t *config = tiny_config(assay_architecture_find("llama"));
    json_object_update_new(config,
                           json_pack("{s:i, s:b, s:s, s:n}", "surprise", 3, "wonder", 1, "words", "x", "nothing"));
    json_t *notes = assay_config_notes(config, assay_architecture_find("llama"), NULL, false);
    assert_int_equal(json_array_size(notes), 2);
    assert_non_null(strstr(json_string_value(json_array_get(notes, 0)), "\"surprise\" is 3"));
    json_decref(notes);
    json_object_update_new(config, json_pack("{s:i, s:i}", "pad_token_id", 258, "eos_token_id", 258));
    notes = assay_config_notes(config, assay_architecture_find("llama"), NULL, true);
    assert_int_equal(json_array_size(notes), 3);
    json_decref(notes);
    json_decref(config);
}

/* ---- foreign things ---- */

static void test_every_foreign_sentence_ends_with_a_way_on(void **state)
{
    (void)state;
    for (int kind = 0; kind < ASSAY_FOREIGN_KINDS; kind++) {
        assay_error err = {0};
        assay_foreign_error(&err, "somewhere", (assay_foreign_kind)kind, NULL);
        const char *way = strrchr(err.text, ':');
        if (!way || strncmp(err.text, "somewhere: ", 11) != 0 || strlen(way) < 6) fail_msg("%s", err.text);
    }
}

static void test_lfs_pointer(void **state)
{
    (void)state;
    char *folder = fresh_folder(), *path = assay_path_join(folder, "model.safetensors");
    const char *text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    assay_tensor_file *file;
    assay_error err = {0};
    assert_int_equal(assay_file_write_atomic(path, text, strlen(text), NULL), ASSAY_OK);
    assert_int_equal(assay_safetensors_open(&file, path, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "git lfs pull"));
    assay_free(path);
    drop_folder(folder);
}

/* An adapter of a language model: what it trained of the language head is left out (the command says so), another
 * tensor without a place is refused, and so is a head that lies beside it in a file of its own. */
static assay_status open_with_adapter(const char *extra, const char *beside, assay_error *err)
{
    static float zeros[320 * 64];
    char *base_folder = fresh_folder(), *folder = fresh_folder();
    const char *target = "q_proj";
    const char *a = "model.layers.0.self_attn.q_proj.lora_A.weight",
               *b = "model.layers.0.self_attn.q_proj.lora_B.weight";
    const assay_tensor tensors[] = {
        {.name = a, .dtype = ASSAY_F32, .rank = 2, .shape = {2, 64}, .data = zeros, .bytes = 2 * 64 * sizeof(float)},
        {.name = b, .dtype = ASSAY_F32, .rank = 2, .shape = {64, 2}, .data = zeros, .bytes = 2 * 64 * sizeof(float)},
        {.name = extra, .dtype = ASSAY_F32, .rank = 2, .shape = {320, 64}, .data = zeros, .bytes = sizeof zeros}};
    const assay_adapter_config config = {.rank = 2, .alpha = 4, .base = "base", .targets = &target, .target_count = 1};
    assay_adapter_file *adapter = NULL;
    assay_model *model = NULL;
    write_tiny(assay_architecture_find("llama"), base_folder);
    assay_checkpoint *base = open_tiny(base_folder);
    assert_int_equal(assay_adapter_write(folder, &config, tensors, 3, err), ASSAY_OK);
    char *path = assay_path_join(folder, beside);
    if (*beside) assert_int_equal(assay_file_write_atomic(path, "x", 1, NULL), ASSAY_OK);
    assay_status status = assay_adapter_open(&adapter, folder, err);
    const assay_model_options options = {.tuning = ASSAY_TUNE_LORA, .seed = 1};
    if (status == ASSAY_OK) status = assay_model_open(&model, base, adapter, &options, err);
    assay_model_close(model);
    assay_adapter_close(adapter);
    assay_checkpoint_close(base);
    assay_free(path);
    drop_folder(folder);
    drop_folder(base_folder);
    return status;
}

static void test_adapters_of_language_models(void **state)
{
    (void)state;
    assay_error err = {0};
    if (open_with_adapter("lm_head.weight", "", &err) != ASSAY_OK) fail_msg("%s", err.text);
    if (open_with_adapter("model.embed_tokens.weight", "", &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_not_equal(open_with_adapter("model.surprise.weight", "", &err), ASSAY_OK);
    assert_non_null(strstr(err.text, "model.surprise.weight"));
    assert_int_not_equal(open_with_adapter("lm_head.weight", "value_head.safetensors", &err), ASSAY_OK);
    assert_non_null(strstr(err.text, "value_head.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_configs_load),
        cmocka_unit_test(test_no_tensor_is_left_out),
        cmocka_unit_test(test_every_head_is_obeyed_or_refused),
        cmocka_unit_test(test_no_key_is_ignored),
        cmocka_unit_test(test_neutral_values_load),
        cmocka_unit_test(test_windows_of_qwen2),
        cmocka_unit_test(test_rope_objects),
        cmocka_unit_test(test_rope_ratio_by_its_code),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_every_foreign_sentence_ends_with_a_way_on),
        cmocka_unit_test(test_lfs_pointer),
        cmocka_unit_test(test_adapters_of_language_models),
    };
    return cmocka_run_group_tests_name("nothing ignored", tests, NULL, NULL);
}
