#!/usr/bin/env bash
# A run inside a cgroup whose memory.max is 1 % above its planned need survives; where the limit is below the need, it is refused. Needs a writable
# cgroup of version 2 with the memory controller. Budgets that no machine has, and those that are no budgets, are tested anywhere.
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

root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
own=$root$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ -z "$root" ]; then echo "skip cgroup: no cgroup of version 2 is mounted"; exit 0; fi
if ! grep -qw memory "$own/cgroup.subtree_control" 2>/dev/null; then echo "skip cgroup: no memory controller for children of $own"; exit 0; fi
group=$own/assay-test-$$
if ! mkdir "$group" 2>/dev/null; then echo "skip cgroup: $own is not writable"; exit 0; fi
trap 'rmdir "$group"; rm -rf "$work"' EXIT

within() { # LIMIT ARGUMENT...
    local limit=$1; shift
    echo "$limit" >"$group/memory.max" && echo 0 >"$group/memory.swap.max" 2>/dev/null
    (echo "$BASHPID" >"$group/cgroup.procs" && exec "$assay" "$@") 2>"$work/err"
}

# Large enough that 1 % also holds what the kernel counts in besides (page tables, stacks).
"$assay" init --arch smollm2-135m --layers 1 --output "$work/large" --quiet >/dev/null
common=(train --model "$work/large" --data "$work/train.jsonl" --eval-split off --batch-pairs 2 --max-steps 1 --tuning full --quiet)
"$assay" "${common[@]}" --output "$work/free" --memory 1T 2>/dev/null
field() { tail -n 1 "$work/free/metrics.jsonl" | sed "s/.*\"$1\":\([0-9]*\).*/\1/"; }
anon=$(field anon_planned_bytes) planned=$(field planned_bytes)
within $((anon * 101 / 100)) "${common[@]}" --output "$work/tight" --memory "$planned"
say $? survives-1-percent-above-its-plan
within $((planned / 2)) "${common[@]}" --output "$work/below" --recompute off
[ $? -eq 3 ]
say $? refused-below-its-need
