#!/usr/bin/env bash
# doctor: the machine, and run_rm.sh's options turned into ours, which mean the same when read again.
assay=${ASSAY:-build/assay}
theirs=(--model_name_or_path m --train_file_dir d --validation_file_dir d --per_device_train_batch_size 4 --gradient_accumulation_steps 8
        --do_train --use_peft True --num_train_epochs 1 --learning_rate 2e-5 --warmup_steps 5 --max_source_length 1024
        --max_target_length 256 --output_dir "my out" --overwrite_output_dir --ddp_timeout 30000 --lora_rank 8 --lora_alpha 16 --bf16)

say() { if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

"$assay" doctor | grep -q '^processors  *[1-9]'; say $? machine
"$assay" doctor --json | grep -q '"memory_free_bytes": [1-9]'; say $? machine-json
ours=$("$assay" doctor --quiet -- CUDA_VISIBLE_DEVICES=0 torchrun --nnodes 1 --nproc_per_node 1 reward_modeling.py "${theirs[@]}" 2>/dev/null)
case $ours in "assay train"*"--batch-pairs 32"*"--max-length 1280"*) say 0 translates ;; *) echo "$ours"; say 1 translates ;; esac
case $ours in *"--output 'my out'"*) say 0 quotes ;; *) echo "$ours"; say 1 quotes ;; esac
again=$(eval "set -- $ours"; shift; "$assay" doctor -- "$@" 2>&1)
[ "$again" = "$ours" ]; say $? translation-is-stable
"$assay" doctor -- reward_modeling.py --lerning_rate 1 2>&1 | grep -q 'did you mean --learning_rate'; say $? unknown-name

# Errors, logs, scripts.
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$assay" doctor -- "TypeError: ChatGLMForSequenceClassification.forward() got an unexpected keyword argument 'output_attentions'" >"$work/out" && grep -q '^cause  *PEFT' "$work/out" && grep -q 'assay train' "$work/out"
say $? mission-error
cat >"$work/run.sh" <<'SCRIPT'
#!/bin/bash
# CUDA_VISIBLE_DEVICES=1 python reward_modeling.py --learning_rate 9
CUDA_VISIBLE_DEVICES=0 torchrun --nnodes 1 --nproc_per_node 1 reward_modeling.py \
    --model_name_or_path ./chatglm3-6b \
    --train_file_dir './my data' --use_peft True \
    --per_device_train_batch_size 4 --gradient_accumulation_steps 8 \
    --learning_rate 2e-5 \
    --output_dir outputs-rm   # the end
SCRIPT
"$assay" doctor "$work/run.sh" --quiet >"$work/out" 2>"$work/err"; say $? script-is-read
grep -q "data './my data'" "$work/out" && grep -q -- '--batch-pairs 32' "$work/out" && grep -q -- '--lr 2e-05' "$work/out" && ! grep -q 'the end' "$work/out"; say $? script-is-translated
{ cat "$work/run.sh"; echo "  File \"modeling.py\", line 3"; echo "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"; } >"$work/log"
"$assay" doctor "$work/log" --quiet >"$work/out" 2>/dev/null && grep -q '^error .*element 0' "$work/out" && grep -q '^assay train' "$work/out"; say $? log-with-both
"$assay" doctor - --quiet <"$work/log" 2>/dev/null | grep -q '^error'; say $? log-from-standard-input
"$assay" doctor "$work/log" --json 2>/dev/null | grep -q '"findings": \[{"error"'; say $? log-json
echo "all is well" >"$work/fine"; "$assay" doctor "$work/fine" 2>&1 | grep -q 'neither an error'; say $? nothing-known
"$assay" doctor -- trl reward --model_name_or_path m --dataset_name d --learning_rate 1e-5 --max_length 512 2>/dev/null | grep -q -- '--max-length 512'; say $? trl

# An adapter without its head, as PEFT leaves ChatGLM's behind.
"$assay" init --arch chatglm3 --output "$work/base" --quiet >/dev/null
"$assay" train --model "$work/base" --data examples/medical_train.jsonl --eval-split off --max-steps 1 --output "$work/adapter" --quiet 2>/dev/null
"$assay" doctor "$work/adapter" | grep -q 'nothing is wrong'; say $? whole-adapter
if command -v python3 >/dev/null; then
    python3 - "$work/adapter/adapter_model.safetensors" <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:8 + size]), data[8 + size:]
kept, parts, at = {}, [], 0
for name, entry in header.items():
    if name == "__metadata__" or "classifier_head" in name: continue
    low, high = entry["data_offsets"]
    kept[name] = {**entry, "data_offsets": [at, at + high - low]}
    parts.append(body[low:high]); at += high - low
text = json.dumps(kept).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + b"".join(parts))
PYTHON
    "$assay" doctor "$work/adapter" >"$work/out" 2>"$work/err"
    [ $? -eq 1 ] && grep -q 'lost its head' "$work/out"; say $? lost-head
    [ -s "$work/out" ] || cat "$work/err"
else echo "skip lost-head (no python3)"; fi
