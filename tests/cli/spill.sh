#!/usr/bin/env bash
# --spill DIR: activations that would be computed again wait in a file. The same weights to the last bit for every tuning and precision, no more
# memory and bytes than planned, nothing left in the folder, and refusals by name.
. tests/cli/check.inc
for i in 1 2 3 4 5 6; do echo '{"prompt": "Where is it, number '$i'?", "chosen": "It is over there, behind the door.", "rejected": "No '$i' idea."}'; done >"$work/pairs.jsonl"
common=(--data "$work/pairs.jsonl" --eval-split off --batch-pairs 3 --quiet)
spilled=(--recompute off --micro-tokens 128 --spill "$work/disk")
mkdir "$work/disk"
field() { grep -oE "\"$1\": ?[0-9.e+-]+" "$2" | head -n 1 | grep -oE '[0-9.e+-]+$'; }
"$assay" init --arch llama --layers 6 --hidden 128 --ffn 256 --output "$work/m" --quiet >/dev/null

# least OPTION...: bytes of the smallest plan, which spills all layers. The whole plan is $work/plan.
least() {
    "$assay" plan --model "$work/m" "${common[@]}" "$@" --memory 1K --json >"$work/plan" 2>/dev/null
    field peak_bytes "$work/plan"
}

for tuning in lora full head; do
    for precision in f32 bf16; do
        options=(--tuning $tuning --precision $precision --lora-dropout 0.1 --threads 2)
        [ $tuning = lora ] || options=(--tuning $tuning --precision $precision --threads 2)
        memory=$(least "${options[@]}" "${spilled[@]}")
        "$assay" train --model "$work/m" "${common[@]}" "${options[@]}" "${spilled[@]}" --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1 &&
            "$assay" train --model "$work/m" "${common[@]}" "${options[@]}" --threads 1 --output "$work/r" --force >"$work/out" 2>&1
        weights=adapter_model.safetensors; [ $tuning != full ] || weights=model.safetensors
        cmp -s "$work/s/$weights" "$work/r/$weights"
        say $? "$tuning-$precision-has-the-same-bits"
        ! grep -q spill_bytes "$work/r/metrics.jsonl" && [ "$(field planned_bytes "$work/s/metrics.jsonl")" -le "$memory" ]
        say $? "$tuning-$precision-holds-what-was-planned"
        # A head needs nothing of the layers below it.
        [ $tuning = head ] || { [ "$(field spill_bytes "$work/s/metrics.jsonl")" -gt 0 ]; say $? "$tuning-$precision-says-what-it-wrote"; }
    done
done
[ -z "$(ls -A "$work/disk")" ]; say $? nothing-is-left-in-the-folder

# The plan: no more memory than with all layers recomputed, and no more bytes than it says.
memory=$(least "${spilled[@]}")
recomputed=$(least --recompute all --micro-tokens 128)
[ "$memory" -lt "$recomputed" ]; say $? takes-less-than-recomputing-all
"$assay" train --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1
check plan-says-it-in-json 0 out '"spill_bytes_run"' plan --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory" --json
[ "$(field layers "$work/out")" -gt 0 ] && [ "$(field spill_bytes "$work/s/metrics.jsonl")" -le "$(field spill_bytes_micro_batch "$work/out")0" ]
say $? writes-what-was-planned
check plan-says-it 0 out 'Activations of [56] of 6 layers are spilled' plan --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory"
seen plan-says-the-wear out 'written a step and .* in the run (it wears a disk)'
check train-says-it 0 err 'activations of [56] of 6 layers wait in a file of' train --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory" --output "$work/s" --force --no-quiet
check what-fits-is-not-spilled 0 out '"fits": *true' plan --model "$work/m" "${common[@]}" "${spilled[@]}" --json
! grep -q '"spilled"' "$work/out"; say $? and-nothing-is-written
check verify-spills 0 out 'all layers spilled' verify --model "$work/m" "${common[@]}" --spill "$work/disk"
check train-json-says-the-bytes 0 out '"spill_bytes": *[1-9]' train --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory" --output "$work/s" --force --json

# Interrupted while values are spilled, and gone on without.
"$assay" train --model "$work/m" "${common[@]}" "${spilled[@]}" --memory "$memory" --epochs 2 --save-steps 2 --keep all --output "$work/whole" >"$work/out" 2>&1
cp -r "$work/whole" "$work/half" && rm -r "$work/half/checkpoint-4"
"$assay" train --model "$work/m" "${common[@]}" --epochs 2 --save-steps 2 --keep all --output "$work/half" --resume "$work/half/checkpoint-2" >"$work/out" 2>&1
cmp -s "$work/whole/adapter_model.safetensors" "$work/half/adapter_model.safetensors"
say $? resumed-without-spilling

# Refused.
run=(train --model "$work/m" "${common[@]}" --output "$work/no" --memory "$memory" --recompute off --micro-tokens 128)
check folder-that-is-not-there 1 err "spill $work/nowhere: no file can be made there: No such file" "${run[@]}" --spill "$work/nowhere"
check folder-that-is-a-file 1 err "spill $work/pairs.jsonl: no file can be made there: Not a directory" "${run[@]}" --spill "$work/pairs.jsonl"
check plan-refuses-it-too 1 err "spill $work/nowhere" plan --model "$work/m" "${common[@]}" --spill "$work/nowhere"
[ ! -e "$work/no" ]; say $? nothing-is-made-then
check a-refusal-says-what-would-be-spilled 3 err 'with [56] of 6 layers spilled' "${run[@]}" --spill "$work/disk" --memory 1K
check not-beside-recompute-all 2 err 'recompute all computes every activation again' train --model "$work/m" "${common[@]}" --output "$work/no" --spill "$work/disk" --recompute all
check not-where-nothing-is-trained 2 err 'spill' score --model "$work/m" --spill "$work/disk"
mkdir "$work/locked" && chmod 500 "$work/locked"
[ -w "$work/locked" ] || check folder-that-may-not-be-written 1 err 'no file can be made there: Permission denied' "${run[@]}" --spill "$work/locked"
mkdir "$work/small"
if mount -t tmpfs -o size=64k tmpfs "$work/small" 2>/dev/null; then
    check a-full-disk-is-said-before-step-1 1 err "spill $work/small: .*No space left" "${run[@]}" --spill "$work/small"
    [ ! -e "$work/no/checkpoint-1" ] && [ -z "$(ls -A "$work/small")" ]; say $? and-leaves-nothing
    umount "$work/small"
fi
