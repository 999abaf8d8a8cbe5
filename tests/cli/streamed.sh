#!/usr/bin/env bash
# Weights that do not fit stay in their files and come while others compute: adapters are those of a run that keeps all weights, to the last bit,
# for plain, packed and permuted weights and those of several tensors, in f32 and bf16; what was read is in the metrics, and no more than planned.
. tests/cli/check.inc
. tests/cli/parted.inc
for i in 1 2 3 4 5 6; do echo '{"prompt": "Where is it, number '$i'?", "chosen": "It is over there, behind the door.", "rejected": "No '$i' idea."}'; done >"$work/pairs.jsonl"
common=(--data "$work/pairs.jsonl" --eval-split off --batch-pairs 3 --quiet)
field() { grep -oE "\"$1\": ?[0-9.e+-]+" "$2" | head -n 1 | grep -oE '[0-9.e+-]+$'; }

# least MODEL OPTION...: bytes of the smallest plan, which streams weights, or nothing. The whole plan is $work/plan.
least() {
    local model=$1; shift
    "$assay" plan --model "$model" "${common[@]}" "$@" --memory 1K --json >"$work/plan" 2>/dev/null
    grep -q '"streamed"' "$work/plan" && field peak_bytes "$work/plan"
}

# same NAME MODEL OPTION...: trained in the least memory with weights streamed, and with all of them kept.
same() {
    local name=$1 model=$2 memory; shift 2
    memory=$(least "$model" "$@")
    [ -n "$memory" ] && "$assay" train --model "$model" "${common[@]}" "$@" --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1 &&
        "$assay" train --model "$model" "${common[@]}" "$@" --output "$work/r" --force --threads 1 >"$work/out" 2>&1 &&
        cmp -s "$work/s/adapter_model.safetensors" "$work/r/adapter_model.safetensors" &&
        [ "$(field read_bytes "$work/s/metrics.jsonl")" -gt 0 ] && ! grep -q read_bytes "$work/r/metrics.jsonl"
    say $? "$name-has-the-same-bits"
}

for arch in llama chatglm2 qwen2; do
    "$assay" init --arch "$arch" --layers 6 --hidden 256 --ffn 512 --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    for precision in f32 bf16; do same "$arch-$precision" "$work/$arch" --precision "$precision" --lora-targets all; done
done
same llama-head "$work/llama" --tuning head --lr 1e-2

# In blocks, llama's q and k with their rows moved; in parts.
"$assay" convert "$work/llama" --quantize q4_k --output "$work/packed" --quiet >/dev/null
for precision in f32 bf16; do same "packed-$precision" "$work/packed" --precision "$precision" --recompute all; done
for kind in nf4 'nf4 nested' int8; do
    # shellcheck disable=SC2086
    set -- $kind
    part "$work/qwen2" "$1" "$work/parted" "${2:-}"
    same "parted-${kind// /-}" "$work/parted"
done

# No more is read than a plan says: each layer at most twice a micro-batch.
memory=$(least "$work/chatglm2" --micro-tokens 128)
"$assay" train --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1
"$assay" plan --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --json >"$work/plan" 2>/dev/null
[ "$(field read_bytes "$work/s/metrics.jsonl")" -le "$(field read_bytes_step "$work/plan")" ] && [ "$(field planned_bytes "$work/s/metrics.jsonl")" -le "$memory" ]
say $? reads-and-holds-what-was-planned
check plan-says-it 0 out 'Weights are streamed: .* do not stay in memory' plan --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory"
seen plan-says-the-time out 'a step takes'
check train-says-it 0 err 'do not stay in memory: they are read' train --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --output "$work/s" --force --no-quiet

# A shape without files is planned, too; where all weights fit, nothing is streamed.
check a-shape-is-planned 0 out '"read_bytes_micro_batch"' plan --model chatglm2-6b --max-length 512 --precision f32 --memory 3G --json
check what-fits-is-kept 0 out '"fits": *true' plan --model "$work/llama" "${common[@]}" --json
! grep -q '"streamed"' "$work/out"
say $? and-not-streamed

# Interrupted while weights stream, and gone on with all of them kept: one run.
memory=$(least "$work/llama")
"$assay" train --model "$work/llama" "${common[@]}" --memory "$memory" --epochs 2 --save-steps 2 --keep all --output "$work/whole" >"$work/out" 2>&1
cp -r "$work/whole" "$work/half" && rm -r "$work/half/checkpoint-4"
"$assay" train --model "$work/llama" "${common[@]}" --epochs 2 --save-steps 2 --keep all --output "$work/half" --resume "$work/half/checkpoint-2" >"$work/out" 2>&1
cmp -s "$work/whole/adapter_model.safetensors" "$work/half/adapter_model.safetensors"
say $? resumed-without-streaming
