#!/usr/bin/env bash
# Reward models of other trainers, from the command line: folders as their classes save them (tests/data/golden/head_*,
# tests/oracle/make_head_golden.py) score as the reference does, in one dialect as in the other; what trains, merges or
# converts refuses them by name, and nothing puts a random head in their place.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip heads (no python3)"; exit 0; }
golden=tests/data/golden
lines() { wc -l <"$1"; }

# near FOLDER SCORES: nine digits are printed, and 1e-5 is ten times what the order of 24 products moves.
cat >"$work/near.py" <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1] + "/golden.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
begin, end = json.loads(data[8:8 + size])["scores"]["data_offsets"]
wanted = struct.unpack(f"<{(end - begin) // 8}d", data[8 + size + begin:8 + size + end])
got = [json.loads(line)["score"] for line in open(sys.argv[2])]
worst = max(abs(a - b) for a, b in zip(got, wanted, strict=True))
if worst > 1e-5: sys.exit(f"{sys.argv[1]}: {worst} apart")
PYTHON
for kind in qwen2_rm inf_orm internlm2 trl openrlhf openrlhf_score ultrarm beaver armorm grm; do
    folder=$golden/head_$kind
    "$assay" score --model "$folder" --input "$folder/texts.jsonl" --quiet --threads 2 >"$work/scores"
    $python "$work/near.py" "$folder" "$work/scores"
    say $? "score-$kind"
    "$assay" score --model "$folder" --input "$folder/texts.jsonl" --quiet --threads 1 --micro-tokens 64 --max-length 64 | cmp -s - "$work/scores"
    say $? "bits-$kind"
    check "inspect-$kind" 0 out '"supported": true, "problems": \[\]' inspect "$folder" --json
    seen "head-$kind" out '"head_kind": "'
done

# A head in a file of its own (LLaMA-Factory), and a decoder whose names are behind TRL's wrapper.
$python - "$golden/head_trl" "$work" <<'PYTHON'
import json, os, shutil, struct, sys
source, work = sys.argv[1:]
def read():
    data = open(source + "/model.safetensors", "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    return {n: (t, data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]])
            for n, t in json.loads(data[8:8 + size]).items() if n != "__metadata__"}
def write(path, tensors):
    header, body = {}, b""
    for name, (tensor, data) in tensors.items():
        header[name] = dict(tensor, data_offsets=[len(body), len(body) + len(data)])
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)
tensors = read()
for name in ("beside", "wrapped", "headless"): shutil.copytree(source, f"{work}/{name}")
head = {n: t for n, t in tensors.items() if n.startswith("v_head")}
rest = {n: t for n, t in tensors.items() if n not in head}
for name in ("beside", "headless"):
    os.chmod(f"{work}/{name}/model.safetensors", 0o644)
    write(f"{work}/{name}/model.safetensors", rest)
write(f"{work}/beside/value_head.safetensors", head)
os.chmod(f"{work}/wrapped/model.safetensors", 0o644)
write(f"{work}/wrapped/model.safetensors", {("pretrained_model." if n in rest else "") + n: t for n, t in tensors.items()})
PYTHON
for name in beside wrapped; do
    "$assay" score --model "$work/$name" --input "$golden/head_trl/texts.jsonl" --quiet >"$work/scores"
    $python "$work/near.py" "$golden/head_trl" "$work/scores"
    say $? "score-$name"
done
check score-headless 1 err 'no reward head' score --model "$work/headless" --input "$golden/head_trl/texts.jsonl"

# A value head with an adapter: in a file of its own (LLaMA-Factory's two, TRL's pytorch_model.bin), or among what PEFT
# saved (tests/oracle/make_adapter_head_golden.py: TRL's and PEFT's own classes saved them). Labels of an adapter's head.
for kind in trl factory factory_bin saved; do
    folder=$golden/head_beside/$kind
    "$assay" score --model "$folder" --input "$folder/texts.jsonl" --quiet >"$work/scores"
    $python "$work/near.py" "$folder" "$work/scores"
    say $? "score-adapter-$kind"
    check "inspect-adapter-$kind" 0 out '"head": "v[a-z]*_head".*"supported": true' inspect "$folder" --json
done
check adapter-of-labels-asks-which 1 err 'LABEL_0, LABEL_1, LABEL_2.*--label NAME' score --model "$golden/head_beside/labels" --input "$golden/head_beside/labels/texts.jsonl"
check adapter-of-labels 0 out '"score":0.09527[0-9]*,"labels":{"LABEL_0":-0.06636' score --model "$golden/head_beside/labels" --label 1 --input "$golden/head_beside/labels/texts.jsonl"
cp -r "$golden/head_beside/factory" "$work/whole" && chmod -R u+w "$work/whole" && rm "$work/whole/value_head.safetensors" && cp "$golden/head_trl/model.safetensors" "$work/whole/"
check an-adapter-beside-a-whole-model 1 err 'model.safetensors lies beside an adapter and holds a value head and more' score --model "$work/whole" --input "$golden/head_trl/texts.jsonl"

# A gate: every objective by its name and what it counts, and one of them as the score; a text without the run of ids
# at which the gate is read has no score, and tokens have none of their own.
check armorm-names-objectives 0 out '"labels":{"helpsteer-helpfulness":.*"code-readability":.*"gating":{"helpsteer-helpfulness":.*"code-readability":' \
    score --model "$golden/head_armorm" --input "$golden/head_armorm/texts.jsonl"
check armorm-by-label 0 out '"score":\(2.9947767[0-9]*\),"labels":.*"helpsteer-verbosity":\1,' score --model "$golden/head_armorm" --label helpsteer-verbosity --input "$golden/head_armorm/texts.jsonl"
check armorm-needs-its-pattern 1 err 'no run of ids 21, 3' score --model "$golden/head_armorm" --input "$golden/head_grm/texts.jsonl"
check armorm-has-no-trace 1 err 'trace' score --model "$golden/head_armorm" --trace --input "$golden/head_armorm/texts.jsonl"
check mlp-of-labels-asks-which 1 err 'helpful, correct, safe.*--label NAME' score --model "$golden/head_mlp_labels" --input "$golden/head_grm/texts.jsonl"
check mlp-of-labels-by-name 0 out '"labels":{"helpful":.*"correct":' score --model "$golden/head_mlp_labels" --label correct --input "$golden/head_grm/texts.jsonl"

# The reward token stands behind every text, once.
echo '{"messages": [{"role": "user", "content": "is it 5"}]}' | "$assay" tokenize --model "$golden/head_internlm2" >"$work/ids"
grep -q '39\]' "$work/ids"
say $? reward-token-is-appended

# Nothing is trained on such a head, written of it, or made instead of it.
cat >"$work/pairs.jsonl" <<'PAIRS'
{"prompt": "is it 5", "chosen": "yes", "rejected": "no"}
PAIRS
for command in train plan verify; do
    check "$command-refuses" 1 err 'score.0, score.2.*cannot be trained on.*assay train --model BASE' \
        "$command" --model "$golden/head_qwen2_rm" --data "$work/pairs.jsonl" --output "$work/new" --eval-split off
done
check convert-refuses 1 err 'v_head.*cannot be converted' convert "$golden/head_internlm2" --output "$work/new"
sed 's/"Qwen2ForRewardModel"/"InternLM2ForRewardModel"/' "$golden/head_qwen2_rm/config.json" >"$work/config.json"
cp -r "$golden/head_qwen2_rm" "$work/other" && chmod -R u+w "$work/other" && cp "$work/config.json" "$work/other/config.json"
check a-class-without-its-head 1 err 'InternLM2ForRewardModel' score --model "$work/other" --input "$golden/head_qwen2_rm/texts.jsonl"
sed -i 's/"InternLM2ForRewardModel"/"Qwen2ForOtherRewardModel"/' "$work/other/config.json"
check another-kind 1 err 'Qwen2ForOtherRewardModel.*assay train --model BASE' score --model "$work/other" --input "$golden/head_qwen2_rm/texts.jsonl"
