#!/usr/bin/env bash
# --objective from the command line: what labels do to a run, what is said of those nobody reads, what is refused by name.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
# 40 pairs; of every ten, one is a tie, one has votes against chosen, one a share of 0.7, the others no label. Margins 1 to 3.
head -n 40 examples/medical_train.jsonl | awk '
    { label = NR % 10 == 1 ? ",\"tie\":true" : NR % 10 == 2 ? ",\"p\":0.2" : NR % 10 == 3 ? ",\"p\":0.7" : ""
      sub(/}[[:space:]]*$/, label ",\"margin\":" NR % 3 + 1 "}"); print }' >"$work/labelled.jsonl"
head -n 40 examples/medical_train.jsonl >"$work/plain.jsonl"
head -n 10 examples/medical_eval.jsonl >"$work/eval.jsonl"
common=(train --model "$work/base" --batch-pairs 8 --margin auto --quiet)
plain=("${common[@]}" --data "$work/plain.jsonl" --eval-data "$work/eval.jsonl")
labelled=("${common[@]}" --data "$work/labelled.jsonl" --eval-data "$work/eval.jsonl")

# runs NAME ARGUMENT...: ends well.
runs() { local name=$1; shift; "$assay" "$@" >"$work/out" 2>"$work/err"; local code=$?; say $code "$name"; [ $code -eq 0 ] || tail -n 5 "$work/err"; }

runs auto-is-bt "${plain[@]}" --output "$work/auto"
runs bt "${plain[@]}" --output "$work/bt" --objective bt
cmp -s "$work/auto/adapter_model.safetensors" "$work/bt/adapter_model.safetensors"
say $? auto-has-the-bits-of-bt
grep -q '"objective": *"bt"' "$work/auto/assay.json" && ! grep -q objective "$work/auto/metrics.jsonl"
say $? the-notes-name-bt
check unread-labels-are-said 0 err '12 training pairs are labelled.*4 of them for sure wins.*nothing from the other 8' \
    "${common[@]}" --data "$work/labelled.jsonl" --output "$work/unread" --eval-split off --objective bt
for objective in scaled-bt soft "robust --label-smoothing 0.1" rao-kupper "davidson --tie-parameter 0.8"; do
    read -r name rest <<<"$objective"
    # shellcheck disable=SC2086
    runs "trains-$name" "${labelled[@]}" --output "$work/$name" --objective $name $rest
    grep -q "\"objective\": *\"$name\"" "$work/$name/assay.json" && grep -q "\"objective\": *\"$name\"" "$work/$name/metrics.jsonl"
    say $? "the-notes-and-metrics-name-$name"
    ! cmp -s "$work/$name/adapter_model.safetensors" "$work/unread/adapter_model.safetensors"
    say $? "$name-trains-other-weights"
done
# The tie parameter, learned: it moves, is shown and kept, and goes on to the same bits whatever is computed together.
for objective in rao-kupper davidson; do
    learn=("${labelled[@]}" --objective $objective --tie-parameter learn --epochs 4 --lanes 2)
    runs "learns-ties-$objective" "${learn[@]}" --output "$work/learned-$objective" --save-steps 7
    [ "$(sed -n 's/.*"tie_parameter":\([0-9.]*\),.*/\1/p' "$work/learned-$objective/metrics.jsonl" | sort -u | wc -l)" -eq 20 ]; say $? "$objective-moves-every-step"
    last=$(sed -n 's/.*"tie_parameter":\([0-9.]*\),.*/\1/p' "$work/learned-$objective/metrics.jsonl" | tail -n 1)
    tr -d ' ' <"$work/learned-$objective/assay.json" | grep -q "\"tie_parameter\":${last%??}"; say $? "$objective-is-kept"
    runs "learns-alike-$objective" "${learn[@]}" --output "$work/again-$objective" --threads 1 --micro-tokens 900
    cmp -s "$work/again-$objective/adapter_model.safetensors" "$work/learned-$objective/adapter_model.safetensors"; say $? "$objective-same-bits"
    rm -rf "$work/learned-$objective"/checkpoint-20
    runs "resumes-$objective" "${learn[@]}" --output "$work/resumed-$objective" --resume "$work/learned-$objective/checkpoint-14"
    cmp -s "$work/again-$objective/checkpoint-20/state.safetensors" "$work/resumed-$objective/checkpoint-20/state.safetensors"; say $? "$objective-resumed-same-bits"
done
check learned-is-not-given 2 err 'tie-parameter: learn then, 1.5 now' "${labelled[@]}" --objective rao-kupper --epochs 4 --lanes 2 --output "$work/no" --resume "$work/learned-rao-kupper/checkpoint-14"
check the-end-says-it 0 err 'the tie parameter of --objective rao-kupper has become 1\.[45]' train --model "$work/base" --batch-pairs 8 --data "$work/labelled.jsonl" --eval-split off --tie-parameter learn --max-steps 2 --output "$work/auto-learned"
seen auto-learns-ties err 'rao-kupper, tie parameter learned from 1.5 on'
check bt-learns-no-ties 2 err 'rao-kupper and davidson do' "${plain[@]}" --output "$work/no" --objective bt --tie-parameter learn
check verify-takes-an-objective 0 out 'same bits\|equal' verify --model "$work/base" --data "$work/labelled.jsonl" --objective rao-kupper --quiet
check resume-names-the-objective 2 err 'objective: soft then, rao-kupper now; give the same' "${labelled[@]}" --output "$work/soft" --objective rao-kupper --resume

# Held-out pairs that a label calls undecided have no right answer.
check eval-leaves-the-undecided-out 0 out '"pairs": *32' eval --model "$work/auto" --data "$work/labelled.jsonl" --json --quiet

# preview shows what train would leave out, by the same rule.
check preview-of-bt-leaves-them-out 0 out '"kept": 32,.*"reason": "undecided"' preview --objective bt --model "$work/base" --data "$work/labelled.jsonl" --json --quiet
check preview-of-soft-keeps-them 0 out '40 pairs kept' preview --model "$work/base" --data "$work/labelled.jsonl" --objective soft --quiet
check preview-refuses-as-train-does 2 err 'process learns from labelled steps, and the data has none' preview --model "$work/base" --data "$work/labelled.jsonl" --objective process

# Weights: a weight on every line is none; a heavier half is another run.
sed 's/}[[:space:]]*$/,"weight":1}/' "$work/plain.jsonl" >"$work/ones.jsonl"
awk '{ sub(/}[[:space:]]*$/, ",\"weight\":" NR % 2 + 1 "}"); print }' "$work/plain.jsonl" >"$work/heavy.jsonl"
runs weight-one "${common[@]}" --eval-data "$work/eval.jsonl" --data "$work/ones.jsonl" --output "$work/ones"
cmp -s "$work/ones/adapter_model.safetensors" "$work/bt/adapter_model.safetensors"
say $? a-weight-of-one-changes-no-bit
runs heavy "${common[@]}" --eval-data "$work/eval.jsonl" --data "$work/heavy.jsonl" --output "$work/heavy"
! cmp -s "$work/heavy/adapter_model.safetensors" "$work/bt/adapter_model.safetensors"
say $? weights-count

# Refused by name, before any data is read.
check process-of-pairs 2 err 'process learns from labelled steps, and the data has none' "${plain[@]}" --output "$work/no" --objective process
check unknown-objective 2 err 'none of auto, bt' "${plain[@]}" --output "$work/no" --objective hinge
check robust-without-smoothing 2 err 'label-smoothing 0.1' "${plain[@]}" --output "$work/no" --objective robust
check tie-parameter-of-bt 2 err 'does not model' "${plain[@]}" --output "$work/no" --tie-parameter 2
check scaled-without-margin 2 err 'multiplies the loss by the margin' "${plain[@]}" --output "$work/no" --objective scaled-bt --margin off
check no-ties-for-a-tie-model 0 err 'no training pair is labelled' "${plain[@]}" --output "$work/few" --objective rao-kupper
sed '4s/"margin":[0-9]*/"margin":-1/' "$work/labelled.jsonl" >"$work/negative.jsonl"
check negative-scale 1 err 'negative.jsonl:4: the margin is -1' "${common[@]}" --data "$work/negative.jsonl" --output "$work/no" --objective scaled-bt --eval-split off
for label in '"p":1.2' '"p":"much"' '"weight":0' '"weight":-1' '"tie":true,"p":0.9'; do
    sed "1s/}[[:space:]]*\$/,$label}/" "$work/plain.jsonl" >"$work/bad.jsonl"
    check "bad-label-$label" 1 err 'bad.jsonl:1: ' "${common[@]}" --data "$work/bad.jsonl" --output "$work/no"
done
