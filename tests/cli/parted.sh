#!/usr/bin/env bash
# Weights of several tensors, as bitsandbytes stores them (NF4, FP4, INT8), in FP8, by GPTQ, AWQ and compressed-tensors: trained packed, they give the adapter that the same values written
# out give, to the last bit, in f32 and bf16, under another schedule and thread count.
. tests/cli/check.inc
head -n 6 examples/medical_train.jsonl >"$work/pairs.jsonl"

. tests/cli/parted.inc

# same NAME PRECISION: what is trained on $work/parted is what is trained on it written out in that precision.
# Vectors are made in bf16, so that writing them out in bf16 changes none.
same() {
    "$assay" convert "$work/parted" --dtype "$2" --output "$work/whole" --force --quiet >"$work/out" || say 1 "$1-$2-is-written-out"
    local common=(--data "$work/pairs.jsonl" --epochs 1 --batch-pairs 3 --lora-targets all --precision "$2" --quiet --force)
    "$assay" train --model "$work/parted" "${common[@]}" --threads 1 --output "$work/p" >"$work/out" 2>&1 &&
        "$assay" train --model "$work/whole" "${common[@]}" --threads 2 --recompute all --output "$work/w" >"$work/out" 2>&1 &&
        cmp -s "$work/p/adapter_model.safetensors" "$work/w/adapter_model.safetensors"
    say $? "$1-$2-has-the-same-bits"
}

for arch in llama qwen2 chatglm3 bloom phi3; do
    "$assay" init --arch "$arch" --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    for kind in nf4 'nf4 nested' fp4 int8 fp8 'fp8 nested' gptq 'gptq nested' awq ct 'ct nested' ct8 'ct8 nested'; do
        [ "$arch" = llama ] || [ "$kind" != fp4 ] && [ "$kind" != 'fp8 nested' ] && [ "$kind" != 'gptq nested' ] && [[ $kind != ct* ]] || continue
        # shellcheck disable=SC2086
        set -- $kind
        part "$work/$arch" "$1" "$work/parted" "${2:-}"
        for precision in f32 bf16; do same "$arch-${kind// /-}" "$precision"; done
    done
done

part "$work/llama" nf4 "$work/parted"
check shows-its-type 0 out 'NF4' inspect "$work/parted"
check plan-counts-packed 0 out '"weights"' plan --model "$work/parted" --data "$work/pairs.jsonl" --json
cp "$work/out" "$work/packed.json"
"$assay" plan --model "$work/llama" --data "$work/pairs.jsonl" --json >"$work/whole.json" 2>/dev/null
python3 -c 'import json, sys
packed, whole = (json.load(open(name))["classes"]["weights"] for name in sys.argv[1:])
sys.exit(packed >= whole)' "$work/packed.json" "$work/whole.json"
say $? plan-counts-few-bytes
"$assay" convert "$work/parted" --output "$work/whole" --force --quiet >"$work/out"
! grep -q quantization_config "$work/whole/config.json"
say $? written-out-is-not-called-quantised
check requantises 0 out 'Q5_0' convert "$work/parted" --quantize q4_k --output "$work/other" --force
part "$work/llama" fp8 "$work/parted"
check shows-fp8 0 out 'FP8' inspect "$work/parted"
check says-what-fp8-means 0 err 'round what they are multiplied with' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
cp "$work/parted/config.json" "$work/config.json"
sed -i 's/"quant_method": "fp8"/"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"/' "$work/parted/config.json"
check other-forms-are-refused 1 err 'quantised (compressed-tensors): its format is "nvfp4-pack-quantized". Integers' score --model "$work/parted"
sed 's/"quant_method": "fp8"/"quant_method": "compressed-tensors", "format": "naive-quantized", "config_groups": {"a": {"weights": {"type": "float", "num_bits": 8}}}/' "$work/config.json" >"$work/parted/config.json"
check naive-fp8-is-read 0 out FP8 inspect "$work/parted"
sed 's/"weight_block_size": \[32, 48\]/"weight_block_size": [0, 48]/' "$work/config.json" >"$work/parted/config.json"
check blocks-of-nothing-are-refused 1 err 'two positive numbers' score --model "$work/parted"
sed 's/e4m3/e5m2/' "$work/config.json" >"$work/parted/config.json"
check e5m2-is-refused 1 err 'quantised (fp8)' score --model "$work/parted"
part "$work/llama" gptq "$work/parted"
check shows-gptq 0 out 'GPTQ' inspect "$work/parted"
cp "$work/parted/config.json" "$work/config.json"
# gptq NAME TEXT SED: the config changed by SED is refused with TEXT.
gptq() { sed "$3" "$work/config.json" >"$work/parted/config.json"; check "$1" 1 err "$2" score --model "$work/parted"; }
gptq gptq-marlin-is-refused 'quantised (gptq): its format is "marlin", its bits are 4. Only' 's/"checkpoint_format": "gptq"/"checkpoint_format": "marlin"/'
gptq gptq-five-bits-are-refused '(gptq): "bits" is none of 2, 3, 4 and 8' 's/"bits": 4/"bits": 5/'
gptq gptq-adapter-is-refused '"adapter" is set: an adapter of the quantiser' 's/"bits": 4/"bits": 4, "adapter": {"rank": 8}/'
gptq gptq-without-a-config-says-so 'down_proj.g_idx is there, and config.json has no quantization_config with a quant_method, which' 's/"quantization_config": {[^}]*}/"quantization_config": {}/'
gptq gptq-without-a-method-says-so 'is quantised: quantization_config has no quant_method, which says how' 's/"quant_method": "gptq", //'
gptq gptq-other-bits-are-refused 'columns of 8 bits take' 's/"bits": 4/"bits": 8/'
gptq gptq-groups-of-nothing-are-refused 'group_size of config.json.s quantization_config is 0' 's/"group_size": 32/"group_size": 0/'
sed 's/"bits": 4/"bits": 4, "surprise": 7/' "$work/config.json" >"$work/parted/config.json"
check gptq-unknown-key-is-a-note 0 err '"surprise" of quantization_config is 7' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
printf '%s\n' '{"text":"Is water wet?"}' >"$work/asked"
for kind in gptq nf4 fp8 awq; do
    part "$work/llama" "$kind" "$work/parted" "" head
    check "a-language-head-of-$kind-judges" 0 out '"score"' score --model "$work/parted" --head-from-tokens y,n --input "$work/asked"
done
part "$work/llama" awq "$work/parted"
check shows-awq 0 out 'AWQ' inspect "$work/parted"
cp "$work/parted/config.json" "$work/config.json"
gptq awq-gemv-is-refused 'quantised (awq): its format is "gemv", its bits are 4. Only the version gemm' 's/"gemm"/"gemv"/'
gptq awq-llm-awq-is-refused 'quantised (awq)' 's/"bits": 4/"bits": 4, "backend": "llm-awq"/'
gptq awq-three-bits-are-refused 'quantised (awq): its format is "gemm", its bits are 3' 's/"bits": 4/"bits": 3/'
gptq awq-other-groups-are-refused 'AWQ weight model.layers.0.mlp.down_proj.qweight: it has scales for' 's/"group_size": 32/"group_size": 16/'
part "$work/llama" ct8 "$work/parted"
check says-what-rounded-activations-mean 0 err 'engines that round activations' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
part "$work/llama" ct "$work/parted"
check shows-ct 0 out 'CT_PACKED' inspect "$work/parted"
cp "$work/parted/config.json" "$work/config.json"
gptq ct-other-bits-are-refused 'weight_shape says 64 x 176, and it has 64 rows of 22 words' 's/"num_bits": 4/"num_bits": 5/'
gptq ct-zeros-are-wanted 'weight_zero_point is missing, and the config says symmetric false' 's/"symmetric": true/"symmetric": false/'
gptq ct-rotation-is-refused '"transform_config" is set: rotated weights' 's/"ignore"/"transform_config": {"a": 1}, "ignore"/'
gptq ct-ignore-of-no-list-is-refused '"ignore" is no list of names' 's/"ignore": \[[^]]*\]/"ignore": 7/'
sed 's/"symmetric"/"actorder": "group", "symmetric"/' "$work/config.json" >"$work/parted/config.json"
check ct-an-order-that-is-not-there-is-a-note 0 err 'actorder group, and model.layers.0.mlp.down_proj.weight has no order' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
gptq ct-sparsity-is-refused 'and sparse' 's/"ignore"/"sparsity_config": {"format": "sparse-24-bitmask"}, "ignore"/'
part "$work/llama" int8 "$work/parted"
check says-what-int8-means 0 err 'LLM.int8' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
sed -i 's/"load_in_8bit": true/"load_in_8bit": false/' "$work/parted/config.json"
check neither-is-refused 1 err 'quantised (bitsandbytes)' score --model "$work/parted"
