#!/usr/bin/env bash
# `assay serve` from outside: every dialect's scores against `assay score` bit for bit, bad clients, reload, drain. The client is Python's standard library.
. tests/cli/check.inc
command -v python3 >/dev/null || { echo "skip serve (no python3)"; exit 0; }
ulimit -n 4096 2>/dev/null
export PYTHONDONTWRITEBYTECODE=1
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

head -n 24 examples/medical_train.jsonl >"$work/train.jsonl"
common=(--data "$work/train.jsonl" --eval-data "$work/train.jsonl" --batch-pairs 4 --quiet --force)
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
"$assay" train --model "$work/base" --output "$work/one" --max-steps 2 "${common[@]}" >/dev/null 2>&1
"$assay" train --model "$work/base" --output "$work/two" --max-steps 3 --lr 1e-2 "${common[@]}" >/dev/null 2>&1

python3 - "$work" <<'PYTHON'
import json, random, sys
work, rng = sys.argv[1], random.Random(5)
words = "the heart rate of a patient rises with fever and falls with rest ward night tea".split()
say = lambda n: " ".join(rng.choice(words) for _ in range(n))
lines = [{"text": say(rng.randint(1, 40))} for _ in range(64)]
prompt = say(20)
lines += [{"prompt": prompt, "response": say(rng.randint(1, 25))} for _ in range(12)]
open(work + "/texts.jsonl", "w").write("".join(json.dumps(line) + "\n" for line in lines))
long = [{"prompt": "word " * 110, "response": f"{i} " + "answer " * (40 + i)} for i in range(16)]
open(work + "/long.jsonl", "w").write("".join(json.dumps(line) + "\n" for line in long))
PYTHON
"$assay" score --model "$work/one" --input "$work/texts.jsonl" >"$work/scores.jsonl"
"$assay" score --model "$work/one" --input "$work/long.jsonl" >"$work/long_scores.jsonl"

# start NAME OPTION...: a server on any free port; its number lands in $port
start() {
    local name=$1; shift
    "$assay" serve --port 0 "$@" >"$work/$name.out" 2>"$work/$name.err" &
    servers+=($!)
    started=$!
    while kill -0 $started 2>/dev/null && ! grep -q listening "$work/$name.out"; do sleep 0.05; done
    port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/$name.out")
    [ -n "$port" ]; say $? "starts-$name"
}

cp -r "$work/one" "$work/changing"
start plain --model "$work/one" --max-body 1M --request-timeout 3s --threads 2; plain=$port plain_pid=$started
start single --model "$work/one" --threads 1 --max-body 1M; single=$port
echo secret >"$work/keys"
start keyed --model "$work/base" --adapter "one=$work/changing" --adapter "two=$work/two" --api-key-file "$work/keys" --max-queue 2; keyed=$port keyed_pid=$started
timeout 3000 python3 tests/cli/serve_client.py "$plain" "$keyed" "$single" "$work"
say $? client-ran-to-its-end

timeout 3000 python3 tests/browser/serve_page.py "$work/one" "$work"
say $? browser-ran-to-its-end

check exposed-without-key 2 err 'api-key-file' serve --model "$work/one" --host 0.0.0.0 --port 0
check host-must-be-an-address 2 err 'an address is expected' serve --model "$work/one" --host example.com --port 0
check two-adapters-one-name 2 err 'give names' serve --model "$work/base" --adapter "a=$work/one" --adapter "a=$work/two" --port 0
check too-little-memory 3 err 'GiB\|MiB\|KiB' serve --model "$work/one" --port 0 --memory 1M

# Adapters by name, and one replaced under load: no request is dropped, each is answered wholly by the old or the new one, and says by which.
cat >"$work/reload.py" <<'PYTHON'
import fcntl, json, os, shutil, signal, sys, threading, time, urllib.request
port, work, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
def ask(path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Authorization": "Bearer secret"})
    with urllib.request.urlopen(request, timeout=600) as answer: return json.loads(answer.read()), answer.headers["X-Assay-Fingerprint"]
def say(good, name): print(("ok " if good else "not ok ") + name, flush=True)
body = {"model": "one", "prompt": "a", "responses": ["b", "c"]}
old, old_print = ask("/v1/score", body)
two, two_print = ask("/v1/score", {**body, "model": "two"})
say(old["score"] != two["score"] and old_print != two_print, "two-adapters-two-scores")
seen, failures, over = set(), [], []
def client():
    while not over:
        try:
            got, mark = ask("/v1/score", body)
            seen.add((tuple(got["score"]), mark, got["fingerprint"]))
        except Exception as error:
            if "429" not in str(error): failures.append(str(error))
threads = [threading.Thread(target=client) for _ in range(2)]
for t in threads: t.start()
def until(what):
    while not what(): time.sleep(0.02)
until(lambda: any(mark == old_print for _, mark, _ in list(seen)) or failures)
for name in ("adapter_model.safetensors", "adapter_config.json"):
    shutil.copy(f"{work}/two/{name}", f"{work}/changing/{name}.new"); os.replace(f"{work}/changing/{name}.new", f"{work}/changing/{name}")
got, _ = ask("/admin/reload", {"model": "one"})
say(got["status"] == "reloaded" and got["fingerprint"] == two_print, "reload-by-post-gives-the-new-fingerprint")
os.kill(pid, signal.SIGHUP)
until(lambda: any(mark == two_print for _, mark, _ in list(seen)) or failures)
time.sleep(0.7)
over.append(1)
for t in threads: t.join()
say(not failures, f"reload-drops-nothing {failures[:1]}")
say(seen == {(tuple(old["score"]), old_print, old_print), (tuple(two["score"]), two_print, two_print)}, "each-answer-is-wholly-the-old-or-the-new-adapters")
# A load that hangs (a file whose lease we hold: opening it waits for us) holds nobody else up, on any connection.
shutil.copy(f"{work}/changing/adapter_config.json", f"{work}/config")
with open(f"{work}/changing/adapter_config.json", "w") as broken: broken.write("{")
lease = os.open(f"{work}/changing/adapter_config.json", os.O_RDWR)
asked_for = threading.Event()
signal.signal(signal.SIGIO, lambda *_: asked_for.set())
try: fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_WRLCK)
except OSError as error: print(f"skip a-load-that-hangs-holds-nobody-up ({error})"); asked_for.set()
outcome = []
def reload_it():
    try: ask("/admin/reload", {"model": "one"}); outcome.append("taken")
    except Exception as error: outcome.append(str(error))
loading = threading.Thread(target=reload_it)
loading.start()
while not asked_for.wait(0.05) and loading.is_alive(): pass
fresh = [ask("/v1/score", body)[0]["score"] == two["score"] for _ in range(16)]
if fcntl.fcntl(lease, fcntl.F_GETLEASE) != fcntl.F_UNLCK or outcome:
    say(all(fresh) and not outcome, f"a-load-that-hangs-holds-nobody-up {outcome}")
os.close(lease)
loading.join()
say(outcome and outcome != ["taken"], f"its-failure-is-told {outcome}")
os.replace(f"{work}/config", f"{work}/changing/adapter_config.json")
os.replace(f"{work}/changing/adapter_model.safetensors", f"{work}/changing/gone")
try: ask("/admin/reload", {"model": "one"}); say(False, "a-broken-adapter-is-not-taken")
except Exception: say(ask("/v1/score", body)[0]["score"] == two["score"], "a-broken-adapter-is-not-taken")
PYTHON
timeout 3000 python3 "$work/reload.py" "$keyed" "$work" "$keyed_pid"

# Asked to stop with a request under way: it is answered, then the program ends with 0.
python3 - "$plain" "$work" >"$work/drain" <<'PYTHON' &
import json, sys, urllib.request
texts = [json.loads(line)["text"] for line in open(sys.argv[2] + "/texts.jsonl") if "text" in json.loads(line)]
request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/get_reward", json.dumps({"query": texts * 10}).encode())
print(len(json.loads(urllib.request.urlopen(request, timeout=600).read())["rewards"]))
PYTHON
asker=$!
for _ in $(seq 3000); do kill -0 $asker 2>/dev/null || break; curl -s "http://127.0.0.1:$plain/metrics" 2>/dev/null | grep -q 'in_flight_requests [2-9]' && break; sleep 0.02; done
kill -TERM "$plain_pid"; wait "$plain_pid"; say $? ends-with-0-when-told-to
wait "$asker"; [ "$(cat "$work/drain")" = 640 ]; say $? drain-answers-what-is-under-way
kill -INT "$keyed_pid"; wait "$keyed_pid"; say $? interrupt-ends-it-too
