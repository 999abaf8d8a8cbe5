#!/usr/bin/env bash
# What a person meets: sentences that say what was meant and what to type next, results that commands say, completion.
. tests/cli/check.inc

"$assay" init --arch llama --output "$work/base" >/dev/null 2>&1
for i in 1 2 3 4 5 6; do printf '{"prompt":"question %s","chosen":"answer %s","rejected":"no"}\n' $i $i; done >"$work/pairs.jsonl"
train() { "$assay" train --model "$work/base" --data "$work/pairs.jsonl" --eval-split off "$@"; }
train --max-steps 2 --output "$work/rm" >"$work/out" 2>"$work/err"
seen next-command err "next: assay eval --model .*/rm --data.*assay score --model .*/rm --input.*assay serve --model .*/rm"
train --max-steps 1 --output "$work/my rm" >"$work/out" 2>"$work/err"
seen next-command-is-quoted err "assay serve --model '.*/my rm'"
printf '{"prompt":"a","response":"b"}\n' >"$work/answers.jsonl"

# words without an option
check words-model-and-input 2 err 'did you mean --model rm --input answers.jsonl?' score rm answers.jsonl
check words-input 2 err 'did you mean --input answers.jsonl?' score --model rm answers.jsonl
check words-data 2 err 'did you mean --model base --data pairs.jsonl --output out?' train base pairs.jsonl out
check words-too-many 2 err '"a" is a word too many; options begin' serve a b c
check batchsize 0 out '"micro_tokens"' plan --model qwen2.5-0.5b --batchsize 4 --json
check batchsize-and-other 2 err 'batchsize and --batch-pairs\|batch-pairs and --batchsize' plan --model qwen2.5-0.5b --batchsize 4 --batch-pairs 8

# adapters, absent models
check convert-adapter 2 err "is an adapter.*assay merge --model $work/rm --output" convert "$work/rm" --output "$work/converted"
check merge-absent 1 err 'absent: no such folder' merge --model absent --output "$work/merged"
check merge-no-adapter 2 err 'give the adapter to fold in with --adapter' merge --model "$work/base" --output "$work/merged"

# score: columns, over-long lines
printf '{"prompt":"a","completion":"b"}\n' >"$work/completions.jsonl"
"$assay" score --model "$work/rm" --input "$work/answers.jsonl" --quiet >"$work/one"
"$assay" score --model "$work/rm" --input "$work/completions.jsonl" --columns response=completion --quiet >"$work/two"
[ -s "$work/one" ] && cmp -s "$work/one" "$work/two"; say $? columns-keep-the-prompt
printf '{"prompt":"a","response":"b"}\n{"prompt":"a","response":"%01000d"}\n' 0 >"$work/long.jsonl"
check over-long-line 1 err 'long.jsonl:2: .*--max-length.*--skip-bad-lines leaves such lines out' score --model "$work/rm" --input "$work/long.jsonl" --max-length 200 --quiet
check over-long-line-left-out 0 err 'left out: .*long.jsonl:2' score --model "$work/rm" --input "$work/long.jsonl" --max-length 200 --skip-bad-lines
check cut-is-not-advised-twice 1 err 'raise --max-length$' train --model "$work/base" --data "$work/pairs.jsonl" --max-length 2 --truncate left --output "$work/none" --quiet
check cut-is-advised-once 1 err 'raise --max-length, or cut with --truncate left' train --model "$work/base" --data "$work/pairs.jsonl" --max-length 2 --output "$work/none" --quiet

# data of others
printf 'question,good,bad\nq,a,b\nr,a,b\n' >"$work/others.csv"
check columns-line-is-ready 1 err 'did you mean --columns prompt=question,chosen=good,rejected=bad?' train --model "$work/base" --data "$work/others.csv" --output "$work/none" --quiet
! grep -q 'put a line in front' "$work/err"; say $? a-named-header-is-no-data
check columns-line-works 0 out 'pairs to train on  *2$' data check "$work/others.csv" --columns prompt=question,chosen=good,rejected=bad
check hub-data-set 1 err 'some/pairs in the Hugging Face or ModelScope cache; fetch' train --model "$work/base" --dataset_name some/pairs --output_dir "$work/none" --quiet

# models: which supported one is near; shapes; a tokenizer of vocab.json
near() { # TYPE NAME
    cp -r "$work/base" "$work/near-$1"
    sed -i "s/\"model_type\": *\"llama\"/\"model_type\": \"$1\"/; s/LlamaForCausalLM/X/" "$work/near-$1/config.json"
    check "near-$1" 1 err "\"$1\" is not supported; $2" plan --model "$work/near-$1"
}
near qwen3_next 'the nearest that is: qwen3'
near phi4 'the nearest that is: phi3'
near mamba 'supported are'
check plan-shape 0 out '"fits": true' plan --model qwen2.5-0.5b --max-length 256 --memory 64G --json
check plan-shape-with-data 2 err 'a shape without a tokenizer: leave out --data' plan --model qwen2.5-0.5b --data "$work/pairs.jsonl"

# --json: results and errors
check train-json 0 out '"steps": 1, .*"stopped": null.*"accuracy": null' train --model "$work/base" --data "$work/pairs.jsonl" --eval-split off --max-steps 1 --output "$work/json" --json --quiet
for key in output steps seconds stopped accuracy accuracy_low accuracy_high loss planned_bytes peak_bytes checkpoint; do grep -q "\"$key\"" "$work/out" || echo "not ok train-json-$key"; done
seen train-json-checkpoint out '"checkpoint": "[^"]*/json/checkpoint-1"'
[ "$(wc -l <"$work/out")" -eq 1 ]; say $? train-json-is-one-line
printf '{"prompt":"other","chosen":"b","rejected":"c"}\n' >"$work/heldout.jsonl"
check train-json-evaluated 0 out '"accuracy": [01]' train --model "$work/base" --data "$work/pairs.jsonl" --eval-data "$work/heldout.jsonl" --max-steps 1 --output "$work/evaluated" --json --quiet
check train-json-error 1 out '^{"error": "nope: no such folder or file", "exit_code": 1}$' train --model nope --data "$work/pairs.jsonl" --output "$work/none" --json
check train-json-usage 2 out '"exit_code": 2' train --model nope --dta x --json
check plan-json-error-once 3 out '"fits": false' plan --model qwen2.5-0.5b --memory 1M --json
[ "$(wc -l <"$work/out")" -eq 1 ]; say $? plan-json-is-one-line

# what was written; readers that go away
cp "$work/answers.jsonl" "$work/in"
check forward-says 0 out 'states.safetensors: 1 input, [0-9]* tensors' forward --model "$work/rm" --output "$work/states.safetensors" --quiet
check forward-json 0 out '"inputs": 1' forward --model "$work/rm" --output "$work/states.safetensors" --json --quiet
: >"$work/in"
for _ in $(seq 3000); do cat "$work/answers.jsonl"; done >"$work/many.jsonl"
{ "$assay" score --model "$work/rm" --input "$work/many.jsonl" --quiet 2>"$work/err"; echo $? >"$work/code"; } | head -n 1 >/dev/null
[ "$(cat "$work/code")" -eq 141 ] && [ ! -s "$work/err" ]; say $? reader-gone-is-silent

# resuming with another length, a disk that is full at the first checkpoint (see cli/inject for the disk)
check resume-longer 2 err 'max-steps: 2 steps then, 8 now.*to train on.*--adapter' train --model "$work/base" --data "$work/pairs.jsonl" --eval-split off --max-steps 8 --output "$work/rm" --resume --quiet

# completion, by the shell itself
complete_with() { # WORD...: what bash offers for the last one
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; _assay; printf "%s\n" "${COMPREPLY[@]}"' - "$work/bash" "$@"
}
"$assay" help --completion bash >"$work/bash"
complete_with assay data '' | grep -qx check; say $? complete-verb
complete_with assay data co | grep -qx convert; say $? complete-verb-begun
complete_with assay train --template q | grep -qx qwen; say $? complete-template
complete_with assay init --arch chatglm3- | grep -qx chatglm3-6b; say $? complete-arch
complete_with assay train --tuning = f | grep -qx full; say $? complete-equals
complete_with assay train --tuning = | grep -qx full; say $? complete-equals-empty
complete_with assay train --tuning f | grep -qx full; say $? complete-value
complete_with assay train --tun | grep -qx -- --tuning; say $? complete-option
"$assay" help --completion fish >"$work/fish"
grep -q "seen_subcommand_from data' -a 'check convert" "$work/fish" && grep -q "seen_subcommand_from init' -l arch -x -a '.*chatglm3-6b" "$work/fish"; say $? fish-script
if command -v fish >/dev/null; then fish --no-execute "$work/fish"; say $? fish-reads-it; else echo "skip fish-reads-it (no fish)"; fi
if command -v zsh >/dev/null; then "$assay" help --completion zsh >"$work/zsh"; zsh -n "$work/zsh"; say $? zsh-reads-it; else echo "skip zsh-reads-it (no zsh)"; fi

# What the server keeps for itself is not told of the request.
. tests/cli/serve.inc
start words --model "$work/rm" --quiet
python3 - "$port" >"$work/out" <<'PYTHON'
import sys, urllib.request, urllib.error
for body in (b'{"foo": 1}', b'{"inputs": [{"foo": 1}]}'):
    try: urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/score", body, {"Content-Type": "application/json"}))
    except urllib.error.HTTPError as e: print(e.code, e.read().decode())
PYTHON
grep -q 'the fields are: foo' "$work/out" && ! grep -q counts "$work/out"; say $? server-keeps-its-notes
