#!/usr/bin/env bash
# Moments in eight bits, all weights trained: the same bits whatever the threads and the schedule, and behind a stop; what they take; their names elsewhere.
. tests/cli/check.inc
"$assay" init --arch qwen2 --output "$work/base" --quiet >/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "{\"prompt\":\"What is $i plus $i?\",\"chosen\":\"It is $((i + i)), as one counts.\",\"rejected\":\"It is $((i * i + 1)).\"}"
done >"$work/pairs.jsonl"
common=(train --model "$work/base" --data "$work/pairs.jsonl" --tuning full --batch-pairs 4 --max-steps 6 --eval-split off --template plain --lr 1e-3)
weights=model.safetensors

check trains 0 err . "${common[@]}" --moments 8bit --output "$work/bytes" --threads 1 --recompute off
check trains-in-floats 0 err . "${common[@]}" --output "$work/floats" --threads 1 --recompute off
! cmp -s "$work/bytes/$weights" "$work/floats/$weights"; say $? bytes-round-otherwise-than-floats
check two-threads 0 err . "${common[@]}" --moments 8bit --output "$work/two" --threads 2 --recompute all --micro-tokens 80
cmp -s "$work/bytes/$weights" "$work/two/$weights"; say $? threads-schedules-and-micro-batches-change-no-bit
check name-elsewhere 0 err . "${common[@]}" --optim paged_adamw_8bit --output "$work/alias"
cmp -s "$work/bytes/$weights" "$work/alias/$weights"; say $? its-name-elsewhere
check another-optimizer-is-said 0 err '\-\-optim (AdamW is the optimizer)' "${common[@]}" --optim adafactor --max-steps 1 --output "$work/other"
grep -q '"moments": *"8bit"' "$work/bytes/assay.json"; say $? the-notes-name-them

# A stop in the middle, and on from there.
check stops 0 err . "${common[@]}" --moments 8bit --save-steps 3 --output "$work/stopped"
checkpoint=$work/stopped/checkpoint-3
[ -d "$checkpoint" ]; say $? a-checkpoint-of-step-3
check other-moments-are-refused 2 err '(--moments: 8bit then, f32 now; give the same)' "${common[@]}" --resume "$checkpoint" --output "$work/mixed"
check goes-on 0 err . "${common[@]}" --moments 8bit --resume "$checkpoint" --output "$work/on" --threads 2
cmp -s "$work/bytes/$weights" "$work/on/$weights"; say $? bits-as-if-never-stopped

# Two bytes and a little where the floats take eight; head, vectors and the embedding keep theirs.
of() { "$assay" plan --model "$work/base" --tuning full --max-length 64 --json "$@" | python3 -c 'import json,sys; print(json.load(sys.stdin)["classes"]["optimizer"])'; }
bytes=$(of --moments 8bit) floats=$(of)
[ "$bytes" -lt $((floats * 2 / 3)) ] && [ "$bytes" -gt $((floats / 4)) ]; say $? "planned-$bytes-of-$floats"
check is-another-way-to-run 0 out '\-\-moments 8bit' plan --model "$work/base" --tuning full --max-length 64
awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i ~ /"planned_bytes"/) p = $(i + 1); if ($i ~ /"peak_bytes"/) k = $(i + 1) } if (k + 0 > p + 0 || !k) bad = 1 } END { exit bad }' "$work/bytes/metrics.jsonl"
say $? no-step-takes-more-than-planned
