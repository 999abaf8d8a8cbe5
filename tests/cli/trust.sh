#!/usr/bin/env bash
# Nothing lost, nothing silent: signals, numbers gone wrong, full disks, what a resumed run may not change, traps that are said.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/model" --quiet >/dev/null
head -n 12 examples/medical_train.jsonl >"$work/pairs.jsonl"
train=(train --model "$work/model" --data "$work/pairs.jsonl" --batch-pairs 2 --eval-split 0 --threads 1)

# A copy of the model with one tensor changed: weights NAME FILE HOW, HOW a list of f32 (little-endian, octal) repeated over COUNT values from the start.
spoiled() { # folder tensor bytes count
    rm -rf "$1"; cp -r "$work/model" "$1"
    local header begin
    header=$(od -An -tu8 -N8 "$1/model.safetensors" | tr -d ' ')
    begin=$(head -c $((header + 8)) "$1/model.safetensors" | tail -c +9 | grep -o "\"$2\":{[^}]*}" | grep -o 'data_offsets":\[[0-9]*' | grep -o '[0-9]*$')
    for ((i = 0; i < $4; i++)); do printf "$3"; done | dd of="$1/model.safetensors" bs=4096 seek=$((header + 8 + begin)) oflag=seek_bytes conv=notrunc status=none
}
nan='\000\000\300\177' huge='\231\166\141\177' # NaN; 3e38

# Numbers gone wrong.
spoiled "$work/nan" model.layers.1.mlp.up_proj.weight "$nan" 1
for tuning in lora full; do
    check "nan-weight-named-$tuning" 1 err 'step 1: .*weight model.layers.1.mlp.up_proj.weight holds NaN or infinity, first at \[0, 0\].*came with the model' \
        "${train[@]}" --model "$work/nan" --output "$work/o" --tuning $tuning --max-steps 2 --quiet
    rm -rf "$work/o"
done
check nan-weight-named-by-verify 1 err 'a reward of pair .*:[0-9]* is NaN or infinite: weight model.layers.1.mlp.up_proj.weight .* \[0, 0\]$' \
    verify --model "$work/nan" --data "$work/pairs.jsonl" --pairs 1 --quiet
check nan-skipped-and-named 1 err 'skipped step 2: .*up_proj.weight' "${train[@]}" --model "$work/nan" --output "$work/o" --max-steps 2 --on-nan skip
rm -rf "$work/o"
# Whoever computes with such weights names them.
echo '{"text":"x"}' >"$work/in"
named='weight model.layers.1.mlp.up_proj.weight holds NaN or infinity, first at \[0, 0\]; it came with the model'
check nan-weight-named-by-forward 1 err "standard input.*the score is .*nan: $named" forward --model "$work/nan" --output "$work/x.safetensors"
[ ! -e "$work/x.safetensors" ]; say $? forward-writes-nothing-of-nan
"$assay" "${train[@]}" --output "$work/head" --tuning head --max-steps 1 --quiet
check nan-weight-named-by-score 1 err "input 0: the score is .*nan: $named" score --model "$work/nan" --adapter "$work/head"
check nan-weight-named-by-eval 1 err "answer 1: the score is .*nan: $named" eval --model "$work/nan" --adapter "$work/head" --data "$work/pairs.jsonl"
: >"$work/in"
spoiled "$work/huge" model.layers.1.mlp.up_proj.weight "$huge" 11264
check infinite-activation-named 1 err 'pair .*pairs.jsonl:[0-9]*: the result of model.layers.1.mlp.up_proj (layer 1) is the first' \
    "${train[@]}" --model "$work/huge" --output "$work/o" --max-steps 2 --quiet
[ ! -e "$work/o/adapter_model.safetensors" ] && ! ls "$work/o" | grep -q checkpoint
say $? nothing-is-saved-of-what-went-wrong
rm -rf "$work/o"

# Signals: the first saves and stops; SIGTERM says that the run can be resumed. The interposer sends them at a call, so that no time is needed.
. scripts/inject.inc >/dev/null
train=(train --model "$work/model" --data "$work/pairs.jsonl" --batch-pairs 2 --eval-split 0 --threads 1 --max-steps 4 --quiet)
"$assay" "${train[@]}" --output "$work/whole" 2>/dev/null
INJECT_WHAT=write INJECT_HOW=int INJECT_AT=3 injected "$assay" "${train[@]}" --output "$work/o" >/dev/null 2>"$work/err"
[ $? -eq 130 ] && grep -q '^assay: interrupted after step [123] of 4; --resume' "$work/err"
say $? first-interrupt-saves-and-exits-130
INJECT_WHAT=write INJECT_HOW=term INJECT_AT=2 injected "$assay" "${train[@]}" --output "$work/o" --resume >/dev/null 2>"$work/err"
[ $? -eq 75 ] && grep -q '^assay: told to stop (SIGTERM): interrupted after step [1-4] of 4; --resume' "$work/err"
say $? terminate-saves-and-exits-75
"$assay" "${train[@]}" --output "$work/o" --resume 2>/dev/null
cmp -s "$work/whole/adapter_model.safetensors" "$work/o/adapter_model.safetensors"
say $? both-resume-to-the-same-bits

# What schedulers warn with stops a run likewise, and the SIGTERM behind it does not cut the checkpoint short; one more signal by --checkpoint-signal;
# what nohup has ignored stays ignored; a job that Slurm starts again goes on by itself.
rm -rf "$work/o"
for how in usr1 usr2 hup; do
    INJECT_WHAT=write INJECT_HOW=$how INJECT_AT=3 injected "$assay" "${train[@]}" --output "$work/o" --resume >"$work/out" 2>"$work/err" --json
    [ $? -eq 75 ] && grep -qi "^assay: told to stop (SIG$how): interrupted after step" "$work/err" && grep -q '"finished": *false' "$work/out" &&
        grep -q '"finished": *false' "$work/o/trainer_state.json"
    say $? "$how-saves-and-exits-75"
done
INJECT_WHAT=write INJECT_HOW=usr1 INJECT_AT=3 INJECT_ALSO=40 injected "$assay" "${train[@]}" --output "$work/warned" >/dev/null 2>&1
[ $? -eq 75 ] && ls "$work/warned" | grep -q '^checkpoint-[0-9]*$'
say $? warned-again-and-again-still-saves
INJECT_WHAT=write INJECT_HOW=xcpu INJECT_AT=3 injected "$assay" "${train[@]}" --output "$work/limit" --checkpoint-signal sigxcpu >/dev/null 2>"$work/err"
[ $? -eq 75 ] && grep -q 'told to stop (SIGXCPU)' "$work/err"
say $? checkpoint-signal
check checkpoint-signal-unknown 2 err '--checkpoint-signal KILL: one of CONT, QUIT, URG, WINCH, XCPU' "${train[@]}" --output "$work/none" --checkpoint-signal KILL
(trap '' HUP; INJECT_WHAT=write INJECT_HOW=hup INJECT_AT=3 injected "$assay" "${train[@]}" --output "$work/nohup" >/dev/null 2>&1)
[ $? -eq 0 ] && cmp -s "$work/whole/adapter_model.safetensors" "$work/nohup/adapter_model.safetensors"
say $? nohup-stays-nohup
(export SLURM_RESTART_COUNT=1; "$assay" "${train[@]:0:${#train[@]}-1}" --output "$work/o" >/dev/null 2>"$work/err") && grep -q 'SLURM_RESTART_COUNT is 1' "$work/err" &&
    cmp -s "$work/whole/adapter_model.safetensors" "$work/o/adapter_model.safetensors"
say $? started-again-by-slurm-goes-on
INJECT_WHAT=write INJECT_HOW=int INJECT_AT=3 INJECT_ALSO=1 injected "$assay" "${train[@]}" --output "$work/o2" >/dev/null 2>&1
[ $? -eq 130 ] && [ ! -e "$work/o2/adapter_model.safetensors" ]
say $? second-interrupt-ends-at-once

# Killed behind its last checkpoint, with a report that `assay report` wrote, or of an earlier step: finished by resuming, not taken for finished.
cp -r "$work/whole" "$work/o6" && rm "$work/o6/adapter_model.safetensors" "$work/o6/assay.json"
"$assay" "${train[@]}" --output "$work/o6" --resume 2>/dev/null
cmp -s "$work/whole/adapter_model.safetensors" "$work/o6/adapter_model.safetensors"
say $? a-report-does-not-make-it-finished
sed 's/"steps": *4/"steps": 3/' "$work/whole/assay.json" >"$work/o6/assay.json" && echo stale >"$work/o6/adapter_model.safetensors"
"$assay" "${train[@]}" --output "$work/o6" --resume 2>/dev/null
cmp -s "$work/whole/adapter_model.safetensors" "$work/o6/adapter_model.safetensors"
say $? output-of-an-earlier-step-is-written-anew

# Waiting for input ends at a Ctrl-C.
mkfifo "$work/pipe"
sleep 600 >"$work/pipe" & sleeper=$!
(trap - INT; exec "$assay" score --model "$work/whole" <"$work/pipe" >/dev/null 2>"$work/err") & pid=$!
# Asleep in poll, or asleep where the system does not say in what. Not merely listening: a signal long before the wait ends the program without its sentence.
in_poll() {
    ! kill -0 "$1" 2>/dev/null && return
    grep -q '^State:[[:space:]]*S' "/proc/$1/status" && { grep -q poll "/proc/$1/wchan" || ! grep -q '[a-z]' "/proc/$1/wchan"; }
}
until_true 60 handles 15 $pid
until_true 60 in_poll $pid
kill -TERM $pid; wait $pid
[ $? -eq 130 ] && grep -q 'interrupted while waiting for standard input' "$work/err"
say $? waiting-for-input-can-be-interrupted
kill $sleeper 2>/dev/null

# Stopped before there is anything to keep: no 75.
mkfifo "$work/never.jsonl"
(trap - INT; exec "$assay" train --model "$work/model" --data "$work/never.jsonl" --output "$work/never" --quiet >/dev/null 2>"$work/err") & pid=$!
catches_term() { (($(sed -n 's/^SigCgt:[[:space:]]*/0x/p' "/proc/$1/status") & 0x4000)); }
while kill -0 $pid 2>/dev/null && ! catches_term $pid; do sleep 0.03; done
kill -TERM $pid; wait $pid
[ $? -eq 130 ] && [ ! -e "$work/never" ]; say $? terminated-before-the-run-began

# So does waiting for a named pipe's writer, and for the rest of what a pipe brings packed.
waits() { # name pipe
    (trap - INT; exec "$assay" data check "$2" >/dev/null 2>"$work/err") & pid=$!
    until_true 60 handles 15 $pid
    until_true 60 in_poll $pid
    kill -TERM $pid; wait $pid
    [ $? -eq 130 ] && grep -q "interrupted while waiting for $2" "$work/err"
    say $? "$1"
}
mkfifo "$work/named.jsonl" "$work/packed.jsonl.gz"
waits waiting-for-a-writer-can-be-interrupted "$work/named.jsonl"
(gzip -c "$work/pairs.jsonl" | head -c 60; exec sleep 600) >"$work/packed.jsonl.gz" & sleeper=$!
waits waiting-for-packed-bytes-can-be-interrupted "$work/packed.jsonl.gz"
kill $sleeper 2>/dev/null
gzip -c "$work/pairs.jsonl" >"$work/packed.jsonl.gz" &
check a-packed-pipe-is-read 0 out 'records  *12' data check "$work/packed.jsonl.gz"

# Resuming with something else: refused by name.
: >"$work/in"
check resume-other-lr 2 err 'settings changed (--lr: 0.0001 then, 0.01 now' "${train[@]}" --output "$work/whole" --resume --lr 0.01
check resume-other-steps 2 err 'settings changed (--epochs or max-steps: 4 steps then, 5 now' "${train[@]}" --output "$work/whole" --resume --max-steps 5
for other in "schedule linear cosine" "margin off auto" "on-nan skip stop" "moments 8bit f32"; do # what another command gives, and what it was
    read -r name now before <<<"$other"
    check "resume-other-$name" 2 err "settings changed (--$name: $before then, $now now; give the same)" "${train[@]}" --output "$work/whole" --resume "--$name" "$now"
done
check resume-other-rank 2 err 'settings changed (the trained weights' "${train[@]}" --output "$work/whole" --resume --lora-rank 4
head -n 11 "$work/pairs.jsonl" >"$work/fewer.jsonl"
check resume-other-data 2 err 'the data changed' "${train[@]}" --output "$work/whole" --resume --data "$work/fewer.jsonl" --lr 0.0001
"$assay" init --arch llama --seed 9 --output "$work/model9" --quiet >/dev/null
check resume-other-base 2 err 'the base changed' "${train[@]}" --output "$work/whole" --resume --model "$work/model9"
check resume-from-nowhere 2 err 'there is no such folder' "${train[@]}" --output "$work/o3" --resume "$work/nowhere"
check no-epochs 2 err 'trains nothing' train --model "$work/model" --data "$work/pairs.jsonl" --output "$work/o3" --epochs 0
echo '{"text":"x"}' >"$work/in"
check forward-unwritable-early 1 err 'cannot create' forward --model "$work/model" --output "$work/nowhere/x.safetensors"

# The model's folder vanishes while the run goes on (it waits for its data in a pipe, so that no time is needed): all that the output needs is held.
mkfifo "$work/slow.jsonl"
for tuning in lora full; do
    rm -rf "$work/gone"; cp -r "$work/model" "$work/gone"
    sed -i 's/^{/{"auto_map": {"AutoTokenizer": ["odd_code.Tokenizer", null]},/' "$work/gone/tokenizer_config.json"
    sed -i 's/^{/{"auto_map": {"AutoModel": "odd_model.Model"},/' "$work/gone/config.json"
    echo 'x = 1' >"$work/gone/odd_code.py"; echo 'y = 1' >"$work/gone/odd_model.py"
    printf -- '---\nlicense: mit\n---\n' >"$work/gone/README.md"
    cp -r "$work/gone" "$work/there"
    vanish=(train --model "$work/gone" --tuning $tuning --save-steps 1 --batch-pairs 2 --eval-split 0 --threads 1 --max-steps 4 --quiet)
    "$assay" "${vanish[@]}" --output "$work/stayed" --data "$work/pairs.jsonl" 2>/dev/null
    "$assay" "${vanish[@]}" --output "$work/vanished" --data "$work/slow.jsonl" 2>"$work/err" & pid=$!
    { rm -rf "$work/gone"; cat "$work/pairs.jsonl"; } >"$work/slow.jsonl"
    wait $pid; code=$?
    say $code "model-vanishes-$tuning"
    [ $code -eq 0 ] || tail -n 2 "$work/err"
    same=0
    for name in $(cd "$work/stayed" && find . -type f ! -name '*.tfevents*' ! -name report.html ! -name metrics.jsonl ! -name machine.json ! -name assay.json ! -name trainer_state.json ! -name manifest.json); do
        cmp -s "$work/stayed/$name" "$work/vanished/$name" && continue
        case $name in *README.md) sed 's/slow/pairs/;s/vanished/stayed/' "$work/vanished/$name" | cmp -s - "$work/stayed/$name" && continue ;; esac
        echo "differs: $name"; same=1
    done
    [ -e "$work/vanished/odd_code.py" ] && grep -q 'license: mit' "$work/vanished/README.md" || same=1
    [ $tuning = lora ] || [ -e "$work/vanished/odd_model.py" ] || same=1
    say $same "model-vanishes-$tuning-and-all-is-there"
    rm -rf "$work/stayed" "$work/vanished" "$work/there" "$work/gone"
done

# A full disk.
mkdir "$work/disk"
if mount -t tmpfs -o size=1200k tmpfs "$work/disk" 2>/dev/null; then
    full=(--tuning full --save-steps 1 --keep all --output "$work/disk/o")
    check no-room-is-said-before-step-1 1 err 'a checkpoint needs about .* and the result .*, but the disk at .*/disk has .* free' "${train[@]}" "${full[@]}"
    [ ! -e "$work/disk/o" ]; say $? no-room-leaves-nothing
    mount -o remount,size=3800k "$work/disk"
    : >"$work/in"
    full=(--tuning full --save-steps 1 --keep all --output "$work/disk/o")
    check little-room-is-said-before-step-1 1 err 'warning: 4 checkpoints of .* and the result need about .* a smaller --keep' "${train[@]}" "${full[@]}"
    rm -rf "$work/disk/o"
    check full-disk-says-what-it-needs 1 err "a checkpoint needs about 1.8 MiB, the disk at $work/disk has 0.[0-9] MiB free" "${train[@]}" "${full[@]}"
    left=$(ls "$work/disk/o" | tr '\n' ' ')
    [ "$(tr ' ' '\n' <<<"$left" | grep -c '^checkpoint-[12]$')" = 2 ] && [ "$(tr ' ' '\n' <<<"$left" | grep -c checkpoint)" = 2 ]; say $? full-disk-leaves-whole-checkpoints-alone
    mount -o remount,size=30m "$work/disk"
    check resumes-with-room 0 err 'done in' "${train[@]}" "${full[@]}" --resume --no-quiet
    "$assay" "${train[@]}" "${full[@]}" --output "$work/elsewhere" 2>/dev/null
    cmp -s "$work/elsewhere/model.safetensors" "$work/disk/o/model.safetensors"; say $? full-disk-changes-no-bit
    umount "$work/disk"
else
    echo "skip full-disk (mounting is not permitted)"
fi

# Traps.
sed 's/"pad_token_id": 259/"pad_token_id": 258/' "$work/model/config.json" >"$work/config.json"
cp -r "$work/model" "$work/pad"; cp "$work/config.json" "$work/pad/config.json"
train+=(--no-quiet)
check pad-is-eos-said 0 err "pad token is its end-of-text token (258)" "${train[@]}" --model "$work/pad" --output "$work/t1" --max-steps 1
check no-end-said 0 err '24 of 24 texts end in an ordinary token' "${train[@]}" --template medicalgpt:base --append-eos false --output "$work/t2" --max-steps 1
spoiled "$work/zero" model.norm.weight '\000\000\000\000' 64
check equal-scores-said 0 err 'step 1: chosen and rejected got equal scores' "${train[@]}" --model "$work/zero" --output "$work/t3" --max-steps 1
check flat-loss-said 0 err 'the loss has stayed at 0.693' "${train[@]}" --head-init zero --lr 1e-12 --output "$work/t4" --max-steps 21
check new-head-said 0 err 'the reward head is new' "${train[@]}" --output "$work/t5" --max-steps 1
