#!/usr/bin/env bash
# `eval` and `score` in several processes: the bytes of one, for every number of them; who speaks, how all end; what runs in one process alone is refused;
# what `plan --processes` says of bytes is what is sent. Over sockets (tests/cli/mesh.py) everywhere; over Open MPI and MPICH where they are.
. tests/cli/check.inc
python=$(command -v python3) || { echo "skip process_scores (no python3)"; exit 0; }
. tests/cli/mesh.inc
golden=tests/data/golden

"$assay" init --arch llama --layers 1 --head 1 --output "$work/a" --quiet >/dev/null
"$assay" init --arch llama --layers 1 --head 1 --seed 5 --output "$work/b" --quiet >/dev/null
"$assay" init --arch llama --layers 1 --head 3 --output "$work/l" --quiet >/dev/null
$python - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
rows = [json.loads(line) for line in open("examples/medical_eval.jsonl")]
with open(f"{work}/pairs.jsonl", "w") as out:
    for i, row in enumerate(rows[:61]): out.write(json.dumps({**row, "subset": ["x", "y"][i % 2]}) + "\n")
with open(f"{work}/choices.jsonl", "w") as out:
    for i in range(0, 57, 3):
        out.write(json.dumps({"id": str(i), "prompt": rows[i]["prompt"], "chosen": [rows[i]["chosen"]],
                              "rejected": [row["rejected"] for row in rows[i:i + 3]], "subset": "Math"}) + "\n")
with open(f"{work}/many.jsonl", "w") as out:
    for i in range(75): out.write(json.dumps({"id": i, "prompt": rows[i]["prompt"], "responses": [rows[i + j]["chosen"] for j in range(1 + i % 4)]}) + "\n")
with open(f"{work}/bad.jsonl", "w") as out:
    for i in range(70): out.write('{"prompt": 5}\n' if i in (3, 40) else json.dumps({"prompt": "a", "response": "b" * (i + 1)}) + "\n")
PYTHON

# NAME ARGUMENT...: the same standard output in 1, 2, 3 and 4 processes; standard input is $work/in where it is there.
same() {
    local name=$1 size; shift
    "$assay" "$@" >"$work/one" 2>"$work/err.one" <"${in:-/dev/null}"; local code=$?
    for size in 2 3 4; do
        mesh $size "$@" >"$work/out" 2>"$work/err" <"${in:-/dev/null}"
        [ $? -eq 0 ] && [ $code -eq 0 ] && [ -s "$work/one" ] && cmp -s "$work/one" "$work/out"; say $? "$name-in-$size"
    done
}
same eval-json eval --model "$work/a" --data "$work/pairs.jsonl" --data "$work/choices.jsonl" --json
[ "$(grep -c 'warning\|assay:' "$work/err")" = "$(grep -c 'warning\|assay:' "$work/err.one")" ]; say $? one-speaks
same eval-report eval --model "$work/a" --data "$work/pairs.jsonl" --worst 5
same eval-against eval --model "$work/a" --against "$work/b" --data "$work/pairs.jsonl" --json
same eval-labels eval --model "$work/l" --data "$work/pairs.jsonl" --label 1 --json
same eval-steps eval --model $golden/steps_qwen2 --data tests/data/steps/stepwise.jsonl --data tests/data/steps/processbench.jsonl --json
same eval-of-few eval --model "$work/a" --data "$work/pairs.jsonl" --max-eval-samples 2 --json
same score score --model "$work/a" --input "$work/many.jsonl"
in=$work/many.jsonl same score-from-a-pipe score --model "$work/a"
same score-best score --model "$work/a" --input "$work/many.jsonl" --best
same score-pairs score --model "$work/a" --input "$work/many.jsonl" --pairs
same score-trace score --model "$work/a" --input "$work/pairs.jsonl" --trace
same score-labels score --model "$work/l" --input "$work/pairs.jsonl" --label 1
same score-steps score --model $golden/steps_qwen2 --input $golden/steps_qwen2/answers.jsonl
same score-without-bad-lines score --model "$work/a" --input "$work/bad.jsonl" --skip-bad-lines

# What is stored is stored once, and what was stored is used.
mesh 3 eval --model "$work/a" --data "$work/pairs.jsonl" --store --quiet >/dev/null 2>"$work/err"; say $? stores
cp "$work/a/assay.json" "$work/stored.json"
"$assay" eval --model "$work/a" --data "$work/pairs.jsonl" --store --quiet >/dev/null 2>"$work/err"; cmp -s "$work/a/assay.json" "$work/stored.json"; say $? stores-the-same
same score-normalized score --model "$work/a" --input "$work/many.jsonl" --normalized

# Failures are said once, and all end alike.
mesh 3 score --model "$work/a" --input "$work/bad.jsonl" >"$work/out" 2>"$work/err"
grep -q 'mesh: 1 1 1' "$work/err" && [ "$(grep -c 'bad.jsonl:4' "$work/err")" = 1 ]; say $? a-bad-line-is-said-once
mesh 3 eval --model "$work/a" --data "$work/none.jsonl" --json >"$work/out" 2>"$work/err"
grep -q 'mesh: 1 1 1' "$work/err" && [ "$(grep -c 'none.jsonl' "$work/err")" = 1 ] && [ "$(grep -c '"error"' "$work/out")" = 1 ]; say $? a-missing-file-is-said-once
mesh 2 eval --model "$work/none" --data "$work/pairs.jsonl" >"$work/out" 2>"$work/err"
grep -q 'mesh: 1 1' "$work/err" && [ "$(grep -c '^assay: ' "$work/err")" = 1 ]; say $? a-missing-model-is-said-once
mesh 2 score --model "$work/a" --input "$work/many.jsonl" --nonsense 2>"$work/err"; grep -q 'mesh: 2 2' "$work/err" && [ "$(grep -c nonsense "$work/err")" = 1 ]; say $? a-wrong-option-is-said-once
: >"$work/empty.jsonl"
mesh 3 score --model "$work/a" --input "$work/empty.jsonl" >"$work/out" 2>"$work/err"; [ $? -eq 0 ] && [ ! -s "$work/out" ]; say $? no-lines-no-scores
ASSAY_RANK_TIMEOUT=soon mesh 2 eval --model "$work/a" --data "$work/pairs.jsonl" 2>"$work/err"
grep -q 'mesh: 2 2' "$work/err" && [ "$(grep -c "ASSAY_RANK_TIMEOUT is 'soon'" "$work/err")" = 1 ]; say $? a-timeout-that-is-none-is-refused
# A signal to one (its hosts' names are its first large message) ends all.
MESH_LARGE=128 MESH_RAISE=1,1,15 mesh 2 eval --model "$work/a" --data "$work/pairs.jsonl" 2>"$work/err"; grep -q 'mesh: 130 130' "$work/err"; say $? a-signal-to-one-ends-all
MESH_LARGE=128 MESH_RAISE=1,2,9 mesh 3 eval --model "$work/a" --data "$work/pairs.jsonl" --json >"$work/out" 2>"$work/err"
grep -q 'mesh: 1 -9 1' "$work/err" && grep -q 'rank 1 of 3' "$work/err"; say $? a-killed-one-is-named
# Another model on one host: told before anything is scored.
ASSAY_MPI=$work/mesh.so $python tests/cli/mesh.py 3 sh -c 'model=$1/a; [ "$MESH_RANK" != 1 ] || model=$1/b; exec "$0" score --model "$model" --input "$1/many.jsonl"' "$assay" "$work" >"$work/out" 2>"$work/err"
grep -q 'mesh: 4 4 4' "$work/err" && grep -q 'the model: not the same in all 3 processes; they differ in rank 1 ' "$work/err" && [ ! -s "$work/out" ]; say $? another-model-is-named

# What is one process's.
for command in "serve --model $work/a --port 0" "convert --model $work/a --output $work/x" "init --arch llama --output $work/x" "data check $work/pairs.jsonl" "tokenize --model $work/a"; do
    mesh 3 $command >"$work/out" 2>"$work/err"
    grep -q 'mesh: 2 2 2' "$work/err" && [ "$(grep -c 'is one process, and a launcher has started 3' "$work/err")" = 1 ] && [ ! -e "$work/x" ] && [ ! -s "$work/out" ]
    say $? "${command%% *}-is-one-process"
done
mesh 1 init --arch llama --output "$work/single" --quiet >/dev/null 2>"$work/err"; [ -e "$work/single/config.json" ]; say $? one-process-of-a-launcher-is-one
[ "$(mesh 3 version 2>"$work/err" | grep -c '^assay ')" = 3 ]; say $? version-is-each-ones

# Bytes of a step: what is sent in three steps less what is sent in two.
run=(--model "$work/a" --data "$work/pairs.jsonl" --eval-split off --batch-pairs 16 --lanes 8)
count() { # processes steps option...
    local size=$1 steps=$2; shift 2
    MESH_COUNT=1 mesh "$size" train "${run[@]}" "$@" --max-steps "$steps" --save-steps end --output "$work/o" --quiet 2>"$work/count.$steps"
    rm -rf "$work/o"
}
bytes_of_a_step() { # name processes option...
    local name=$1 size=$2; shift 2
    count "$size" 2 "$@"; count "$size" 3 "$@"
    "$assay" plan "${run[@]}" "$@" --processes "$size" --json >"$work/plan.json"
    $python - "$work" $size <<'PYTHON'
import json, re, sys
work, size = sys.argv[1], int(sys.argv[2])
plan = json.load(open(work + "/plan.json"))["processes"]
def bytes_of(steps): return [tuple(map(int, m)) for m in sorted(re.findall(r"rank (\d) sent (\d+) received (\d+)", open(f"{work}/count.{steps}").read()))]
steps = [(b[1] - a[1], b[2] - a[2]) for a, b in zip(bytes_of(2), bytes_of(3), strict=True)]
got = sum(steps[0]), sum(steps[-1]), sum(sent for sent, _ in steps)
assert len(steps) == size and got == (plan["first_bytes"], plan["edge_bytes"], plan["all_bytes"]), (got, plan)
assert plan["links"][1]["efficiency"] >= plan["links"][0]["efficiency"] > 0 and plan["most_pairs"] == 16 // size
PYTHON
    say $? "$name-in-$size"
}
for size in 2 4; do
    bytes_of_a_step bytes-of-a-step $size
    bytes_of_a_step bytes-of-slices $size --tuning full
    bytes_of_a_step bytes-of-half-slices $size --tuning full --moments 8bit --master bf16-stochastic
done
# Of all weights a process has a slice of the moments, a chunk of 16,384 values more at most.
for size in 1 4; do "$assay" plan "${run[@]}" --tuning full --processes $size --json >"$work/plan.$size"; done
$python -c 'import json, sys; one, four = (json.load(open(f))["classes"]["optimizer"] for f in sys.argv[1:]); sys.exit(not one / 4 <= four <= one / 4 + 8 * 16384)' "$work/plan.1" "$work/plan.4"; say $? a-slice-is-planned
check plan-slices 0 out 'two moments, the largest of 4 slices' plan "${run[@]}" --tuning full --processes 4
check plan-processes 0 out '8 processes, each on a host like this one' plan "${run[@]}" --processes 8
check plan-three 2 err 'start 2 or 4' plan "${run[@]}" --processes 3
check plan-without-data 0 out 'Gbit/s' plan --model "$work/a" --processes 64 --lanes 64
check plan-none 2 err 'processes' plan --model "$work/a" --processes 0

over_mpi() { # mpi option...
    local mpi=$1; shift
    mpi_is_here "$mpi" "$@" || return 0
    "$assay" eval --model "$work/a" --data "$work/pairs.jsonl" --json >"$work/one" 2>/dev/null
    timeout 300 "mpirun.$mpi" "$@" -n 2 "$assay" eval --model "$work/a" --data "$work/pairs.jsonl" --json >"$work/out" 2>"$work/err"; [ -s "$work/one" ] && cmp -s "$work/one" "$work/out"; say $? "$mpi-evaluates-in-2"
    "$assay" score --model "$work/a" --input "$work/many.jsonl" >"$work/one" 2>/dev/null
    timeout 300 "mpirun.$mpi" "$@" -n 2 "$assay" score --model "$work/a" --input "$work/many.jsonl" >"$work/out" 2>"$work/err"; [ -s "$work/one" ] && cmp -s "$work/one" "$work/out"; say $? "$mpi-scores-in-2"
    timeout 300 "mpirun.$mpi" "$@" -n 2 "$assay" init --arch llama --output "$work/x" >"$work/out" 2>"$work/err"; [ $? -eq 2 ] && [ ! -e "$work/x" ]; say $? "$mpi-refuses-init"
}
over_mpi openmpi --oversubscribe
over_mpi mpich
