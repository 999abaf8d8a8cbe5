#!/usr/bin/env bash
# Lanes from the command line: their number is in the bits, in the checkpoint, in assay.json and in the plan, and nothing else changes them.
. tests/cli/check.inc
head -n 24 examples/medical_train.jsonl >"$work/train.jsonl"
"$assay" init --arch llama --layers 1 --output "$work/base" --quiet >/dev/null
run=(--model "$work/base" --data "$work/train.jsonl" --eval-split off --batch-pairs 6 --max-steps 4 --save-steps 2 --quiet)
weights() { cat "$work/$1"/adapter_model.safetensors "$work/$1"/checkpoint-4/state.safetensors | sha256sum; }

"$assay" train "${run[@]}" --output "$work/four" --lanes 4 --threads 1; say $? lanes-train
"$assay" train "${run[@]}" --output "$work/again" --lanes 4 --threads 2 --recompute all --micro-tokens 1200; say $? lanes-other-way
[ "$(weights four)" = "$(weights again)" ]; say $? lanes-same-bits-however-computed
"$assay" train "${run[@]}" --output "$work/none"; say $? lanes-none
"$assay" train "${run[@]}" --output "$work/one" --lanes 1; say $? lanes-one
[ "$(weights none)" = "$(weights one)" ]; say $? lanes-one-is-the-default
[ "$(weights none)" != "$(weights four)" ]; say $? lanes-are-in-the-bits
grep -q '"lanes": 4' "$work/four/assay.json" && grep -q '"lanes": 1' "$work/none/assay.json"; say $? lanes-in-assay-json
! grep -q lanes "$work/none/checkpoint-4/state.json"; say $? one-lane-is-not-in-the-fingerprint

# What a checkpoint was made with goes on by itself; another number is refused by name.
mkdir "$work/resumed" && cp -r "$work/four/checkpoint-2" "$work/resumed/"
check lanes-other-number 2 err '--lanes: 4 then, 2 now' train "${run[@]}" --output "$work/resumed" --lanes 2 --resume
"$assay" train "${run[@]}" --output "$work/resumed" --resume; say $? lanes-resume
[ "$(weights four)" = "$(weights resumed)" ]; say $? lanes-resumed-to-the-same-bits
mkdir "$work/old" && cp -r "$work/none/checkpoint-2" "$work/old/"
check lanes-of-an-old-checkpoint 2 err '--lanes: 1 then, 4 now' train "${run[@]}" --output "$work/old" --lanes 4 --resume

check lanes-no-power 2 err 'no power of two; the nearest are 4 and 8' train "${run[@]}" --output "$work/x" --lanes 6
check lanes-verify 0 out '"equal": true' verify "${run[@]}" --lanes 4 --json

# log2(8) + 1 buffers of gradients instead of one.
gradients() { "$assay" plan "${run[@]}" "$@" --json 2>/dev/null | sed -n 's/.*"gradients": \([0-9]*\).*/\1/p' | head -n 1; }
one=$(gradients) eight=$(gradients --lanes 8)
[ -n "$one" ] && [ "$eight" = $((4 * one)) ]; say $? lanes-in-the-plan
