#!/usr/bin/env bash
# What a person reads fits a terminal of 80 columns: tables, verdicts, the run file. (Help: cli/help.) On a terminal, in tmux where that is
# there: the line of a running train keeps rate, memory and the time left, notes break between words, Ctrl-C leaves nothing behind.
. tests/cli/check.inc
root=$PWD
fits() { # NAME ARGUMENT...
    local name=$1; shift
    check "$name" 0 out . "$@"
    long=$(awk 'length > 80' "$work/out" | head -n 3)
    [ -z "$long" ]; say $? "width-$name"
    echo "$long"
}
"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
head -n 40 examples/medical_train.jsonl >"$work/pairs.jsonl"
"$assay" train --model "$work/model" --data "$work/pairs.jsonl" --eval-split off --output "$work/run" --max-steps 1 --batch-pairs 2 >/dev/null 2>&1
fits plan plan --model "$work/model" --data "$work/pairs.jsonl"
fits verify verify --model "$work/model" --data "$work/pairs.jsonl" --pairs 2 --threads 1
fits eval eval --model "$work/run" --data "$work/pairs.jsonl"
fits inspect inspect "$work/model"
fits inspect-run inspect "$work/run"
fits data data check "$work/pairs.jsonl"
fits models models
fits init-config init-config

if ! command -v tmux >/dev/null; then echo "skip terminal (no tmux here)"; else
    # A server for each width: one that loses its last session ends by itself, and who comes to it while it ends is turned away.
    screen() { TMUX='' tmux -L "assay-$$-$columns" -f /dev/null "$@"; }
    trap 'for columns in 80 160; do screen kill-server 2>/dev/null; done; rm -rf "$work"' EXIT
    see() { # PATTERN: waits until the screen shows it, or the screen is gone; who waits too long is ended by the suite's own limit
        while screen capture-pane -p -t look >"$work/screen" 2>/dev/null; do
            grep -q -e "$1" "$work/screen" && return 0
            sleep 0.1
        done
        return 1
    }
    told() { local code=$?; say $code "$1"; [ $code -eq 0 ] || cat "$work/screen"; }
    for columns in 80 160; do
        LC_ALL=C.UTF-8 screen new-session -d -s look -x $columns -y 50 "PS1=end: exec sh"
        screen send-keys -t look "clear; $assay train --model $work/model --data $root/examples/medical_train.jsonl --output $work/at$columns --batch-pairs 4 --epochs 400" Enter
        see ' train [0-9]*[1-9]/\|^train [0-9]*[1-9]/'; told "terminal-$columns-runs"
        see 'tok/s [0-9]*  mem [0-9.]* MiB.*  ETA [0-9]'; told "terminal-$columns-keeps-rate-memory-time"
        grep -q '^note: the reward head is new' "$work/screen" && ! grep -q 'hidde$' "$work/screen"; told "terminal-$columns-notes-break-between-words"
        screen send-keys -t look C-c
        see 'interrupted after step'; told "terminal-$columns-interrupted"
        ! grep -q '\^' "$work/screen" && [ "$(grep -c 'tok/s' "$work/screen")" -eq 1 ]; told "terminal-$columns-ctrl-c-leaves-no-debris"
        screen kill-server
    done
fi
