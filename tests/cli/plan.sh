#!/usr/bin/env bash
# The plan before anything is loaded: from a config alone, within budgets, monotone, refused with advice; train refuses alike.
assay=${ASSAY:-build/assay}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }
field() { grep -oE "\"$1\": ?-?[0-9.e+]+" "$2" | head -n 1 | grep -oE -- '-?[0-9.e+]+$'; }

"$assay" init --arch chatglm3 --output "$work/m" --layers 6 --quiet >/dev/null
mkdir "$work/config" && cp "$work/m/config.json" "$work/config/"
data=(--data examples/medical_train.jsonl --eval-split off --batch-pairs 8)

"$assay" plan --model "$work/config" --json >"$work/j" && grep -q '"fits": *true' "$work/j"
say $? config-alone-is-enough
missing=0
for key in fits peak_bytes budget_bytes rss_bytes classes weights adapters gradients optimizer activations workspace micro_tokens layers layers_replayed recompute_overhead relative_time suggestions; do
    grep -q "\"$key\"" "$work/j" || missing=1
done
say $missing json-has-every-field

# Classes add up to the peak; the peak is what train plans for the same data.
"$assay" plan --model "$work/m" "${data[@]}" --json >"$work/j" 2>/dev/null
sum=0; for c in weights adapters gradients optimizer activations workspace; do sum=$((sum + $(field $c "$work/j"))); done
[ "$sum" = "$(field peak_bytes "$work/j")" ]
say $? classes-add-up
"$assay" train --model "$work/m" "${data[@]}" --output "$work/out" --max-steps 1 --quiet 2>/dev/null
[ "$(field peak_bytes "$work/j")" = "$(field planned_bytes "$work/out/metrics.jsonl")" ]
say $? train-plans-the-same

# The menu: the plan itself first, then memory for time, each way at the plan's micro-batch.
menu() { # OPTION...: way, bytes and time of each row
    "$assay" plan --model "$work/m" "${data[@]}" --json "$@" 2>/dev/null |
        python3 -c 'import json,sys; [print(r["way"], r["peak_bytes"], r["relative_time"], sep="|") for r in json.load(sys.stdin)["menu"]]' >"$work/menu"
}
bytes_of() { grep "^$1|" "$work/menu" | cut -d'|' -f2; }
time_of() { grep "^$1|" "$work/menu" | cut -d'|' -f3; }
menu
[ "$(bytes_of 'as asked')" = "$(field peak_bytes "$work/j")" ]
say $? menu-begins-with-the-plan
[ "$(bytes_of '--recompute off')" -gt "$(bytes_of 'half of the layers recomputed')" ] && [ "$(bytes_of 'half of the layers recomputed')" -gt "$(bytes_of '--recompute all')" ] &&
    [ "$(bytes_of '--recompute all')" -gt "$(bytes_of '--spill DIR, all layers')" ] && [ "$(bytes_of '--recompute all')" -gt "$(bytes_of '--recompute all, weights streamed')" ] &&
    [ "$(bytes_of 'as asked')" -gt "$(bytes_of 'as asked, --quantize nf4')" ]
say $? menu-falls-in-memory
awk "BEGIN {exit !($(time_of '--recompute off') < $(time_of 'half of the layers recomputed') && $(time_of 'half of the layers recomputed') < $(time_of '--recompute all'))}"
say $? menu-rises-in-time
[ "$(time_of '--spill DIR, all layers')" = None ]; say $? a-disk-that-was-not-measured-has-no-time
menu --spill "$work"
awk "BEGIN {exit !($(time_of '--spill DIR, all layers') > $(time_of '--recompute off'))}"; say $? a-measured-disk-has-one
menu --tuning full
[ "$(bytes_of 'as asked')" -gt "$(bytes_of 'as asked, --moments 8bit')" ] && [ "$(bytes_of 'as asked, --moments 8bit')" -gt "$(bytes_of 'as asked, 8bit, --master bf16-stochastic')" ]
say $? menu-of-full-tuning
"$assay" plan --model "$work/m" "${data[@]}" 2>/dev/null | grep -q 'half of the layers recomputed .* 3 of 6'
say $? menu-is-printed

# From the smallest budget to the largest: never over it, never slower with more.
peak=$(field peak_bytes "$work/j")
"$assay" plan --model "$work/m" "${data[@]}" --memory 1K --json >"$work/s" 2>/dev/null
[ $? -eq 3 ] && grep -q '"fits": *false' "$work/s"
say $? too-small-exits-3
least=$(field peak_bytes "$work/s") before=1000 bad=0 plans=
for i in $(seq 0 19); do
    budget=$((least + (peak - least) * i / 19))
    "$assay" plan --model "$work/m" "${data[@]}" --memory "$budget" --json >"$work/k" 2>/dev/null || bad=1
    [ "$(field peak_bytes "$work/k")" -le "$budget" ] || bad=1
    now=$(field relative_time "$work/k")
    awk "BEGIN {exit !($now <= $before)}" || bad=1
    before=$now plans="$plans $(field layers_replayed "$work/k")/$(field micro_tokens "$work/k")"
done
say $bad budgets-hold-and-more-memory-is-never-slower
[ "$(tr ' ' '\n' <<<"$plans" | sort -u | wc -l)" -gt 5 ]
say $? budgets-give-different-plans

"$assay" train --model "$work/m" "${data[@]}" --output "$work/no" --memory $((least - 1)) 2>"$work/log"
[ $? -eq 3 ] && [ ! -e "$work/no" ] && grep -q "What would fit: .*--memory" "$work/log"
say $? train-refuses-with-advice
"$assay" train --model "$work/m" "${data[@]}" --output "$work/yes" --memory "$least" --max-steps 1 --quiet 2>"$work/log" && [ "$(field planned_bytes "$work/yes/metrics.jsonl")" -le "$least" ]
say $? the-smallest-plan-runs
cp -r "$work/yes" "$work/free" && rm -r "$work/free" && "$assay" train --model "$work/m" "${data[@]}" --output "$work/free" --max-steps 1 --quiet 2>/dev/null
cmp -s "$work/yes/adapter_model.safetensors" "$work/free/adapter_model.safetensors"
say $? the-smallest-plan-trains-the-same-bits

for size in 0 -1 1e30G 99999999999999999999; do
    "$assay" plan --model "$work/m" --memory="$size" >/dev/null 2>"$work/log"
    [ $? -eq 2 ] && grep -q memory "$work/log"
    say $? "memory-$size-is-refused"
done
"$assay" plan --model "$work/m" --max-length 100000000 --micro-tokens 5 >/dev/null 2>"$work/log"
[ $? -eq 3 ] && grep -q "never split" "$work/log"
say $? micro-batch-below-the-longest-pair
"$assay" plan --model "$work/m" --max-length 100000000 >/dev/null 2>"$work/log"
[ $? -eq 3 ]
say $? absurd-length-does-not-fit

# One pair far longer than the others: named where it cannot fit, with the length that leaves it out; that length then trains, and the pair is counted.
head -n 20 examples/medical_train.jsonl >"$work/one_long.jsonl"
python3 -c 'import json; print(json.dumps({"prompt": "long", "chosen": "word " * 300, "rejected": "no " * 400}))' >>"$work/one_long.jsonl"
long=(--model "$work/m" --data "$work/one_long.jsonl" --eval-split off --tuning full --batch-pairs 4 --precision f32 --threads 2)
"$assay" plan "${long[@]}" --max-length 900 --recompute all --memory 1K --json >"$work/s" 2>/dev/null
budget=$(field peak_bytes "$work/s")
"$assay" train "${long[@]}" --output "$work/long" --memory "$budget" 2>"$work/log"
[ $? -eq 3 ] && [ ! -e "$work/long" ] && grep -q "the pair at .*one_long.jsonl:21 has" "$work/log"
say $? the-pair-that-cannot-fit-is-named
length=$(grep -oE -- '--max-length [0-9]+, without 1 of 21 pairs' "$work/log" | grep -oE '[0-9]+' | head -n 1)
"$assay" train "${long[@]}" --output "$work/long" --memory "$budget" --max-length "${length:-1}" --max-steps 1 2>"$work/log" && grep -q "1 training pairs are left out: longer" "$work/log"
say $? the-advised-length-fits-and-the-dropped-pair-is-counted
"$assay" train "${long[@]}" --output "$work/cut" --memory "$budget" --truncate right 2>"$work/log"
[ $? -eq 3 ] && ! grep -q 'without [0-9]* of' "$work/log"
say $? cutting-leaves-no-pair-out
length=$(grep -oE -- '--max-length [0-9]+' "$work/log" | grep -oE '[0-9]+' | head -n 1)
"$assay" train "${long[@]}" --output "$work/cut" --memory "$budget" --truncate right --max-length "${length:-1}" --max-steps 1 2>"$work/log"
say $? the-advised-length-fits-where-answers-are-cut
