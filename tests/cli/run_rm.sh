#!/usr/bin/env bash
# The command line of MedicalGPT's scripts/run_rm.sh (commit 2f1008c), word for word but for program and model, on a folder in its data format:
# it trains to the end, says that train and validation data are the same, and holds pairs out by itself.
. tests/cli/check.inc
assay=$(realpath "$assay")

"$assay" init --arch qwen2 --output "$work/model" >/dev/null 2>&1
mkdir -p "$work/data/reward"
for i in 01 02 03 04 05 06 07 08 09 10; do
    printf '{"conversations": [{"from": "human", "value": "问题%s？"}], "chosen": "回答%s，清楚而且有用。", "rejected": "不知道。"}\n' $i $i
done >"$work/data/reward/dpo_zh_500.jsonl"
for i in 11 12 13 14 15 16 17 18 19 20; do
    printf '{"conversations": [{"from": "human", "value": "Weather in town %s?"}, {"from": "function_call", "value": "{\\"name\\": \\"weather\\", \\"arguments\\": {\\"town\\": %s}}"}, {"from": "observation", "value": "sunny"}], "chosen": "It is sunny there.", "rejected": "Rain.", "tools": "[]"}\n' $i ${i#0}
done >"$work/data/reward/toolcall_dpo_zh_demo.jsonl"

cd "$work" || exit 1
CUDA_VISIBLE_DEVICES=0,1 "$assay" train \
    --model_name_or_path model \
    --train_file_dir ./data/reward \
    --validation_file_dir ./data/reward \
    --per_device_train_batch_size 4 \
    --gradient_accumulation_steps 8 \
    --per_device_eval_batch_size 4 \
    --do_train \
    --use_peft True \
    --seed 42 \
    --max_train_samples 1000 \
    --max_eval_samples 10 \
    --num_train_epochs 1 \
    --learning_rate 2e-5 \
    --warmup_steps 5 \
    --weight_decay 0.001 \
    --logging_strategy steps \
    --logging_steps 10 \
    --eval_steps 50 \
    --eval_strategy steps \
    --save_steps 500 \
    --save_strategy steps \
    --save_total_limit 3 \
    --max_source_length 1024 \
    --max_target_length 256 \
    --output_dir outputs-rm-qwen-v1 \
    --overwrite_output_dir \
    --ddp_timeout 30000 \
    --logging_first_step True \
    --target_modules all \
    --lora_rank 8 \
    --lora_alpha 16 \
    --lora_dropout 0.05 \
    --bf16 \
    --torch_dtype bfloat16 \
    --report_to tensorboard \
    --ddp_find_unused_parameters False \
    --remove_unused_columns False \
    --gradient_checkpointing True >"$work/out" 2>"$work/err"
code=$?
[ $code -eq 0 ]; say $? "runs-to-the-end"
[ $code -eq 0 ] || tail -n 5 "$work/err"
seen leakage-warning err '^warning: .*\(eval\|valid\|held\).*'
seen same-data-is-said err 'same'
seen held-out-pairs err 'held-out pairs'
seen says-what-means-nothing-here err 'ddp.timeout'
out=outputs-rm-qwen-v1
[ -s $out/adapter_model.safetensors ] && [ -s $out/adapter_config.json ]; say $? adapter-is-written
grep -q '"r": 8' $out/adapter_config.json && grep -q '"lora_alpha": 16' $out/adapter_config.json && grep -q '"lora_dropout": 0.05' $out/adapter_config.json
say $? adapter-is-as-asked
grep -q '"eval_accuracy"' $out/metrics.jsonl; say $? evaluation-is-recorded
grep -q '"max_length": 1280' $out/assay.json; say $? lengths-are-added
printf '{"prompt": "问题03？", "response": "不知道。"}\n' >in
"$assay" score --model $out --input in 2>/dev/null | grep -q '"score": *-\{0,1\}[0-9]'; say $? scores-with-the-result
