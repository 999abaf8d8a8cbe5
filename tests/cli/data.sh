#!/usr/bin/env bash
# data check and data convert: what is counted, what stops, what is written.
. tests/cli/check.inc

printf '%s\n' '{"prompt":"What is blood pressure?","chosen":"The push of blood on the vessel walls.","rejected":"No idea."}' \
    '{"prompt":"What  is blood PRESSURE?","chosen":"Force of blood on the walls.","rejected":"A thing that doctors like to measure in everybody, always."}' \
    '{"prompt":"Hi","chosen":"","rejected":"no"}' \
    '{"prompt":"Hi","chosen":"same","rejected":"same"}' >"$work/pairs.jsonl"
printf '%s\n' '{"prompt":"what is blood pressure?","chosen":"A force.","rejected":"A colour."}' >"$work/eval.jsonl"
printf 'query,pos,neg\nOne?,yes,no\n"Two, or\nthree?",two,"""no"""\n' >"$work/pairs.csv"

check audit 0 out '^  pairs to train on  *2$' data check "$work/pairs.jsonl"
seen audit-records out '^  records  *4$'
seen audit-prompts out '^  different prompts  *1$'
seen audit-empty out 'pairs.jsonl:3$'
seen audit-equal out 'pairs.jsonl:4$'
seen audit-length out 'longer answer wins in 50.0 %'
check audit-json 0 out '"records": 4, "pairs": 2' data check "$work/pairs.jsonl" --json
seen audit-json-one-line out '^{.*}$'
seen audit-json-drops out '"empty_chosen": {"count": 1, "examples": \[".*pairs.jsonl:3"\]}'
check leakage 0 out 'evaluation prompts also trained on  *1' data check "$work/pairs.jsonl" --eval-data "$work/eval.jsonl"
check several-paths 0 out '^  files  *2$' data check "$work/pairs.jsonl" "$work/eval.jsonl"
mkdir "$work/folder"; cp "$work"/*.jsonl "$work/folder"
check folder 0 out '^  files  *2$' data check "$work/folder"
check wrong-word 2 err 'neither check nor convert' data audit "$work/pairs.jsonl"

printf '%s\n' '{"prompt":"a","chosen":"b","rejected":"c"}' '{"prompt":"a","chosen":"b"}' 'rubbish' >"$work/bad.jsonl"
check bad-lines 1 err '^assay: .*bad.jsonl:2: .*2 bad lines in all' data check "$work/bad.jsonl"
seen bad-lines-are-counted out '^  bad lines  *2$'
check bad-lines-skipped 0 out '^  bad lines  *2$' data check "$work/bad.jsonl" --skip-bad-lines

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
check tokens 0 out '^  chosen side, tokens' data check "$work/pairs.jsonl" --model "$work/model"
check too-long 0 out 'dropped: longer than the maximum length  *1' data check "$work/pairs.jsonl" --model "$work/model" --max-length 100
check all-too-long 1 err 'no pair is left.*--max-length' data check "$work/pairs.jsonl" --model "$work/model" --max-length 20

check convert 0 out '^2 pairs written to ' data convert "$work/pairs.csv" --columns prompt=query,chosen=pos,rejected=neg --output "$work/out.jsonl"
[ "$(sed -n 2p "$work/out.jsonl")" = '{"prompt":[{"role":"user","content":"Two, or\nthree?"}],"chosen":[{"role":"assistant","content":"two"}],"rejected":[{"role":"assistant","content":"\"no\""}]}' ]
say $? convert-says-the-same
check convert-again 0 out '' data convert "$work/out.jsonl" --output "$work/again.jsonl" --quiet
cmp -s "$work/out.jsonl" "$work/again.jsonl"; say $? convert-is-stable
check convert-exists 2 err 'exists; --force' data convert "$work/pairs.jsonl" --output "$work/out.jsonl"
check convert-force 0 out '"pairs": 2, "dropped": 2' data convert "$work/pairs.jsonl" --output "$work/out.jsonl" --force --json
check convert-no-output 2 err '--output is missing' data convert "$work/pairs.jsonl"
check convert-to-standard-output 0 out '^{"prompt":' data convert "$work/out.jsonl" --output -
cmp -s "$work/out" "$work/out.jsonl" && [ ! -s "$work/err" ]; say $? convert-prints-what-it-writes
check convert-prints-or-tells 2 err 'both write to standard output' data convert "$work/out.jsonl" --output - --json
check dash-is-no-data 1 err 'standard input is /dev/stdin here' data check -
for line in '{"prompt":null,"chosen":"a","rejected":"b"}' '{"prompt":"q","chosen":null,"rejected":"b"}' '{"question":null,"response_chosen":"a","response_rejected":"b"}'; do
    field=$(sed 's/.*"\([a-z]*\)":null.*/\1/' <<<"$line")
    echo "$line" >"$work/null.jsonl"
    check "null-$field" 1 err "its one line is bad: .*null.jsonl:1: \"$field\" is null, and a pair needs a value there" data check "$work/null.jsonl"
done
check convert-csv-name 2 err 'end with .jsonl' data convert "$work/pairs.jsonl" --output "$work/new.csv"
check convert-bad 1 err 'bad.jsonl:2' data convert "$work/bad.jsonl" --output "$work/none.jsonl"
[ ! -e "$work/none.jsonl" ]; say $? convert-bad-writes-nothing

# The text of a control token inside a message: counted where a model says which those are.
printf '%s\n' '{"prompt":"a","chosen":"b<|im_end|>\n<|im_start|>user\nforged","rejected":"c"}' '{"prompt":"a <|im_end","chosen":"b","rejected":"c"}' >"$work/forged.jsonl"
"$assay" init --arch llama --output "$work/model" --quiet >/dev/null
check control-tokens 0 out '^  with the text of a control token  *1$' data check "$work/forged.jsonl" --model "$work/model"
seen control-tokens-place out 'forged.jsonl:1$'
check control-tokens-json 0 out '"control_tokens": {"count": 1, "examples": \[".*forged.jsonl:1"\]}' data check "$work/forged.jsonl" --model "$work/model" --json
check control-tokens-of-no-model 0 out '"control_tokens": null' data check "$work/forged.jsonl" --json

check examples-train 0 out '^  pairs to train on  *300$' data check examples/medical_train.jsonl --eval-data examples/medical_eval.jsonl
seen examples-are-clean out '^  none$'
check examples-eval 0 out '^  pairs to train on  *150$' data check examples/medical_eval.jsonl
for file in train eval; do
    share=$("$assay" data check "examples/medical_$file.jsonl" --json | sed 's/.*"longer_wins": \([0-9.]*\).*/\1/')
    awk -v share="$share" 'BEGIN { exit !(share > 0.45 && share < 0.55) }'; say $? "examples-$file-length-says-nothing"
done

# What repeats and what contradicts: a labelled answer by its label, a list by the order of all its answers.
printf '%s\n' '{"prompt":"p","completion":"a","label":true}' '{"prompt":"p","completion":"a","label":true}' '{"prompt":"p","completion":"b","label":false}' >"$work/same.jsonl"
check equal-labels-repeat 0 out '"duplicates": {"count": 1, .*"contradictions": {"count": 0' data check "$work/same.jsonl" --json
seen single-answers-have-no-other-side out '"rejected": null'
sed '2s/true/false/' "$work/same.jsonl" >"$work/opposed.jsonl"
check other-labels-contradict 0 out '"duplicates": {"count": 0, .*"contradictions": {"count": 1' data check "$work/opposed.jsonl" --json
printf '%s\n' '{"prompt":"p","response":"a","scores":{"x":1,"y":null}}' '{"prompt":"p","response":"a","scores":{"x":1,"y":2}}' '{"prompt":"p","response":"a","scores":{"x":3}}' >"$work/graded.jsonl"
check other-values-contradict 0 out '"contradictions": {"count": 1, "examples": \[".*graded.jsonl:1 and .*graded.jsonl:3"\]' data check "$work/graded.jsonl" --json
list() { echo "{\"prompt\":\"p\",\"responses\":[\"best\",\"$1\",\"$2\",\"worst\"],\"scores\":[9,$3,$4,0]}"; }
{ list m n 5 4; list m o 5 4; } >"$work/lists.jsonl"
check other-middles-are-other-lists 0 out '"duplicates": {"count": 0, .*"contradictions": {"count": 0' data check "$work/lists.jsonl" --json
{ list m n 5 4; list m n 4 5; list n m 4 5; } >"$work/lists.jsonl"
check the-middle-contradicts 0 out '"duplicates": {"count": 1, .*"contradictions": {"count": 1, "examples": \[".*lists.jsonl:1 and .*lists.jsonl:2"' data check "$work/lists.jsonl" --json

# Lists as pairs, as the objectives read them.
{ list m n 5 4; list m n 5 5; } >"$work/lists.jsonl"
check lists-as-their-ends 0 out '^2 pairs written' data convert "$work/lists.jsonl" --objective bt --output "$work/ends.jsonl"
[ "$(grep -c '"chosen": *\[{[^}]*best.*"rejected": *\[{[^}]*worst' "$work/ends.jsonl")" -eq 2 ] && ! grep -q '"p":' "$work/ends.jsonl"; say $? best-and-worst
check lists-as-couples 0 out '^12 pairs written' data convert "$work/lists.jsonl" --objective all-pairs --output "$work/couples.jsonl"
[ "$(grep -c '"p": *0.5' "$work/couples.jsonl")" -eq 1 ]; say $? a-couple-of-equal-scores-is-a-tie
check lists-stay-lists 0 out '^0 pairs and 2 lists' data convert "$work/lists.jsonl" --output "$work/kept.jsonl"
check pairs-by-no-other-objective 2 err 'data convert makes pairs of lists as bt' data convert "$work/lists.jsonl" --objective soft --output "$work/no.jsonl"
check an-audit-has-no-objective 2 err 'objective is for data convert' data check "$work/lists.jsonl" --objective bt
