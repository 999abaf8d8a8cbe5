#!/usr/bin/env bash
# Packed weights against the same values written out whole: adapters are equal to the last bit, in every family that
# `assay models` lists, in f32 and bf16, under another schedule and thread count.
. tests/cli/check.inc
head -n 6 examples/medical_train.jsonl >"$work/pairs.jsonl"

# pack NAME TYPE: $work/NAME packed.
pack() {
    "$assay" convert "$work/$1" --quantize "$2" --output "$work/packed" --force --quiet >"$work/out"
    say $? "packs-$1-$2"
}

# Vectors are made in bf16, so that writing them out in bf16 changes none.
# same NAME PRECISION: what is trained on one is what is trained on the other, written out in that precision.
same() {
    "$assay" convert "$work/packed" --dtype "$2" --output "$work/whole" --force --quiet >"$work/out"
    local common=(--data "$work/pairs.jsonl" --epochs 1 --batch-pairs 3 --lora-targets all --precision "$2" --quiet --force)
    "$assay" train --model "$work/packed" "${common[@]}" --threads 1 --output "$work/p" >"$work/out" 2>&1 &&
        "$assay" train --model "$work/whole" "${common[@]}" --threads 2 --recompute all --output "$work/w" >"$work/out" 2>&1 &&
        cmp -s "$work/p/adapter_model.safetensors" "$work/w/adapter_model.safetensors"
    say $? "$1-$2-has-the-same-bits"
}

# merged NAME: nothing is folded into the packed base; folded into the whole one, an adapter of either gives the same model.
merged() {
    "$assay" convert "$work/packed" --dtype f32 --output "$work/whole" --force --quiet >"$work/out"
    check "$1-is-not-merged-into" 1 err 'is quantised (.*convert .* --output WHOLE, then assay merge --model WHOLE --adapter' merge --model "$work/p" --output "$work/none"
    for of in p w; do "$assay" merge --model "$work/whole" --adapter "$work/$of" --output "$work/merged-$of" --force --quiet >"$work/out" 2>&1; done
    cmp -s "$work/merged-p/model.safetensors" "$work/merged-w/model.safetensors"
    say $? "$1-merges-to-the-same-bits"
}

"$assay" models --json >"$work/models.json"
python3 - "$work/models.json" >"$work/list" <<'PY'
import json, sys
for family in json.load(open(sys.argv[1]))["architectures"]:
    print(family["init"][0])
PY
[ "$(wc -l <"$work/list")" -ge 15 ]
say $? families-are-listed

# The little shapes have rows that 256 does not divide: their matrices take a type of blocks of 32.
while read -r arch; do
    "$assay" init --arch "$arch" --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    pack "$arch" q4_k
    for precision in f32 bf16; do same "$arch" "$precision"; done
    merged "$arch"
done <"$work/list"

# Rows moved per head (llama), in parts (bloom), and not at all (chatglm3); every type that is made.
while read -r arch types; do
    "$assay" init --arch "$arch" --hidden 256 --ffn 512 --dtype bf16 --output "$work/wide-$arch" --quiet >/dev/null
    for type in $types; do
        pack "wide-$arch" "$type"
        for precision in f32 bf16; do same "wide-$arch-$type" "$precision"; done
        merged "wide-$arch-$type"
    done
done <<<'llama q4_k q5_k q6_k q8_0
bloom q4_k
chatglm3 q6_k'

check fallback-is-counted 0 out 'packed: .* Q5_0' convert "$work/llama" --quantize q4_k --output "$work/counted"
check errors-by-tensor 0 out '"error"' convert "$work/llama" --quantize q4_k --output "$work/errors" --json
for folder in packed whole; do "$assay" plan --model "$work/$folder" --data "$work/pairs.jsonl" --json >"$work/$folder.json"; done
python3 -c 'import json, sys
packed, whole = (json.load(open(name))["classes"]["weights"] for name in sys.argv[1:])
sys.exit(packed * 2 > whole)' "$work/packed.json" "$work/whole.json"
say $? plan-counts-packed-bytes
check unknown-type 2 err 'q4_k' convert "$work/llama" --quantize q3_k --output "$work/none"
check hidden-fits-heads 2 err 'heads of' init --arch llama --hidden 100 --output "$work/none"
# A body without its config is no model, and one that is cut short is refused.
cp -r "$work/packed" "$work/cut" && truncate -s 20000 "$work/cut/model.gguf"
check body-cut-short 1 err 'model.gguf.*ends too early.*assay convert MODEL --quantize q4_k --output DIR$' score --model "$work/cut"
truncate -s 500 "$work/cut/model.gguf"
check body-cut-in-its-header 1 err 'model.gguf.*ends too early.*assay convert MODEL --quantize q4_k --output DIR$' score --model "$work/cut"
# What no block can hold is refused by the tensor's name, not rounded to a number.
for bits in 0000c07f ffff7f7f; do
    "$assay" init --arch llama --hidden 256 --ffn 512 --output "$work/odd" --force --quiet >"$work/out"
    python3 - "$work/odd/model.safetensors" "$bits" <<'PY'
import json, sys
with open(sys.argv[1], "r+b") as file:
    size = int.from_bytes(file.read(8), "little")
    tensor = json.loads(file.read(size))["model.layers.1.self_attn.k_proj.weight"]
    assert tensor["dtype"] == "F32"
    file.seek(8 + size + tensor["data_offsets"][0] + 40)
    file.write(bytes.fromhex(sys.argv[2]))
PY
    for type in q4_k q5_k q6_k q8_0; do
        check "refuses-$bits-$type" 1 err 'blk.1.attn_k.weight holds NaN' convert "$work/odd" --quantize "$type" --output "$work/none" --force
    done
done
