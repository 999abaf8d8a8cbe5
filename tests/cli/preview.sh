#!/usr/bin/env bash
# preview: what is shown of a pair agrees with tokenize; what is dropped says why; nothing is written.
. tests/cli/check.inc

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
printf '%s\n' '{"prompt":"Q","chosen":"abX","rejected":"abYZ","margin":0.5,"id":"first"}' \
    '{"prompt":"Q2","chosen":"same","rejected":"same"}' \
    '{"prompt":"Q3","chosen":"a very long answer, longer than forty tokens","rejected":"short"}' >"$work/pairs.jsonl"
common=(--model "$work/model" --data "$work/pairs.jsonl" --template plain)

check preview 0 out '^template plain, append-eos auto, max-length 2048$' preview "${common[@]}"
seen records out '^3 records: 2 pairs kept (0 truncated)'
seen place out '^Pair 1, .*pairs.jsonl:1, margin 0.5$'
seen chosen-text out '^  chosen  .*"X'
seen drop out 'pairs.jsonl:2: chosen and rejected are equal$'
seen scored out 'scored in chosen: .*id 258 "'
seen scored-in-words out 'scored in chosen: .*: the last token, the end of "<|im_end|>", which stands behind the answer$'
check length-filter 0 out 'pairs.jsonl:3: longer than the maximum length ([0-9]* tokens)' preview "${common[@]}" --max-length 40
check scored-behind-a-turn 0 out 'the last token, the end of "<|im_end|>\\n", which stands behind the answer$' preview --model "$work/model" --data "$work/pairs.jsonl"
check scored-inside-a-cut-answer 0 out 'id [0-9]* ".": the last token of the rendered text$' preview "${common[@]}" --truncate right --max-length 30
check scored-without-an-end 0 out "the last token, the answer's own: nothing stands behind it$" preview "${common[@]}" --append-eos false
check scored-in-words-json 0 out '"place": "the last token, the end of ' preview "${common[@]}" --json
check how-many 0 out '^Pair 1,' preview "${common[@]}" --max-train-samples 1
! grep -q '^Pair 2,' "$work/out"; say $? how-many-and-no-more
for i in 1 2 3 4 5; do printf '{"prompt":"p%s","chosen":"c","rejected":"r"}\n' $i; done >"$work/five.jsonl"
check three-by-default 0 out '^Pair 3,' preview --model "$work/model" --data "$work/five.jsonl"
! grep -q '^Pair 4,' "$work/out"; say $? three-by-default-and-no-more
check as-many-as-asked 0 out '^Pair 5,' preview --model "$work/model" --data "$work/five.jsonl" --max-train-samples 5
check a-training-limit-floods-nothing 0 out '^Pair 3,' preview --model "$work/model" --data "$work/five.jsonl" --max_train_samples 1000
! grep -q '^Pair 4,' "$work/out"; say $? a-training-limit-floods-nothing-really
check aliases 0 out '^template plain' preview --model_name_or_path "$work/model" --train_file_dir "$work/pairs.jsonl" --template plain

check json 0 out '"dropped": \[{"place": ".*:2", "reason": "identical", "tokens": null}\]' preview "${common[@]}" --json
seen json-scored out '"chosen": {"tokens": \([0-9]*\), "ids": .*"scored": {"index": [0-9]*, "id": 258'
seen json-id out '"id": "first"'
cp "$work/out" "$work/json"
printf '%s\n' '{"prompt":"Q","chosen":"abX","rejected":"abYZ"}' >"$work/in"
"$assay" tokenize --model "$work/model" --template plain <"$work/in" >"$work/ids"
chosen=$(sed 's/.*"ids": \[\(\[[^]]*\]\).*/\1/' "$work/ids")
grep -q -F "\"ids\": $chosen" "$work/json"; say $? same-ids-as-tokenize
shared=$(sed 's/.*"shared": \([0-9]*\),.*/\1/' <<<"$(sed 's/"place": "[^"]*:3".*//' "$work/json")")
# Both answers begin "ab": the ids of prompt and "ab" are shared, what follows is not.
both=$(printf '%s' "$chosen" | tr -d '[] ' | cut -d, -f"1-$shared"); rest=$(printf '%s' "$chosen" | tr -d '[] ' | cut -d, -f"$((shared + 1))-")
[ "${both##*,}" = 98 ] && [ "$rest" = 88,258 ]; say $? shared-part-ends-where-the-answers-part

mkdir "$work/small"; cp "$work/model/config.json" "$work"/model/tokenizer* "$work/small"
check weights-are-not-needed 0 out '^Pair 1,' preview --model "$work/small" --data "$work/pairs.jsonl"
check nothing-left 1 err 'no pair is left to work on.*--max-length' preview "${common[@]}" --max-length 5
check no-data 2 err '^assay: --data is missing' preview --model "$work/model"
printf '%s\n' '{"prompt":"Q","chosen":"s","rejected":"s"}' >"$work/equal.jsonl"
check all-equal 1 err 'equal.jsonl: no pair is left to work on (1: chosen and rejected are equal)' preview --model "$work/model" --data "$work/equal.jsonl"

echo '{"prompt":"Q","responses":["middle one","best one","worst one"],"scores":[2,3,1]}' >"$work/list.jsonl"
check every-answer-of-a-list 0 out '^  2 (2)  .*"middle one' preview --model "$work/model" --data "$work/list.jsonl" --template plain
seen each-has-its-token out 'scored in 2 (2): '
check every-answer-in-json 0 out '"answers": \[{"tokens": .*"value": 3.0}, {.*"text": "Qmiddle one.*"value": 2.0}, {' preview --model "$work/model" --data "$work/list.jsonl" --template plain --json
check ends-alone-where-the-objective-takes-them 0 out '^  rejected  .*"worst one' preview --model "$work/model" --data "$work/list.jsonl" --template plain --objective bt
sed 's/"hidden_act"/"unheard_of": 1, "hidden_act"/' "$work/model/config.json" >"$work/small/config.json"
check notes-of-train 0 err 'note: .*unheard_of' preview --model "$work/small" --data "$work/pairs.jsonl" --template plain
