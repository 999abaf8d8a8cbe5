#!/usr/bin/env bash
# Folders that are packed as bitsandbytes packs: they are read, trained on with the bits of the same values written out, and say what was lost.
. tests/cli/check.inc
head -n 6 examples/medical_train.jsonl >"$work/pairs.jsonl"

# same NAME PRECISION: what is trained on $work/packed is what is trained on it written out in that precision.
same() {
    "$assay" convert "$work/packed" --dtype "$2" --output "$work/whole" --force --quiet >"$work/out" || say 1 "$1-$2-is-written-out"
    local common=(--data "$work/pairs.jsonl" --epochs 1 --batch-pairs 3 --lora-targets all --precision "$2" --quiet --force)
    "$assay" train --model "$work/packed" "${common[@]}" --threads 1 --output "$work/p" >"$work/out" 2>&1 &&
        "$assay" train --model "$work/whole" "${common[@]}" --threads 2 --recompute all --output "$work/w" >"$work/out" 2>&1 &&
        cmp -s "$work/p/adapter_model.safetensors" "$work/w/adapter_model.safetensors"
    say $? "$1-$2-has-the-same-bits"
}

# Rows moved per head, fused, and of a width that 64 does not divide.
while read -r arch shape; do
    # shellcheck disable=SC2086
    "$assay" init --arch "$arch" $shape --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    for form in nf4 'nf4 --double-quant' int8; do
        # shellcheck disable=SC2086
        check "packs-$arch-${form// /}" 0 out 'packed: ' convert "$work/$arch" --quantize $form --output "$work/packed" --force
        for precision in f32 bf16; do same "$arch-${form// /}" "$precision"; done
    done
done <<'END'
llama
qwen2 --ffn 100
chatglm3
phi3
bloom
gemma2
END

# What is written out and packed again is what it was: levels of a type come out of its own values.
"$assay" convert "$work/llama" --quantize nf4 --output "$work/once" --quiet >/dev/null
"$assay" convert "$work/once" --dtype bf16 --output "$work/whole" --force --quiet >/dev/null
"$assay" convert "$work/whole" --quantize nf4 --output "$work/twice" --quiet >/dev/null
cmp -s "$work/once/model.safetensors" "$work/twice/model.safetensors"
say $? packs-to-the-same-again
# A GGUF file lies in another order of rows; the matrix that is packed is the model's. (q8_0 values of its own do not change)
"$assay" convert "$work/llama" --quantize q8_0 --output "$work/body" --quiet >/dev/null
"$assay" convert "$work/body" --dtype bf16 --output "$work/whole" --force --quiet >/dev/null
"$assay" convert "$work/body" --dtype bf16 --quantize nf4 --output "$work/a" --quiet >/dev/null 2>"$work/err"
seen says-that-it-rounds-twice err 'packed already'
"$assay" convert "$work/whole" --quantize nf4 --output "$work/b" --quiet >/dev/null
cmp -s "$work/a/model.safetensors" "$work/b/model.safetensors"
say $? packs-moved-rows-in-their-order

check counts-rows-that-blocks-cross 0 out 'packed: .* NF4 (in [0-9]* blocks of 64 cross rows)' convert "$work/qwen2" --quantize nf4 --output "$work/c"
check says-errors-by-tensor 0 out '"error": [0-9]' convert "$work/llama" --quantize int8 --output "$work/d" --json
python3 - "$work/a/config.json" "$work/d/config.json" <<'PY'
import json, sys
four, eight = (json.load(open(name))["quantization_config"] for name in sys.argv[1:])
assert four["quant_method"] == eight["quant_method"] == "bitsandbytes"
assert four["load_in_4bit"] and not four["load_in_8bit"] and four["bnb_4bit_quant_type"] == "nf4"
assert eight["load_in_8bit"] and not eight["load_in_4bit"] and four["llm_int8_skip_modules"] == ["lm_head", "score"]
PY
say $? says-how-it-is-packed
check double-quant-of-others-is-refused 2 err 'add that, or leave it out' convert "$work/llama" --quantize int8 --double-quant --output "$work/none"

# What no scale can say is refused by the tensor's name: NaN, infinity; of int8 what f16 has not.
for bits in 0000c07f 0000807f; do
    "$assay" init --arch llama --output "$work/odd" --force --quiet >"$work/out"
    python3 - "$work/odd/model.safetensors" "$bits" <<'PY'
import json, sys
with open(sys.argv[1], "r+b") as file:
    size = int.from_bytes(file.read(8), "little")
    tensor = json.loads(file.read(size))["model.layers.1.self_attn.k_proj.weight"]
    assert tensor["dtype"] == "F32"
    file.seek(8 + size + tensor["data_offsets"][0] + 40)
    file.write(bytes.fromhex(sys.argv[2]))
PY
    for type in nf4 int8; do
        check "refuses-$bits-$type" 1 err 'layers.1.self_attn.k_proj.weight holds NaN' convert "$work/odd" --quantize "$type" --output "$work/none" --force
    done
done

# ---- train --quantize: packed in memory, the run of the converted folder, to the last bit ----

while read -r arch form; do
    # shellcheck disable=SC2086
    "$assay" convert "$work/$arch" --quantize $form --output "$work/packed" --force --quiet >/dev/null
    for precision in f32 bf16; do
        common=(--data "$work/pairs.jsonl" --epochs 1 --batch-pairs 3 --precision "$precision" --quiet --force)
        # shellcheck disable=SC2086
        "$assay" train --model "$work/packed" "${common[@]}" --output "$work/p" >"$work/out" 2>&1 &&
            "$assay" train --model "$work/$arch" --quantize $form "${common[@]}" --threads 1 --output "$work/q" >"$work/out" 2>&1 &&
            cmp -s "$work/p/adapter_model.safetensors" "$work/q/adapter_model.safetensors"
        say $? "in-memory-$arch-${form// /}-$precision-has-the-same-bits"
    done
    # Scoring packs the base as the run did, and does not speak of another base.
    for run in p q; do "$assay" score --model "$work/$run" --input "$work/pairs.jsonl" >"$work/$run.scores" 2>"$work/$run.err"; done
    cmp -s "$work/p.scores" "$work/q.scores" && [ -s "$work/q.scores" ] && grep -q 'packing the weights' "$work/q.err" && ! grep -q 'was trained on' "$work/q.err"
    say $? "scores-as-trained-$arch-${form// /}"
done <<'END'
llama nf4
llama q4_k
qwen2 nf4 --double-quant
chatglm3 int8
bloom q8_0
gemma2 q6_k
phi3 q5_k
END

# The base of a GGUF file, whose rows lie in another order.
"$assay" convert "$work/llama" --quantize q8_0 --output "$work/body" --force --quiet >/dev/null
check packed-base-is-not-packed-again 2 err 'quantised already (BF16 Q8_0.*leave --quantize nf4 out' train --model "$work/body" --quantize nf4 --data "$work/pairs.jsonl" --output "$work/none"
check full-tuning-of-packed 2 err 'tuning lora.*convert .* --output WHOLE' train --model "$work/body" --tuning full --data "$work/pairs.jsonl" --output "$work/none"
check full-tuning-while-packing 2 err 'give --tuning lora, or leave --quantize out' train --model "$work/llama" --quantize nf4 --tuning full --data "$work/pairs.jsonl" --output "$work/none"
check merging-into-packed 1 err 'is quantised (BF16 NF4.*score --model .*convert .*merge --model WHOLE' merge --model "$work/once" --adapter "$work/q" --output "$work/none"
[ ! -e "$work/none" ]
say $? refused-runs-leave-nothing
# Packed in memory alone, the base is whole on disk: an adapter is folded into that, and the warning says that it was trained on others.
"$assay" train --model "$work/llama" --quantize nf4 --data "$work/pairs.jsonl" --max-steps 1 --output "$work/q" --force --quiet >/dev/null 2>&1
check merging-into-the-whole-base 0 err 'trained on weights in .*NF4' merge --model "$work/q" --output "$work/merged"
! grep -q '"quantize": "nf4"' "$work/merged/assay.json" || grep -q '"options"' "$work/merged/assay.json"
python3 -c 'import json, sys; sys.exit("quantize" in json.load(open(sys.argv[1])))' "$work/merged/assay.json"
say $? what-is-merged-is-whole
check going-on-packs-as-before 0 err 'packing the weights .* to nf4' train --model "$work/llama" --adapter "$work/q" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/r"
check resuming-otherwise-is-refused 2 err 'the base changed' train --model "$work/llama" --quantize int8 --data "$work/pairs.jsonl" --max-steps 2 --output "$work/r" --resume
sed 's/"quantize": "nf4"/"quantize": "q9"/' "$work/q/assay.json" >"$work/json" && cp "$work/json" "$work/q/assay.json"
check unknown-notes-are-refused 1 err 'quantize is "q9"' score --model "$work/q"

# The plan counts what will be packed, with the weights at hand and by the config alone, as bytes of the process' own.
"$assay" plan --model "$work/llama" --data "$work/pairs.jsonl" --json >"$work/whole.json" 2>/dev/null
"$assay" plan --model "$work/llama" --quantize nf4 --data "$work/pairs.jsonl" --json >"$work/memory.json" 2>/dev/null
"$assay" plan --model "$work/once" --data "$work/pairs.jsonl" --json >"$work/folder.json" 2>/dev/null
for quantize in none nf4 int8 q4_k; do "$assay" plan --model chatglm2-6b --quantize "$quantize" --precision bf16 --memory 64G --json >"$work/6b-$quantize.json" 2>/dev/null; done
python3 - "$work" <<'PY'
import json, sys
plan = lambda name: json.load(open(f"{sys.argv[1]}/{name}.json"))
whole, memory, folder = plan("whole"), plan("memory"), plan("folder")
weights = lambda p: p["classes"]["weights"]
assert weights(folder) <= weights(memory) <= weights(folder) + 200 * 14 < weights(whole), (weights(folder), weights(memory), weights(whole))
assert plan("6b-nf4")["rss_bytes"] - plan("6b-none")["rss_bytes"] > 2 << 30
shares = {name: weights(plan("6b-" + name)) / weights(plan("6b-none")) for name in ("nf4", "int8", "q4_k")}
assert 0.17 < shares["nf4"] < 0.19 and 0.27 < shares["int8"] < 0.29 and 0.14 < shares["q4_k"] < 0.16, shares  # of f32; embeddings of nf4 and int8 stay
PY
say $? plan-counts-what-is-packed

# Names from elsewhere.
while read -r name wanted; do
    IFS=, read -ra words <<<"$name"
    check "alias-$name" 0 err "packing the weights of .* to $wanted" train --model "$work/llama" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/r" --force "${words[@]}"
done <<'END'
--load_in_4bit nf4 in
--load_in_4bit,True,--use_bnb_nested_quant nf4 (--double-quant) in
--load_in_4bit,True,--qlora,True nf4 (--double-quant) in
--load_in_8bit,True int8 in
--quantization_bit,8 int8 in
--quantization_bit,4 nf4 (--double-quant) in
END
check alias-false-is-none 0 err 'note' train --model "$work/llama" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/r" --force --load_in_4bit False --qlora False
! grep -q 'packing the weights' "$work/err"
say $? alias-false-packs-nothing
printf 'load_in_8bit: true\nmodel: %s\ndata: %s\n' "$work/llama" "$work/pairs.jsonl" >"$work/run.yaml"
check alias-in-yaml 0 err 'to int8 in memory' train --config "$work/run.yaml" --max-steps 1 --output "$work/r" --force
check alias-both-is-refused 2 err 'keep one' train --model "$work/llama" --data "$work/pairs.jsonl" --output "$work/r" --force --load_in_4bit --load_in_8bit
check alias-beside-quantize-is-refused 2 err 'keep one' train --model "$work/llama" --data "$work/pairs.jsonl" --output "$work/r" --force --load_in_4bit --quantize int8
check alias-fp4-is-refused 2 err 'nf4 loses less' train --model "$work/llama" --data "$work/pairs.jsonl" --output "$work/r" --force --load_in_4bit --bnb_4bit_quant_type fp4
check doctor-takes-it-over 0 out 'quantize nf4' doctor -- python reward_modeling.py --model_name_or_path m --train_file_dir d --output_dir o --load_in_4bit True
