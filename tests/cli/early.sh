#!/usr/bin/env bash
# --gradients early: each weight moved as soon as its gradient is whole, with the bits of moving them all behind the pass; the memory it spares; when the plan keeps them; what NaN leaves behind.
. tests/cli/check.inc
"$assay" init --arch qwen2 --layers 3 --hidden 128 --ffn 256 --output "$work/qwen2" --quiet >/dev/null
"$assay" init --arch chatglm2 --layers 2 --output "$work/chatglm2" --quiet >/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "{\"prompt\":\"What is $i plus $i?\",\"chosen\":\"It is $((i + i)), as one counts.\",\"rejected\":\"It is $((i * i + 1)).\"}"
done >"$work/pairs.jsonl"
common=(train --data "$work/pairs.jsonl" --batch-pairs 2 --max-steps 6 --save-steps 3 --eval-split off --template plain --lr 1e-3 --weight-decay 0.01 --clip 0)
numbers() { sed -E 's/,"(seconds|eval_seconds|tokens_per_second|[a-z_]*_bytes)":[^,}]*//g' "$1/metrics.jsonl"; }
same() { # name folder folder: what was trained, what a checkpoint has of it, and the metrics, the gradient's norm among them
    cmp -s "$2"/*model.safetensors "$3"/*model.safetensors && cmp -s "$2/checkpoint-6/state.safetensors" "$3/checkpoint-6/state.safetensors" && cmp -s "$2/checkpoint-6/state.json" "$3/checkpoint-6/state.json" && cmp -s <(numbers "$2") <(numbers "$3")
    say $? "$1"
}
twice() { # name option...: kept, early, and early in another way
    local name=$1; shift
    check "kept-$name" 0 err . "${common[@]}" "$@" --threads 2 --output "$work/$name"
    check "early-$name" 0 err 'moved as soon as its gradient is whole' "${common[@]}" "$@" --gradients early --threads 1 --recompute off --output "$work/$name-1"
    same "the-bits-of-kept-$name" "$work/$name" "$work/$name-1"
    check "early-otherwise-$name" 0 err . "${common[@]}" "$@" --gradients early --threads 2 --recompute all --output "$work/$name-2"
    same "in-another-schedule-$name" "$work/$name" "$work/$name-2"
}
twice full --model "$work/qwen2" --tuning full
twice full-of-chatglm2 --model "$work/chatglm2" --tuning full
twice bf16-8bit-planes --model "$work/qwen2" --tuning full --precision bf16 --moments 8bit --master planes
twice stochastic --model "$work/qwen2" --tuning full --moments 8bit --master bf16-stochastic
twice lora --model "$work/qwen2" --lora-dropout 0.1
twice head --model "$work/qwen2" --tuning head
check goes-on 0 err . "${common[@]}" --model "$work/qwen2" --tuning full --gradients early --resume "$work/full/checkpoint-3" --output "$work/on"
cmp -s "$work/full/model.safetensors" "$work/on/model.safetensors" && cmp -s "$work/full/checkpoint-6/state.safetensors" "$work/on/checkpoint-6/state.safetensors" && cmp -s <(numbers "$work/full" | tail -n 3) <(numbers "$work/on"); say $? bits-as-if-never-stopped

# The plan holds, and spares what all gradients take together but the largest.
bytes() { "$assay" plan --model "$work/qwen2" --data "$work/pairs.jsonl" --tuning full --batch-pairs 1 --eval-split off --template plain --clip 0 --json "$@" 2>/dev/null | python3 -c 'import json,sys; p = json.load(sys.stdin); print(p["peak_bytes"], p["classes"]["gradients"])'; }
read -r kept gradients <<<"$(bytes)"
read -r early none <<<"$(bytes --gradients early)"
[ "$none" = 0 ] && [ "$early" -lt "$kept" ] && [ $((kept - early)) -gt $((gradients / 3)) ]; say $? "planned-$early-and-not-$kept"
for name in full-1 full-2 bf16-8bit-planes-2 lora-1; do
    awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i ~ /"planned_bytes"/) p = $(i + 1); if ($i ~ /"peak_bytes"/) k = $(i + 1) } if (k + 0 > p + 0 || !k) bad = 1 } END { exit bad }' "$work/$name/metrics.jsonl"
    say $? "no-step-takes-more-than-planned-$name"
done

# Where it cannot be, gradients are kept, with the reason.
keeps() { # name reason option...
    local name=$1 reason=$2; shift 2
    "$assay" plan --model "$work/qwen2" --data "$work/pairs.jsonl" --tuning full --eval-split off --template plain --gradients early --json "$@" 2>/dev/null | grep -q "\"kept_for\": \"[^\"]*$reason"
    say $? "keeps-$name"
}
keeps to-clip 'clip 1 needs the norm'
keeps to-skip 'on-nan skip' --clip 0 --on-nan skip
keeps for-lanes 'add theirs up' --clip 0 --lanes 2
keeps for-micro-batches 'in micro-batches of 120' --clip 0 --micro-tokens 120
for i in $(seq 13 100); do echo "{\"prompt\":\"What is $i plus $i?\",\"chosen\":\"It is $((i + i)), as one counts.\",\"rejected\":\"It is $((i * i + 1)).\"}"; done >>"$work/pairs.jsonl"
keeps what-takes-less 'in one micro-batch the run takes' --clip 0 --batch-pairs 100 --recompute off
check kept-run 0 err 'gradients are kept, not applied early: --clip 1' "${common[@]}" --clip 1 --model "$work/qwen2" --tuning full --gradients early --output "$work/kept"
check verify-has-no-such-option 2 err gradients verify --model "$work/qwen2" --data "$work/pairs.jsonl" --gradients early

# A gradient that is too large where the loss is a number: weights above it have moved, so nothing is saved.
cp -r "$work/qwen2" "$work/steep"
python3 - "$work/steep/model.safetensors" <<'END'
import json, struct, sys
with open(sys.argv[1], "r+b") as f:
    size, = struct.unpack("<Q", f.read(8))
    tensors = json.loads(f.read(size))
    def put(name, value, places):
        for place in places:
            f.seek(8 + size + tensors[name]["data_offsets"][0] + 4 * place)
            f.write(struct.pack("<f", value))
    put("model.layers.1.mlp.up_proj.weight", 1e26, range(128))                    # one neuron is huge
    put("model.layers.1.mlp.down_proj.weight", 0, range(0, 128 * 256, 256))       # and nobody listens
END
check torn 1 err 'step 1: the gradient of model.layers.1.mlp.down_proj.weight has no finite norm, and weights above it have been moved.*no state was saved' "${common[@]}" --model "$work/steep" --tuning full --gradients early --output "$work/torn"
[ -e "$work/torn/metrics.jsonl" ] && ! ls "$work/torn" | grep -q -e checkpoint -e safetensors; say $? nothing-torn-is-saved
check kept-says-more 1 err 'step 1: .*gradient norm' "${common[@]}" --model "$work/steep" --tuning full --output "$work/torn" --force
