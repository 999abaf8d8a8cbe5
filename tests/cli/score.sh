#!/usr/bin/env bash
# score: the bits of a text do not depend on its company; lines of many answers; best, pairs, traces, readings of the scale.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip score (no python3)"; exit 0; }
same() { cmp -s "$2" "$3"; say $? "$1"; }

# One text alone, in batches of 2 to 64, backwards and shuffled, 1 and 2 threads: the printed nine digits tell every f32.
$python - "$work" <<'PYTHON'
import json, random, sys
random.seed(5)
words = "pain dose water doctor fever take rest never always two tablets hours 医生 发烧 请 ok ? !".split()
text = lambda low, high: " ".join(random.choice(words) for _ in range(random.randint(low, high)))
work = sys.argv[1]
lines = [{"prompt": text(1, 60), "response": text(1, 60), "id": i} for i in range(64)]
def put(name, rows):
    with open(f"{work}/{name}", "w") as out:
        for row in rows: out.write(json.dumps(row, ensure_ascii=False) + "\n")
put("all", lines)
put("backwards", lines[::-1])
shuffled = lines[:]; random.shuffle(shuffled); put("shuffled", shuffled)
for n in (1, 2, 3, 7, 16, 33): put(f"first{n}", lines[:n])
# Answers of one prompt: too many tokens for one micro-batch, more than 1024 of them, and the same as lines of their own.
prompt = text(100, 100)
many = [text(1, 40) for _ in range(200)]
put("many", [{"prompt": prompt, "responses": many, "id": "many"}, {"prompt": "x", "response": "y"}])
put("single", [{"prompt": prompt, "response": answer} for answer in many])
tiny = [f"{i % 7} ok" for i in range(1500)]
put("tiny", [{"prompt": "p", "responses": tiny}])
PYTHON
scores() { $python -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    for score in line["score"] if isinstance(line["score"], list) else [line["score"]]: print(line.get("id"), repr(score))'; }
for arch in llama chatglm3; do
    "$assay" init --arch $arch --output "$work/base" --force --quiet >/dev/null
    rm -rf "$work/m-$arch"
    "$assay" train --model "$work/base" --tuning full --max-steps 2 --batch-pairs 4 --data examples/medical_train.jsonl --eval-data examples/medical_eval.jsonl \
        --max-eval-samples 40 --output "$work/m-$arch" --quiet 2>"$work/err" || tail -n 3 "$work/err"
    model=(--model "$work/m-$arch" --quiet)
    "$assay" score "${model[@]}" --input "$work/all" | scores | sort >"$work/wanted"
    [ "$(wc -l <"$work/wanted")" = 64 ]; say $? scored-$arch
    for order in all backwards shuffled; do
        for threads in 1 2; do
            "$assay" score "${model[@]}" --input "$work/$order" --threads $threads | scores | sort >"$work/got"
            same "$order-$threads-threads-$arch" "$work/wanted" "$work/got"
        done
    done
    while read -r line; do printf '%s\n' "$line" | "$assay" score "${model[@]}"; done <"$work/all" | scores | sort >"$work/got"
    same alone-$arch "$work/wanted" "$work/got"
    for n in 1 2 3 7 16 33; do
        "$assay" score "${model[@]}" --input "$work/first$n" | scores >"$work/got"
        "$assay" score "${model[@]}" --input "$work/all" | scores | sed -n "1,${n}p" >"$work/first"
        same batch-of-$n-$arch "$work/first" "$work/got"
    done
    "$assay" score "${model[@]}" --input "$work/single" | scores | sed 's/.* //' >"$work/wanted"
    "$assay" score "${model[@]}" --input "$work/many" 2>"$work/err" | scores | grep '^many' | sed 's/.* //' >"$work/got"
    same many-answers-are-split-$arch "$work/wanted" "$work/got"
    "$assay" score "${model[@]}" --input "$work/many" --max-length 800 --micro-tokens 800 | scores | grep '^many' | sed 's/.* //' >"$work/got"
    same split-often-$arch "$work/wanted" "$work/got"
done
[ "$("$assay" score "${model[@]}" --input "$work/tiny" | scores | wc -l)" = 1500 ]; say $? more-than-1024-answers

# The trace's last reward is the score; cut behind any token, the text scores what the trace says there.
printf '%s\n' '{"prompt":"How much?","responses":["Two tablets, 请.","Three."],"id":"t"}' '{"text":"one two three"}' >"$work/in"
for arch in llama chatglm3; do
    "$assay" score --model "$work/m-$arch" --trace <"$work/in" >"$work/trace"
    "$assay" score --model "$work/m-$arch" <"$work/in" >"$work/plain"
    $python - "$work" "$assay" "$work/m-$arch" <<'PYTHON'
import json, subprocess, sys
work, assay, model = sys.argv[1:]
traces, plain = ([json.loads(line) for line in open(f"{work}/{name}")] for name in ("trace", "plain"))
assert [t["score"] for t in traces] == [p["score"] for p in plain]
for trace in traces:
    for one, score in zip(trace["trace"], trace["score"]) if isinstance(trace["trace"], list) else [(trace["trace"], trace["score"])]:
        assert one["rewards"][-1] == score and len(one["ids"]) == len(one["tokens"]) == len(one["rewards"]) > 1
rewards = traces[1]["trace"]["rewards"]
for n in range(1, len(rewards) + 1):
    out = subprocess.run([assay, "score", "--model", model, "--truncate", "right", "--max-length", str(n)], input=open(f"{work}/in").readlines()[1],
                         capture_output=True, text=True)
    assert json.loads(out.stdout)["score"] == rewards[n - 1], (n, out.stdout, rewards[n - 1])
PYTHON
    say $? trace-is-the-score-of-every-prefix-$arch
done

# The winner, and the pair of winner and loser, which train reads.
check best 0 out '"best":[01],"score":.*"prompt":"How much?","response":"T' score --model "$work/m-llama" --best
check pairs 0 out '"prompt":"How much?","chosen":"T.*"rejected":"T.*"id":"t"' score --model "$work/m-llama" --pairs
seen pairs-say-what-is-skipped err '1 lines make no pair'
"$assay" score --model "$work/m-llama" <"$work/in" >"$work/plain"
"$assay" score --model "$work/m-llama" --best <"$work/in" >"$work/best"
$python - "$work" <<'PYTHON'
import json, sys
plain, best = (json.loads(open(sys.argv[1] + "/" + name).readline()) for name in ("plain", "best"))
assert best["score"] == max(plain["score"]) == plain["score"][best["best"]]
assert best["response"] == ["Two tablets, 请.", "Three."][best["best"]]
PYTHON
say $? best-is-the-highest
check one-output-at-a-time 2 err 'give one of them' score --model "$work/m-llama" --best --trace

# Readings of the stored scale, beside the raw score.
"$assay" score --model "$work/m-llama" --normalized <"$work/in" >"$work/scaled"
$python - "$work" <<'PYTHON'
import json, math, sys
work = sys.argv[1]
plain, scaled = ([json.loads(line) for line in open(f"{work}/{name}")] for name in ("plain", "scaled"))
scale = json.load(open(f"{work}/m-llama/assay.json"))["rewards"]
assert scale["count"] == 80
for raw, line in zip(plain, scaled):
    assert raw["score"] == line["score"]
    for score, normal, percentile, better in zip(*[x if isinstance(x, list) else [x] for x in (line["score"], line["normalized"], line["percentile"], line["p_better"])]):
        assert abs(normal - (score - scale["mean"]) / scale["deviation"]) < 1e-7 * (1 + abs(normal))
        assert 0 <= percentile <= 100 and 0 < better < 1
PYTHON
say $? normalized
$python - "$work" <<'PYTHON'
import json, sys
path = sys.argv[1] + "/m-llama/assay.json"
settings = json.load(open(path)); del settings["rewards"]
json.dump(settings, open(path, "w"))
PYTHON
check normalized-without-a-scale 2 err 'assay eval --store' score --model "$work/m-llama" --normalized

# A classifier of three labels, made of the one: its head's row, its negative, its double. Powers of two change no bit.
cp -r "$work/m-llama" "$work/three"
$python tests/cli/three_labels.py "$work/three"
"$assay" score --model "$work/m-llama" --quiet --input "$work/all" >"$work/one"
for label in helpful 0 harmful 1 twice 2; do
    "$assay" score --model "$work/three" --quiet --label $label --input "$work/all" >"$work/label-$label" 2>"$work/err" || tail -n 3 "$work/err"
done
$python - "$work" <<'PYTHON'
import json, sys
read = lambda name: [json.loads(line)["score"] for line in open(f"{sys.argv[1]}/{name}")]
one = read("one")
assert len(one) == 64
for names, factor in ((("label-helpful", "label-0"), 1), (("label-harmful", "label-1"), -1), (("label-twice", "label-2"), 2)):
    for name in names:  # nine digits are printed
        assert all(abs(got - factor * x) <= 1e-8 * abs(factor * x) for got, x in zip(read(name), one, strict=True)), name
lines = [json.loads(line) for line in open(f"{sys.argv[1]}/label-harmful")]
for line, x in zip(lines, one, strict=True):
    assert list(line["labels"]) == ["helpful", "harmful", "twice"] and line["labels"]["harmful"] == line["score"]
    assert all(abs(line["labels"][k] - f * x) <= 1e-8 * abs(f * x) for k, f in (("helpful", 1), ("twice", 2)))
assert not any("labels" in json.loads(line) for line in open(f"{sys.argv[1]}/one"))
PYTHON
say $? a-label-is-its-row
# All labels of a line of answers, of the best one; none in pairs, whose shape is a training set's.
"$assay" score --model "$work/three" --quiet --label harmful --input "$work/many" >"$work/label-many"
"$assay" score --model "$work/three" --quiet --label harmful --input "$work/many" --best >"$work/label-best"
"$assay" score --model "$work/three" --quiet --label harmful --input "$work/many" --pairs >"$work/label-pairs"
$python - "$work" <<'PYTHON'
import json, sys
read = lambda name: [json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
many, best, pairs = read("label-many"), read("label-best"), read("label-pairs")
assert [labels["harmful"] for labels in many[0]["labels"]] == many[0]["score"] and len(many[0]["score"]) == 200
assert best[0]["labels"] == many[0]["labels"][best[0]["best"]]
assert pairs and not any("labels" in line for line in pairs)
PYTHON
say $? labels-of-many-answers
check labels-without-a-choice 1 err 'id2label has 3: helpful, harmful, twice.*--label NAME' score --model "$work/three"
check no-such-label 2 err '0 (helpful), 1 (harmful), 2 (twice)' score --model "$work/three" --label kind
check a-label-of-one 0 out . score --model "$work/m-llama" --label 0 --input "$work/all" --quiet
check a-label-of-a-base 2 err 'has no head with labels' score --model "$work/base" --label 0
check a-label-in-eval 0 out . eval --model "$work/three" --label helpful --data examples/medical_eval.jsonl --max-eval-samples 20 --quiet
check no-label-in-training 2 err . train --model "$work/three" --label helpful

# A causal model as a judge: the language head's row of one token less that of another, on the last hidden state behind
# the generation prompt. The dot product is made anew from forward's hidden states and the file's rows.
"$assay" init --arch llama --output "$work/causal" --quiet >/dev/null
printf '%s\n' '{"text":"Is water wet?"}' '{"prompt":"Is water wet?","response":"It is."}' >"$work/asked"
"$assay" score --model "$work/causal" --head-from-tokens y,n --input "$work/asked" >"$work/judged" 2>"$work/err"; say $? two-tokens-judge
grep -q 'logit of the first of "y,n"' "$work/err"; say $? judging-is-said
"$assay" forward --model "$work/causal" --head-from-tokens y,n --input "$work/asked" --hidden-states --output "$work/states.safetensors" --quiet 2>"$work/err"
$python - "$work" <<'PYTHON'
import array, json, struct, sys
work = sys.argv[1]
def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    return {name: (t, body[slice(*t["data_offsets"])]) for name, t in header.items() if name != "__metadata__"}
def floats(tensor): return array.array("f", tensor[1])
weights, states = tensors(work + "/causal/model.safetensors"), tensors(work + "/states.safetensors")
rows, hidden = weights.get("lm_head.weight", weights["model.embed_tokens.weight"]), weights["model.norm.weight"][0]["shape"][0]
table, layers = floats(rows), max(int(name.split(".")[-1]) for name in states if "hidden_state" in name)
row = lambda letter: table[ord(letter) * hidden:(ord(letter) + 1) * hidden]
for n, line in enumerate(open(work + "/judged")):
    last = floats(states[f"{n}.hidden_states.{layers}"])[-hidden:]
    wanted = sum(h * (a - b) for h, a, b in zip(last, row("y"), row("n"), strict=True))
    assert abs(json.loads(line)["score"] - wanted) < 1e-5, (line, wanted)
PYTHON
say $? a-verdict-is-a-difference-of-logits
check words-of-several-tokens 2 err '"yes" is 3 tokens of this tokenizer ("y", "e", "s")' score --model "$work/causal" --head-from-tokens yes,no
check one-word-twice 2 err 'both are the same token' score --model "$work/causal" --head-from-tokens y,y
check a-word-behind-the-end 2 err 'leave it out' score --model "$work/causal" --head-from-tokens y,n --append-eos true --input "$work/asked"
"$assay" score --model "$work/causal" --head-from-tokens y,n --append-eos auto --input "$work/asked" --quiet 2>"$work/err" | cmp -s - "$work/judged"; say $? a-word-is-judged-behind-the-text
check a-word-alone 2 err 'give two words with a comma' score --model "$work/causal" --head-from-tokens y
check a-verdict-of-a-trained-model 2 err 'has a trained head' score --model "$work/m-llama" --head-from-tokens y,n
check a-verdict-in-eval 0 out '"accuracy"' eval --model "$work/causal" --head-from-tokens y,n --data examples/medical_eval.jsonl --max-eval-samples 8 --quiet --json
check a-base-says-how-it-could-judge 1 err 'head-from-tokens yes,no' score --model "$work/causal" --input "$work/asked"

# The same row as the start of a training: a step so small that nothing moves leaves it in the adapter.
head -n 8 examples/medical_train.jsonl >"$work/few.jsonl"
"$assay" train --model "$work/causal" --tuning head --head-init tokens:y,n --lr 1e-12 --max-steps 1 --data "$work/few.jsonl" --eval-split 0 --batch-pairs 4 --output "$work/started" >/dev/null 2>"$work/err"; say $? a-head-starts-from-tokens
grep -q 'the reward head is new (the base has none): tokens:y,n' "$work/err"; say $? the-start-is-said
$python - "$work" <<'PYTHON'
import array, json, struct, sys
work = sys.argv[1]
def floats(path, name):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        tensor = next(t for key, t in header.items() if key.endswith(name))
        return array.array("f", file.read()[slice(*tensor["data_offsets"])])
table, head = floats(work + "/causal/model.safetensors", "embed_tokens.weight"), floats(work + "/started/adapter_model.safetensors", "score.weight")
row = lambda letter: table[ord(letter) * len(head):(ord(letter) + 1) * len(head)]
assert all(abs(x - (a - b)) < 1e-7 for x, a, b in zip(head, row("y"), row("n"), strict=True))
PYTHON
say $? the-start-is-the-difference
check no-such-start 2 err 'normal, zero, or tokens:YES,NO' train --model "$work/causal" --head-init ones --data "$work/few.jsonl" --output "$work/none"
check a-start-of-several-tokens 2 err '"yes" is 3 tokens' plan --model "$work/causal" --head-init tokens:yes,no --data "$work/few.jsonl"
check a-start-beside-a-head 2 err 'has a trained head' train --model "$work/m-llama" --head-init tokens:y,n --max-steps 1 --data "$work/few.jsonl" --eval-split 0 --output "$work/none"
