#!/usr/bin/env bash
# What is said of the weights under an adapter: another place, the same place with other types, and what was packed before.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
"$assay" train --model "$work/base" --data examples/medical_train.jsonl --max-train-samples 20 --eval-split off --max-steps 1 --output "$work/run" --quiet 2>/dev/null
grep -q '"base_types": *"F32"' "$work/run/assay.json"; say $? run-notes-the-types
echo '{"text": "a"}' >"$work/in"
check same-base-is-no-news 0 out '"score"' score --model "$work/run"
[ ! -s "$work/err" ]; say $? same-base-says-nothing

cp -r "$work/base" "$work/copy"
for line in score "merge --output $work/merged"; do
    # shellcheck disable=SC2086
    check "elsewhere-${line%% *}" 0 err "was trained on $work/base, not on $work/copy" $line --model "$work/copy" --adapter "$work/run"
done
! grep -q base_types "$work/merged/assay.json"; say $? a-merged-model-has-no-base

# A relative base lies here or beside the adapter.
sed -i 's|"base_model_name_or_path": "[^"]*"|"base_model_name_or_path": "base"|' "$work/run/adapter_config.json"
check base-beside-the-adapter 0 out '"score"' score --model "$work/run"
[ ! -s "$work/err" ]; say $? base-beside-the-adapter-says-nothing

# The same folder, packed since.
check packs 0 out '^packed: ' convert "$work/base" --quantize q8_0 --output "$work/packed" --quiet
[ ! -s "$work/err" ]; say $? packing-whole-weights-warns-of-nothing
check packs-again 0 err 'packed is packed already (F32 Q8_0): its weights are rounded a second time' convert "$work/packed" --quantize q8_0 --output "$work/again"
check unpacks 0 out parameters convert "$work/packed" --output "$work/whole"
[ ! -s "$work/err" ]; say $? unpacking-warns-of-nothing
rm -r "$work/base" && mv "$work/packed" "$work/base"
check packed-since 0 err 'was trained on weights in F32, and .* has F32 Q8_0' score --model "$work/run"
check packed-since-merge 1 err 'is quantised (F32 Q8_0)' merge --model "$work/run" --output "$work/merged" --force
"$assay" train --model "$work/base" --data examples/medical_train.jsonl --max-train-samples 20 --eval-split off --max-steps 1 --output "$work/run" --force --quiet 2>/dev/null
check packed-itself 0 out '"score"' score --model "$work/run"
[ ! -s "$work/err" ]; say $? packed-itself-says-nothing
