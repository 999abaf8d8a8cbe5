#!/usr/bin/env bash
# Weights in bf16 alone, rounded at random: the same bits whatever the threads, schedules and micro-batches, and behind a stop; what they take; refusals.
. tests/cli/check.inc
"$assay" init --arch qwen2 --hidden 128 --ffn 256 --output "$work/base" --quiet >/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "{\"prompt\":\"What is $i plus $i?\",\"chosen\":\"It is $((i + i)), as one counts.\",\"rejected\":\"It is $((i * i + 1)).\"}"
done >"$work/pairs.jsonl"
common=(train --model "$work/base" --data "$work/pairs.jsonl" --tuning full --batch-pairs 4 --max-steps 6 --eval-split off --template plain --lr 1e-3)
small=(--master bf16-stochastic --moments 8bit)
weights=model.safetensors

for precision in f32 bf16; do
    check "trains-$precision" 0 err . "${common[@]}" "${small[@]}" --precision $precision --output "$work/$precision" --threads 1 --recompute off
    check "trains-otherwise-$precision" 0 err . "${common[@]}" "${small[@]}" --precision $precision --output "$work/two" --threads 2 --recompute all --micro-tokens 80 --force
    cmp -s "$work/$precision/$weights" "$work/two/$weights"; say $? "threads-schedules-and-micro-batches-change-no-bit-in-$precision"
done
check trains-in-floats 0 err . "${common[@]}" --output "$work/floats" --threads 1
! cmp -s "$work/f32/$weights" "$work/floats/$weights"; say $? it-rounds
check moments-of-floats 0 err . "${common[@]}" --master bf16-stochastic --output "$work/m" --threads 2
grep -q '"master": *"bf16-stochastic"' "$work/f32/assay.json"; say $? the-notes-name-it
check verified 0 out '"equal": *true' verify --model "$work/base" --data "$work/pairs.jsonl" --tuning full --template plain "${small[@]}" --pairs 2 --json

# A stop in the middle, and on from there.
check stops 0 err . "${common[@]}" "${small[@]}" --precision f32 --save-steps 3 --output "$work/stopped"
checkpoint=$work/stopped/checkpoint-3
[ -d "$checkpoint" ]; say $? a-checkpoint-of-step-3
check another-master-is-refused 2 err '(--master: bf16-stochastic then, f32 or planes now; give the same)' "${common[@]}" --moments 8bit --precision f32 --resume "$checkpoint" --output "$work/mixed"
check another-precision-is-refused 2 err '(--precision: f32 then, bf16 now; give the same)' "${common[@]}" "${small[@]}" --precision bf16 --resume "$checkpoint" --output "$work/mixed"
check goes-on 0 err . "${common[@]}" "${small[@]}" --precision f32 --resume "$checkpoint" --output "$work/on" --threads 2
cmp -s "$work/f32/$weights" "$work/on/$weights"; say $? bits-as-if-never-stopped
check not-for-adapters 2 err 'master bf16-stochastic is for --tuning full' train --model "$work/base" --data "$work/pairs.jsonl" --master bf16-stochastic --output "$work/no"

# Of large matrices two bytes where there were four, and the plan holds.
of() { "$assay" plan --model "$work/base" --tuning full --max-length 64 --json "$@" | python3 -c 'import json,sys; print(json.load(sys.stdin)["classes"]["weights"])'; }
bytes=$(of --master bf16-stochastic) floats=$(of)
[ "$bytes" -lt $((floats * 4 / 5)) ] && [ "$bytes" -ge $((floats / 2)) ]; say $? "planned-$bytes-of-$floats"
awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i ~ /"planned_bytes"/) p = $(i + 1); if ($i ~ /"peak_bytes"/) k = $(i + 1) } if (k + 0 > p + 0 || !k) bad = 1 } END { exit bad }' "$work/f32/metrics.jsonl"
say $? no-step-takes-more-than-planned
