#!/usr/bin/env bash
# The commands with threads under ThreadSanitizer: train, resume, score, verify, and a server asked by many at once while its model is replaced.
# The program stops at the first race (exit 66), and what it said is looked through as well. ASSAY=build/tsan/assay.
. tests/cli/check.inc
export PYTHONDONTWRITEBYTECODE=1 TSAN_OPTIONS="halt_on_error=1 exitcode=66"

head -n 8 examples/medical_train.jsonl >"$work/train.jsonl"
common=(--data "$work/train.jsonl" --eval-data "$work/train.jsonl" --batch-pairs 4 --threads 2 --quiet --force)

# clean NAME LOG...: no race was told of
clean() { local name=$1; shift; ! grep -h -m1 -A12 "ThreadSanitizer" "$@"; say $? "$name-no-race"; }

run() { # NAME ARGUMENT...
    local name=$1; shift
    "$assay" "$@" >"$work/$name.out" 2>"$work/$name.err"
    local status=$?
    say $status "$name"; [ $status -eq 0 ] || tail -n 5 "$work/$name.err"
    clean "$name" "$work/$name.err"
}

run init init --arch llama --output "$work/base"
run train-lora train --model "$work/base" --output "$work/one" --max-steps 2 --save-steps 1 "${common[@]}"
run train-bf16 train --model "$work/base" --output "$work/two" --max-steps 1 --precision bf16 --tuning full "${common[@]}"
run resume train --model "$work/base" --output "$work/again" --max-steps 2 --resume "$work/one/checkpoint-1" "${common[@]}"
printf '{"prompt": "a", "response": "answer %d"}\n' $(seq 12) >"$work/ask.jsonl"
run score score --model "$work/one" --input "$work/ask.jsonl" --threads 2

command -v python3 >/dev/null || { echo "skip serve (no python3)"; exit 0; }
runtime=$(${CC:-gcc} -print-file-name=libtsan.so) python=
for one in python3 /usr/bin/python3; do LD_PRELOAD=$runtime $one -c '' 2>/dev/null && python=$one && break; done
if [ -n "$python" ]; then
    ASSAY_LIBRARY=$(dirname "$assay")/libassay.so LD_PRELOAD=$runtime $python tests/python/two_threads.py "$work/one" >"$work/threads.err" 2>&1
    status=$?
    say $status two-python-threads; [ $status -eq 0 ] || tail -n 5 "$work/threads.err"
    clean two-python-threads "$work/threads.err"
else
    echo "skip two-python-threads (no python3 starts under ThreadSanitizer's runtime)"
fi

cp -r "$work/one" "$work/changing"
"$assay" serve --port 0 --threads 2 --model "$work/changing" >"$work/serve.out" 2>"$work/serve.err" &
server=$!
trap 'kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 600); do grep -q listening "$work/serve.out" && break; sleep 0.1; done
python3 - "$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/serve.out")" "$server" <<'PYTHON'
import json, os, signal, sys, threading, time, urllib.request
port, pid = int(sys.argv[1]), int(sys.argv[2])
def ask(path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=120) as answer: return answer.read()
failures, answered = [], []
def client(number):
    for i in range(6):
        try:
            ask("/v1/score", {"prompt": f"question {number}", "responses": ["b", f"c {i}"]})
            ask("/metrics"); ask("/health"); ask("/v1/models")
            answered.append(1)
        except Exception as error:
            if "429" not in str(error): failures.append(str(error))
threads = [threading.Thread(target=client, args=(n,)) for n in range(6)]
for thread in threads: thread.start()
for _ in range(2): time.sleep(1); os.kill(pid, signal.SIGHUP)
for thread in threads: thread.join()
print("ok" if answered and not failures else "not ok", "served", len(answered), failures[:3])
PYTHON
kill -TERM "$server"
wait "$server"
say $? serve-ends
clean serve "$work/serve.err"
