#!/usr/bin/env bash
# What 0.1 computed is still computed: bases, weights, moments, metrics, scores and plans of four families by three tunings by two precisions, and a folder
# and a checkpoint that 0.1 wrote. tests/data/v01/README.md says what the files are and how a change is made on purpose.
. tests/cli/check.inc
data=${UNCHANGED_DATA:-tests/data/v01} # another folder serves to try the suite itself
now=$work/now
declare -a patterns reasons explained

read_changed() { # the lines of CHANGED into patterns and reasons
    local pattern reason
    while read -r pattern reason; do
        case $pattern in ''|'#'*) continue ;; esac
        patterns+=("$pattern") reasons+=("$reason") explained+=(0)
        [ -n "$reason" ] || echo "not ok changed-without-reason ($pattern)"
    done <"$data/CHANGED"
}

find_line() { # path: sets line to the index of the first line of CHANGED that names it, or to nothing
    for line in "${!patterns[@]}"; do
        # shellcheck disable=SC2053 # the right side is a pattern
        [[ $1 == ${patterns[line]} ]] && return
    done
    line=
}

# What is compared: the made files, and those that should have been.
compared() {
    local folder
    for folder in "$now" "$data"; do (cd "$folder" && find bases cells ids kept plans -type f); done |
        grep -v -E '^kept/[^/]*/(base|output)/' | LC_ALL=C sort -u
}

same_file() { [ -e "$1" ] && cmp -s "$1" "$2"; }

compare() { # path
    local path=$1 line
    find_line "$path"
    [ -e "$now/$path" ] || { mkdir -p "$now/${path%/*}"; echo "(no longer made)" >"$now/$path"; }
    if same_file "$data/$path" "$now/$path"; then
        if [ -e "$data/changed/$path" ]; then echo "not ok $path (it is 0.1's again: take it from changed/)"; else echo "ok $path"; fi
    elif [ -z "$line" ]; then
        echo "not ok $path"
        diff "$data/$path" "$now/$path" 2>&1 | head -n 6 | cut -c1-300
    else
        explained[line]=1
        if same_file "$data/changed/$path" "$now/$path"; then echo "ok $path (changed: ${reasons[line]})"; return; fi
        echo "not ok $path (neither 0.1's nor that of changed/)"
        diff "$data/changed/$path" "$now/$path" 2>&1 | head -n 6 | cut -c1-300
    fi
}

check_changed() { # no stale line, no value that no line speaks of
    local index path line
    for index in "${!patterns[@]}"; do
        [ "${explained[index]}" = 1 ] || echo "not ok changed-line-explains-nothing (${patterns[index]})"
    done
    [ ! -d "$data/changed" ] || while read -r path; do
        find_line "$path"
        [ -n "$line" ] || echo "not ok changed/$path (no line of CHANGED names it)"
    done < <(cd "$data/changed" && find . -type f | sed 's|^\./||')
}

own_kernels() { # the kernel set that a run takes on this processor
    "$assay" init --arch llama --layers 1 --output "$work/probe" --quiet >/dev/null 2>&1
    "$assay" train --model "$work/probe" --data "$data/pairs.jsonl" --eval-split off --tuning head --max-steps 1 --output "$work/probed" --quiet >/dev/null 2>&1
    sed -n 's/.*"kernels": "\([^"]*\)".*/\1/p' "$work/probed/machine.json"
}

kernels=$(own_kernels)
[ -n "$kernels" ]; say $? kernel-set-known
if ! grep -q -w -e "$kernels" "$data/kernels"; then
    echo "skip bf16-with-kernels-$kernels (recorded: $(cat "$data/kernels"); the cells in bf16 run with plain kernels)"
    export BF16_KERNELS=plain
fi
"$data/make" "$assay" "$now" 2; say $? made
read_changed
for path in $(compared); do compare "$path"; done
check_changed
