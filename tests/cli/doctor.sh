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

# What it recognises, and that it says so where it recognises nothing.
"$assay" doctor | grep -q '^bf16  *\(yes\|no\):'; say $? bf16
# refuses NAME PATTERN ARGUMENT...
refuses() {
    local name=$1 pattern=$2 got; shift 2
    "$assay" doctor "$@" >"$work/out" 2>"$work/err"; got=$?
    [ $got -eq 1 ] && [ ! -s "$work/out" ] && grep -q -e "$pattern" "$work/err"; say $? "$name"
}
refuses missing-file 'nothing is recognised in "absent.log"' absent.log
refuses other-command 'nothing is recognised in "ls' -- ls -la
refuses a-sentence 'nothing is recognised' it does not work
refuses trl-sft 'trains no reward model (trl sft)' -- trl sft --model_name_or_path m --dataset_name d
refuses swift-dpo 'trains no reward model (swift dpo)' -- swift rlhf --rlhf_type dpo --model m
refuses factory-sft 'trains no reward model (stage sft)' -- llamafactory-cli train --stage sft --model_name_or_path m
"$assay" doctor "KeyError: 'qwen3'" | grep -q '^cause  *The installed Transformers is older'; say $? key-error
"$assay" doctor Traceback '(most recent call last):' File x.py RuntimeError: CUDA out of memory | grep -q '^cause'; say $? unquoted-traceback

# holds NAME "OPTION ..." ARGUMENT...: the translation has each of these lines
holds() {
    local name=$1 wanted=$2 got one; shift 2
    got=$("$assay" doctor "$@" 2>"$work/err") || { say 1 "$name"; tail -n 3 "$work/err"; return; }
    while read -r one; do grep -q -e "^ *$one\( .\)\?$" <<<"$got" || { say 1 "$name ($one)"; echo "$got"; return; }; done <<<"$(tr ';' '\n' <<<"$wanted")"
    say 0 "$name"
}
holds trl-defaults '--tuning full;--lr 0.0001;--epochs 3;--batch-pairs 8;--schedule linear;--warmup 0;--max-length 1024;--eval-split off' \
    -- trl reward --model_name_or_path m --dataset_name d --output_dir o
grep -q 'warning: TRL trains all weights' "$work/err" && grep -q 'the defaults of TRL hold' "$work/err"; say $? trl-says-so
holds trl-lora '--tuning lora;--lora-rank 16;--lora-alpha 32;--lora-dropout 0.05' -- python trl/scripts/reward.py --use_peft --model_name_or_path m --dataset_name d
holds processes '--batch-pairs 128' -- torchrun --nproc_per_node 4 reward_modeling.py --model_name_or_path m --train_file_dir d --per_device_train_batch_size 4 --gradient_accumulation_steps 8
holds processes-equals '--batch-pairs 32' -- accelerate launch --num_processes=2 -m trl.scripts.reward --model_name_or_path m --dataset_name d --per_device_train_batch_size 16
# The same trainers as modules and as scripts, and what of theirs trains something else.
holds trl-module '--tuning full;--max-length 1024' -- python -m trl.scripts.reward --model_name_or_path m --dataset_name d
holds trl-cli-module '--tuning full;--max-length 1024' -- python3 -m trl.cli reward --model_name_or_path m --dataset_name d
holds trl-launched '--batch-pairs 32' -- accelerate launch --config_file a.yaml --num_processes 4 -m trl.scripts.reward --model_name_or_path m --dataset_name d
holds swift-module '--tuning lora;--lora-alpha 32;--batch-pairs 16' -- python -m swift.cli.rlhf --rlhf_type rm --model m --dataset d
holds swift-script '--tuning lora;--lora-alpha 32' -- python swift/cli/rlhf.py --rlhf_type rm --model m --dataset d
holds factory-script '--tuning lora;--batch-pairs 8;--max-length 2048' -- python src/train.py --stage rm --model_name_or_path m --dataset d --finetuning_type lora
holds factory-module '--tuning lora;--max-length 2048' -- torchrun -m llamafactory.cli train --stage rm --model_name_or_path m --dataset d
refuses trl-module-dpo 'trains no reward model (trl dpo)' -- python -m trl.scripts.dpo --model_name_or_path m --dataset_name d
refuses trl-example-dpo 'trains no reward model (trl dpo_vlm)' -- python examples/scripts/dpo_vlm.py --model_name_or_path m --dataset_name d
refuses medicalgpt-sft 'trains no reward model (script supervised_finetuning)' -- torchrun supervised_finetuning.py --model_name_or_path m --train_file_dir d
refuses openrlhf-dpo 'trains no reward model (openrlhf train_dpo)' -- deepspeed --module openrlhf.cli.train_dpo --pretrain m --dataset d
refuses factory-script-dpo 'trains no reward model (stage dpo)' -- python src/train.py --stage dpo --model_name_or_path m --dataset d
refuses factory-default 'trains no reward model (stage sft, which' -- llamafactory-cli train --model_name_or_path m --dataset d
refuses swift-module-dpo 'trains no reward model (swift dpo)' -- python -m swift.cli.rlhf --rlhf_type dpo --model m
for stage in 'stage: dpo' 'cutoff_len: 9'; do
    printf 'model_name_or_path: m\ndataset: d\nfinetuning_type: lora\n%s\n' "$stage" >"$work/other.yaml"
    refuses "factory-file-${stage%%:*}" 'trains no reward model (stage \(dpo\|sft, which\)' -- llamafactory-cli train "$work/other.yaml"
    refuses "factory-file-alone-${stage%%:*}" 'trains no reward model (stage \(dpo\|sft, which\)' "$work/other.yaml"
done
"$assay" doctor -- torchrun --nproc_per_node 4 reward_modeling.py --model_name_or_path m --train_file_dir d >"$work/out" 2>"$work/err"; grep -q 'mpirun -n 4 assay train' "$work/err"; say $? processes-are-told-of-mpirun
# How many processes there are is a number, or is said not to be known.
for count in 99999999999 -3 0 99999999999999999999; do
    "$assay" doctor -- accelerate launch --num_processes $count reward.py --model_name_or_path m --dataset_name d >"$work/out" 2>"$work/err"
    [ $? -eq 2 ] && grep -q "num_processes $count: it is a number from 1 to" "$work/err"; say $? "processes-$count"
done
for word in gpu auto '$GPUS' 2x; do
    holds "processes-$word" '--batch-pairs 8' -- torchrun --nproc_per_node "$word" reward.py --model_name_or_path m --dataset_name d
    grep -qF "how many processes \"nproc_per_node $word\" starts is not known here" "$work/err"; say $? "processes-$word-are-not-known"
done
holds openrlhf-dotted '--model m;--data d;--output o;--tuning full;--lr 5e-06;--batch-pairs 64;--max-length 4096;--adam-beta1 0.8;--adam-beta2 0.95;--epochs 1;--schedule cosine' \
    -- deepspeed --module openrlhf.cli.train_rm --model.model_name_or_path m --data.dataset d --ckpt.output_dir o --adam.lr 5e-6 --adam.betas 0.8 0.95 --train.batch_size 64 \
    --train.micro_batch_size 1 --data.max_len 4096 --ds.zero_stage 3 --ds.packing_samples --ckpt.save_steps -1 --logger.wandb.key x
holds openrlhf-older '--model m;--data d;--output o;--tuning lora;--lora-rank 8;--batch-pairs 256;--lr 9e-06;--max-length 2048' \
    -- deepspeed --module openrlhf.cli.train_rm --pretrain m --dataset d --save_path o --lora_rank 8 --train_batch_size 256 --micro_train_batch_size 1 --max_len 2048 --zero_stage 3 --save_steps -1
holds openrlhf-fields '--columns prompt=q;--columns chosen=good;--columns rejected=bad' \
    -- deepspeed --module openrlhf.cli.train_rm --pretrain m --dataset d --save_path o --prompt_key q --chosen_key good --rejected_key=bad
holds openrlhf-dotted-fields '--columns chosen=good' \
    -- deepspeed --module openrlhf.cli.train_rm --model.model_name_or_path m --data.dataset d --ckpt.output_dir o --data.chosen_key good
holds swift '--model m;--data d;--tuning lora;--lora-alpha 32;--batch-pairs 16;--weight-decay 0.1;--adam-beta2 0.95;--min-lr 0' \
    -- NPROC_PER_NODE=2 swift rlhf --rlhf_type rm --model m --dataset d --tuner_type lora
cat >"$work/rm.yaml" <<'YAML'
### model
model_name_or_path: meta/llama
trust_remote_code: true
### method
stage: rm
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: all
### dataset
dataset: dpo_en_demo
template: llama3
cutoff_len: 1024
max_samples: 1000
overwrite_cache: true
preprocessing_num_workers: 16
dataloader_num_workers: 4
### output
output_dir: saves/rm
logging_steps: 10
save_steps: 500
plot_loss: true
overwrite_output_dir: true
save_only_model: false
report_to: none
### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
ddp_timeout: 180000000
resume_from_checkpoint: null
YAML
factory='--model meta/llama;--data dpo_en_demo;--tuning lora;--lora-rank 8;--max-length 1024;--max-train-samples 1000;--batch-pairs 8;--lr 0.0001;--schedule cosine;--min-lr 0;--warmup 0.1;--precision bf16'
holds factory-yaml "$factory" "$work/rm.yaml"
holds factory-line "$factory" -- llamafactory-cli train "$work/rm.yaml"
echo "llamafactory-cli train $work/rm.yaml" >"$work/factory.sh"
holds factory-script "$factory" "$work/factory.sh"
sed 's/stage: rm/stage: dpo/' "$work/rm.yaml" >"$work/dpo.yaml"
refuses factory-yaml-dpo 'trains no reward model (stage dpo)' "$work/dpo.yaml"
printf 'model_name_or_path: m\ndataset_name: d\nlearning_rate: 2e-5\n' >"$work/trl.yaml"
holds trl-yaml '--tuning full;--lr 2e-05;--max-length 1024' "$work/trl.yaml"
holds trl-config '--tuning full;--lr 2e-05;--max-length 1024' -- trl reward --config "$work/trl.yaml"
"$assay" doctor -- trl reward --model_name_or_path m --dataset_name d --optim adafactor >/dev/null 2>"$work/err"; grep -q 'warning: adafactor is the optimizer there' "$work/err"; say $? optimizer-is-a-warning
