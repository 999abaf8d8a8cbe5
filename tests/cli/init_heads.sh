#!/usr/bin/env bash
# Heads that others train, as `init --head` writes them: scored, told by inspect, refused where only the plain head is trained.
. tests/cli/check.inc
head -n 8 examples/medical_train.jsonl >"$work/few.jsonl"
printf '%s\n' '{"messages":[{"role":"user","content":"Is water wet?"},{"role":"assistant","content":"Yes."}]}' '{"prompt":"Is water wet?","responses":["It is.","No, and never was."]}' >"$work/asked"

for kind in mlp grm armorm internlm2 trl openrlhf ultrarm beaver; do
    for arch in llama qwen2; do
        "$assay" init --arch $arch --head $kind --output "$work/$kind" --force --quiet >/dev/null; say $? "$kind-$arch-is-made"
        "$assay" score --model "$work/$kind" --input "$work/asked" --threads 1 --quiet >"$work/one" 2>"$work/err"; say $? "$kind-$arch-scores"
        "$assay" score --model "$work/$kind" --input "$work/asked" --threads 2 --micro-tokens 128 --max-length 128 --quiet >"$work/two" 2>"$work/err"
        cmp -s "$work/one" "$work/two" && [ "$(sort -u "$work/one" | wc -l)" -eq 2 ]; say $? "$kind-$arch-scores-alike-however-it-is-cut"
    done
    check "$kind-is-inspected" 0 out 'head_kind' inspect "$work/$kind"
    check "$kind-is-not-trained-on" 1 err 'head' train --model "$work/$kind" --data "$work/few.jsonl" --max-steps 1 --eval-split off --output "$work/none"
    check "$kind-judges-no-words" 2 err 'has a trained head' score --model "$work/$kind" --head-from-tokens y,n --input "$work/asked"
    [ ! -e "$work/none" ]; say $? "$kind-leaves-nothing"
done
"$assay" init --arch llama --head 3 --output "$work/three" --quiet >/dev/null; say $? three-labels-are-made
check three-labels-score 0 out '"labels":{"LABEL_0":.*"LABEL_1":.*"LABEL_2":' score --model "$work/three" --label LABEL_1 --input "$work/asked" --quiet
"$assay" init --arch chatglm2 --head 1 --output "$work/plain" --quiet >/dev/null; say $? a-plain-head-is-made
check a-plain-head-scores 0 out '"score"' score --model "$work/plain" --input "$work/asked" --quiet
check a-plain-head-trains-on 0 err . train --model "$work/plain" --data "$work/few.jsonl" --max-steps 1 --eval-split off --batch-pairs 4 --output "$work/on"
# What eval tells of pairs is what score gives: one packs prompts of pairs, the other lists of answers.
"$assay" init --arch llama --head armorm --seed 3 --output "$work/armorm" --force --quiet >/dev/null
"$assay" score --model "$work/armorm" --input "$work/few.jsonl" --quiet >"$work/one" 2>"$work/err"
sed 's/.*"score":\[\([^],]*\),.*/\1/' "$work/one" | awk '{ sum += $1 } END { printf "%.6e\n", sum / NR }' >"$work/mean"
"$assay" eval --model "$work/armorm" --data "$work/few.jsonl" --json --quiet 2>"$work/err" | sed 's/.*"reward_chosen": \([^,]*\),.*/\1/' | awk '{ printf "%.6e\n", $1 }' | cmp -s - "$work/mean"
say $? armorm-evaluates-as-it-scores
check no-such-head 2 err 'mlp, grm, armorm, internlm2, trl, openrlhf, ultrarm, beaver' init --arch llama --head gated --output "$work/none"
check no-labels 2 err 'a number of labels, 1 to 4096' init --arch llama --head 0 --output "$work/none"
