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
check eval-refuses 1 err 'scores the steps of an answer.*no answers in labelled steps' eval --model $golden/steps_qwen2 --data "$work/pairs.jsonl"
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

# eval: the shares are those that Python counts from what score writes, whatever format the labels came in.
for name in stepwise processbench; do
    "$assay" eval --model $golden/steps_qwen2 --data tests/data/steps/$name.jsonl --quiet --json >"$work/eval"; say $? "eval-$name"
    sed 's/"problem"/"prompt"/; s/"steps"/"completions"/' tests/data/steps/$name.jsonl | "$assay" score --model $golden/steps_qwen2 --quiet >"$work/scores"
    $python - "$work/eval" "$work/scores" tests/data/steps/$name.jsonl <<'PYTHON'
import json, math, sys
got, scores, rows = json.load(open(sys.argv[1])), [json.loads(l)["steps"] for l in open(sys.argv[2])], [json.loads(l) for l in open(sys.argv[3])]
def labels(row):
    if "labels" in row: return [None if x is None else float(x) for x in row["labels"]]
    return [1.0 if row["label"] < 0 or i < row["label"] else 0.0 if i == row["label"] else None for i in range(len(row["steps"]))]
hits = count = 0
loss, found = [], {True: [], False: []}
for s, l in zip(scores, map(labels, rows), strict=True):
    for x, y in zip(s, l, strict=True):
        if y is None: continue
        hits, count = hits + ((x >= 0.5) == (y > 0.5)), count + 1
        loss.append(-(y * math.log(x) + (1 - y) * math.log(1 - x)))
    true = next((i for i, y in enumerate(l) if y is not None and y < 0.5), -1)
    found[true >= 0].append(next((i for i, x in enumerate(s) if x < 0.5), -1) == true)
share = lambda list: sum(list) / len(list)
a, b = share(found[True]), share(found[False])
wanted = [count, hits / count, sum(loss) / len(loss), a, b, 2 * a * b / (a + b) if a + b else 0, len(rows)]
first = got["first_error"]
have = [got["steps"], got["accuracy"], got["loss"], first["wrong"]["accuracy"], first["right"]["accuracy"], first["f1"], got["answers"]]
# nine digits of a score are printed
if any(abs(x - y) > 1e-6 for x, y in zip(wanted, have, strict=True)): sys.exit(f"{wanted}, {have}")
PYTHON
    say $? "counts-$name"
done
check eval-prm800k 0 out '"answers": *1.*"steps": *3' eval --model $golden/steps_qwen2 --data tests/data/steps/prm800k.jsonl --quiet --json
"$assay" init --arch llama --head tokens --output "$work/bytes" --quiet >/dev/null
check eval-math-shepherd 0 out '"answers": *2.*"steps": *4' eval --model "$work/bytes" --data tests/data/steps/math_shepherd.jsonl --quiet --json
check eval-subsets 0 out 'mean F1 over the subsets' eval --model $golden/steps_qwen2 --data tests/data/steps/stepwise.jsonl --data tests/data/steps/processbench.jsonl --quiet
check eval-too-long 1 err 'no answer is left to judge' eval --model $golden/steps_qwen2 --data tests/data/steps/stepwise.jsonl --max-length 4
check eval-one-token-heads 1 err 'reads a text at one token; give a model' eval --model $golden/head_trl --data tests/data/steps/stepwise.jsonl
check eval-mixed 1 err '1 files hold answers in labelled steps and 1 do not' eval --model $golden/steps_qwen2 --data tests/data/steps/stepwise.jsonl --data "$work/pairs.jsonl"
for option in '--store' '--worst 2' "--against $golden/steps_llama" '--columns a=b' '--truncate left'; do
    check "eval${option%% *}" 2 err 'leave it out' eval --model $golden/steps_qwen2 --data tests/data/steps/stepwise.jsonl $option
done
