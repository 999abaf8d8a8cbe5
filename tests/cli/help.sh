#!/usr/bin/env bash
# The command line as a user meets it: help, versions, exit codes, near misses, where output goes.
assay=${ASSAY:-build/assay}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME EXIT_CODE WHERE PATTERN ARGUMENT...   (WHERE: out, err)
check() {
    local name=$1 code=$2 where=$3 pattern=$4 got; shift 4
    "$assay" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ "$got" -ne "$code" ]; then echo "not ok $name (exit $got, not $code)"; cat "$work/err"
    elif ! grep -q -e "$pattern" "$work/$where"; then echo "not ok $name (no \"$pattern\" on std$where)"; cat "$work/$where"
    else echo "ok $name"; fi
}

silent() { # NAME WHERE
    if [ -s "$work/$2" ]; then echo "not ok $1"; cat "$work/$2"; else echo "ok $1"; fi
}

check version 0 out '^assay [0-9]' --version
silent version-says-nothing-else err
check version-json 0 out '^{"version": "[0-9.]*"}$' version --json
check help-lists-commands 0 out '^  train ' help
check dash-help 0 out '^  train ' --help
check no-command 2 err 'a command is missing'
silent no-command-prints-no-result out
check help-fits-80 0 out '^  doctor ' help
if awk 'length > 80 { long = 1 } END { exit long }' "$work/out"; then echo "ok width-help"; else echo "not ok width-help"; fi
check help-of-command 0 out '^Usage: assay train ' help train
check help-option 0 out '--batch-pairs N' train --help
check help-short 0 out '--batch-pairs N' train --lr 3 -h
check help-unknown 2 err 'did you mean score?' help scrore
check unknown-command 2 err '^assay: unknown command "trian"; did you mean train?' trian
check unknown-option 2 err 'did you mean --lora-rank?' train --lora-rnak 3
check unknown-option-of-no-use 2 err '^assay: unknown option --zzzzzzzz; did you mean --' train --zzzzzzzz
check missing-value 2 err '^assay: --lr needs a value' train --lr
check out-of-range 2 err '^assay: --lora-rank: 0 is out of range' train --lora-rank 0
check missing-word 2 err 'the usage is: assay inspect PATH' inspect
check too-many-words 2 err '"b" is a word too many' inspect a b
check missing-config 1 err 'none.yaml' train --config "$work/none.yaml"

printf 'lr: 1e-4\nbatch_pair: 3\n' >"$work/run.yaml"
check config-line 2 err 'run.yaml:2: unknown option batch_pair; did you mean batch-pairs?' train --config "$work/run.yaml"

for command in $("$assay" help | awk '/^  [a-z]/ && $1 != "assay" { print $1 }'); do
    check "help-$command" 0 out "^Usage: assay $command" help "$command"
    if awk 'length > 80 { long = 1 } / $/ { blank = 1 } END { exit long || blank }' "$work/out"; then echo "ok width-$command"
    else echo "not ok width-$command"; fi
done

"$assay" help >/dev/full 2>"$work/err"
if [ $? -eq 1 ] && grep -q '^assay: cannot write' "$work/err"; then echo "ok full-disk"; else echo "not ok full-disk"; cat "$work/err"; fi
