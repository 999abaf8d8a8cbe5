/* Checkpoints: the four layouts of a Hugging Face folder hold the same weights, hub ids are found in caches, GGUF files
 * of three architectures read as Hugging Face weights and config, so do weights of several tensors (bitsandbytes),
 * fingerprints tell checkpoints apart, and lying indices are refused. */
#include "base/rng.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/checkpoint_write.h"
#include "tensor/stored.h"

#include "container_check.h"

#include <math.h>

static void look_checkpoint(const char *name, int rank, const size_t *shape, const float *values, size_t elements,
                            void *context)
{
    const assay_weight *weight = assay_checkpoint_find(context, name);
    if (!weight) fail_msg("the weight %s is missing", name);
    assert_int_equal(weight->tensor.rank, rank);
    for (int i = 0; i < rank; i++) assert_int_equal(weight->tensor.shape[i], shape[i]);
    float *mine = malloc(4 * elements + 1);
    assert_int_equal(assay_checkpoint_read(context, weight, mine, NULL), ASSAY_OK);
    if (memcmp(mine, values, 4 * elements) != 0) fail_msg("the weight %s differs", name);
    free(mine);
}

static assay_checkpoint *open_good(const char *path, unsigned flags)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    if (assay_checkpoint_open(&checkpoint, path, flags, &err) != ASSAY_OK) fail_msg("%s: %s", path, err.text);
    return checkpoint;
}

static void refuse(const char *path, const char *message)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    assert_int_not_equal(assay_checkpoint_open(&checkpoint, path, 0, &err), ASSAY_OK);
    assert_null(checkpoint);
    if (!strstr(err.text, message)) fail_msg("%s: said \"%s\"", path, err.text);
}

static void reads_all_layouts(void **state)
{
    static const char *const folders[] = {"hf_safetensors", "hf_safetensors_sharded", "hf_bin", "hf_bin_sharded"};
    char fingerprints[4][33], path[256];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, GOLDEN "%s", folders[i]);
        assay_checkpoint *checkpoint = open_good(path, 0);
        assert_int_equal(checkpoint->weight_count, 4);
        assert_int_equal(checkpoint->file_count, 1 + i % 2);
        assert_int_equal(checkpoint->unlisted_count, 0);
        assert_string_equal(json_string_value(json_object_get(checkpoint->config, "model_type")), "llama");
        assert_null(assay_checkpoint_find(checkpoint, "none"));
        golden_each("folder", look_checkpoint, checkpoint);
        assert_int_equal(assay_checkpoint_fingerprint(checkpoint, fingerprints[i], NULL), ASSAY_OK);
        assert_string_equal(fingerprints[i], fingerprints[0]); /* the same weights, whatever the container */
        assay_checkpoint_close(checkpoint);
    }
    assert_int_equal(strlen(fingerprints[0]), 32);
}

static void opens_config_only(void **state)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "config.json");
    (void)state;
    put_file(path, "{\"model_type\": \"llama\"}", 23);
    assay_checkpoint *checkpoint = open_good(folder, ASSAY_CHECKPOINT_CONFIG_ONLY);
    assert_int_equal(checkpoint->weight_count, 0);
    assay_checkpoint_close(checkpoint);
    refuse(folder, "no weights here");
    put_file(path, "[1]", 3);
    refuse(folder, "should be a JSON object");
    assert_int_equal(assay_remove_tree(path, NULL), ASSAY_OK);
    refuse(folder, "no config.json");
    refuse(GOLDEN "adapter", "holds an adapter");
    refuse(GOLDEN "mixed.bin", "a folder with config.json or a .gguf file");
    refuse("/no/such/path", "no such folder");
    assay_free(path);
    drop_folder(folder);
}

/* Written whole or in shards, the folder reads back equal; the tensors have 48, 24, 24 and 48 bytes. */
static void writes_shards(void **state)
{
    static const struct {
        size_t limit, files;
    } cuts[] = {{1000, 1}, {144, 1}, {143, 2}, {72, 2}, {71, 3}, {48, 3}, {47, 4}, {1, 4}};
    (void)state;
    assay_checkpoint *source = open_good(GOLDEN "hf_safetensors", 0);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        assay_tensor tensors[4];
        char *folder = fresh_folder(), *config = assay_path_join(folder, "config.json");
        for (int j = 0; j < 4; j++) tensors[j] = source->weights[j].tensor;
        assert_int_equal(assay_file_copy(GOLDEN "hf_safetensors/config.json", config, NULL), ASSAY_OK);
        assert_int_equal(assay_checkpoint_write_sharded(folder, tensors, 4, NULL, NULL, cuts[i].limit, NULL), ASSAY_OK);
        assay_checkpoint *copy = open_good(folder, 0);
        assert_int_equal(copy->file_count, cuts[i].files);
        golden_each("folder", look_checkpoint, copy);
        assay_checkpoint_close(copy);
        assay_free(config);
        drop_folder(folder);
    }
    assay_checkpoint_close(source);
}

static void put_index(const char *folder, const char *text)
{
    char *path = assay_path_join(folder, "model.safetensors.index.json");
    put_file(path, text, strlen(text));
    assay_free(path);
}

static void copy_into(const char *folder, const char *name, const char *from)
{
    char *path = assay_path_join(folder, name);
    assert_int_equal(assay_file_copy(from, path, NULL), ASSAY_OK);
    assay_free(path);
}

static void refuses_lying_indices(void **state)
{
    static const char *const shard = GOLDEN "hf_safetensors_sharded/model-00001-of-00002.safetensors";
    static const char *const lies[][2] = {
        {"{}", "no weight_map"},
        {"{\"weight_map\": []}", "no weight_map"},
        {"{\"weight_map\": {\"layer.0.weight\": {\"file\": \"a.safetensors\"}}}", "should be a file name"},
        {"{\"weight_map\": {\"layer.0.weight\": \"../config.json\"}}", "not a plain file name"},
        {"{\"weight_map\": {\"layer.0.weight\": \"/etc/passwd\"}}", "not a plain file name"},
        {"{\"weight_map\": {\"layer.0.weight\": \"\"}}", "not a plain file name"},
        {"{\"weight_map\": {\"layer.0.weight\": \"a.safetensors\\u0000\"}}", "not a plain file name"},
        {"{\"weight_map\": {\"layer.0.weight\": \"none.safetensors\"}}", "none.safetensors"},
        {"{\"weight_map\": {\"layer.2.weight\": \"a.safetensors\"}}", "should lie in a.safetensors, but does not"},
        {"{\"weight_map\": {\"layer.0.weight\": \"a.safetensors\", \"layer.0.weight\": \"a.safetensors\"}}",
         "duplicate"},
        {"{\"weight_map\": {\"layer.0.weight\": \"a.safetensors\", \"layer.1.weight\": \"b.safetensors\"}}",
         "is there twice, in a"},
    };
    char *folder = fresh_folder();
    (void)state;
    copy_into(folder, "config.json", GOLDEN "hf_safetensors/config.json");
    copy_into(folder, "a.safetensors", shard);
    copy_into(folder, "b.safetensors", shard);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_index(folder, lies[i][0]);
        refuse(folder, lies[i][1]);
    }
    put_index(folder, "{\"weight_map\": {\"layer.0.weight\": \"a.safetensors\"}}");
    assay_checkpoint *checkpoint = open_good(folder, 0);
    assert_int_equal(checkpoint->weight_count, 2);
    assert_int_equal(checkpoint->unlisted_count, 1);
    assay_checkpoint_close(checkpoint);
    drop_folder(folder);
}

static void put_config_at(const char *root, const char *below)
{
    char *folder = assay_path_join(root, below);
    assert_int_equal(assay_make_dirs(folder, NULL), ASSAY_OK);
    copy_into(folder, "config.json", GOLDEN "hf_safetensors/config.json");
    copy_into(folder, "model.safetensors", GOLDEN "hf_safetensors/model.safetensors");
    assay_free(folder);
}

static void put_ref(const char *root, const char *revision)
{
    char *refs = assay_path_join(root, "hub/models--org--name.1/refs"), *file = assay_path_join(refs, "main");
    assert_int_equal(assay_make_dirs(refs, NULL), ASSAY_OK);
    put_file(file, revision, strlen(revision));
    assay_free(file);
    assay_free(refs);
}

static void check_found(const char *id, const char *tail)
{
    assay_checkpoint *checkpoint = open_good(id, 0);
    assert_string_equal(checkpoint->name, id);
    assert_non_null(strstr(checkpoint->path, tail));
    assert_int_equal(checkpoint->path[0], '/');
    assay_checkpoint_close(checkpoint);
}

static void finds_hub_ids(void **state)
{
    char *root = fresh_folder(), *modelscope = assay_path_join(root, "ms");
    (void)state;
    unsetenv("HF_HUB_CACHE");
    unsetenv("HUGGINGFACE_HUB_CACHE");
    setenv("HF_HOME", root, 1);
    setenv("HOME", root, 1);
    setenv("MODELSCOPE_CACHE", modelscope, 1);
    refuse("org/name.1", "hf download org/name.1");
    put_config_at(root, "hub/models--org--name.1/snapshots/abc");
    check_found("org/name.1", "snapshots/abc"); /* the only one */
    put_config_at(root, "hub/models--org--name.1/snapshots/def");
    refuse("org/name.1", "hf download org/name.1"); /* two and nothing says which */
    put_ref(root, "def\n");
    check_found("org/name.1", "snapshots/def");
    put_ref(root, "../../../ms\n");
    refuse("org/name.1", "hf download");
    put_config_at(root, "ms/models/org/other___2");
    check_found("org/other.2", "ms/models/org/other___2");
    refuse("org/../name", "no such folder");
    assay_free(modelscope);
    drop_folder(root);
}

static int64_t config_int(const assay_checkpoint *checkpoint, const char *key)
{
    const json_t *value = json_object_get(checkpoint->config, key);
    if (!json_is_integer(value)) fail_msg("the config has no whole number %s", key);
    return json_integer_value(value);
}

static void expect_real(const assay_checkpoint *checkpoint, const char *key, double expected)
{
    double value = json_number_value(json_object_get(checkpoint->config, key));
    if (value < expected || value > expected) fail_msg("%s is %.17g", key, value);
}

static void reads_gguf_llama_and_qwen2(void **state)
{
    (void)state;
    for (int qwen = 0; qwen < 2; qwen++) {
        assay_checkpoint *checkpoint = open_good(qwen ? GOLDEN "qwen2.gguf" : GOLDEN "llama.gguf", 0);
        golden_each(qwen ? "gguf_qwen2" : "gguf_llama", look_checkpoint, checkpoint);
        assert_string_equal(json_string_value(json_object_get(checkpoint->config, "model_type")),
                            qwen ? "qwen2" : "llama");
        assert_string_equal(json_string_value(json_array_get(json_object_get(checkpoint->config, "architectures"), 0)),
                            qwen ? "Qwen2ForCausalLM" : "LlamaForSequenceClassification");
        assert_int_equal(json_object_size(json_object_get(checkpoint->config, "id2label")), qwen ? 0 : 1);
        assert_int_equal(config_int(checkpoint, "hidden_size"), 32);
        assert_int_equal(config_int(checkpoint, "intermediate_size"), 64);
        assert_int_equal(config_int(checkpoint, "num_hidden_layers"), 1);
        assert_int_equal(config_int(checkpoint, "num_attention_heads"), 2);
        assert_int_equal(config_int(checkpoint, "num_key_value_heads"), 1);
        assert_int_equal(config_int(checkpoint, "vocab_size"), 20);
        assert_int_equal(config_int(checkpoint, "max_position_embeddings"), 128);
        assert_int_equal(config_int(checkpoint, "eos_token_id"), 2);
        assert_int_equal(config_int(checkpoint, "pad_token_id"), 0);
        expect_real(checkpoint, "rms_norm_eps", 1e-5);
        expect_real(checkpoint, "rope_theta", 1e6);
        assert_true(json_is_true(json_object_get(checkpoint->config, "tie_word_embeddings")));
        const json_t *scaling = json_object_get(checkpoint->config, "rope_scaling");
        assert_true(qwen ? !scaling : !strcmp(json_string_value(json_object_get(scaling, "rope_type")), "llama3"));
        assay_checkpoint_close(checkpoint);
    }
}

static void reads_gguf_chatglm(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "chatglm.gguf", 0);
    golden_each("gguf_chatglm", look_checkpoint, checkpoint);
    assert_int_equal(checkpoint->weight_count, 10);
    assert_int_equal(config_int(checkpoint, "padded_vocab_size"), 20);
    assert_int_equal(config_int(checkpoint, "kv_channels"), 16);
    assert_int_equal(config_int(checkpoint, "multi_query_group_num"), 1);
    assert_int_equal(config_int(checkpoint, "ffn_hidden_size"), 64);
    expect_real(checkpoint, "rope_ratio", 500);
    assert_true(json_is_true(json_object_get(checkpoint->config, "add_qkv_bias")));
    assert_true(json_is_false(json_object_get(checkpoint->config, "tie_word_embeddings")));
    assay_checkpoint_close(checkpoint);
    checkpoint = open_good(GOLDEN "chatglm.gguf", ASSAY_CHECKPOINT_CONFIG_ONLY);
    assert_int_equal(checkpoint->weight_count, 0);
    assert_non_null(checkpoint->gguf);
    assay_checkpoint_close(checkpoint);
}

static void refuse_patched_gguf(const char *from, const char *to, size_t size, const char *message)
{
    assay_mapping map;
    char *folder = fresh_folder(), *path = assay_path_join(folder, "patched.gguf");
    assert_int_equal(assay_map_open(&map, GOLDEN "llama.gguf", NULL), ASSAY_OK);
    uint8_t *copy = malloc(map.size), *at;
    memcpy(copy, map.data, map.size);
    at = memmem(copy, map.size, from, size);
    assert_non_null(at);
    memcpy(at, to, size);
    put_file(path, copy, map.size);
    refuse(path, message);
    free(copy);
    assay_map_close(&map);
    assay_free(path);
    drop_folder(folder);
}

static void refuses_odd_gguf(void **state)
{
    (void)state;
    refuse(GOLDEN "types.gguf", "architecture \"none\"");
    refuse_patched_gguf("blk.0.ffn_gate.weight", "blk.0.ffn_gatf.weight", 21, "\"blk.0.ffn_gatf.weight\" is not known");
    refuse_patched_gguf("llama.block_count", "llama.block_counu", 17, "llama.block_count should be");
    refuse_patched_gguf("attention.head_count_kv\4\0\0\0\1", "attention.head_count_kv\4\0\0\0\0", 28,
                        "head_count_kv should be");
    refuse_patched_gguf("attention.head_count_kv\4\0\0\0\1", "attention.head_count_kv\4\0\0\0\5", 28,
                        "does not divide into 5 heads");
    refuse_patched_gguf("rope.dimension_count\4\0\0\0\x10", "rope.dimension_count\4\0\0\0\x08", 25, "rotates 8 of 16");
    refuse_patched_gguf("rope.freq_base\6\0\0\0\0\x24\x74\x49", "rope.freq_base\6\0\0\0\0\x40\x1c\x46", 22,
                        "not Llama 3's rope scaling");
}

/* ---- weights of several tensors ---- */

/* What bitsandbytes itself makes of them, and nothing of them is left over or was allocated whole. */
static void reads_weights_of_several_tensors(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "hf_parts", 0);
    assert_int_equal(checkpoint->weight_count, 31);
    golden_each("hf_parts", look_checkpoint, checkpoint);
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        const assay_tensor *tensor = &checkpoint->weights[i].tensor;
        assert_int_equal(tensor->parts != NULL, assay_dtype_is_packed(tensor->dtype));
    }
    assay_checkpoint_close(checkpoint);
}

/* What torch makes of float8_e4m3fn and scales in all shapes: blocks, cut ones too, rows, one. */
static void reads_fp8(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "hf_fp8", 0);
    assert_int_equal(checkpoint->weight_count, 7);
    golden_each("hf_fp8", look_checkpoint, checkpoint);
    assert_null(assay_checkpoint_find(checkpoint, "layer.one.input_scale"));
    assay_checkpoint_close(checkpoint);
}

/* The two bytes that are no numbers, and the largest that are. */
static void fp8_has_no_infinity(void **state)
{
    const uint8_t bytes[] = {0x7f, 0xff, 0x7e, 0xfe, 0x01, 0x80};
    const float one = 1, wanted[] = {NAN, NAN, 448, -448, 0x1p-9f, -0.0f};
    float values[sizeof bytes];
    const assay_parts parts = {
        .scales = (const uint8_t *)&one, .cols = sizeof bytes, .block_rows = 1, .block_cols = sizeof bytes};
    (void)state;
    assay_fp8_decode(bytes, &parts, 0, sizeof bytes, values);
    for (size_t i = 0; i < sizeof bytes; i++)
        if (isnan(wanted[i])) assert_true(isnan(values[i]));
        else assert_memory_equal(&values[i], &wanted[i], sizeof *values);
}

/* What gptqmodel makes of GPTQ's two formats: of all bits, of groups in order and in any. */
static void reads_gptq(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "hf_gptq", 0);
    assert_int_equal(checkpoint->weight_count, 20);
    golden_each("hf_gptq", look_checkpoint, checkpoint);
    assert_non_null(assay_checkpoint_find(checkpoint, "layer.4.any.weight")->tensor.parts->groups);
    assert_null(assay_checkpoint_find(checkpoint, "layer.4.order.weight")->tensor.parts->groups);
    assay_checkpoint_close(checkpoint);
    checkpoint = open_good(GOLDEN "hf_gptq_v2", 0);
    assert_int_equal(checkpoint->weight_count, 5);
    golden_each("hf_gptq_v2", look_checkpoint, checkpoint);
    assay_checkpoint_close(checkpoint);
}

/* What AutoAWQ and gptqmodel make of AWQ's. */
static void reads_awq(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "hf_awq", 0);
    assert_int_equal(checkpoint->weight_count, 4);
    golden_each("hf_awq", look_checkpoint, checkpoint);
    assay_checkpoint_close(checkpoint);
}

/* What compressed-tensors makes of its integers: of all bits, packed and as bytes, with every kind of scales and zeros.
 */
static void reads_compressed(void **state)
{
    (void)state;
    assay_checkpoint *checkpoint = open_good(GOLDEN "hf_compressed", 0);
    golden_each("hf_compressed", look_checkpoint, checkpoint);
    assert_int_equal(checkpoint->weight_count, 30);
    assert_null(assay_checkpoint_find(checkpoint, "bytes.one.input_scale"));
    assert_non_null(assay_checkpoint_find(checkpoint, "layer.any.weight")->tensor.parts->groups);
    assay_checkpoint_close(checkpoint);
}

/* A run from any element to any other is what the whole matrix has there. */
static void decodes_runs_of(const char *folder)
{
    assay_checkpoint *checkpoint = open_good(folder, 0);
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        const assay_stored stored = assay_stored_tensor(&checkpoint->weights[i].tensor);
        float whole[2048], run[2048];
        size_t cols = stored.cols, elements = checkpoint->weights[i].tensor.shape[0] * cols;
        if (elements > 2048 || checkpoint->weights[i].tensor.rank != 2) continue;
        assay_stored_to_f32(&stored, 0, 0, elements, whole);
        for (size_t first = 0; first < elements; first += 7)
            for (size_t count = 0; first + count <= elements; count += 13) {
                assay_stored_to_f32(&stored, first / cols, first % cols, count, run);
                if (memcmp(run, whole + first, count * sizeof *run) != 0)
                    fail_msg("%s from %zu, %zu elements", checkpoint->weights[i].tensor.name, first, count);
            }
    }
    assay_checkpoint_close(checkpoint);
}

static void decodes_runs_of_several_tensors(void **state)
{
    (void)state;
    decodes_runs_of(GOLDEN "hf_parts");
    decodes_runs_of(GOLDEN "hf_fp8");
    decodes_runs_of(GOLDEN "hf_gptq");
    decodes_runs_of(GOLDEN "hf_awq");
    decodes_runs_of(GOLDEN "hf_compressed");
}

/* The folder with a file of another whose first `from` is replaced by `to`, which is as long. */
static void put_changed(const char *folder, const char *name, const char *model, const char *from, const char *to)
{
    char *data, *path = assay_path_join(folder, name);
    size_t size;
    assert_int_equal(assay_file_read(model, 1 << 24, &data, &size, NULL), ASSAY_OK);
    char *at = memmem(data, size, from, strlen(from));
    if (!at || strlen(from) != strlen(to)) fail_msg("\"%s\" cannot become \"%s\"", from, to);
    memcpy(at, to, strlen(to));
    put_file(path, data, size);
    assay_free(data);
    assay_free(path);
}

typedef struct lie {
    const char *from, *to, *message;
} lie;

/* The model with one lie at a time in its weights file; then its config beside weights that are not packed. */
static void refuse_lies(const char *model, const lie *lies, size_t count, const char *none_packed)
{
    char *folder = fresh_folder(), *config = assay_path_join(model, "config.json"),
         *weights = assay_path_join(model, "model.safetensors");
    copy_into(folder, "config.json", config);
    for (size_t i = 0; i < count; i++) {
        put_changed(folder, "model.safetensors", weights, lies[i].from, lies[i].to);
        refuse(folder, lies[i].message);
    }
    copy_into(folder, "model.safetensors", GOLDEN "hf_safetensors/model.safetensors");
    refuse(folder, none_packed);
    assay_free(config);
    assay_free(weights);
    drop_folder(folder);
}

/* Likewise with lies in its config. */
static void refuse_config_lies(const char *model, const lie *lies, size_t count)
{
    char *folder = fresh_folder(), *config = assay_path_join(model, "config.json"),
         *weights = assay_path_join(model, "model.safetensors");
    copy_into(folder, "model.safetensors", weights);
    for (size_t i = 0; i < count; i++) {
        put_changed(folder, "config.json", config, lies[i].from, lies[i].to);
        refuse(folder, lies[i].message);
    }
    assay_free(config);
    assay_free(weights);
    drop_folder(folder);
}

static void refuses_lying_parts(void **state)
{
    static const lie lies[] = {
        {"layer.0.weight.absmax", "layer.0.weight.absmix", ".absmax is missing"},
        {"layer.0.weight.quant_map", "layer.0.weight.quant_mop", ".quant_map is missing"},
        {"layer.2.weight.nested_absmax", "layer.2.weight.nested_abcmax", ".nested_absmax is missing"},
        {"\"quant_type\": \"nf4\"", "\"quant_type\": \"fp4\"", "quant_type is not that of its name"},
        {"\"blocksize\": 64", "\"blocksize\": 63", "blocksize should be a power of two"},
        {"\"blocksize\": 64", "\"blocksize\": 32", ".absmax holds"},
        {"\"nested_blocksize\": 256", "\"nested_blocksize\": -56", "nested_blocksize should be"},
        {"\"dtype\": \"bfloat16\"", "\"dtype\": \"bfloat17\"", "dtype should be"},
        {"\"shape\": [6, 40]", "\"shape\": [6, 44]", "half a byte"},
        {"\"shape\": [6, 40]", "\"shape\": [-6,40]", "two positive numbers"},
        {"{\"quant_type\"", "[\"quant_type\"", "layer.0.weight"},
        {"layer.bytes.weight\"", "layer.botes.weight\"", "layer.bytes.SCB of a quantised checkpoint"},
        {"{\"dtype\":\"I8\",", "{\"dtype\":\"U8\",", "should be a matrix of I8"},
    };
    (void)state;
    refuse_lies(GOLDEN "hf_parts", lies, sizeof lies / sizeof *lies,
                "quantised (bitsandbytes): config.json says so, but no weight lies packed");
}

static void refuses_lying_fp8(void **state)
{
    static const lie lies[] = {
        {"layer.grid.weight_scale_inv", "layer.grid.weight_scale_iNv", "weight_scale_inv, weight_scale) are missing"},
        {"layer.rows.weight_scale", "layer.rows.weight_skale", "weight_scale_inv, weight_scale) are missing"},
        {"\"dtype\":\"BF16\",\"shape\":[1,2]", "\"dtype\":\"I16\",\"shape\":[1, 2]", "should be F32, F16 or BF16"},
        {"\"shape\":[48,32]", "\"shape\":[32,48]", "scales [3, 2] for a matrix [32, 48]"},
        {"\"shape\":[48,32]", "\"shape\":[1536] ", "it should be a matrix"},
    };
    (void)state;
    refuse_lies(GOLDEN "hf_fp8", lies, sizeof lies / sizeof *lies,
                "quantised (fp8): config.json says so, but no weight is F8_E4M3");
}

static void refuses_lying_gptq(void **state)
{
    static const lie lies[] = {
        {"layer.order.qzeros", "layer.order.qzeroz", "layer.order.qweight: qzeros is missing"},
        {"layer.order.scales", "layer.order.skales", "layer.order.qweight: scales is missing"},
        {"\"shape\":[3,40]", "\"shape\":[40,3]", "scales is F16 [40, 3] where F16, BF16 or F32 [40, 40] should be"},
        {"\"shape\":[3,5]", "\"shape\":[5,3]", "qzeros is I32 [5, 3] where I32 [3, 5] should be: a matrix of 40 x 96"},
        {"\"shape\":[12,40]", "\"shape\":[40,12]", "it has 40 rows of words, and 96 columns of 4 bits take 12"},
        {"layer.unlisted.scales", "layer.unlizted.scales", "layer.unlisted.qweight: scales is missing"},
        {"layer.order.qweight", "layer.order.qweighs", "g_idx is there, and layer.order.qweight, whose weights it"},
    };
    static const lie said[] = {
        {"size\": 32", "size\": 16", "layer.any.qweight: it has scales for 3 groups, and 96 columns in groups of 16"},
        {"size\": 32", "size\": \"\"", "group_size of config.json's quantization_config is \"\"; it should be"},
        {"size\": 32,", "size\":3.5,", "group_size of config.json's quantization_config is 3.5; it should be"},
    };
    static const lie of_one_group[] = {{"\"shape\":[1,4]", "\"shape\":[4,1]", "4 bits, 1 group a row"}};
    (void)state;
    refuse_config_lies(GOLDEN "hf_gptq_v2", said, sizeof said / sizeof *said);
    refuse_lies(GOLDEN "hf_gptq_v2", lies, sizeof lies / sizeof *lies,
                "quantised (gptq): config.json says so, but no weight lies packed");
    refuse_lies(GOLDEN "hf_gptq", of_one_group, 1, "quantised (gptq): config.json says so, but no weight lies packed");
}

static void refuses_lying_awq(void **state)
{
    static const lie lies[] = {
        {"layer.words.qzeros", "layer.words.qzeroz", "AWQ weight layer.words.qweight: qzeros is missing"},
        {"layer.words.qweight", "layer.words.qweighs",
         "is there, and layer.words.qweight, whose weights it belongs to"},
        {"\"shape\":[3,40]", "\"shape\":[40,3]", "scales is F16 [40, 3] where F16, BF16 or F32 [40, 40] should be"},
        {"\"shape\":[3,5]", "\"shape\":[5,3]", "qzeros is I32 [5, 3] where I32 [3, 5] should be: a matrix of 40 x 96"},
    };
    (void)state;
    refuse_lies(GOLDEN "hf_awq", lies, sizeof lies / sizeof *lies, "quantised (awq): config.json says so");
}

static void refuses_lying_compressed(void **state)
{
    static const lie lies[] = {
        {"layer.4.weight_scale", "layer.4.weight_skale", "weight layer.4.weight_packed: weight_scale is missing"},
        {"layer.4.weight_shape", "layer.4.weight_shade", "weight layer.4.weight_packed: weight_shape is missing"},
        {"\"shape\":[9,6]", "\"shape\":[6,9]", "weight_shape says 9 x 44, and it has 6 rows of 9 words"},
        {"\"dtype\":\"I32\",\"shape\":[96]", "\"dtype\":\"F32\",\"shape\":[96]",
         "weight_g_idx is F32 [96], and for a matrix [8, 96] of 4 bits it should be one I32 a column"},
        {"\"dtype\":\"I8\",\"shape\":[9,2]", "\"dtype\":\"U8\",\"shape\":[9,2]",
         "weight_zero_point is U8 [9, 2], and for a matrix [9, 64] of 8 bits it should be an I8 a scale"},
        {"layer.4.weight_packed", "layer.4.weight_pecked", "is there, and layer.4.weight_packed, whose weights it"},
    };
    static const lie said[] = {
        {"\"channel\"", "\"chanell\"", "as many as strategy and group_size of the config say"},
        {"\"strategy\": \"tensor\"", "\"strategy\": \"tensar\"",
         "as many as strategy and group_size of the config say"},
    };
    (void)state;
    refuse_config_lies(GOLDEN "hf_compressed", said, sizeof said / sizeof *said);
    refuse_lies(GOLDEN "hf_compressed", lies, sizeof lies / sizeof *lies,
                "quantised (compressed-tensors): config.json says so");
}

/* Bytes of the header and of the texts changed at random: refused with a sentence, or read whole. */
static void survive_random(const char *config, const char *model)
{
    char *data, *folder = fresh_folder(), *path = assay_path_join(folder, "model.safetensors");
    size_t size, refused = 0;
    assay_rng rng = {.seed = 21};
    copy_into(folder, "config.json", config);
    assert_int_equal(assay_file_read(model, 1 << 24, &data, &size, NULL), ASSAY_OK);
    for (int round = 0; round < 2000; round++) {
        size_t at = (size_t)(assay_rng_uniform(&rng) * (double)size);
        char before = data[at];
        data[at] = (char)(assay_rng_uniform(&rng) * 256);
        put_file(path, data, size);
        data[at] = before;
        assay_checkpoint *checkpoint;
        assay_error err = {0};
        if (assay_checkpoint_open(&checkpoint, folder, 0, &err) != ASSAY_OK) {
            assert_true(err.text[0] != 0);
            refused++;
            continue;
        }
        float values[33 * 520];
        for (size_t i = 0; i < checkpoint->weight_count; i++) {
            size_t elements = 0;
            const assay_tensor *tensor = &checkpoint->weights[i].tensor;
            if (assay_tensor_elements(tensor, &elements) && elements <= 33 * 520)
                assay_checkpoint_read(checkpoint, &checkpoint->weights[i], values, NULL);
        }
        assay_checkpoint_close(checkpoint);
    }
    assert_true(refused > 100);
    assay_free(data);
    assay_free(path);
    drop_folder(folder);
}

static void survives_random_parts(void **state)
{
    (void)state;
    survive_random(GOLDEN "hf_parts/config.json", GOLDEN "hf_parts/model.safetensors");
    survive_random(GOLDEN "hf_fp8/config.json", GOLDEN "hf_fp8/model.safetensors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_all_layouts),
                                       cmocka_unit_test(opens_config_only),
                                       cmocka_unit_test(refuses_lying_indices),
                                       cmocka_unit_test(finds_hub_ids),
                                       cmocka_unit_test(reads_gguf_llama_and_qwen2),
                                       cmocka_unit_test(reads_gguf_chatglm),
                                       cmocka_unit_test(reads_weights_of_several_tensors),
                                       cmocka_unit_test(decodes_runs_of_several_tensors),
                                       cmocka_unit_test(reads_fp8),
                                       cmocka_unit_test(fp8_has_no_infinity),
                                       cmocka_unit_test(reads_gptq),
                                       cmocka_unit_test(reads_awq),
                                       cmocka_unit_test(reads_compressed),
                                       cmocka_unit_test(refuses_lying_parts),
                                       cmocka_unit_test(refuses_lying_fp8),
                                       cmocka_unit_test(refuses_lying_gptq),
                                       cmocka_unit_test(refuses_lying_awq),
                                       cmocka_unit_test(refuses_lying_compressed),
                                       cmocka_unit_test(survives_random_parts),
                                       cmocka_unit_test(refuses_odd_gguf),
                                       cmocka_unit_test(writes_shards)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
