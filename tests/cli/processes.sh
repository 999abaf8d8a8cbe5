#!/usr/bin/env bash
# `train` in several processes: the same bits for every number of them, what one process alone writes and says, and how all end where one cannot go on.
# Over sockets (tests/cli/mesh.py) everywhere; over Open MPI and MPICH where their mpicc and mpirun are.
. tests/cli/check.inc
. tests/cli/mesh.inc
head -n 32 examples/medical_train.jsonl >"$work/train.jsonl"
head -n 9 examples/medical_eval.jsonl >"$work/eval.jsonl"
for family in llama chatglm3; do "$assay" init --arch $family --layers 1 --output "$work/$family" --quiet >/dev/null; done
run=(--data "$work/train.jsonl" --eval-data "$work/eval.jsonl" --batch-pairs 8 --max-steps 4 --save-steps 2 --eval-steps 2 --lanes 8)

bits() { (cd "$1" && cat ./*.safetensors checkpoint-4/*.safetensors | sha256sum); }
numbers() { sed -E 's/,"(seconds|eval_seconds|tokens_per_second|[a-z_]*_bytes)":[^,}]*//g' "$1/metrics.jsonl"; }
same() { # name folder
    [ "$(bits "$work/alone")" = "$(bits "$2")" ]; say $? "$1-same-bits"
    cmp -s <(numbers "$work/alone") <(numbers "$2") && cmp -s "$work/alone/eval_pairs.jsonl" "$2/eval_pairs.jsonl"; say $? "$1-same-metrics"
}

"$assay" train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/alone" --quiet; say $? alone
for size in 1 2 4; do
    mesh $size train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/p$size" --json >"$work/out" 2>"$work/err"; say $? "trains-in-$size"
    same "mesh-$size" "$work/p$size"
done
grep -q '"processes": 4' "$work/p4/assay.json" && tr -d ' \n' <"$work/p4/assay.json" | grep -q '"pairs_by_rank":\[8,8,8,8\]'; say $? assay-json-says-who-did-what
[ "$(grep -c '"output"' "$work/out")" = 1 ] && [ "$(grep -c 'training pairs' "$work/err")" = 1 ] && grep -q '4 processes on 1 hosts over sockets, 8 lanes' "$work/err"; say $? one-speaks

# Other rows, and a number that is learned beside the weights: each process makes the same of everybody's rewards.
awk '{ if (NR % 3 == 1) sub(/}[[:space:]]*$/, ",\"tie\":true}"); print }' "$work/train.jsonl" >"$work/ties.jsonl"
pairwise() { # name option...: in one process and in two
    local name=$1; shift
    "$assay" train --model "$work/llama" --batch-pairs 8 --max-steps 4 --lanes 8 "$@" --output "$work/$name-1" --quiet 2>/dev/null
    mesh 2 train --model "$work/llama" --batch-pairs 8 --max-steps 4 --lanes 8 "$@" --output "$work/$name-2" --quiet 2>/dev/null
    [ -s "$work/$name-1/adapter_model.safetensors" ] && [ "$(bits "$work/$name-1")" = "$(bits "$work/$name-2")" ]; say $? "$name-same-bits"
    cmp -s <(numbers "$work/$name-1") <(numbers "$work/$name-2"); say $? "$name-same-metrics"
}
pairwise learned-tie --data "$work/ties.jsonl" --eval-data "$work/eval.jsonl" --objective davidson --tie-parameter learn
grep -q '"tie_parameter":0\.' "$work/learned-tie-2/metrics.jsonl"; say $? the-tie-is-learned
pairwise steps --data examples/math_steps.jsonl --objective process

# Without --lanes there are eight, with all weights as many as processes.
mesh 2 train --model "$work/llama" --data "$work/train.jsonl" --eval-split off --max-steps 1 --output "$work/d1" --quiet 2>"$work/err"; grep -q '"lanes": 8' "$work/d1/assay.json"; say $? eight-lanes-by-default
mesh 2 train --model "$work/llama" --tuning full --data "$work/train.jsonl" --eval-split off --max-steps 1 --output "$work/d2" --quiet 2>"$work/err"; grep -q '"lanes": 2' "$work/d2/assay.json"; say $? full-takes-few-lanes

# All weights: each process has a slice of the moments; checkpoints are whole, and another number of processes goes on from them.
all_weights() { # name option...: `bits` of one process, of two and of four
    local name=$1 size; shift
    "$assay" train --model "$work/llama" --tuning full "${run[@]}" "$@" --output "$work/$name-1" --quiet 2>"$work/err"; say $? "$name"
    for size in 2 4; do
        mesh $size train --model "$work/llama" --tuning full "${run[@]}" "$@" --output "$work/$name-$size" --quiet 2>"$work/err"; say $? "$name-in-$size"
        [ "$(bits "$work/$name-1")" = "$(bits "$work/$name-$size")" ] && cmp -s <(numbers "$work/$name-1") <(numbers "$work/$name-$size"); say $? "$name-in-$size-same-bits"
    done
}
go_on() { # name then now option...: from the checkpoint that so many left, so many go on
    local name=$1 then=$2 now=$3; shift 3
    cp -r "$work/$name-$then" "$work/on" && rm -r "$work/on/checkpoint-4"
    mesh "$now" train --model "$work/llama" --tuning full "${run[@]}" "$@" --output "$work/on" --resume --quiet 2>"$work/err"
    [ "$(bits "$work/$name-1")" = "$(bits "$work/on")" ]; say $? "$name-$now-go-on-for-$then"
    rm -r "$work/on"
}
all_weights all-f32
all_weights all-bf16 --precision bf16
all_weights all-8bit --moments 8bit
all_weights all-stochastic --precision bf16 --moments 8bit --master bf16-stochastic
all_weights all-planes --precision bf16 --master planes
for sizes in "4 2" "1 4"; do go_on all-planes $sizes --precision bf16 --master planes; done
for sizes in "4 2" "4 1" "1 4"; do go_on all-f32 $sizes; go_on all-stochastic $sizes --precision bf16 --moments 8bit --master bf16-stochastic; done
all_weights all-ties --data "$work/ties.jsonl" --objective davidson --tie-parameter learn
mesh 4 train --model "$work/llama" --tuning full "${run[@]}" --moments 8bit --output "$work/whole-8bit" --max-steps 1 --save-steps -1 --quiet 2>"$work/err"
[ "$(find "$work/whole-8bit" -name '.assembly*' | wc -l)" = 0 ]; say $? nothing-is-left-of-putting-together

# Refused once, by the first, everywhere with the same exit code.
mesh 3 train --model "$work/llama" "${run[@]}" --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'mesh: 2 2 2' "$work/err" && [ "$(grep -c 'start 2 or 4' "$work/err")" = 1 ] && [ ! -e "$work/x" ]; say $? three-share-no-eight-lanes
mesh 2 train --model "$work/llama" --data "$work/none.jsonl" --output "$work/x" --json >"$work/out" 2>"$work/err"
grep -q 'mesh: 1 1' "$work/err" && [ "$(grep -c 'none.jsonl' "$work/err")" = 1 ] && [ "$(grep -c '"error"' "$work/out")" = 1 ]; say $? one-says-what-all-know

# Stages: the layers of a model over a row of processes, which shares the pairs out with other rows.
for family in llama chatglm3; do "$assay" init --arch $family --layers 3 --output "$work/$family-3" --quiet >/dev/null; done
"$assay" train --model "$work/chatglm3-3" --lora-dropout 0.1 "${run[@]}" --output "$work/whole" --quiet; say $? whole
mesh 4 train --model "$work/chatglm3-3" --lora-dropout 0.1 "${run[@]}" --stages 2 --output "$work/s2" 2>"$work/err"; say $? trains-in-two-stages
same_as() { # name folder whole
    [ "$(bits "$3")" = "$(bits "$2")" ] && cmp -s <(numbers "$3") <(numbers "$2") && cmp -s "$3/eval_pairs.jsonl" "$2/eval_pairs.jsonl"; say $? "$1-same-bits"
}
same_as two-stages "$work/s2" "$work/whole"
grep -q '2 stages: layers 1 to 1, 2 to 3' "$work/err" && grep -q '^  "stages": 2' "$work/s2/assay.json" && tr -d ' \n' <"$work/s2/assay.json" | grep -q '"pairs_by_rank":\[16,16,16,16\]'; say $? stages-are-said

# All weights, in less memory than one process takes at least; the stage with less of it has fewer layers.
full=(--model "$work/llama-3" --tuning full "${run[@]}" --lanes 1 --batch-pairs 4 --threads 1)
"$assay" train "${full[@]}" --output "$work/full" --quiet; say $? full
"$assay" plan "${full[@]}" --json 2>/dev/null >"$work/plan"
least=$(python3 -c 'import json,sys; p=json.load(open(sys.argv[1])); print(min([o["peak_bytes"] for o in p["suggestions"] if o["option"].startswith("--recompute")]))' "$work/plan")
"$assay" train "${full[@]}" --memory "$((least - 200000))" --output "$work/x" --quiet 2>"$work/err"; [ $? -eq 3 ]; say $? one-process-has-no-room
mesh 2 train "${full[@]}" --memory "$((least - 200000))" --stages 2 --output "$work/fullstages" --quiet 2>"$work/err"; say $? two-stages-have
same_as full-in-less-memory "$work/fullstages" "$work/full"
# Two rows of two stages: moments in slices within each stage.
"$assay" train --model "$work/llama-3" --tuning full "${run[@]}" --moments 8bit --output "$work/full8" --quiet; say $? full-8bit
mesh 4 train --model "$work/llama-3" --tuning full "${run[@]}" --moments 8bit --stages 2 --output "$work/full8stages" --quiet 2>"$work/err"; say $? full-8bit-in-two-stages
same_as slices-in-stages "$work/full8stages" "$work/full8"

# Refused before anything is read, by what to type.
"$assay" train --model "$work/llama" "${run[@]}" --stages 2 --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'mpirun -n 2 assay train ... --stages 2' "$work/err"; say $? stages-need-processes
mesh 3 train --model "$work/llama-3" "${run[@]}" --stages 2 --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && [ "$(grep -c 'start 4' "$work/err")" = 1 ]; say $? three-are-no-rows-of-two
mesh 4 train --model "$work/llama-3" "${run[@]}" --stages 4 --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'has 3 layers' "$work/err"; say $? more-stages-than-layers
beside_stages() { # name option...
    local name=$1; shift
    mesh 2 train --model "$work/llama-3" "${run[@]}" --stages 2 "$@" --output "$work/x" 2>"$work/err"
    [ $? -eq 2 ] && [ "$(grep -c -e '--stages goes with neither --spill, --master bf16-stochastic nor --tie-parameter learn yet' "$work/err")" = 1 ] && [ ! -e "$work/x" ]; say $? "$name-goes-with-no-stages"
}
beside_stages spilling --spill "$work"
beside_stages a-master-in-bf16 --tuning full --master bf16-stochastic
beside_stages a-learned-tie --objective davidson --tie-parameter learn

# What is raised and flipped below is counted in large messages: the moments once, then a step's sums (4 processes: three for rank 1, three for 2).
export MESH_LARGE=20000

# Killed: the others end by name, the checkpoint is whole; two go on where four were, then one.
MESH_RAISE=2,8,9 mesh 4 train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/killed" --quiet 2>"$work/err"
grep -q 'mesh: 1 1 -9 1' "$work/err" && grep -q 'rank 2 of 4' "$work/err" && [ -d "$work/killed/checkpoint-2" ] && [ ! -e "$work/killed/checkpoint-4" ]; say $? a-killed-one-is-named
mesh 2 train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/killed" --resume --quiet 2>"$work/err"; say $? two-go-on
same killed-and-resumed "$work/killed"

# A stage that is killed; a process alone goes on.
MESH_RAISE=1,9,9 mesh 2 train --model "$work/chatglm3-3" --lora-dropout 0.1 "${run[@]}" --stages 2 --output "$work/stagekilled" --quiet 2>"$work/err"
grep -q 'mesh: 1 -9' "$work/err" && grep -q 'rank 1 of 2' "$work/err" && [ -d "$work/stagekilled" ] && [ ! -e "$work/stagekilled/checkpoint-4" ]; say $? a-killed-stage-is-named
mesh 1 train --model "$work/chatglm3-3" --lora-dropout 0.1 "${run[@]}" --output "$work/stagekilled" --resume --quiet 2>"$work/err"; say $? one-goes-on-for-two-stages
[ "$(bits "$work/whole")" = "$(bits "$work/stagekilled")" ]; say $? stages-resumed-same-bits

# A signal to one: all stop with 75 and a checkpoint; --resume takes it from there.
MESH_RAISE=1,9,15 mesh 4 train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/term" --quiet 2>"$work/err"
grep -q 'mesh: 75 75 75 75' "$work/err" && ls "$work/term" | grep -q '^checkpoint-3$'; say $? a-signal-to-one-stops-all
mesh 1 train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/term" --resume --quiet 2>"$work/err"; say $? signalled-goes-on
[ "$(bits "$work/alone")" = "$(bits "$work/term")" ]; say $? signalled-and-resumed-same-bits # an evaluation that was given up has no line

# A bit flipped on the way.
MESH_FLIP=3 mesh 2 train --model "$work/chatglm3" "${run[@]}" --output "$work/flip" --quiet 2>"$work/err"
grep -q 'mesh: 1 1' "$work/err" && grep -q 'changed on the way' "$work/err"; say $? a-flipped-bit-is-named

# Who only looks like several processes.
WORLD_SIZE=4 "$assay" train --model "$work/llama" "${run[@]}" --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'mpirun -n 4 assay' "$work/err"; say $? torchrun-is-told-of-mpirun
SLURM_STEP_NUM_TASKS=4 "$assay" train --model "$work/llama" "${run[@]}" --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'srun --mpi=pmix' "$work/err"; say $? srun-is-told-of-its-mpi
SLURM_NTASKS=4 "$assay" train --model "$work/llama" "${run[@]}" --output "$work/sbatch" --quiet; say $? a-script-of-sbatch-is-no-launcher
OMPI_COMM_WORLD_SIZE=4 ASSAY_MPI=$work/none.so "$assay" train --model "$work/llama" "${run[@]}" --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q none.so "$work/err"; say $? a-missing-plugin-is-named
ASSAY_MPI=$work/mesh.so OMPI_COMM_WORLD_SIZE=4 MESH_RANK=0 MESH_FDS=-1 "$assay" train --model "$work/llama" "${run[@]}" --output "$work/x" 2>"$work/err"
[ $? -eq 2 ] && grep -q 'OMPI_COMM_WORLD_SIZE says 4 processes, sockets says 1' "$work/err"; say $? an-unconfirmed-number-is-refused

# The real ones.
over_mpi() { # mpi option...
    local mpi=$1; shift
    mpi_is_here "$mpi" "$@" || return 0
    timeout 300 "mpirun.$mpi" "$@" -n 2 "$assay" train --model "$work/chatglm3" --lora-dropout 0.1 "${run[@]}" --output "$work/$mpi" --quiet >"$work/out" 2>"$work/err"
    say $? "$mpi-trains-in-2"
    same "$mpi" "$work/$mpi"
    timeout 300 "mpirun.$mpi" "$@" -n 2 "$assay" train --model "$work/chatglm3-3" --lora-dropout 0.1 "${run[@]}" --stages 2 --output "$work/$mpi-stages" --quiet >"$work/out" 2>"$work/err"
    say $? "$mpi-trains-in-2-stages"
    same_as "$mpi-stages" "$work/$mpi-stages" "$work/whole"
    timeout 300 "mpirun.$mpi" "$@" -n 4 "$assay" train --model "$work/llama" --tuning full "${run[@]}" --precision bf16 --moments 8bit --master bf16-stochastic --output "$work/$mpi-all" --quiet >"$work/out" 2>"$work/err"
    [ "$(bits "$work/all-stochastic-1")" = "$(bits "$work/$mpi-all")" ]; say $? "$mpi-slices-same-bits"
}
over_mpi openmpi --oversubscribe
over_mpi mpich
