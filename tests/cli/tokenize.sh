#!/usr/bin/env bash
# tokenize: every kind of line, from folders, a .gguf and a run folder. The ids are byte values, or those of the committed fixtures' own tests.
. tests/cli/check.inc

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
ask() { printf "$1" >"$work/in"; }

ask 'Hi\n'
check text 0 out '^{"index": 0, "ids": \[72, 105\]}$' tokenize --model "$work/model"
check append-eos 0 out '"ids": \[72, 105, 258\]' tokenize --model "$work/model" --append-eos true
check underscore-and-config-names 0 out '"ids": \[72, 105, 258\]' tokenize --model_name_or_path "$work/model" --append_eos
ask '\n"a\\n\\u00e9"\r\n  {"text": "b", "id": 7}\n'
check json-string 0 out '^{"index": 0, "ids": \[97, 10, 195, 169\]}$' tokenize --model "$work/model"
seen text-object out '^{"index": 1, "ids": \[98\], "id": 7}$'
[ "$(wc -l <"$work/out")" -eq 2 ]; say $? blank-lines-are-passed-over
ask '{"messages": [{"role": "user", "content": "Hi"}]}\n{"prompt": "Hi", "chosen": "a", "rejected": "b"}\n'
check conversation 0 out '^{"index": 0, "ids": \[[0-9, ]*\b72, 105\b[0-9, ]*\]}$' tokenize --model "$work/model"
seen pair-gives-two out '^{"index": 1, "ids": \[\[[0-9, ]*\], \[[0-9, ]*\]\]}$'
check other-template 0 out '^{"index": 0, "ids": \[72, 105, 258\]}$' tokenize --model "$work/model" --template plain
check input-file 0 out '^{"index": 1' tokenize --model "$work/model" --input "$work/in"
check unknown-template 2 err 'no template "smollm"; the nearest is smollm2' tokenize --model "$work/model" --template smollm

ask 'Hello world\n'
check gguf-vocabulary 0 out '^{"index": 0, "ids": \[[0-9]' tokenize --model tests/data/tokenizer/smollm.gguf
check tokenizer-alone 0 out '^{"index": 0, "ids": \[1, [0-9]' tokenize --model tests/data/tokenizer/llama
ask '{"messages": [{"role": "user", "content": "Hi"}]}\n'
check chatglm-gmask-sop 0 out '"ids": \[561, 563, ' tokenize --model tests/data/tokenizer/chatglm

# The template a run was made with comes along with its folder, and the command line still wins.
printf '{"prompt":"%s","chosen":"yes","rejected":"no"}\n' one two three four >"$work/pairs.jsonl"
"$assay" train --model "$work/model" --data "$work/pairs.jsonl" --eval-split off --output "$work/run" --template plain --quiet >/dev/null 2>&1
check stored-template 0 out '"ids": \[72, 105, 258\]' tokenize --model "$work/run"
check stored-template-overruled 0 out '^{"index": 0, "ids": \[[0-9, ]\{20,\}\]' tokenize --model "$work/run" --template chatml
mv "$work/model" "$work/moved"
check base-gone 1 err '^assay: the base of .*run: ' tokenize --model "$work/run"
check base-given 0 out '"ids": \[72, 105, 258\]' tokenize --model "$work/moved" --adapter "$work/run"
mv "$work/moved" "$work/model"

check no-model 2 err '^assay: --model is missing' tokenize
check not-there 1 err 'no such folder' tokenize --model "$work/none"
check hub-id 1 err 'hf download some-org/some-model' tokenize --model some-org/some-model
ask 'fine\n{"messages": 3}\n'
check bad-object 1 err 'standard input:2: ' tokenize --model "$work/model"
seen good-lines-before-it-are-answered out '^{"index": 0'
ask '{"text": \n'
check broken-object 1 err 'standard input:1' tokenize --model "$work/model"
ask 'a\xffb\n'
check not-utf8 1 err 'standard input:1: .*not valid UTF-8 at byte 1' tokenize --model "$work/model"

shared=${ASSAY_SHARED:-../shared}/data
if [ -d "$shared/cases" ]; then python3 tests/cli/tokenizer_cases.py "$assay" "$shared" "$work"
else echo "skip real-cases (no $shared/cases)"; fi
