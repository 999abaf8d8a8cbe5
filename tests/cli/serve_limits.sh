#!/usr/bin/env bash
# What a request may cost: memory, work for clients that are gone, connections that only sit there, and the time to stop.
. tests/cli/check.inc
. tests/cli/serve.inc
ulimit -n 4096 2>/dev/null

make_model "$work/one"
cat >"$work/client.py" <<'PYTHON'
import json, os, re, signal, socket, sys, threading, time, urllib.error, urllib.request
assay_pid, port, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def say(good, name, note=""): print(("ok " if good else "not ok ") + name + ("" if good else f" ({note})"), flush=True)
def send(path, body):
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", raw), timeout=300) as answer: return answer.status, answer.read()
    except urllib.error.HTTPError as error: return error.code, error.read()
def memory(key): return int(re.search(key + r":\s+(\d+)", open(f"/proc/{assay_pid}/status").read()).group(1)) / 1024
def metric(name): return float(re.search("^" + re.escape(name) + r" (\S+)", send("/metrics", None)[1].decode() + f"\n{name} 0", re.M).group(1))
def until(true):  # work that takes as long as it takes: half a minute is for a server that never gets there
    for _ in range(600):
        if true(): return True
        time.sleep(0.05)
    return False
def open_request(path, body):
    s = socket.create_connection(("127.0.0.1", port))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    s.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw)
    return s

MiB = 1 << 20
junk = b"[" + b"{}," * 349000 + b"{}]"
empty = [{"role": "user", "content": ""}] * 36000
hostile = [  # name, path, body, the answer's status
    ("a-long-query-with-1024-documents", "/rerank", {"query": "x" * MiB, "documents": ["d"] * 1024}, 413),
    ("a-long-query-with-4096-documents", "/rerank", {"query": "x" * MiB, "documents": ["d"] * 4096}, 413),
    ("a-long-query-for-score", "/score", {"queries": "x" * MiB, "documents": ["d"] * 4096}, 413),
    ("4096-answers-to-36000-empty-messages", "/v1/score", {"prompt": empty, "responses": ["a"] * 4096}, 413),
    ("4096-copies-of-a-long-prompt-cut", "/v1/score", {"prompt": "word " * 1000, "responses": ["a"] * 4096, "truncate": True}, 413),
    ("junk-nobody-reads", "/get_reward", b'{"query":["a"],"junk":' + junk + b"}", 200),
    ("junk-where-any-field-is-read", "/v1/score", b'{"text":"a","junk":' + junk + b"}", 413),
    ("junk-inside-a-line", "/v1/score", b'{"inputs":[{"text":"a","junk":' + junk + b"}]}", 413),
    ("junk-beside-a-text-to-tokenize", "/tokenize", b'{"text":"a","junk":' + junk + b"}", 200),
    ("a-list-of-documents-that-are-objects", "/rerank", b'{"query":"q","documents":' + junk + b"}", 413),
]
if what == "memory":
    for name, path, body, code in hostile:
        got = send(path, body)
        say(got[0] == code, f"{name}-{code}", got)
        say(memory("VmHWM") < 200, f"{name}-peaks-below-200-MiB", memory("VmHWM"))
    results = []
    four = [threading.Thread(target=lambda: results.append(send("/v1/score", b'{"text":"a","junk":' + junk + b"}")[0])) for _ in range(4)]
    for t in four: t.start()
    for t in four: t.join()
    say(set(results) <= {413, 503} and memory("VmHWM") < 200, "four-of-them-at-once", (results, memory("VmHWM")))
    say(until(lambda: memory("VmRSS") < 60), "resident-memory-comes-back", memory("VmRSS"))
    say(until(lambda: metric("assay_request_memory_bytes") == 0), "nothing-stays-charged", metric("assay_request_memory_bytes"))
    # a prompt with many messages and answers is no hostile thing
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 20
    got = send("/v1/score", {"prompt": talk, "responses": [f"c {i}" for i in range(200)]})
    one = send("/v1/score", {"prompt": talk, "response": "c 7"})
    say(got[0] == one[0] == 200 and json.loads(got[1])["score"][7] == json.loads(one[1])["score"], "a-shared-prompt-gives-the-same-score", (got, one))

if what == "gone":
    def left(): return metric("assay_abandoned_total")
    # still tokenising when its client goes: 36,000 messages for each of 4,096 answers
    s = open_request("/v1/score", {"prompt": empty, "responses": ["a"] * 4096, "truncate": True})
    until(lambda: metric("assay_in_flight_requests") == 2)
    s.close()
    say(until(lambda: left() == 1), "tokenising-stops-when-its-client-is-gone")
    # waiting behind long work when its client goes
    long = open_request("/get_reward", {"query": [f"{i} " + "word " * 400 for i in range(1500)], "truncate": True})
    until(lambda: metric("assay_batches_total") >= 1)
    leaving = [open_request("/get_reward", {"query": [f"nobody waits for {i}"]}) for i in range(8)]
    until(lambda: metric("assay_in_flight_requests") == 10)
    for s in leaving: s.close()
    say(until(lambda: left() == 9), "what-waits-is-dropped-when-its-client-is-gone", left())
    long.close()
    say(send("/get_reward", {"query": "a"})[0] == 200, "others-are-served")

if what == "idle":
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    until(lambda: metric("assay_connections") >= 8)
    say(send("/health", None)[0] == 200, "health-is-answered-beside-idle-connections")
    idle[0].settimeout(600)
    say(idle[0].recv(1) == b"", "the-oldest-idle-connection-goes-first")
    idle[-1].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    idle[-1].settimeout(600)
    say(idle[-1].recv(12) == b"HTTP/1.1 200", "the-youngest-stays")
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for s in slow: s.sendall(b"POST /get_reward HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
    say(all(send("/health", None)[0] == 200 for _ in range(20)), "health-is-answered-beside-slow-requests")

if what == "drain":
    answers = []
    def ask(): answers.append(send("/get_reward", {"query": [f"{i} " + "word " * 2000 for i in range(1500)], "truncate": True}))
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for t in threads: t.start()
    until(lambda: metric("assay_batches_total") >= 1 and metric("assay_in_flight_requests") == 3)
    os.kill(assay_pid, signal.SIGTERM)
    for t in threads: t.join()
    say(len(answers) == 2 and all(code == 503 and b"stopping" in text for code, text in answers), "what-is-left-after-the-drain-is-503", answers)
PYTHON
client() { timeout 3000 python3 "$work/client.py" "$@"; say $? "client-$3-ran-to-its-end"; }

start memory --model "$work/one" --max-length 1024 --threads 1 --max-connections 64
client "$started" "$port" memory
start gone --model "$work/one" --max-length 512 --threads 1
client "$started" "$port" gone
start idle --model "$work/one" --max-connections 8 --threads 1
client "$started" "$port" idle
start drain --model "$work/one" --max-length 2048 --threads 1 --drain-timeout 0.3s
client "$started" "$port" drain
wait "$started"; say $? ends-with-0-though-work-was-left
grep -q "TimeoutStopSec=\(2[0-9]\|[3-9][0-9]\)" contrib/assay.service; say $? systemd-waits-longer-than-the-drain
