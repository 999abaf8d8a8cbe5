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

# Records: an empty object of two bytes takes a hundred times that as a tree. 31 MB are read, 64 MiB of tree are allowed,
# and what else the process has stands beside them.
python3 - "$work" <<'P'
import sys
work, size = sys.argv[1], 31 << 20
def write(name, head, unit, tail):
    with open(f"{work}/{name}", "w") as out:
        out.write(head + unit * (size // len(unit)) + tail)
write("objects.jsonl", '{"prompt": "p", "chosen": "c", "rejected": "r", "extra": [', "{},", "{}]}\n")
write("numbers.jsonl", '{"prompt": "p", "chosen": "c", "rejected": "r", "extra": [', "1,", "1]}\n")
write("cells.csv", "prompt,chosen,rejected\n", ",", "\n")
write("text.jsonl", '{"prompt": "p", "chosen": "', "words ", 'c", "rejected": "r"}\n')
P
for name in objects.jsonl numbers.jsonl cells.csv; do
    peak "a-record-of-31-mib-$name" 163840 1 data check "$work/$name" --quiet
done
check a-record-of-many-values-is-named 1 err 'objects.jsonl:1.*more than 64 MiB of memory' data check "$work/objects.jsonl"
check a-row-of-many-cells-is-named 1 err 'cells.csv:2: more than 65536 cells' data check "$work/cells.csv"
peak a-long-text-is-a-text 196608 0 data check "$work/text.jsonl" --quiet

# Tokenizers: steps are counted over the whole text. Every letter costs a million steps in the first (30 ms each); ten
# thousand normalizers walk over the text as often in the second. Both end with a sentence; a long text alone does not.
mkdir "$work/steps" && cp "$work/tiny/"* "$work/steps/"
python3 - "$work/tiny/tokenizer.json" "$work" <<'P'
import json, sys
tokenizer, work = json.load(open(sys.argv[1])), sys.argv[2]
def split(regex):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}
def write(name, **changes):
    json.dump({**tokenizer, **changes}, open(f"{work}/{name}.json", "w"))
write("pattern", pre_tokenizer=split(r"(?:\p{L}|\p{L}){20}[!?]|\p{L}"))
write("walk", pre_tokenizer=split(r"\p{L}*+!|\p{L}"))
write("normalizers", normalizer={"type": "Sequence", "normalizers": [{"type": "NFKC"}] * 10000})
write("steps", pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Digits"}] * 10000 + [tokenizer["pre_tokenizer"]]})
write("honest", pre_tokenizer=split(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"))
json.dump("The words of a long and honest text, 123 of them.\n" * 210000, open(f"{work}/long.json", "w"))
P
yes a | head -n 20000 | tr -d '\n' >"$work/letters"
refuse() { # NAME SENTENCE: the tokenizer NAME on 20,000 letters
    cp "$work/$1.json" "$work/steps/tokenizer.json"
    cp "$work/letters" "$work/in"
    check "tokenizer-$1" 1 err "$2" tokenize --model "$work/steps" --quiet
    : >"$work/in"
}
refuse pattern 'needs too many steps on this text (more than 500 a byte)'
refuse walk 'needs too many steps on this text (more than 500 a byte)'
refuse normalizers 'the normalizer.s 10000 steps need too much on this text'
refuse steps 'the pre_tokenizer.s 1000[12] steps need too much on this text'
cp "$work/honest.json" "$work/steps/tokenizer.json"
check ten-megabytes-of-honest-text 0 out '"ids"' tokenize --model "$work/steps" --input "$work/long.json" --quiet

# A named pipe where a file is expected is refused by name, not waited for. (timeout ends what would never end.)
"$assay" init --arch qwen2 --output "$work/base" --quiet >/dev/null
printf '{"prompt": "p", "chosen": "c", "rejected": "r"}\n%.0s' 1 2 3 4 >"$work/pairs.jsonl"
"$assay" train --model "$work/base" --data "$work/pairs.jsonl" --output "$work/trained" --max-steps 2 --save-steps 1 --eval-split off --quiet >/dev/null 2>&1
say $? a-run-to-take-files-from
pipe_for() { # NAME FOLDER FILE ARGUMENT...: the file is a pipe while the command runs
    local name=$1 file=$2/$3 got; shift 3
    if [ ! -e "$file" ]; then echo "not ok $name (no $file)"; return; fi
    mv "$file" "$work/kept" && mkfifo "$file"
    timeout 3000 "$assay" "$@" >"$work/out" 2>"$work/err" <"$work/pairs.jsonl"; got=$?
    rm "$file" && mv "$work/kept" "$file"
    [ $got -ge 1 ] && [ $got -le 2 ] && grep -q "named pipe, not a regular file" "$work/err"
    say $? "$name"
}
for file in config.json model.safetensors tokenizer.json tokenizer_config.json; do
    pipe_for "pipe-$file" "$work/base" $file train --model "$work/base" --data "$work/pairs.jsonl" --output "$work/piped" --quiet
done
for file in adapter_config.json adapter_model.safetensors assay.json tokenizer.json; do
    pipe_for "pipe-trained-$file" "$work/trained" $file score --model "$work/trained" --quiet
done
newest=$(basename "$(ls -d "$work"/trained/checkpoint-* | tail -n 1)")
for file in manifest.json $(cd "$work/trained/$newest" && ls | grep -v manifest.json); do
    pipe_for "pipe-checkpoint-$file" "$work/trained/$newest" "$file" train --model "$work/base" --data "$work/pairs.jsonl" --output "$work/trained" \
        --max-steps 3 --save-steps 1 --eval-split off --resume "$work/trained/$newest" --quiet
done
mkfifo "$work/options.yaml"
timeout 3000 "$assay" plan --config "$work/options.yaml" --model "$work/base" >/dev/null 2>"$work/err"
[ $? -ne 124 ] && grep -q "named pipe" "$work/err"
say $? pipe-yaml

# More than ulimit -f allows is a write error with a sentence, not a signal.
(ulimit -f 8; "$assay" init --arch llama --output "$work/limited" --quiet >/dev/null 2>"$work/err"; [ $? -eq 1 ] && grep -q "ulimit -f" "$work/err")
say $? too-large-a-file-is-a-sentence

# Ctrl-C ends what has nothing to save, wherever it is: here in a plan that would take long.
sed 's/"num_hidden_layers": 2/"num_hidden_layers": 4096/' "$work/tiny/config.json" >"$work/deep/config.json"
python3 - "$assay" "$work/deep" <<'P'
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.argv[1], "plan", "--model", sys.argv[2], "--memory", "1K"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while child.poll() is None: # until the handlers are there, and then until it has ended
    with open(f"/proc/{child.pid}/status") as status:
        caught = [int(line.split()[1], 16) for line in status if line.startswith("SigCgt")]
    if caught and caught[0] & (1 << (signal.SIGINT - 1)):
        child.send_signal(signal.SIGINT)
        break
    time.sleep(0.01)
sys.exit(child.wait() != 130)
P
say $? interrupted-while-planning
