#!/usr/bin/env bash
# assay verify from the command line, and a sample of the bit matrix.
. tests/cli/check.inc
head -n 12 examples/medical_train.jsonl >"$work/pairs.jsonl"
"$assay" init --arch chatglm3 --output "$work/model" --quiet >/dev/null
common=(verify --model "$work/model" --data "$work/pairs.jsonl" --pairs 3 --max-length 300 --truncate right --threads 2)

check verify-lora 0 out '^0 of [0-9]* ways differ, 0 skipped' "${common[@]}"
seen keeps-everything-once out '^keep everything .*same bits'
seen recompute-all out '^recompute all .*same bits'
seen progress-on-stderr err 'way 1/'
seen head-bias-is-explained out 'no gradient by nature.*classifier_head.bias'
check center-gives-the-bias-a-gradient 0 out '"cancelled":[ ]*\[\]' "${common[@]}" --center 0.01 --json --quiet
python3 - "$work/out" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
g = r["gradients"]
assert r["equal"] is True and r["loss_bits_equal"] is True and r["loss"] > 0
assert g["tensors"] > 10 and g["different"] == 0 and g["zero"] == []
assert r["threads"] == [1, 2] and len(r["micro_tokens"]) >= 3 and len(r["schedules"]) >= 3
assert r["schedules"][0]["name"] == "keep everything" and r["ways"] == len(r["cells"]) and r["ways_skipped"] == 0
PY
say $? json-has-its-fields
for family in chatglm1 bloom; do # whose last norm has a bias
    "$assay" init --arch $family --output "$work/$family" --quiet >/dev/null
    check "last-norm-is-explained-$family" 0 out 'no gradient by nature.*\.bias' verify --model "$work/$family" --data "$work/pairs.jsonl" --pairs 1 --tuning full \
        --max-length 100 --truncate right --eval-split off --threads 1
done
check head-init-zero 0 out '"zero":[ ]*\[\]' "${common[@]}" --head-init zero --json
seen zeros-are-filled err 'filled with seeded numbers'
check does-not-fit 3 err 'What would fit' "${common[@]}" --memory 100K
check pairs-must-be-positive 2 err 'pairs' "${common[@]}" --pairs 0
[ -z "$(ls "$work/model" | grep -v -e json -e safetensors -e token)" ]
say $? nothing-is-written

scripts/bit_matrix --sample --families chatglm3 --assay "$assay" >"$work/matrix"
say $? bit-matrix-sample
tail -n 1 "$work/matrix"
