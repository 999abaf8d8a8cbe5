#!/usr/bin/env bash
# Budgets that no machine has, and those that are no budgets; and scripts/bounded_memory: a run in a cgroup or under RLIMIT_DATA 1 % above its planned need
# survives, one below is refused.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/model" --quiet >/dev/null
head -n 16 examples/medical_train.jsonl >"$work/train.jsonl"
common=(train --model "$work/model" --data "$work/train.jsonl" --eval-split off --batch-pairs 4 --max-steps 2 --quiet)

for size in -1 1x 99999999999999999999999 1e400 nan ''; do check "no-budget-[$size]" 2 err memory "${common[@]}" --output "$work/none" --memory "$size"; done
for size in 1 1K 100K; do
    check "too-small-$size" 3 err MiB "${common[@]}" --output "$work/none" --memory "$size"
    [ ! -e "$work/none" ]
    say $? "refused-before-writing-$size"
done
check pair-longer-than-micro-tokens 3 err 'longest pair' "${common[@]}" --output "$work/none" --micro-tokens 2

# Limits that the kernel enforces; what this machine does not offer is skipped.
scripts/bounded_memory >"$work/bounded" 2>&1
ran=$?
cat "$work/bounded"
say $ran bounded-memory-ran

# Limits on a process's address space: what cannot be mapped is refused before it is tried.
(ulimit -d 60000 && "$assay" "${common[@]}" --tuning full --batch-pairs 16 --output "$work/data" --memory 1T) 2>"$work/err"
[ $? -eq 0 ]
say $? enough-within-rlimit-data
(ulimit -v 40000 && "$assay" "${common[@]}" --tuning full --batch-pairs 16 --recompute off --micro-tokens 16000 --output "$work/none" --memory 1T) 2>"$work/err"
[ $? -eq 3 ] && grep -q 'this run needs' "$work/err"
say $? refused-within-rlimit-as
