#!/usr/bin/env bash
# Where commands write: one writer a folder, and never over what is read or what belongs to a checkpoint.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/model" --quiet >/dev/null
head -n 12 examples/medical_train.jsonl >"$work/pairs.jsonl"
train=(train --model "$work/model" --data "$work/pairs.jsonl" --batch-pairs 2 --eval-split 0 --threads 1 --quiet)
"$assay" "${train[@]}" --output "$work/run" --max-steps 2
find "$work/run" -name '.assay.lock' | grep -q .; [ $? -eq 1 ] && ! grep -rq 'assay\.lock' "$work/run"; say $? no-lock-is-left

# Two runs: the first is held by a pipe that it reads its data from, so that no time is needed; a second lock is held by this script's own hand.
hold() { # folder
    mkdir -p "$1"
    exec 9<>"$1/.assay.lock"
    flock -n 9 && echo "$$" >&9
}
let_go() { flock -u 9; exec 9>&-; }
sums() { (cd "$1" && find . -type f ! -name .assay.lock -exec sha256sum {} + | sort -k 2); }
busy() { # name argument...: refused with the number of the process, nothing is touched
    local name=$1 before; shift
    before=$(sums "$work/run")
    check "$name" 1 err "process $$ is writing to $work/run" "$@"
    [ "$before" = "$(sums "$work/run")" ]; say $? "$name-touches-nothing"
}
if command -v flock >/dev/null; then
    hold "$work/run"
    busy locked-train "${train[@]}" --output "$work/run"
    busy locked-train-force "${train[@]}" --output "$work/run" --force
    busy locked-train-resume "${train[@]}" --output "$work/run" --resume
    busy locked-report report "$work/run"
    check locked-report-elsewhere 0 out 'elsewhere.html' report "$work/run" --output "$work/elsewhere.html"
    busy locked-eval-store eval --model "$work/run" --data "$work/pairs.jsonl" --store
    busy locked-init init --arch llama --output "$work/run" --force
    busy locked-convert convert "$work/model" --output "$work/run" --force
    busy locked-merge merge --model "$work/model" --adapter tests/data/container/adapter --output "$work/run" --force
    check locked-eval-without-store 0 out 'accuracy' eval --model "$work/run" --data "$work/pairs.jsonl"
    let_go
    # What a killed run left is no lock.
    echo 1 >"$work/run/.assay.lock"
    check stale-lock-is-taken-over 0 out 'report.html' report "$work/run"
    [ ! -e "$work/run/.assay.lock" ]; say $? stale-lock-is-gone
    mkdir "$work/stale"; echo 1 >"$work/stale/.assay.lock"
    check folder-with-a-stale-lock-is-empty 0 out 'parameters' init --arch llama --output "$work/stale"
    rm -rf "$work/stale"; mkdir "$work/stale"; echo 1 >"$work/stale/.assay.lock"
    check folder-with-a-stale-lock-is-empty-for-train 0 err 'done in' "${train[@]}" --output "$work/stale" --max-steps 1 --no-quiet
    [ ! -e "$work/stale/.assay.lock" ]; say $? stale-lock-is-gone-again
else
    echo "skip locks (no flock here)"
fi

# A file system without locks: a note, and the run goes on.
echo '#include <errno.h>
int flock(int fd, int how) { (void)fd; (void)how; errno = ENOLCK; return -1; }' >"$work/nolock.c"
${CC:-gcc} -shared -fPIC "$work/nolock.c" -o "$work/nolock.so"
LD_PRELOAD="$work/nolock.so" "$assay" init --arch llama --output "$work/unlocked" >/dev/null 2>"$work/err"
[ $? -eq 0 ] && grep -q 'note: the file system of .*/unlocked has no locks' "$work/err" && [ ! -e "$work/unlocked/.assay.lock" ]; say $? no-locks-are-said

# The same with the command itself: eight starts, one of them trains, the others say which process does.
for i in 1 2 3 4 5 6 7 8; do
    ("$assay" "${train[@]}" --output "$work/race" --max-steps 30 --force 2>"$work/race.$i"; echo $? >"$work/race.$i.code") &
done
wait
grep -l '^0$' "$work"/race.*.code | wc -l >"$work/winners"
bad=0
for i in 1 2 3 4 5 6 7 8; do
    case $(cat "$work/race.$i.code") in
        0) ;;
        1) grep -q 'process [0-9]* is writing to' "$work/race.$i" || bad=1 ;;
        *) bad=1 ;;
    esac
done
[ "$bad" = 0 ] && [ "$(cat "$work/winners")" -ge 1 ]; say $? losers-name-the-process
[ "$(wc -l <"$work/race/metrics.jsonl")" = 30 ] && [ -e "$work/race/report.html" ]; say $? the-winner-is-whole
"$assay" "${train[@]}" --output "$work/alone" --max-steps 30
cmp -s "$work/alone/adapter_model.safetensors" "$work/race/adapter_model.safetensors"; say $? the-winner-has-its-bits

# A start that fails leaves no folder and no lock.
printf 'rubbish' >"$work/bad.jsonl"
check failed-start 1 err 'bad.jsonl' train --model "$work/model" --data "$work/bad.jsonl" --output "$work/none" --quiet
cp -r "$work/model" "$work/broken"; truncate -s -100 "$work/broken/model.safetensors"
check failed-convert 1 err 'model.safetensors' convert "$work/broken" --output "$work/none"
[ ! -e "$work/none" ]; say $? failed-starts-leave-nothing

# A link to a folder stays a link.
mkdir "$work/real"; ln -s real "$work/link"
check output-by-a-link 0 out 'parameters' init --arch llama --output "$work/link"
[ -L "$work/link" ] && [ -e "$work/real/config.json" ] && [ ! -e "$work/real/.assay.lock" ]; say $? link-stays-a-link

# ---- output over input ----

echo '{"text":"x"}' >"$work/in"
cp "$work/in" "$work/texts.jsonl"
cp "$work/run/assay.json" "$work/kept.json"
cat >"$work/run.yaml" <<Y
model: $work/model
Y
before=$(sums "$work/model"; sums "$work/run"; sha256sum "$work/pairs.jsonl" "$work/texts.jsonl" "$work/run.yaml")
forward=(forward --model "$work/model")
check forward-over-the-model 2 err 'which is a checkpoint' "${forward[@]}" --output "$work/model/model.safetensors"
check forward-into-the-model 2 err 'which is a checkpoint' "${forward[@]}" --output "$work/model/states.safetensors"
check forward-over-the-input 2 err 'which this run reads' "${forward[@]}" --input "$work/texts.jsonl" --output "$work/texts.jsonl"
cp "$work/texts.jsonl" "$work/in"
check forward-over-its-standard-input 2 err 'which this run reads' "${forward[@]}" --output "$work/in"
ln "$work/texts.jsonl" "$work/hard"; ln -s "$work/model" "$work/soft"
check forward-over-a-hard-link 2 err 'which this run reads' "${forward[@]}" --input "$work/texts.jsonl" --output "$work/hard"
check forward-through-a-link 2 err 'which is a checkpoint' "${forward[@]}" --output "$work/soft/model.safetensors"
check forward-into-another-checkpoint 2 err 'which is a checkpoint' "${forward[@]}" --output "$work/run/adapter_model.safetensors"
check forward-into-a-kept-checkpoint 2 err 'which is a checkpoint' "${forward[@]}" --output "$work/run/checkpoint-2/x.safetensors"
cp tests/data/tokenizer/smollm.gguf "$work/some.gguf"
check forward-over-a-gguf 2 err 'is a model' "${forward[@]}" --output "$work/some.gguf"
check data-convert-over-its-input 2 err 'which this run reads' data convert "$work/pairs.jsonl" --output "$work/pairs.jsonl" --force
check data-convert-into-a-checkpoint 2 err 'which is a checkpoint' data convert "$work/pairs.jsonl" --output "$work/run/assay.json" --force
mkdir "$work/many"; cp "$work/pairs.jsonl" "$work/many/a.jsonl"
check data-convert-over-one-of-many 2 err 'which this run reads' data convert "$work/many" --output "$work/many/a.jsonl" --force
check report-over-the-run 2 err 'which is a checkpoint' report "$work/run" --output "$work/run/adapter_config.json" --force
check init-config-over-a-model 2 err 'which is a checkpoint' init-config --output "$work/model/config.json" --force
check convert-onto-itself 2 err 'which this run reads' convert "$work/model" --output "$work/model" --force
check convert-into-itself 2 err 'which is a checkpoint' convert "$work/model" --output "$work/model/more"
check init-over-nothing-of-a-checkpoint 2 err 'which is a checkpoint' init --arch llama --output "$work/run/checkpoint-2/x" --force
check merge-over-the-adapter 2 err 'which this run reads' merge --model "$work/run" --output "$work/run" --force
check merge-over-the-base 2 err 'which this run reads' merge --model "$work/run" --output "$work/model" --force
check merge-over-what-holds-the-adapter 2 err 'which this run reads' merge --model "$work/run/checkpoint-2" --output "$work/run" --force
check train-over-the-model 2 err 'which this run reads' "${train[@]}" --output "$work/model" --force
check train-over-the-base 2 err 'which this run reads' train --model "$work/run" --data "$work/pairs.jsonl" --output "$work/model" --force
check train-into-a-checkpoint 2 err 'which is a checkpoint' "${train[@]}" --output "$work/model/reward"
check train-over-its-run-file 2 err 'is a file, not a folder\|which this run reads' train --config "$work/run.yaml" --data "$work/pairs.jsonl" --output "$work/run.yaml"
[ "$before" = "$(sums "$work/model"; sums "$work/run"; sha256sum "$work/pairs.jsonl" "$work/texts.jsonl" "$work/run.yaml")" ]
say $? what-is-read-stays
echo old >"$work/old.safetensors"
"$assay" "${forward[@]}" --input "$work/texts.jsonl" --output "$work/old.safetensors" 2>/dev/null && grep -q '0.score' "$work/old.safetensors"; say $? forward-over-another-file

# "-" is standard output where text is written, and refused elsewhere.
for line in "init --arch llama" "train --model $work/model --data $work/pairs.jsonl" "convert $work/model" "merge --model $work/run" "report $work/run" "forward --model $work/run --hidden-states"; do
    # shellcheck disable=SC2086
    check "dash-${line%% *}" 2 err '^assay: --output -: this is not written to standard output' $line --output - --quiet
done
check dash-init-config 0 out '^#lora-rank' init-config --output -
