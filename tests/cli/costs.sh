#!/usr/bin/env bash
# A file costs no more than it is worth: hostile ones are run with what they may take of memory, and end.
# Time is not looked at (no outcome depends on speed): what was unbounded does not end within the suite's ten minutes.
. tests/cli/check.inc

# peak NAME KIB EXIT_CODE ARGUMENT...: runs the program and looks at the most memory it had.
peak() {
    local name=$1 most=$2 code=$3 got; shift 3
    got=$(python3 - "$assay" "$@" 2>"$work/err" <<'P'
import os, sys
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, os.waitstatus_to_exitcode(status))
P
)
    if [ "${got#* }" != "$code" ]; then echo "not ok $name (exit ${got#* }, not $code)"; tail -n 5 "$work/err"
    elif [ "${got% *}" -gt "$most" ]; then echo "not ok $name (${got% *} KiB, at most $most)"
    else echo "ok $name"; fi
}

# Layers by the thousand: each number of replayed layers is a schedule of its own, and each was kept.
"$assay" init --arch llama --output "$work/tiny" --quiet >/dev/null
mkdir "$work/deep"
sed 's/"num_hidden_layers": 2/"num_hidden_layers": 1024/' "$work/tiny/config.json" >"$work/deep/config.json"
grep -q 1024 "$work/deep/config.json"
say $? a-config-of-1024-layers
peak plan-of-1024-layers 65536 0 plan --model "$work/deep" --memory 64G --json --quiet
peak plan-of-1024-layers-that-fit-nowhere 65536 3 plan --model "$work/deep" --memory 1K --json --quiet
