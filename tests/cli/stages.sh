#!/usr/bin/env bash
# `plan --stages` against `train --stages`: borders, the memory of every process, bytes sent and received, and what does not fit; weights that a stage
# streams. Over sockets (tests/cli/mesh.py). What stages compute is tests/cli/processes.sh's.
. tests/cli/check.inc
. tests/cli/mesh.inc
python=${PYTHON:-python3}
head -n 16 examples/medical_train.jsonl | cut -c 1-3000 >"$work/train.jsonl"
"$assay" init --arch chatglm3 --layers 5 --output "$work/m" --quiet >/dev/null
run=(--model "$work/m" --data "$work/train.jsonl" --eval-split off --lanes 16 --batch-pairs 16 --threads 1 --memory 2G --max-length 3000)

# An epoch is one step, so every step has the same pairs, in another order: bytes of three steps less those of two are what a step has. Pairs are cut into
# micro-batches one by one (a lane has two), so the order changes no count but, of several rows, whose pair it is.
count() { MESH_COUNT=1 mesh "$1" train "${run[@]}" "${@:3}" --max-steps "$2" --save-steps end --output "$work/o$2" --force 2>"$work/count.$2"; }
compare() { # name processes stages option...
    local name=$1 size=$2 stages=$3; shift 3
    count "$size" 2 --stages "$stages" "$@" && count "$size" 3 --stages "$stages" "$@"
    "$assay" plan "${run[@]}" --stages "$stages" --processes "$size" "$@" --json >"$work/plan.json" 2>"$work/err"
    "$python" - "$work" "$size" "$stages" <<'PYTHON'
import json, re, sys
work, size, stages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
plan = json.load(open(work + "/plan.json"))
notes = json.load(open(work + "/o3/assay.json"))
said = open(work + "/count.3").read()
def moved(steps): return [tuple(map(int, m)) for m in sorted(re.findall(r"rank (\d+) sent (\d+) received (\d+)", open(f"{work}/count.{steps}").read()))]
sent, received = zip(*[(b[1] - a[1], b[2] - a[2]) for a, b in zip(moved(2), moved(3), strict=True)])
p, of = plan["processes"], plan["stages"]
assert p["count"] == size and p["stages"] == stages == len(of) and len(sent) == size
assert sum(sent) == sum(received) == p["all_bytes"] == round(sum(p["sent_bytes"])), (sum(sent), p["all_bytes"])
if size == stages: assert list(sent) == p["sent_bytes"] and list(received) == p["received_bytes"], (sent, p["sent_bytes"], received, p["received_bytes"])
layers = ", ".join(f'{s["first_layer"]} to {s["last_layer"]}' for s in of)
assert f"{stages} stages: layers {layers};" in said, (layers, said)
for r, memory in enumerate(notes["memory_by_rank"]):
    s = of[r % stages]
    assert memory["planned_bytes"] == s["peak_bytes"] <= s["budget_bytes"] and memory["peak_bytes"] <= memory["planned_bytes"], (r, memory, s["peak_bytes"])
assert len(notes["memory_by_rank"]) == size and all(s["fits"] for s in of) and plan["fits"]
assert sum(s["layers"] for s in of) == 5 and of[0]["micro_tokens"] == of[-1]["micro_tokens"] == notes["plan"]["micro_tokens"]
assert of[-1]["up_bytes"] == of[-1]["down_bytes"] == 0 < of[0]["up_bytes"] and of[0]["arena_bytes"] == notes["plan"]["arena_bytes"]
assert all(0 < l["efficiency"] <= 1 and 0 < l["waiting"] < 1 for l in p["links"]) and p["links"][0]["step_seconds"] >= p["links"][1]["step_seconds"]
PYTHON
    say $? "$name"
}
compare lora-in-two-stages 2 2
compare lora-in-rows 4 2
compare bf16-in-five-stages 5 5 --precision bf16
compare full-in-rows 8 4 --tuning full
compare head-in-three-stages 3 3 --tuning head

# All of a model's weights and trained weights are somebody's.
"$assay" plan "${run[@]}" --json >"$work/whole.json" 2>/dev/null
"$assay" plan "${run[@]}" --stages 3 --json >"$work/plan.json" 2>/dev/null
"$python" - "$work" "$("$assay" inspect "$work/m" --json | "$python" -c 'import json,sys; print(json.load(sys.stdin)["parameters"])')" <<'PYTHON'
import json, sys
work, parameters = sys.argv[1], int(sys.argv[2])
whole, plan = (json.load(open(f"{work}/{name}.json")) for name in ("whole", "plan"))
assert sum(s["classes"]["gradients"] for s in plan["stages"]) == whole["classes"]["gradients"]
assert sum(s["classes"]["weights"] + s["classes"]["adapters"] for s in plan["stages"]) == whole["classes"]["weights"] + whole["classes"]["adapters"]
assert plan["processes"]["count"] == 3
PYTHON
say $? nothing-is-lost-between-stages

# Text; what does not fit is named by its stage; what train refuses, plan does.
check plan-prints-stages 0 out '^  2      3 to 5 ' plan "${run[@]}" --stages 2 --processes 4
seen plan-prints-links out '^  10 Gbit/s .*0\.[0-9]*$'
check a-stage-that-does-not-fit 3 err 'stage [12] of 2, layers [0-9] to [0-9] (more stages have less each): this run needs' plan "${run[@]}" --stages 2 --memory 1K
check plan-more-stages-than-layers 2 err 'has 5 layers' plan "${run[@]}" --stages 6
check plan-no-multiple 2 err 'start 4' plan "${run[@]}" --stages 2 --processes 3
check plan-one-process-is-no-row 2 err 'start 2' plan "${run[@]}" --stages 2 --processes 1
check plan-spilling 2 err '--stages goes with neither --spill' plan "${run[@]}" --stages 2 --spill "$work"
check plan-lanes 2 err 'lanes cannot be shared out' plan "${run[@]}" --stages 2 --processes 64
check plan-a-shape 0 out '^  4      22 to 28 ' plan --model chatglm2-6b --max-length 512 --stages 4 --processes 256 --lanes 64 --memory 8G
check plan-an-absurd-step 0 out 'Gbit/s' plan --model "$work/m" --stages 5 --batch-pairs 1000000000

# Of one there is no plural, and of one layer no stage has less.
"$assay" init --arch chatglm3 --layers 1 --output "$work/m1" --quiet >/dev/null
"$assay" init --arch chatglm3 --layers 2 --output "$work/m2" --quiet >/dev/null
check plan-of-one 0 out "^1 process on a host like this one, with at most 1 of a step's 1 pair\$" plan --model "$work/m1" --processes 1 --lanes 1 --batch-pairs 1
seen plan-of-one-lane out '^(1 lane): the first sends'
seen plan-of-one-layer out '^0 of 1 layer recomputed; '
check plan-of-one-micro-batch 0 out '^micro-batch a step) with' plan --model "$work/m2" --stages 2 --lanes 1 --batch-pairs 1
check plan-more-stages-than-the-layer 2 err 'the model has 1 layer; give at most 1' plan --model "$work/m1" --stages 2
check plan-one-lane-for-two 2 err '1 lane cannot be shared out' plan --model "$work/m1" --processes 2 --lanes 1
check plan-of-one-layer-does-not-fit 3 err 'with [01] of 1 layer recomputed' plan --model "$work/m1" --memory 1
check a-stage-of-one-layer-has-no-less 3 err 'stage [12] of 2, layers \([12]\) to \1: this run needs' plan --model "$work/m2" --stages 2 --memory 1
"$assay" train --help | tr -s ' \n' ' ' | grep -q -e '--stages takes only f32'; say $? the-help-says-what-stages-refuse

# A stage whose weights are more than its memory streams them: the same bits, no more memory than planned.
"$assay" init --arch llama --layers 6 --hidden 256 --ffn 512 --dtype bf16 --output "$work/wide" --quiet >/dev/null
wide=(--model "$work/wide" --data "$work/train.jsonl" --eval-data "$work/train.jsonl" --eval-steps 2 --lanes 8 --batch-pairs 8 --threads 1 --max-length 3000 --max-steps 3)
"$assay" train "${wide[@]}" --output "$work/whole" --quiet 2>/dev/null
streamed() { # name option...
    local name=$1 least; shift
    "$assay" plan "${wide[@]}" --stages 2 --memory 1K --json "$@" >"$work/plan.json" 2>/dev/null
    least=$("$python" -c 'import json,sys; p=json.load(open(sys.argv[1])); assert all("streamed" in s for s in p["stages"]); print(max(s["peak_bytes"] for s in p["stages"]))' "$work/plan.json")
    mesh 2 train "${wide[@]}" --stages 2 --memory "${least:-1}" "$@" --output "$work/streamed" --force >"$work/out" 2>"$work/err"
    say $? "$name-trains"
    cmp -s "$work/whole/adapter_model.safetensors" "$work/streamed/adapter_model.safetensors" && cmp -s "$work/whole/eval_pairs.jsonl" "$work/streamed/eval_pairs.jsonl"; say $? "$name-has-the-same-bits"
    grep -q '"read_bytes":[1-9]' "$work/streamed/metrics.jsonl" && "$python" - "$work" <<'PYTHON'
import json, sys
plan, notes = json.load(open(sys.argv[1] + "/plan.json")), json.load(open(sys.argv[1] + "/streamed/assay.json"))
assert all(m["peak_bytes"] <= m["planned_bytes"] <= max(s["peak_bytes"] for s in plan["stages"]) for m in notes["memory_by_rank"])
PYTHON
    say $? "$name-reads-and-stays-within-its-plan"
}
streamed streamed-stages
