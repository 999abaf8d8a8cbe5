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
