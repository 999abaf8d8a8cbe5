#!/usr/bin/env bash
# The main job from the command line, on tiny random models: train, stop, resume, evaluate, score, merge; and that nothing that may not matter matters.
assay=${ASSAY:-build/assay}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -n 60 examples/medical_train.jsonl >"$work/train.jsonl"
head -n 20 examples/medical_eval.jsonl >"$work/eval.jsonl"
common=(--data "$work/train.jsonl" --eval-data "$work/eval.jsonl" --batch-pairs 8 --epochs 1 --quiet)

say() { if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

for arch in chatglm3 llama qwen2 glm; do
    "$assay" init --arch "$arch" --output "$work/$arch" --quiet >/dev/null
    for tuning in lora full head; do
        out=$work/$arch-$tuning
        "$assay" train --model "$work/$arch" --tuning "$tuning" --output "$out" "${common[@]}" >/dev/null 2>"$work/log"
        say $? "train-$arch-$tuning"
        "$assay" score --model "$out" --input "$work/eval.jsonl" >"$work/a"
        "$assay" score --model "$out" --input "$work/eval.jsonl" --threads 1 --micro-tokens 5000 >"$work/b"
        [ "$(wc -l <"$work/a")" = 20 ] && cmp -s "$work/a" "$work/b"
        say $? "scores-same-bits-$arch-$tuning"
    done
done

# Recomputation, threads and the size of micro-batches leave no trace in what is saved.
base=$work/chatglm3
"$assay" train --model "$base" --output "$work/r0" --lora-dropout 0.1 --recompute off "${common[@]}" 2>/dev/null
"$assay" train --model "$base" --output "$work/r1" --lora-dropout 0.1 --recompute all --threads 1 --micro-tokens 1500 "${common[@]}" 2>/dev/null
cmp -s "$work/r0/adapter_model.safetensors" "$work/r1/adapter_model.safetensors"
say $? recompute-threads-micro-tokens-change-no-bit

# Interrupted and resumed: the bytes of a run never stopped.
"$assay" train --model "$base" --output "$work/stopped" --lora-dropout 0.1 "${common[@]}" 2>/dev/null &
pid=$!
# As soon as it listens: the run stops after the step that it is in then, the first, however fast the machine is.
# (Not the shell's fork, which becomes the program and has a handler of its own.)
listens() { [ "$(readlink /proc/$pid/exe)" = "$(readlink -f "$assay")" ] && grep -qE '^SigCgt:.*[2367abef]$' /proc/$pid/status; }
while kill -0 $pid 2>/dev/null && ! listens; do sleep 0.005; done
kill -INT $pid
wait $pid
[ $? -eq 130 ]
say $? interrupt-exits-130
ls "$work/stopped" | grep -q '^checkpoint-'
say $? interrupt-leaves-a-checkpoint
"$assay" train --model "$base" --output "$work/stopped" --lora-dropout 0.1 --resume "${common[@]}" 2>/dev/null
cmp -s "$work/r0/adapter_model.safetensors" "$work/stopped/adapter_model.safetensors"
say $? resumed-run-has-the-same-bits
"$assay" train --model "$base" --output "$work/stopped" --lora-dropout 0.1 --lr 1e-3 --resume "${common[@]}" 2>"$work/log"
[ $? -eq 2 ] && grep -q 'settings changed' "$work/log"
say $? resume-with-other-options-is-refused
"$assay" train --model "$base" --output "$work/stopped" "${common[@]}" 2>"$work/log"
[ $? -eq 2 ] && grep -q 'not empty' "$work/log"
say $? existing-output-is-refused

"$assay" train --model "$base" --output "$work/r0" --lora-dropout 0.1 --recompute off --resume "${common[@]/--quiet/--no-quiet}" 2>"$work/log" && grep -q 'this run is finished' "$work/log"
say $? resume-of-a-finished-run-says-so

# A newest checkpoint that was damaged is passed over, and said.
latest=$(ls -d "$work"/stopped/checkpoint-* | sort -t- -k2 -n | tail -n 1)
printf x | dd of="$latest/state.safetensors" bs=1 seek=200 conv=notrunc status=none
"$assay" train --model "$base" --output "$work/stopped" --lora-dropout 0.1 --resume "${common[@]:0:8}" 2>"$work/log"
say $? resume-past-a-damaged-checkpoint
grep -q "skipped .*$(basename "$latest")" "$work/log"
say $? damaged-checkpoint-is-named

# What does not fit is refused before anything is computed.
"$assay" train --model "$base" --output "$work/nofit" --memory 1M "${common[@]}" 2>"$work/log"
[ $? -eq 3 ] && grep -q budget "$work/log" && [ ! -e "$work/nofit" ]
say $? no-fit-exits-3

# Merged and converted models score like the adapter they came from (f32 rounding of W + BA: 1e-5).
close() { paste -d' ' <(grep -o '"score":[^}]*' "$1" | grep -oE -- '-?[0-9.]+(e-?[0-9]+)?') <(grep -o '"score":[^}]*' "$2" | grep -oE -- '-?[0-9.]+(e-?[0-9]+)?') |
    awk '{d = $1 - $2; if (d < 0) d = -d; if (d > 1e-5) bad = 1; n++} END {exit bad || n < 20}'; }
"$assay" score --precision f32 --model "$work/r0" --input "$work/eval.jsonl" >"$work/a"
"$assay" merge --model "$work/r0" --output "$work/merged" --quiet >/dev/null 2>&1 && "$assay" score --precision f32 --model "$work/merged" --input "$work/eval.jsonl" >"$work/b"
close "$work/a" "$work/b"
say $? merged-scores-the-same
"$assay" merge --model "$work/r0" --output "$work/glm-form" --format glm --quiet >/dev/null 2>&1 && "$assay" score --precision f32 --model "$work/glm-form" --input "$work/eval.jsonl" >"$work/b"
close "$work/a" "$work/b"
say $? glm-form-scores-the-same

# A model alone, or among others, in any order: the same bits.
"$assay" score --model "$work/r0" --input "$work/eval.jsonl" >"$work/a"
"$assay" score --model "$work/r0" --input <(tac "$work/eval.jsonl") | sed 's/"index":[0-9]*,//' | sort >"$work/b"
sed 's/"index":[0-9]*,//' "$work/a" | sort >"$work/c"
cmp -s "$work/b" "$work/c"
say $? order-changes-no-score
head -n 1 "$work/eval.jsonl" | "$assay" score --model "$work/r0" >"$work/b"
[ "$(head -n 1 "$work/a")" = "$(cat "$work/b")" ]
say $? neighbours-change-no-score

"$assay" eval --model "$work/r0" --data "$work/eval.jsonl" --json | grep -q '"longer_wins"'
say $? eval-json
echo '{"text":"How are you?"}' | "$assay" forward --model "$work/r0" --output "$work/f.safetensors" --hidden-states --attentions && "$assay" inspect "$work/f.safetensors" | grep -q safetensors
say $? forward-writes-hidden-states-and-attentions

# What could do harm quietly.
"$assay" score --model "$work/llama" --adapter "$work/llama-lora" --input "$work/eval.jsonl" 2>"$work/log" >/dev/null && ! grep -q 'was trained on' "$work/log"
say $? own-base-says-nothing
"$assay" init --arch llama --seed 7 --output "$work/llama7" --quiet >/dev/null
"$assay" score --model "$work/llama7" --adapter "$work/llama-lora" --input "$work/eval.jsonl" 2>"$work/log" >/dev/null && grep -q 'was trained on' "$work/log"
say $? other-base-is-said
"$assay" train --model "$work/llama-lora" --output "$work/llama" --force "${common[@]}" 2>"$work/log"
[ $? -eq 2 ] && [ -e "$work/llama/model.safetensors" ]
say $? force-keeps-the-base-of-an-adapter
mkfifo "$work/pipe"
echo '{"text":"x"}' | "$assay" forward --model "$work/r0" --output "$work/pipe" 2>"$work/log"
[ $? -eq 1 ] && [ -p "$work/pipe" ]
say $? pipes-are-not-replaced
