#!/usr/bin/env bash
# f32 in two planes: whatever --master f32 makes in bf16, to the bit, and from its checkpoints on; in several processes; what it takes; refusals.
. tests/cli/check.inc
. tests/cli/mesh.inc
for dtype in f16 f32; do "$assay" init --arch qwen2 --layers 3 --hidden 128 --ffn 256 --dtype $dtype --output "$work/$dtype" --quiet >/dev/null; done
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "{\"prompt\":\"What is $i plus $i?\",\"chosen\":\"It is $((i + i)), as one counts.\",\"rejected\":\"It is $((i * i + 1)).\"}"
done >"$work/pairs.jsonl"
common=(train --data "$work/pairs.jsonl" --tuning full --batch-pairs 4 --max-steps 6 --save-steps 3 --eval-split off --template plain --lr 1e-3 --weight-decay 0.01 --precision bf16)
planes=("${common[@]}" --master planes)
same() { # name folder folder: the model, and what a checkpoint has of it
    cmp -s "$2/model.safetensors" "$3/model.safetensors" && cmp -s "$2/checkpoint-6/state.safetensors" "$3/checkpoint-6/state.safetensors" && cmp -s "$2/checkpoint-6/state.json" "$3/checkpoint-6/state.json"
    say $? "$1"
}

# A file in f16 has ties: one in eight of its values lies in the middle of two bf16.
for dtype in f16 f32; do
    for moments in f32 8bit; do
        of=$dtype-$moments
        check "plain-$of" 0 err . "${common[@]}" --model "$work/$dtype" --moments $moments --output "$work/$of" --threads 2
        check "planes-$of" 0 err . "${planes[@]}" --model "$work/$dtype" --moments $moments --output "$work/p-$of" --threads 1 --recompute off
        same "planes-are-floats-$of" "$work/$of" "$work/p-$of"
    done
done
check otherwise 0 err . "${planes[@]}" --model "$work/f16" --moments 8bit --output "$work/o" --threads 2 --recompute all --micro-tokens 80
same threads-schedules-and-micro-batches-change-no-bit "$work/f16-8bit" "$work/o"
check lanes 0 err . "${common[@]}" --model "$work/f16" --lanes 2 --output "$work/lanes"
mesh 2 "${planes[@]}" --model "$work/f16" --lanes 2 --output "$work/mesh" --quiet 2>"$work/err"; say $? two-processes
same two-processes-make-the-same "$work/lanes" "$work/mesh"
grep -q '"master": *"planes"' "$work/o/assay.json"; say $? the-notes-name-it
check verified 0 out '"equal": *true' verify --model "$work/f16" --data "$work/pairs.jsonl" --tuning full --template plain --precision bf16 --master planes --pairs 2 --json

# Each goes on from the other's checkpoint.
check on-in-planes 0 err . "${planes[@]}" --model "$work/f16" --moments 8bit --resume "$work/f16-8bit/checkpoint-3" --output "$work/on"
same on-in-planes-same-bits "$work/f16-8bit" "$work/on"
check on-in-floats 0 err . "${common[@]}" --model "$work/f16" --moments 8bit --resume "$work/o/checkpoint-3" --output "$work/back"
same on-in-floats-same-bits "$work/f16-8bit" "$work/back"
mesh 2 "${planes[@]}" --model "$work/f16" --lanes 2 --resume "$work/lanes/checkpoint-3" --output "$work/mesh-on" --quiet 2>"$work/err"; say $? two-processes-go-on
same two-processes-go-on-same-bits "$work/lanes" "$work/mesh-on"

# What products of f32 read, behind the last layer's attention, stays whole: the plan counts both, and holds.
of() { "$assay" plan --model "$work/f16" --tuning full --max-length 64 --precision bf16 --json "$@" | python3 -c 'import json,sys; print(json.load(sys.stdin)["classes"]["weights"])'; }
bytes=$(of --master planes) floats=$(of)
[ "$bytes" -gt "$floats" ] && [ "$bytes" -lt $((floats + floats / 400)) ]; say $? "planned-$bytes-beside-$floats"
awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i ~ /"planned_bytes"/) p = $(i + 1); if ($i ~ /"peak_bytes"/) k = $(i + 1) } if (k + 0 > p + 0 || !k) bad = 1 } END { exit bad }' "$work/p-f16-8bit/metrics.jsonl"
say $? no-step-takes-more-than-planned

check not-in-f32 2 err 'add --precision bf16' "${common[@]}" --model "$work/f16" --master planes --precision f32 --output "$work/no"
check not-for-adapters 2 err 'master planes is for --tuning full' train --model "$work/f16" --data "$work/pairs.jsonl" --master planes --precision bf16 --output "$work/no"
mesh 2 "${planes[@]}" --model "$work/f16" --stages 2 --output "$work/no" 2>"$work/err"
[ $? -eq 2 ] && grep -q -e '--master planes' "$work/err" && [ ! -e "$work/no" ]; say $? not-beside-stages
