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
