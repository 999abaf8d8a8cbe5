#!/usr/bin/env bash
# Models that score the steps of an answer, from the command line: folders as their classes save them (tests/data/golden/steps_*,
# tests/oracle/make_step_golden.py) score as the reference does; commands that read one token refuse them by name.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip steps (no python3)"; exit 0; }
golden=tests/data/golden

# near FOLDER SCORES: nine digits are printed; 1e-5 of a share is what the order of some hundred products may move.
cat >"$work/near.py" <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1] + "/golden.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, worst = json.loads(data[8:8 + size]), 0
for n, line in enumerate(map(json.loads, open(sys.argv[2]))):
    begin, end = header[f"steps.{n}"]["data_offsets"]
    wanted = struct.unpack(f"<{(end - begin) // 8}d", data[8 + size + begin:8 + size + end])
    worst = max([worst] + [abs(a - b) / b for a, b in zip(line["steps"], wanted, strict=True)])
    if line["score"] != min(line["steps"]): sys.exit(f"answer {n}: the score is not its worst step's")
if n != 2 or worst > 1e-5: sys.exit(f"{sys.argv[1]}: {worst} apart")
print(f"{sys.argv[1]}: {worst:.1e} apart at most", file=sys.stderr)
PYTHON
for kind in qwen2 llama bloom process; do
    folder=$golden/steps_$kind
    "$assay" score --model "$folder" --input "$folder/answers.jsonl" --quiet --threads 2 >"$work/scores"
    $python "$work/near.py" "$folder" "$work/scores"
    say $? "score-$kind"
    "$assay" score --model "$folder" --input "$folder/answers.jsonl" --quiet --threads 1 --micro-tokens 96 --max-length 96 | cmp -s - "$work/scores"
    say $? "bits-$kind"
    check "inspect-$kind" 0 out '"pooling": "the end of each step"' inspect "$folder" --json
done

# The list, one text with separators, and the text as it stands are the same steps; a label is another share.
printf '%s\n' '{"prompt":"no","completions":["a","b"]}' '{"prompt":"no","response":"a\nb\n"}' '{"prompt":"no","response":"a\nb"}' >"$work/asked"
check three-spellings 0 out '"steps":\[' score --model $golden/steps_qwen2 --input "$work/asked" --quiet
[ "$(cut -d, -f2- "$work/out" | sort -u | wc -l)" -eq 1 ]; say $? three-spellings-are-one
check another-separator 0 out '"steps":\[[^,]*\]' score --model $golden/steps_qwen2 --input "$work/asked" --quiet --step-separator '..'
check a-typed-line-feed 0 out '"steps":\[[^,]*,' score --model $golden/steps_qwen2 --input "$work/asked" --quiet --step-separator '\n'
check label-0 0 out '"steps":\[0\.9' score --model $golden/steps_qwen2 --label 0 --input $golden/steps_qwen2/answers.jsonl --quiet
check best 0 out '"best":[01].*"steps":\[[0-9.]*,[0-9.]*\]' score --model $golden/steps_qwen2 --best --quiet --input <(echo '{"prompt":"no","responses":["a\nb","b\na"]}')
check says-plain 0 err 'steps are joined as plain text' score --model $golden/steps_qwen2 --input "$work/asked"

# What reads one token refuses the head, and a head of one token the steps.
check no-step 1 err 'no step to read' score --model $golden/steps_qwen2 --input <(echo '{"text":"no"}')
check empty-step 1 err 'step 2 is empty' score --model $golden/steps_qwen2 --input <(echo '{"prompt":"no","completions":["a"," "]}')
check no-steps 1 err 'should be a list of steps and is empty' score --model $golden/steps_qwen2 --input <(echo '{"prompt":"no","completions":[]}')
check never-cut 1 err 'none is cut off' score --model $golden/steps_qwen2 --max-length 8 --truncate left --input $golden/steps_qwen2/answers.jsonl
check another-template 2 err '--template plain' score --model $golden/steps_qwen2 --template chatml --input "$work/asked"
check no-separator-wanted 2 err 'reads a text at one token; leave it out' score --model $golden/head_trl --step-separator x --input "$work/asked"
check no-steps-wanted 1 err 'the answer is a list of steps' score --model $golden/head_trl --input "$work/asked"
echo '{"prompt":"no","chosen":"a","rejected":"b"}' >"$work/pairs.jsonl"
check eval-refuses 1 err 'scores the steps of an answer.*assay score' eval --model $golden/steps_qwen2 --data "$work/pairs.jsonl"
check serve-refuses 1 err 'scores the steps of an answer.*assay score' serve --model $golden/steps_qwen2 --port 0
check forward-refuses 1 err 'scores the steps of an answer.*assay score' forward --model $golden/steps_qwen2 --input "$work/asked" --output "$work/states.safetensors"
check train-refuses 1 err 'score.0, score.2.*cannot be trained on' train --model $golden/steps_process --data "$work/pairs.jsonl" --eval-split off --output "$work/new"

# Tiny ones, as init writes them.
for kind in tokens process; do
    "$assay" init --arch qwen2 --head $kind --output "$work/$kind" --quiet >/dev/null; say $? "$kind-is-made"
    check "$kind-scores" 0 out '"steps":\[' score --model "$work/$kind" --input "$work/asked" --quiet
    check "$kind-is-inspected" 0 out 'read at each step' inspect "$work/$kind"
done
grep -q '"Qwen2ForTokenClassification"' "$work/tokens/config.json" && grep -q '"LABEL_1"' "$work/tokens/config.json"; say $? tokens-has-its-class
"$assay" init --arch chatglm1 --head tokens --output "$work/prefix" --quiet >/dev/null; say $? prefix-is-made
check prefix-is-refused 1 err 'reads the prompt both ways' score --model "$work/prefix" --input "$work/asked"
