#!/usr/bin/env bash
# Answers with attributes (HelpSteer): trained with least squares, a number for each, saved under their names, scored by name, judged by R2 and
# correlations, never mixed with what compares answers.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null

words=(amber birch cedar dune ember fjord grove heath islet juniper karst lagoon)
for ((i = 0; i < 60; i++)); do
    topic="${words[i % 12]} and ${words[(i * 5 + 3) % 12]}"
    verbosity=$((i % 4)) answer="All of $topic."
    for ((k = 0; k < verbosity; k++)); do answer+=" And more of it is told here."; done
    fun=$((i * 7 % 5)) && ((i % 5)) || fun=null
    echo "{\"prompt\":\"Tell me of $topic, $i.\",\"response\":\"$answer\",\"scores\":{\"verbosity\":$verbosity,\"fun\":$fun}}" >>"$work/all.jsonl"
done
head -n 44 "$work/all.jsonl" >"$work/train.jsonl"
tail -n 16 "$work/all.jsonl" >"$work/held.jsonl"
echo '{"prompt":"q","chosen":"a","rejected":"b"}' >"$work/pair.jsonl"
echo '{"prompt":"q","completion":"a","label":true}' >"$work/labelled.jsonl"
common=(train --model "$work/base" --lr 3e-3 --batch-pairs 8 --epochs 12 --template plain)

for tuning in full lora head; do
    check "$tuning-learns-attributes" 0 err 'note: 44 answers have attributes: --objective regression' "${common[@]}" --tuning $tuning --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/$tuning"
    seen "$tuning-names-the-numbers" err 'the head has 2 numbers: verbosity, fun; the first is the score'
    seen "$tuning-is-judged-by-attributes" err 'mean square error [0-9.]* on 16 held-out answers; means over attributes: R2'
    ! grep -qi 'nan' "$work/$tuning/metrics.jsonl"; say $? "$tuning-metrics-hold-no-nan"
    check "$tuning-scores-by-name" 0 out '"score":[-0-9.e]*,"labels":{"verbosity":[-0-9.e]*,"fun":[-0-9.e]*}' score --model "$work/$tuning" --input "$work/held.jsonl"
    seen "$tuning-says-which-is-the-score" err 'the score is "verbosity", the first of 2 labels'
done
grep -q '"objective": *"regression"' "$work/full/assay.json" && grep -q '"labels"' "$work/full/assay.json"; say $? the-notes-name-them
tr -d ' \n' <"$work/full/config.json" | grep -q '"id2label":{"0":"verbosity","1":"fun"},"initializer.*"label2id":{"fun":1,"verbosity":0}.*"problem_type":"regression"'; say $? the-config-names-them
grep -q 'On 16 held-out answers the mean square error is' "$work/full/README.md"; say $? the-card-says-how-good-it-is
sed '3s/"verbosity":./"verbosity":9/' "$work/train.jsonl" >"$work/other.jsonl"
check other-values-are-other-data 2 err 'the data changed' "${common[@]}" --tuning full --data "$work/other.jsonl" --eval-data "$work/held.jsonl" --output "$work/full" --resume
grep -q 'num_labels=2' "$work/lora/README.md" && grep -q '`verbosity`, `fun`' "$work/lora/README.md"; say $? the-card-says-how-to-load-them
# By construction verbosity is the answer's length: a model that learned anything explains most of it.
check it-learned 0 out '"attributes": {"answers": 16, "labels": {"verbosity": {"answers": 16, .*"r2": 0\.[5-9]' eval --model "$work/full" --data "$work/held.jsonl" --json
check eval-in-words 0 out '^means over labels   R2 ' eval --model "$work/full" --data "$work/held.jsonl"
seen a-row-for-each err 'the first of 2 labels'
check another-label-is-the-score 0 out '"score":[-0-9.e]*,"labels"' score --model "$work/lora" --label fun --input "$work/held.jsonl"
"$assay" score --model "$work/lora" --label fun --input "$work/held.jsonl" 2>/dev/null | head -n 1 | sed 's/.*"score":\([-0-9.e]*\),.*"fun":\([-0-9.e]*\)}.*/\1 \2/' | { read -r a b && [ -n "$a" ] && [ "$a" = "$b" ]; }; say $? it-is-that-number
check merged 0 out '' merge --model "$work/lora" --output "$work/merged" --dtype f32
tr -d ' \n' <"$work/merged/config.json" | grep -q '"id2label":{"0":"verbosity","1":"fun"}'; say $? merged-keeps-the-names
! grep -q assay_label "$work/merged/config.json" "$work/full/config.json"; say $? no-key-of-ours-leaves
# The adapter's product is added to the weights first: other roundings of the same sums, numbers of about unit size in f32.
for model in lora merged; do "$assay" score --model "$work/$model" --input "$work/held.jsonl" 2>/dev/null | tr -c '0-9.e\n-' ' ' >"$work/numbers-$model"; done
paste -d ' ' "$work/numbers-lora" "$work/numbers-merged" | awk '{ for (i = 1; i <= NF / 2; i++) { d = $i - $(i + NF / 2); if (d < 0) d = -d; if (!(d < 1e-4)) bad = 1 } n++ } END { exit bad || n != 16 }'; say $? merged-scores-alike
check trains-on 0 err 'the head has 2 numbers: verbosity, fun' "${common[@]}" --model "$work/full" --tuning full --data "$work/train.jsonl" --output "$work/on" --max-steps 2 --eval-split off
check adapter-trains-on 0 err 'the head has 2 numbers: verbosity, fun' "${common[@]}" --adapter "$work/lora" --data "$work/train.jsonl" --output "$work/on2" --max-steps 2 --eval-split off
sed 's/"fun"/"joy"/' "$work/train.jsonl" >"$work/joy.jsonl"
check another-attribute-has-no-place 1 err 'attribute "joy", and the head of .* has the labels verbosity, fun' "${common[@]}" --model "$work/full" --data "$work/joy.jsonl" --output "$work/no"
check eval-says-what-it-leaves-out 0 err 'no label for are not judged: joy' eval --model "$work/full" --data "$work/joy.jsonl"
check pairs-do-not-train-such-a-head 1 err 'one of several labels' "${common[@]}" --model "$work/full" --data "$work/pair.jsonl" --output "$work/no" --eval-split off

"$assay" "${common[@]}" --tuning full --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/small" --micro-tokens 150 >/dev/null 2>&1
cmp -s "$work/full/model.safetensors" "$work/small/model.safetensors"; say $? grouping-changes-no-bit
"$assay" "${common[@]}" --tuning full --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/half" --save-steps 30 >/dev/null 2>&1
cp -r "$work/half/checkpoint-30" "$work/cp30" 2>/dev/null; rm -rf "$work/half"/checkpoint-[4-9]*
check resumes 0 err '' "${common[@]}" --tuning full --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/resumed" --resume "$work/cp30"
cmp -s "$work/full/model.safetensors" "$work/resumed/model.safetensors"; say $? to-the-same-bits
# A checkpoint is a model by itself, before the run has ended and away from it.
cp -r "$work/lora"/checkpoint-[0-9]* "$work/alone"
check a-checkpoint-names-its-numbers 0 out '"labels":{"verbosity":[-0-9.e]*,"fun":' score --model "$work/alone" --input "$work/held.jsonl"
# Converted, the head stays whole; what Glm's class has no place for is said.
check convert-keeps-the-labels 0 out '' convert "$work/full" --output "$work/written"
"$assay" score --model "$work/full" --input "$work/held.jsonl" --quiet >"$work/scores-full" 2>/dev/null
"$assay" score --model "$work/written" --input "$work/held.jsonl" --quiet 2>/dev/null | cmp -s - "$work/scores-full"; say $? written-scores-alike
! grep -q assay_label "$work/written/config.json" && tr -d ' \n' <"$work/written/config.json" | grep -q '"id2label":{"0":"verbosity","1":"fun"}'; say $? written-keeps-the-names
check convert-packs-the-rest 0 out '' convert "$work/full" --quantize nf4 --output "$work/packed"
check packed-scores-by-name 0 out '"labels":{"verbosity":' score --model "$work/packed" --input "$work/held.jsonl"
"$assay" init --arch chatglm3 --head 3 --output "$work/glm" --quiet >/dev/null
check glm-has-no-place-for-biases 1 err '3 labels, whose biases have no place.*without --format glm' convert "$work/glm" --format glm --output "$work/no"
check data-check-counts-them 0 out 'single answers with attributes  *44' data check "$work/train.jsonl"
check preview-shows-them 0 out 'verbosity 0, fun' preview --model "$work/base" --data "$work/train.jsonl" --template plain
check verify-takes-them 0 out 'same bits\|equal' verify --model "$work/base" --data "$work/train.jsonl" --template plain --quiet
check plans-without-data 0 out '' plan --model "$work/base" --objective regression --num-labels 5
check converts 0 out '^44 pairs written' data convert "$work/train.jsonl" --output "$work/converted.jsonl"
"$assay" "${common[@]}" --tuning full --data "$work/converted.jsonl" --eval-data "$work/held.jsonl" --output "$work/again" >/dev/null 2>&1
cmp -s "$work/full/model.safetensors" "$work/again/model.safetensors"; say $? converted-answers-train-alike

no=("${common[@]}" --data "$work/train.jsonl" --output "$work/no")
check bt-wants-comparisons 2 err 'bt compares answers, and the data is single answers with attributes.*give regression' "${no[@]}" --objective bt
check regression-wants-attributes 2 err 'regression learns attributes, and the data compares answers' "${common[@]}" --data "$work/pair.jsonl" --output "$work/no" --objective regression
check labels-are-no-attributes 2 err 'regression learns attributes, and the data has single answers with labels' "${common[@]}" --data "$work/labelled.jsonl" --output "$work/no" --objective regression
check kinds-are-not-mixed 1 err '1 records are single answers with a label, 44 with attributes and 0 compare answers' "${no[@]}" --data "$work/labelled.jsonl"
check num-labels-is-checked 2 err 'num-labels 3: the data has 2 attributes' "${no[@]}" --num-labels 3
check num-labels-of-pairs 2 err 'num-labels 3: --objective bt has one number' "${common[@]}" --data "$work/pair.jsonl" --output "$work/no" --num-labels 3
check center-has-no-meaning 2 err 'center keeps rewards around 0' "${no[@]}" --center 0.1
check margin-has-no-meaning 2 err 'margin 1 is a distance' "${no[@]}" --margin 1
check smoothing-has-no-meaning 2 err 'regression models no wrong labels; leave it out' "${no[@]}" --objective regression --label-smoothing 0.1
page() { sed 's/<[^>]*>/ /g' "$1"; }
! page "$work/full/report.html" | grep -v batch-pairs | grep -iq 'pairs\|rejected\|longer answer\|coin'; say $? the-report-speaks-of-answers
page "$work/full/report.html" | grep -q 'answers with attributes: mean square error'; say $? and-of-attributes
