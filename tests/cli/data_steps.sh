#!/usr/bin/env bash
# data check and data convert of answers in labelled steps, against a count of Python's own; score of each form.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip data_steps (no python3)"; exit 0; }
steps=tests/data/steps

# What the records say, read from the description of each form, not from what Assay makes of them.
cat >"$work/count.py" <<'PYTHON'
import json, sys
def answers(row):
    if "completions" in row: return row["prompt"], row["completions"], row["labels"], 0, 0
    if "problem" in row:
        n, first = len(row["steps"]), row["label"]
        return row["problem"], row["steps"], [i < first or first < 0 if first < 0 or i <= first else None for i in range(n)], 0, 0
    if "input" in row:
        head, *parts = row["input"].split("Step 1:", 1)
        texts = ["Step 1:" + parts[0].split(" \u043a\u0438")[0]] + [t.strip() for t in parts[0].split(" \u043a\u0438")[1:] if t.strip()]
        signs = [line.rstrip()[-1] == "+" for line in row["label"].split("Step 1:", 1)[1].split("\n")]
        return head.strip(), texts, signs, 0, 0
    texts, labels, neutral, others = [], [], 0, 0
    for step in row["label"]["steps"]:
        choices, chosen, human = step["completions"] or [], step["chosen_completion"], step["human_completion"]
        taken = choices[chosen] if chosen is not None else human or choices[0]
        others += len([c for c in choices if c is not taken])
        rating = 1 if taken["rating"] is None and taken is human else taken["rating"]
        neutral += rating == 0
        texts.append(taken["text"]); labels.append(None if rating is None else rating == 1)
        if chosen is None and not human: break
    return row["question"]["problem"], texts, labels, neutral, others
def rows(paths):
    for path in paths:
        text = open(path).read().strip()
        yield from json.loads(text) if text[0] == "[" else map(json.loads, text.split("\n"))
def count(paths):
    all_answers = [answers(row) for row in rows(paths)]
    labels = [x for a in all_answers for x in a[2]]
    firsts = [next((i for i, x in enumerate(a[2]) if x is not None and x < 0.5), None) for a in all_answers]
    judged = [max((i + 1 for i, x in enumerate(a[2]) if x is not None), default=0) for a in all_answers]
    return {"answers": len(all_answers), "steps": {"count": len(labels), "fewest": min(len(a[1]) for a in all_answers), "most": max(len(a[1]) for a in all_answers),
            "right": sum(x == 1 for x in labels if x is not None), "wrong": sum(x == 0 for x in labels if x is not None),
            "between": sum(0 < x < 1 for x in labels if x is not None), "unlabelled": sum(x is None for x in labels)},
            "answers_right": sum(f is None and j > 0 for f, j in zip(firsts, judged)), "answers_wrong": sum(f is not None for f in firsts),
            "first_errors": [firsts.count(i) for i in range(1 + max((f for f in firsts if f is not None), default=-1))],
            "lost_in_stepwise": {"neutral": sum(a[3] for a in all_answers), "completions": sum(a[4] for a in all_answers),
            "steps_behind_labels": sum(len(a[1]) - j for a, j in zip(all_answers, judged) if j), "answers_unlabelled": sum(not j for j in judged),
            "labels_missing": sum(x is None for a, j in zip(all_answers, judged) for x in a[2][:j])}}
if __name__ == "__main__":
    got, wanted = json.load(open(sys.argv[1])), count(sys.argv[2:])
    for key, value in wanted.items():
        if got[key] != value: sys.exit(f"{key}: {got[key]}, not {value}")
PYTHON

for name in stepwise processbench prm800k math_shepherd; do
    "$assay" data check $steps/$name.jsonl --json >"$work/$name.json" 2>"$work/err"; say $? "check-$name"
    $python "$work/count.py" "$work/$name.json" $steps/$name.jsonl; say $? "check-$name-counts"
done
"$assay" data check $steps/{stepwise,processbench,prm800k,math_shepherd}.jsonl --json >"$work/all.json"; say $? check-all
$python "$work/count.py" "$work/all.json" $steps/{stepwise,processbench,prm800k,math_shepherd}.jsonl; say $? check-all-counts
grep -q '"formats": {"prm800k": 1, "processbench": 2, "stepwise": 3, "math-shepherd": 2}' "$work/all.json"; say $? check-says-the-formats

check table 0 out '^  answers without a wrong step  *1$' data check $steps/processbench.jsonl
seen table-first-error out '^  step 2  *1$'
seen table-lost out '^  steps behind the last label  *1$'
seen table-none out '^  none$'
check table-nothing-lost 0 out '^  nothing$' data check $steps/math_shepherd.jsonl

# Bad lines, empty steps, repeats, contradictions, leaks.
printf '%s\n' '{"prompt":"p","completions":["a","b"],"labels":[true,true]}' '{"prompt":"p","completions":["a","b"],"labels":[true,false]}' \
    '{"prompt":"p","completions":["a","b"],"labels":[true,null]}' '{"prompt":"p","completions":["a","  "],"labels":[true,true]}' \
    '{"prompt":"p","completions":["a"],"labels":[true,true]}' '{"prompt":" ","completions":["c"],"labels":[1]}' >"$work/odd.jsonl"
check odd 1 err 'odd.jsonl:4: .*step 2 is empty (2 bad lines in all' data check "$work/odd.jsonl"
seen odd-empty-step out 'of them with an empty step  *1$'
seen odd-its-place out '^      .*odd.jsonl:4$'
seen odd-repeated out 'repeated answers  *1$'
seen odd-contradicts out 'contradicting answers  *1$'
seen odd-both-places out 'odd.jsonl:1 and .*odd.jsonl:2$'
seen odd-empty-prompt out 'empty prompts  *1$'
check odd-skipped 0 out '^  bad lines  *2$' data check "$work/odd.jsonl" --skip-bad-lines
printf '%s\n' '{"prompt":" P","completions":["z"],"labels":[true]}' '{"prompt":"q","completions":["z"],"labels":[true]}' >"$work/held.jsonl"
check leak 0 out 'evaluation prompts also trained on  *1$' data check "$work/odd.jsonl" --eval-data "$work/held.jsonl" --skip-bad-lines
check leak-json 0 out '"eval": {"answers": 2, "prompts_in_both": {"count": 1' data check "$work/odd.jsonl" --eval-data "$work/held.jsonl" --skip-bad-lines --json
echo '{"prompt":"no","chosen":"a","rejected":"b"}' >"$work/pairs.jsonl"
check other-kind 1 err 'holds no answers in labelled steps' data check "$work/odd.jsonl" --eval-data "$work/pairs.jsonl"
check both-kinds 1 err '1 files hold answers in labelled steps and 1 do not' data check "$work/odd.jsonl" "$work/pairs.jsonl"
sed -n 5p "$work/odd.jsonl" >"$work/one.jsonl"
check all-are-bad 1 err 'no answer is left: 1 lines are bad; the first: .*one.jsonl:1' data check "$work/one.jsonl" --skip-bad-lines
for option in '--columns a=b' '--model x'; do check "check${option%% *}" 2 err 'leave it out' data check $steps/stepwise.jsonl $option; done
check check--objective 2 err 'leave it out' data check $steps/stepwise.jsonl --objective bt
check convert--objective 2 err 'leave it out' data convert $steps/stepwise.jsonl --objective bt --output "$work/none.jsonl"

# Written, read and written again: the same bytes, and the counts of what was kept.
for name in stepwise processbench prm800k math_shepherd; do
    check "convert-$name" 0 out 'answers of .* labelled steps written to' data convert $steps/$name.jsonl --output "$work/$name.jsonl"
    "$assay" data convert "$work/$name.jsonl" --output "$work/again.jsonl" --force --quiet >/dev/null 2>&1; cmp -s "$work/$name.jsonl" "$work/again.jsonl"
    say $? "convert-$name-is-stable"
    "$assay" data convert $steps/$name.jsonl --output - 2>/dev/null | cmp -s - "$work/$name.jsonl"; say $? "convert-$name-prints-the-same"
    PYTHONPATH=$work $python - $steps/$name.jsonl "$work/$name.jsonl" <<'PYTHON'
import json, sys
from count import answers, rows
for row, line in zip(rows(sys.argv[1:2]), map(json.loads, open(sys.argv[2])), strict=True):
    prompt, steps, labels, *_ = answers(row)
    judged = max(i + 1 for i, x in enumerate(labels) if x is not None)
    wanted = {"prompt": prompt, "completions": steps[:judged], "labels": labels[:judged]}
    if "id" in row: wanted["id"] = row["id"]
    if line != wanted: sys.exit(f"{line}, not {wanted}")
PYTHON
    say $? "convert-$name-says-what-was-read"
done
grep -q '"labels":\[true,false\]' "$work/processbench.jsonl"; say $? labels-are-true-and-false
grep -q '"labels":\[1.0,0.0\]' "$work/stepwise.jsonl"; say $? with-a-probability-they-are-numbers
check tells-what-is-lost 0 err '1 steps left out: they stand behind the last step' data convert $steps/processbench.jsonl --output - --force
check tells-null 0 err '1 steps have no label and are written with null' data convert $steps/stepwise.jsonl --output -
seen tells-numbers err 'all are written as numbers'
check convert-json 0 out '"answers": 2, "steps": 3, "dropped": 0, "bad_lines": 0' data convert $steps/processbench.jsonl --output "$work/x.jsonl" --json
echo '{"prompt":"p","completions":["a"],"labels":[null]}' >"$work/unlabelled.jsonl"
check convert-nothing 1 err 'no step has a label' data convert "$work/unlabelled.jsonl" --output "$work/none.jsonl"
check convert-bad 1 err 'odd.jsonl:4.*--skip-bad-lines leaves' data convert "$work/odd.jsonl" --output "$work/none.jsonl"
[ ! -e "$work/none.jsonl" ]; say $? what-fails-writes-nothing
check convert-some 0 out '^4 answers of 6 labelled steps' data convert "$work/odd.jsonl" --output "$work/some.jsonl" --skip-bad-lines
printf '%s\n' '{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"p"}],"completions":["a"],"labels":[false],"subset":"x","id":1.50,"tools":[{"type":"function","function":{"name":"f"}}]}' >"$work/whole.jsonl"
check convert-whole 0 out '"id":1.50' data convert "$work/whole.jsonl" --output -
seen convert-keeps-messages out '^{"prompt":\[{"role":"system","content":"s"},{"role":"user","content":"p"}\]'
seen convert-keeps-subset out '"subset":"x"'
seen convert-keeps-tools out '"tools":\[{"type":"function"'
echo '{"prompt":"p","completions":["a"],"labels":[true],"images":["x.png"]}' >"$work/pictures.jsonl"
check pictures-are-refused 1 err '"images" holds more than text' data check "$work/pictures.jsonl"

# What programs write beside JSON's standard stops nobody who does not read it, and is named where it is read.
printf '%s\n' '{"prompt":"p","completions":["a"],"labels":[NaN]}' '{"prompt":"p","completions":["\ud83d"],"labels":[true]}' '{"problem":"p","steps":["a"],"label":12345678901234567890123}' \
    '{"prompt":"p","completions":["a"],"labels":[true],"subset":"\ud83d"}' '{"question":{"problem":"p"},"label":{"steps":[{"completions":[{"text":"a","rating":NaN}],"chosen_completion":0}]}}' \
    '{"prompt":"p","completions":["a"],"labels":[true],"seed":NaN,"id":98765432109876543210123}' >"$work/world.jsonl"
check world 1 out 'world.jsonl:1: "labels": that of step 1 .* and is NaN' data check "$work/world.jsonl"
seen world-surrogate out 'world.jsonl:2: .*half a surrogate pair'
seen world-whole-number out 'world.jsonl:3: "label" is a whole number beyond 64 bits'
seen world-subset out 'world.jsonl:4: "subset" should be a text'
seen world-rating out 'world.jsonl:5: .*null and is NaN'
seen world-unread out '^  bad lines  *5$'
check world-id 0 out '"id":98765432109876543210123' data convert "$work/world.jsonl" --skip-bad-lines --output -

# What they are is told by the first record that can be read; a pipe has none to look at twice.
{ echo rubbish; cat $steps/processbench.jsonl; } >"$work/late.jsonl"
check late 1 out '^  answers  *2$' data check "$work/late.jsonl"
check late-skipped 0 out '^2 answers of 3 labelled steps' data convert "$work/late.jsonl" --skip-bad-lines --output "$work/late.out.jsonl"
mkfifo "$work/pipe.jsonl"
timeout 3600 cat $steps/processbench.jsonl >"$work/pipe.jsonl" &
check check-pipe 1 err 'answers in labelled steps; where it is a pipe, write it into a file' data check "$work/pipe.jsonl"
wait
timeout 3600 cat $steps/processbench.jsonl >"$work/pipe.jsonl" &
check convert-pipe 1 err 'answers in labelled steps; where it is a pipe, write it into a file' data convert "$work/pipe.jsonl" --output "$work/none.jsonl"
wait
check eval-data-of-steps 1 err 'has answers in labelled steps' data check "$work/pairs.jsonl" --eval-data $steps/processbench.jsonl

# A judgement does not change by what is left out: nobody judged what stands behind the last label.
golden=tests/data/golden
"$assay" eval --model $golden/steps_qwen2 --data $steps/processbench.jsonl --quiet --json >"$work/before"
"$assay" eval --model $golden/steps_qwen2 --data "$work/processbench.jsonl" --quiet --json | cmp -s - "$work/before"; say $? the-same-judgement

# score reads the same records: every step, labelled or not.
"$assay" score --model $golden/steps_qwen2 --input $steps/stepwise.jsonl --quiet >"$work/scores"; say $? score-stepwise
"$assay" score --model $golden/steps_qwen2 --input $steps/processbench.jsonl --quiet >"$work/scores"; say $? score-processbench
sed 's/"problem"/"prompt"/; s/"steps"/"completions"/' $steps/processbench.jsonl | "$assay" score --model $golden/steps_qwen2 --quiet | cmp -s - "$work/scores"; say $? score-processbench-is-score-stepwise
check score-prm800k 0 out '"steps":\[[^,]*,[^,]*,[^,]*\]' score --model $golden/steps_qwen2 --input $steps/prm800k.jsonl --quiet
"$assay" init --arch llama --head tokens --output "$work/bytes" --quiet >/dev/null
check score-math-shepherd 0 out '"steps":\[[^,]*,[^,]*\]' score --model "$work/bytes" --input $steps/math_shepherd.jsonl --quiet
check score-neighbour 1 err 'nothing to score' score --model $golden/steps_qwen2 --input <(sed -n 5p $steps/neighbours.jsonl)
