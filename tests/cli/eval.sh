#!/usr/bin/env bash
# eval: every figure of --json counted again from the scores that `assay score` gives, in another language.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip eval (no python3)"; exit 0; }
shared=${ASSAY_SHARED:-../shared}

train() { # NAME OPTION...
    local name=$1; shift
    "$assay" train --model "$work/base" --max-steps 3 --batch-pairs 8 --data examples/medical_train.jsonl --eval-split off --output "$work/$name" --quiet "$@" 2>"$work/err" ||
        tail -n 3 "$work/err"
}
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
train a; train b --seed 7 --lr 1e-3

# Pairs by subset, in two files; choices as RewardBench 2 has them.
$python - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
rows = [json.loads(line) for line in open("examples/medical_eval.jsonl")]
names = ["alpacaeval-easy", "mt-bench-hard", "math-prm", "hep-go", "mine"]
with open(f"{work}/named.jsonl", "w") as out:
    for i, row in enumerate(rows[:100]): out.write(json.dumps({**row, "subset": names[i % 5]}) + "\n")
with open(f"{work}/other.jsonl", "w") as out:
    for row in rows[100:]: out.write(json.dumps(row) + "\n")
with open(f"{work}/choices.jsonl", "w") as out:
    for i in range(0, 120, 3):
        wrong = [row["rejected"] for row in rows[i:i + 3]]
        out.write(json.dumps({"id": str(i), "prompt": rows[i]["prompt"], "chosen": [rows[i]["chosen"]], "rejected": wrong, "subset": "Math" if i % 2 else "Focus"}) + "\n")
    for i in range(120, 140):
        for kind, right in (("ref", 1), ("tied", 3)):
            out.write(json.dumps({"id": f"{kind}:{i}", "prompt": rows[i]["prompt"], "chosen": [rows[i]["chosen"] + " ok" * n for n in range(right)],
                                  "rejected": [row["rejected"] for row in rows[i - 4:i]], "subset": "Ties"}) + "\n")
PYTHON

"$assay" eval --model "$work/a" --against "$work/b" --data "$work/named.jsonl" --data "$work/other.jsonl" --data "$work/choices.jsonl" --worst 5 --json >"$work/eval.json"
say $? eval-of-everything
for model in a b; do
    cat "$work/named.jsonl" "$work/other.jsonl" | "$assay" score --model "$work/$model" >"$work/pairs.$model"
    $python - "$work" <<'PYTHON' | "$assay" score --model "$work/$model" >"$work/choices.$model"
import json, sys
for line in open(sys.argv[1] + "/choices.jsonl"):
    row = json.loads(line)
    print(json.dumps({"prompt": row["prompt"], "responses": row["chosen"] + row["rejected"]}))
PYTHON
done
$python - "$work" <<'PYTHON'
import json, math, sys
work = sys.argv[1]
out = json.load(open(f"{work}/eval.json"))
rows = [json.loads(line) for name in ("named", "other") for line in open(f"{work}/{name}.jsonl")]
a, b = ([json.loads(line)["score"] for line in open(f"{work}/pairs.{m}")] for m in "ab")
near = lambda x, y: abs(x - y) <= 1e-6 * (1 + abs(y))
win = lambda x, y: 1 if x > y else 0.5 if x == y else 0
mean = lambda v: sum(v) / len(v)
assert out["pairs"] == len(rows) == 150
assert near(out["accuracy"], mean([win(*s) for s in a]))
assert near(out["margin"], mean([c - r for c, r in a]))
assert near(out["loss"], mean([math.log1p(math.exp(r - c)) for c, r in a]))
longer = mean([win(len(r["chosen"]), len(r["rejected"])) for r in rows])
assert near(out["longer_wins"], longer) and near(out["longer_gain"], out["accuracy"] - longer)
subsets = {}
for row, s in zip(rows, a): subsets.setdefault(row.get("subset", "other"), []).append(win(*s))
assert {s["subset"]: s["pairs"] for s in out["subsets"]} == {name: len(v) for name, v in subsets.items()}
assert all(near(s["accuracy"], mean(subsets[s["subset"]])) for s in out["subsets"])
reasoning = (mean(subsets["math-prm"]) * 984 + mean(subsets["hep-go"]) * 164) / 1148
assert near(out["rewardbench"]["Reasoning"], reasoning) and out["rewardbench"]["Safety"] is None
assert near(out["rewardbench"]["score"], mean([mean(subsets["alpacaeval-easy"]), mean(subsets["mt-bench-hard"]), reasoning]))
equal = [win(*s) for row, s in zip(rows, a) if 1 / 1.2 <= len(row["chosen"]) / len(row["rejected"]) < 1.2]
assert out["equal_length"]["pairs"] == len(equal) > 0, (out["equal_length"], len(equal))
assert near(out["equal_length"]["accuracy"], mean(equal))
assert sum(bin["pairs"] for bin in out["calibration"]["curve"]) == 150 == sum(bin["pairs"] for bin in out["length_bins"])
right = [[c > r for c, r in s] for s in (a, b)]
only = [sum(x and not y for x, y in zip(*right)), sum(y and not x for x, y in zip(*right))]
against = out["against"]
assert [against["only_this_right"], against["only_other_right"]] == only and against["pairs"] == 150
n, k = sum(only), min(only)
assert near(against["p"], min(1, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n)), (against, only)
worst = sorted(range(150), key=lambda i: (a[i][0] - a[i][1], i))[:5]
assert [w["id"] for w in out["worst"]] == [rows[i]["id"] for i in worst]
assert out["worst"][0]["chosen"][0]["content"] == rows[worst[0]]["chosen"]
choices = [json.loads(line) for line in open(f"{work}/choices.jsonl")]
scores = [json.loads(line)["score"] for line in open(f"{work}/choices.a")]
credit, gaps = {}, {}
for row, s in zip(choices, scores):
    if row["subset"] == "Ties":
        n = len(row["chosen"])
        gaps[row["id"]] = (min(s[:n]) - max(s[n:]), max(s[:n]) - min(s[:n]))
    else: credit.setdefault(row["subset"], []).append((s[0] == max(s)) / sum(x == max(s) for x in s))
got = {s["subset"]: s["accuracy"] for s in out["choices"]["subsets"]}
assert all(near(got[name], mean(v)) for name, v in credit.items())
numbers = [key[5:] for key in gaps if key.startswith("tied")]
share = lambda test: mean([bool(test(gaps["ref:" + n], gaps["tied:" + n])) for n in numbers])
ties = (0.3 * share(lambda r, t: t[0] > 0) + 0.3 * share(lambda r, t: r[0] > 0) + 0.2 * share(lambda r, t: t[0] > t[1]) + 0.2 * share(lambda r, t: min(r[0], t[0]) > t[1])
        + 0.01 * mean([math.tanh(min(gaps["ref:" + n][0], gaps["tied:" + n][0]) / gaps["tied:" + n][1] - 1) for n in numbers]))
assert near(got["Ties"], ties) and near(out["choices"]["score"], mean([*map(mean, credit.values()), ties]))
PYTHON
say $? every-figure-counted-again

check text-has-all 0 out '^  RewardBench, 4 of its 23 subsets' eval --model "$work/a" --against "$work/b" --data "$work/named.jsonl" --data "$work/choices.jsonl" --worst 2
seen text-has-ties out '^  Ties: right'
seen text-has-mcnemar out 'McNemar, exact'
seen text-has-worst out 'rejected, assistant: '
check against-itself 0 out '"p": 1.0' eval --model "$work/a" --against "$work/a" --data "$work/other.jsonl" --json
check adapter-against-adapter 0 out '"only_other_right"' eval --model "$work/base" --adapter "$work/a" --against "$work/b" --data "$work/other.jsonl" --json
check choices-alone 0 out '^best of N ' eval --model "$work/a" --data "$work/choices.jsonl"

# --store: what training with held-out pairs stores, for a model that has none.
check store 0 out 'stored in' eval --model "$work/a" --data "$work/other.jsonl" --store
check stored-is-used 0 out '"percentile":' score --model "$work/a" --normalized --input "$work/other.jsonl"
$python - "$work" <<'PYTHON'
import json, statistics, sys
settings = json.load(open(sys.argv[1] + "/a/assay.json"))
scores = [x for line in open(sys.argv[1] + "/pairs.a") for x in json.loads(line)["score"]][200:]
assert abs(settings["rewards"]["mean"] - statistics.mean(scores)) < 1e-6 and abs(settings["rewards"]["deviation"] - statistics.stdev(scores)) < 1e-6
assert settings["template"] and settings["options"]
PYTHON
say $? stored-mean-and-deviation
"$assay" merge --model "$work/a" --output "$work/merged" --quiet >/dev/null 2>&1; rm "$work/merged/assay.json"
"$assay" score --model "$work/merged" --input "$work/other.jsonl" >"$work/before"
check store-without-settings 0 out 'stored in' eval --model "$work/merged" --data "$work/other.jsonl" --store

"$assay" score --model "$work/merged" --input "$work/other.jsonl" | cmp -s - "$work/before"; say $? storing-changes-no-score

# Best of N by somebody's scores in the file, which data convert keeps, or by our own.
printf '%s\n' '{"prompt":"q","responses":["bad","good","fair"],"scores":[-1,2.5,0]}' '{"prompt":"q","responses":["a","b"],"scores":[1,1]}' >"$work/scored.jsonl"
check best-of-n-converts 0 out '^1 pairs and 1 lists of answers written' data convert "$work/scored.jsonl" --output "$work/made.jsonl"
grep -q '"responses":.*good.*fair.*bad.*"scores":\[2.5,0.0,-1.0\]' "$work/made.jsonl"; say $? best-of-n-keeps-all-answers
check best-of-n-scored-again 0 out '"score":\[' score --model "$work/a" --input "$work/scored.jsonl"
$python - "$work" <<'PYTHON' | "$assay" score --model "$work/a" --pairs >"$work/own.jsonl"
import json, sys
for line in list(open(sys.argv[1] + "/choices.jsonl"))[:30]:
    row = json.loads(line)
    print(json.dumps({"prompt": row["prompt"], "responses": row["chosen"] + row["rejected"]}))
PYTHON
check own-pairs-are-read 0 out '^  *pairs to train on  *30' data check "$work/own.jsonl"
check own-pairs-are-won 0 out '"accuracy": 1.0,' eval --model "$work/a" --data "$work/own.jsonl" --json
"$assay" train --model "$work/base" --data "$work/own.jsonl" --eval-split off --max-steps 1 --output "$work/from-own" --quiet; say $? own-pairs-train

llmbar=$shared/data/pairs/llmbar_natural_100.json
if [ -e "$llmbar" ]; then check llmbar 0 out '"pairs": 100,' eval --model "$work/a" --data "$llmbar" --max-length 8192 --json
else echo "skip llmbar (no $llmbar)"; fi
