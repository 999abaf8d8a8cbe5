#!/usr/bin/env bash
# Answers in labelled steps: trained by --objective process, by hand or by auto, in every tuning; what is saved scores and is judged by steps, trains on,
# merges, resumes to the same bits; and options or models that have no meaning there are refused by name.
. tests/cli/check.inc
"$assay" init --arch qwen2 --output "$work/base" --quiet >/dev/null

# A step is wrong where it says so: what a model of two layers learns in some steps.
for ((i = 0; i < 60; i++)); do
    texts='' labels=''
    for ((k = 0; k < 1 + i % 4; k++)); do
        if (((i * 7 + k * 5) % 3)); then said=fine label=true; else said='quite wrong' label=false; fi
        texts+=",\"Step $k of $i is $said.\"" labels+=",$label"
    done
    echo "{\"prompt\":\"What of $i?\",\"completions\":[${texts:1}],\"labels\":[${labels:1}]}" >>"$work/all.jsonl"
done
head -n 44 "$work/all.jsonl" >"$work/train.jsonl"
tail -n 16 "$work/all.jsonl" >"$work/held.jsonl"
echo '{"prompt":"q","chosen":"a","rejected":"b"}' >"$work/pair.jsonl"
echo '{"prompt":"q","completion":"a","label":true}' >"$work/labelled.jsonl"
common=(train --model "$work/base" --lr 3e-3 --batch-pairs 8 --epochs 8)
held=(--data "$work/train.jsonl" --eval-data "$work/held.jsonl")

for tuning in full lora head; do
    check "$tuning-learns-steps" 0 err 'note: 44 answers have 110 labelled steps: --objective process' "${common[@]}" --tuning $tuning "${held[@]}" --output "$work/$tuning"
    seen "$tuning-is-judged-by-steps" err 'step accuracy [0-9.]* (95 % interval .* on 40 steps of 16 held-out answers, first errors met in'
    seen "$tuning-says-what-is-next" err 'next: assay eval --model .* --data STEPS.jsonl; assay score'
    ! grep -q 'NaN\|"loss":null' "$work/$tuning/metrics.jsonl"; say $? "$tuning-metrics-hold-no-nan"
    grep -q '"objective":"process".*"first_error_accuracy":[01]' "$work/$tuning/metrics.jsonl" && grep -q '"eval_steps":40,"eval_first_error_accuracy":' "$work/$tuning/metrics.jsonl"; say $? "$tuning-metrics-count-first-errors"
    check "$tuning-scores-steps" 0 out '"score":[0-9.e-]*,"steps":\[' score --model "$work/$tuning" --input "$work/held.jsonl"
    check "$tuning-evaluates" 0 out '"answers": 16, "steps": 40' eval --model "$work/$tuning" --data "$work/held.jsonl" --json
done
check eval-has-an-accuracy 0 out '"accuracy": ' eval --model "$work/lora" --data "$work/held.jsonl" --json
said=$(sed -n 's/.*"eval_accuracy":\([0-9.]*\),.*/\1/p' "$work/lora/metrics.jsonl" | tail -n 1)
sed -n 's/.*}, "accuracy": \([0-9.]*\),.*/\1/p' "$work/out" | awk -v said="$said" '{ d = $1 - said; exit !(said != "" && d < 1e-8 && d > -1e-8) }'; say $? eval-is-what-training-said
awk -v a="$(sed -n 's/.*"eval_accuracy":\([0-9.]*\),.*/\1/p' "$work/full/metrics.jsonl" | tail -n 1)" 'BEGIN { exit !(a > 0.9) }'; say $? it-learned
tr -d ' \n' <"$work/full/config.json" | grep -q '"architectures":\["Qwen2ForTokenClassification"\].*"id2label":{"0":"LABEL_0","1":"LABEL_1"}'; say $? the-class-is-transformers-own
grep -q '"task_type": "TOKEN_CLS"' "$work/lora/adapter_config.json"; say $? the-task-is-pefts-own
tr -d ' ' <"$work/lora/assay.json" | grep -q '"objective":"process"' && tr -d ' ' <"$work/lora/assay.json" | grep -q '"step_separator":"\\n"'; say $? the-notes-keep-it
grep -q 'AutoModelForTokenClassification' "$work/full/README.md" && grep -q 'Held-out step accuracy' "$work/lora/README.md"; say $? the-card-says-how-to-load-it
sed 's/<[^>]*>/ /g' "$work/full/report.html" | grep -q 'labelled steps of 16 answers'; say $? the-report-speaks-of-steps
! sed 's/<[^>]*>/ /g' "$work/full/report.html" | grep -v batch-pairs | grep -iq "rejected answers\|longer answer\|worst pairs"; say $? and-of-nothing-else

# Merged, a LoRA gives the same shares: other roundings of the same sums.
check merged 0 out '' merge --model "$work/lora" --output "$work/merged" --dtype f32
! grep -q assay_label "$work/merged/config.json"; say $? no-key-of-ours-leaves
for model in lora merged; do "$assay" score --model "$work/$model" --input "$work/held.jsonl" --quiet 2>/dev/null | tr -c '0-9.e\n-' ' ' >"$work/numbers-$model"; done
paste -d ' ' "$work/numbers-lora" "$work/numbers-merged" | awk '{ for (i = 1; i <= NF / 2; i++) { d = $i - $(i + NF / 2); if (d < 0) d = -d; if (!(d < 1e-4)) bad = 1 } n++ } END { exit bad || n != 16 }'; say $? merged-scores-alike

# Trained on, from a folder, an adapter, and heads that others began; from a reward model not.
check trains-on 0 err '' "${common[@]}" --model "$work/full" --tuning full "${held[@]}" --output "$work/on" --max-steps 2
! grep -q 'the reward head is new' "$work/err"; say $? its-head-stays
check adapter-trains-on 0 err '' "${common[@]}" --adapter "$work/lora" "${held[@]}" --output "$work/on2" --max-steps 2
check the-mlp-trains-on 0 err '' train --model tests/data/golden/steps_process --data "$work/train.jsonl" --eval-split off --max-steps 2 --batch-pairs 4 --tuning full --output "$work/mlp"
grep -q '"Qwen2ForProcessRewardModel"' "$work/mlp/config.json"; say $? the-mlp-keeps-its-class
check the-mlp-scores 0 out '"steps":\[' score --model "$work/mlp" --input "$work/held.jsonl"
"$assay" init --arch qwen2 --head 1 --output "$work/reward" --quiet >/dev/null
check a-reward-model-reads-one-token 1 err 'has a head that reads a text at one token' "${common[@]}" --model "$work/reward" "${held[@]}" --output "$work/no"
check preview-says-so-too 1 err 'has a head that reads a text at one token' preview --model "$work/reward" --data "$work/train.jsonl"
check pairs-do-not-train-such-a-head 1 err 'judges steps, not answers. Train it on answers in labelled steps' "${common[@]}" --model "$work/full" --data "$work/pair.jsonl" --output "$work/no" --eval-split off
! grep -q serve "$work/err"; say $? no-serving-is-promised

# Bits: whatever is computed together, stopped or shared out in lanes.
run() { "$assay" "${common[@]}" "${held[@]}" --output "$work/$1" "${@:2}" >/dev/null 2>&1; }
run small --tuning full --micro-tokens 128 --threads 1
cmp -s "$work/full/model.safetensors" "$work/small/model.safetensors"; say $? grouping-and-threads-change-no-bit
run half --tuning full --save-steps 20
cp -r "$work/half/checkpoint-20" "$work/cp20"
check resumes 0 err '' "${common[@]}" --tuning full "${held[@]}" --output "$work/resumed" --resume "$work/cp20"
cmp -s "$work/full/model.safetensors" "$work/resumed/model.safetensors"; say $? to-the-same-bits
sed '3s/true/false/' "$work/train.jsonl" >"$work/other.jsonl"
check other-labels-are-other-data 2 err 'the data changed' "${common[@]}" --tuning full --data "$work/other.jsonl" --eval-data "$work/held.jsonl" --output "$work/full" --resume
run lanes --tuning lora --lanes 4
run lanes-small --tuning lora --lanes 4 --micro-tokens 128 --threads 1
cmp -s "$work/lanes/adapter_model.safetensors" "$work/lanes-small/adapter_model.safetensors"; say $? lanes-have-their-bits
check bf16 0 err 'step accuracy' "${common[@]}" --precision bf16 "${held[@]}" --output "$work/bf16" --max-steps 3
check eight-bits 0 err 'step accuracy' "${common[@]}" --tuning full --moments 8bit "${held[@]}" --output "$work/8bit" --max-steps 3
check verify-takes-them 0 out 'same bits\|equal' verify --model "$work/base" --data "$work/train.jsonl" --quiet
check plans-without-data 0 out '' plan --model "$work/base" --objective process
check held-out-by-prompt 0 err 'held-out answers' "${common[@]}" --data "$work/train.jsonl" --eval-split 0.2 --output "$work/split" --max-steps 2
check none-held-out 0 err '44 training pairs, 0 held out' "${common[@]}" --data "$work/train.jsonl" --eval-split off --output "$work/off" --max-steps 2

# The other formats, weights, smoothing, separators; what is too long.
for format in prm800k processbench math_shepherd stepwise; do
    check "trains-on-$format" 0 err 'labelled steps: --objective process' "${common[@]}" --data tests/data/steps/$format.jsonl --eval-split off --max-steps 1 --output "$work/$format"
done
check processbench-is-a-benchmark 0 err 'is ProcessBench, a benchmark' "${common[@]}" --data tests/data/steps/processbench.jsonl --eval-split off --max-steps 1 --output "$work/bench"
sed 's/}$/,"weight":1}/' "$work/train.jsonl" >"$work/ones.jsonl"
"$assay" "${common[@]}" --tuning full --data "$work/ones.jsonl" --eval-data "$work/held.jsonl" --output "$work/ones" >/dev/null 2>&1
cmp -s "$work/full/model.safetensors" "$work/ones/model.safetensors"; say $? a-weight-of-one-changes-no-bit
sed '1~2s/}$/,"weight":3}/' "$work/train.jsonl" >"$work/heavy.jsonl"
"$assay" "${common[@]}" --tuning full --data "$work/heavy.jsonl" --eval-data "$work/held.jsonl" --output "$work/heavy" >/dev/null 2>&1
[ -f "$work/heavy/model.safetensors" ] && ! cmp -s "$work/full/model.safetensors" "$work/heavy/model.safetensors"; say $? weights-count
check smoothed 0 err '' "${common[@]}" "${held[@]}" --objective process --label-smoothing 0.1 --output "$work/smooth" --max-steps 2
check separator 0 err '' "${common[@]}" "${held[@]}" --step-separator ' ##\n' --output "$work/separated" --max-steps 2
tr -d ' ' <"$work/separated/assay.json" | grep -q '"step_separator":"##\\n"'; say $? the-separator-is-kept
mv "$work/separated"/checkpoint-2 "$work/alone"
check a-checkpoint-keeps-the-separator 0 out '"steps":\[[0-9.e-]*,[0-9.e-]*\]' score --model "$work/alone" --input <(echo '{"prompt":"q","response":"a ##\nb ##\n"}')
check preview-shows-steps 0 out 'scored in 2 (0):.*the end of step 2' preview --model "$work/base" --data "$work/train.jsonl"
check preview-in-json 0 out '"rejected": null, "answers": \[{"tokens": ' preview --model "$work/base" --data "$work/train.jsonl" --json
check right-leaves-out-steps 0 err 'training pairs were cut to the maximum length at the right' "${common[@]}" "${held[@]}" --max-length 80 --truncate right --output "$work/cut" --max-steps 1
check too-long-is-left-out 0 err 'training pairs are left out: longer than the maximum length' "${common[@]}" "${held[@]}" --max-length 80 --output "$work/short" --max-steps 1

no=("${common[@]}" --data "$work/train.jsonl" --output "$work/no")
check left-has-no-meaning 2 err 'truncate left would cut what the first steps are judged by' "${no[@]}" --truncate left
check bt-wants-comparisons 2 err 'bt compares answers, and the data is answers in labelled steps; leave it out, or give process' "${no[@]}" --objective bt
check process-wants-steps 2 err 'process learns from labelled steps, and the data has none' "${common[@]}" --data "$work/pair.jsonl" --output "$work/no" --objective process
check labels-of-answers-are-no-steps 2 err 'process learns from labelled steps' "${common[@]}" --data "$work/labelled.jsonl" --output "$work/no" --objective process
check kinds-are-not-mixed 1 err '0 records are single answers with a label, 44 are answers in labelled steps and 1 compare answers' "${no[@]}" --data "$work/pair.jsonl"
check center-has-no-meaning 2 err 'center keeps rewards around 0' "${no[@]}" --center 0.1
check margin-has-no-meaning 2 err 'margin is a distance' "${no[@]}" --margin 1
check words-have-no-meaning 2 err 'makes a head of one number' "${no[@]}" --head-init tokens:a,b
check num-labels-has-no-meaning 2 err 'has two for a step' "${no[@]}" --num-labels 3
check a-separator-of-pairs 2 err 'reads a text at one token; leave it out' "${common[@]}" --data "$work/pair.jsonl" --output "$work/no" --step-separator x --eval-split off
check another-template 2 err '--template plain' "${no[@]}" --template chatml
echo '{"prompt":"q","completions":["a","b"],"labels":[true]}' >"$work/bad.jsonl"
check as-many-labels-as-steps 1 err 'bad.jsonl:1: "completions" has 2 steps and "labels" 1' "${common[@]}" --data "$work/bad.jsonl" --output "$work/no"
echo '{"prompt":"q","completions":"a","labels":[true]}' >"$work/bad.jsonl"
check steps-are-a-list 1 err 'the fields are those of an answer in steps with labels (TRL stepwise), and that has "completions" a list' "${common[@]}" --data "$work/bad.jsonl" --output "$work/no"
echo '{"prompt":"q","completions":["a"],"labels":[null]}' >"$work/bad.jsonl"
check no-label-teaches-nothing 1 err 'no pair is left to work on (1: nothing in it has a label)' "${common[@]}" --data "$work/bad.jsonl" --output "$work/no"
"$assay" init --arch chatglm1 --output "$work/prefix" --quiet >/dev/null
check a-prefix-is-refused 1 err 'reads the prompt both ways' "${no[@]}" --model "$work/prefix"
"$assay" init --arch olmo2 --output "$work/olmo" --quiet >/dev/null
check a-class-of-nobody-is-said 0 err 'Transformers has no class for token classification of OLMo 2' "${common[@]}" --model "$work/olmo" --data "$work/train.jsonl" --eval-split off --max-steps 1 --output "$work/olmo-steps"
# The example of the README.
check the-example-trains 0 err 'note: 32 answers have 96 labelled steps' train --model "$work/base" --data examples/math_steps.jsonl --output "$work/prm" --batch-pairs 8 --lr 1e-3
check the-example-scores 0 out '"steps":\[' score --model "$work/prm" --input examples/math_steps.jsonl
head -n 2 "$work/train.jsonl" >"$work/two.jsonl"
check one-held-out 0 err 'steps of 1 held-out answers' "${common[@]}" --data "$work/two.jsonl" --eval-split 0.5 --max-steps 1 --output "$work/two"
sed 's/"completions":\["\([^"]*\)".*"labels":\[\([a-z]*\).*/"completion":"\1","label":\2}/' "$work/two.jsonl" >"$work/two-labelled.jsonl"
check one-answer-held-out 0 err 'on 1 held-out answers' "${common[@]}" --data "$work/two-labelled.jsonl" --eval-split 0.5 --max-steps 1 --output "$work/two-answers"
