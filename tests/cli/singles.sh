#!/usr/bin/env bash
# Single answers with labels (TRL unpaired, KTO): trained with bce, judged by sign and by AUC, never mixed with what compares answers.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null

words=(amber birch cedar dune ember fjord grove heath islet juniper karst lagoon)
for ((i = 0; i < 48; i++)); do
    topic="${words[i % 12]} and ${words[(i * 5 + 3) % 12]}"
    if ((i % 2)); then answer="All of $topic is told here, in order." label=true; else answer="??? $topic ???" label=false; fi
    echo "{\"prompt\":\"Tell me of $topic, $i.\",\"completion\":\"$answer\",\"label\":$label}" >>"$work/all.jsonl"
done
head -n 32 "$work/all.jsonl" >"$work/train.jsonl"
tail -n 16 "$work/all.jsonl" >"$work/held.jsonl"
echo '{"prompt":"q","chosen":"a","rejected":"b"}' >"$work/pair.jsonl"
common=(train --model "$work/base" --tuning full --lr 3e-3 --batch-pairs 8 --epochs 8 --template plain)

check labels-are-bce 0 err 'note: 32 answers have labels of their own: --objective bce' "${common[@]}" --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/run"
seen the-evaluation-is-of-answers err 'accuracy [01].[0-9]* (95 % interval [0-9. to]*) on 16 held-out answers'
grep -q '"objective": *"bce"' "$work/run/assay.json"; say $? the-notes-name-bce
[ -s "$work/run/report.html" ]; say $? there-is-a-report
! grep -qi 'nan' "$work/run/metrics.jsonl"; say $? metrics-hold-no-nan
# By construction the first letter decides: a model that learned anything has all couples in order.
check it-learned 0 out '"answers": {"answers": 16, "good": 8, "undecided": 0, "accuracy": .*"auc": 1.0' eval --model "$work/run" --data "$work/held.jsonl" --json
check eval-in-words 0 out '^good above others   1.0000   of couples (AUC)' eval --model "$work/run" --data "$work/held.jsonl"
check one-score-a-line 0 out '"score":-\?[0-9]' score --model "$work/run" --input "$work/held.jsonl"
check data-check-counts-them 0 out 'single answers with a label  *32  *16 of them good' data check "$work/train.jsonl"
check preview-shows-one-side 0 out 'scored in answer:' preview --model "$work/base" --data "$work/train.jsonl" --template plain
check verify-takes-them 0 out 'same bits\|equal' verify --model "$work/base" --data "$work/train.jsonl" --template plain --quiet
check converts 0 out '^32 pairs written' data convert "$work/train.jsonl" --output "$work/converted.jsonl"
"$assay" "${common[@]}" --data "$work/converted.jsonl" --eval-data "$work/held.jsonl" --output "$work/again" >/dev/null 2>&1
cmp -s "$work/run/model.safetensors" "$work/again/model.safetensors"; say $? converted-answers-train-alike
"$assay" "${common[@]}" --data "$work/train.jsonl" --eval-data "$work/held.jsonl" --output "$work/small" --micro-tokens 120 >/dev/null 2>&1
cmp -s "$work/run/model.safetensors" "$work/small/model.safetensors"; say $? grouping-changes-no-bit

check bt-wants-comparisons 2 err 'bt compares answers, and the data has single answers.*give bce' "${common[@]}" --data "$work/train.jsonl" --output "$work/no" --objective bt
check bce-wants-labels 2 err 'bce is of single answers with labels, and the data compares answers' "${common[@]}" --data "$work/pair.jsonl" --output "$work/no" --objective bce
check kinds-are-not-mixed 1 err '32 records are single answers with a label and 1 compare answers' "${common[@]}" --data "$work/train.jsonl" --data "$work/pair.jsonl" --output "$work/no"
check a-margin-has-no-meaning 2 err 'margin 1 is a distance between two answers' "${common[@]}" --data "$work/train.jsonl" --output "$work/no" --margin 1 --eval-split off
grep -q 'labelled answers' "$work/run/README.md" && ! grep -q 'longer answer\|preference pairs' "$work/run/README.md"; say $? the-card-says-what-it-was-trained-on
page() { sed 's/<[^>]*>/ /g' "$1"; }
! page "$work/run/report.html" | grep -v batch-pairs | grep -iq 'pairs\|rejected\|longer answer'; say $? the-report-speaks-of-answers
page "$work/run/report.html" | grep -q '16 labelled answers' && grep -q 'reward towards the label' "$work/run/report.html"; say $? and-judges-them-by-their-labels

# By subset, and the worst of them.
awk '{ sub(/}$/, ",\"subset\":\"" (NR % 4 < 2 ? "even" : "odd") "\",\"id\":" NR "}"); print }' "$work/held.jsonl" >"$work/named.jsonl"
check answers-by-subset 0 out '"subsets": \[{"subset": "even", "answers": 8, "accuracy": .*{"subset": "odd", "answers": 8' eval --model "$work/run" --data "$work/named.jsonl" --json
check answers-by-subset-in-words 0 out '^  odd  *8  ' eval --model "$work/run" --data "$work/named.jsonl"
sed '5s/"label":[a-z]*/"label":false/' "$work/named.jsonl" | sed '6s/"label":[a-z]*/"label":false/' >"$work/wrong.jsonl"
wrong=$(awk 'NR == 5 || NR == 6 { if ($0 ~ /All of/) print NR }' "$work/wrong.jsonl")
check the-worst-answer 0 out '^  .*wrong.jsonl:'"$wrong"', [a-z]*: reward [0-9.]*, label 0$' eval --model "$work/run" --data "$work/wrong.jsonl" --worst 1
seen with-its-texts out '^    answer,   assistant: All of '
check the-worst-answer-in-json 0 out '"worst": \[{"place": ".*wrong.jsonl:'"$wrong"'", .*"margin": -.*"label": 0.0, .*"id": '"$wrong"'}\]' eval --model "$work/run" --data "$work/wrong.jsonl" --worst 1 --json
