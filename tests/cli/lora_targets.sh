#!/usr/bin/env bash
# An adapter on one linear layer alone, every layer of every family that `assay models` lists: the gradients that an
# operation need not make are other ones each time. Precisions take turns over the targets; ASSAY_THOROUGH: both for each (scripts/prove).
. tests/cli/check.inc
head -n 8 examples/medical_train.jsonl >"$work/pairs.jsonl"
"$assay" models --json >"$work/models.json"
python3 - "$work/models.json" >"$work/list" <<'PY'
import json, sys
for family in json.load(open(sys.argv[1]))["architectures"]:
    print(family["init"][0], *family["lora_targets"])
PY
[ "$(wc -l <"$work/list")" -ge 4 ]
say $? families-are-listed

while read -r arch targets; do
    "$assay" init --arch "$arch" --output "$work/$arch" --quiet >/dev/null
    common=(--model "$work/$arch" --data "$work/pairs.jsonl" --threads 2 --quiet)
    precision=f32
    for target in $targets; do
        "$assay" train "${common[@]}" --output "$work/$arch-$target" --lora-targets "$target" --epochs 1 >"$work/out" 2>&1
        say $? "train-$arch-$target"
        precisions=$precision
        [ -z "${ASSAY_THOROUGH:-}" ] || precisions="f32 bf16"
        [ $precision = f32 ] && precision=bf16 || precision=f32
        for p in $precisions; do
            check "verify-$arch-$target-$p" 0 out '^0 of [0-9]* ways differ, 0 skipped' verify "${common[@]}" \
                --pairs 2 --lora-targets "$target" --precision "$p"
        done
    done
done <"$work/list"
