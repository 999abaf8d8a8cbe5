"""Everything a client can do to `assay serve`, right and wrong; prints ok / not ok lines. Called by serve.sh: PORT KEYED_PORT SINGLE_PORT WORK (SINGLE: the first server's model, on one thread)."""
import concurrent.futures
import http.client
import json
import math
import random
import re
import socket
import struct
import sys
import time
import urllib.error
import urllib.request

port, keyed, single, work = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


def say(good, name, note=""):
    print(("ok " if good else "not ok ") + name + ("" if good else f" ({note})"), flush=True)


def send(path, body=None, at=port, key=None, raw=None):
    data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{at}{path}", data, {"Content-Type": "application/json", **({"Authorization": "Bearer " + key} if key else {})})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def ask(path, body, at=port):
    code, _, text = send(path, body, at)
    if code != 200:
        raise SystemExit(f"not ok {path}: {code} {text[:300]}")
    return json.loads(text)


def same(got, wanted):  # the numbers read, so the bits of the floats they stand for too
    return len(got) == len(wanted) and all(a == b for a, b in zip(got, wanted))


lines = [json.loads(line) for line in open(work + "/texts.jsonl")]
texts = [line["text"] for line in lines if "text" in line]
answers = [line for line in lines if "prompt" in line]
scores = [json.loads(line)["score"] for line in open(work + "/scores.jsonl")]
text_scores, answer_scores = scores[: len(texts)], scores[len(texts) :]
prompt, replies = answers[0]["prompt"], [line["response"] for line in answers]

# Every dialect, the bits of `assay score`.
say(same(ask("/get_reward", {"query": texts})["rewards"], text_scores), "openrlhf-same-bits")
say(same(ask("/v1/score/evaluation", {"model": "one", "messages": texts})["scores"], text_scores), "llamafactory-same-bits")
say(same([d["probs"][0] for d in ask("/classify", {"model": "one", "input": texts})["data"]], text_scores), "vllm-classify-same-bits")
say(same([d["data"][0] for d in ask("/pooling", {"model": "one", "input": texts, "task": "classify"})["data"]], text_scores), "vllm-pooling-same-bits")
say(same([d["data"][-1][0] for d in ask("/pooling", {"model": "one", "input": texts[:8], "task": "token_classify"})["data"]], text_scores[:8]), "trace-ends-in-the-score")
say(same([d["embedding"][0] for d in ask("/classify", {"model": "one", "text": texts})], text_scores), "sglang-same-bits")
say(same([d[0]["score"] for d in ask("/predict", {"inputs": texts, "raw_scores": True})], text_scores), "tei-predict-same-bits")
say(same([d[0]["score"] for d in ask("/predict", {"inputs": [[prompt, r] for r in replies], "raw_scores": True})], answer_scores), "tei-pairs-same-bits")
tokens = [ask("/tokenize", {"prompt": t})["tokens"] for t in texts[:8]]
say(same([d["probs"][0] for d in ask("/classify", {"model": "one", "input": tokens})["data"]], text_scores[:8]), "vllm-classify-of-tokens-same-bits")
say(same([ask("/pooling", {"input": t})["data"][0]["data"][0] for t in tokens], text_scores[:8]), "vllm-pooling-of-tokens-same-bits")
say(same([d[0]["score"] for d in ask("/", {"inputs": texts})], text_scores), "tei-at-the-root-same-bits")
sigmoid = ask("/predict", {"inputs": texts[:3], "raw_scores": False})
say(all(abs(d[0]["score"] - 1 / (1 + math.exp(-s))) < 1e-8 for d, s in zip(sigmoid, text_scores)), "tei-sigmoid")
say(same([d["score"] for d in ask("/score", {"model": "one", "queries": prompt, "documents": replies})["data"]], answer_scores), "vllm-score-same-bits")
say(same([d["score"] for d in ask("/v1/score", {"text_1": [prompt] * len(replies), "text_2": replies})["data"]], answer_scores), "vllm-older-score-same-bits")
for path in ("/rerank", "/v1/rerank", "/v2/rerank"):
    got = ask(path, {"model": "one", "query": prompt, "documents": replies})["results"]
    order = [d["relevance_score"] for d in got]
    by_index = [d["relevance_score"] for d in sorted(got, key=lambda d: d["index"])]
    say(same(by_index, answer_scores) and order == sorted(order, reverse=True) and got[0]["document"]["text"] == replies[got[0]["index"]], "same-bits" + path.replace("/", "-"))
got = ask("/rerank", {"query": prompt, "texts": replies, "return_text": True})
say(same([d["score"] for d in sorted(got, key=lambda d: d["index"])], answer_scores), "tei-rerank-same-bits")
say(len(ask("/rerank", {"query": prompt, "documents": replies, "top_n": 2})["results"]) == 2, "top-n")
say(same(ask("/v1/score", {"prompt": prompt, "responses": replies})["score"], answer_scores), "own-same-bits")

# The TRL recipe: texts and messages.
sys.path.insert(0, "contrib")
from trl_reward import AssayReward  # noqa: E402

reward = AssayReward(f"http://127.0.0.1:{port}")
say(same(reward(prompts=[prompt] * len(replies), completions=replies), answer_scores), "trl-reward-function-same-bits")
turns = [[{"role": "user", "content": prompt}]] * len(replies), [[{"role": "assistant", "content": r}] for r in replies]
say(same(reward(prompts=turns[0], completions=turns[1]), answer_scores), "trl-reward-function-of-messages-same-bits")

# Neither threads, batch, order nor company change a bit; each alone, many at once, shuffled.
for threads, at in ((2, port), (1, single)):
    say(same([ask("/get_reward", {"query": [t]}, at)["rewards"][0] for t in texts], text_scores), f"alone-same-bits-{threads}-threads")
    shuffled = list(range(len(texts)))
    good = True
    for size in (2, 3, 7, 16, 33, 64):
        random.Random(size).shuffle(shuffled)
        for start in range(0, len(texts), size):
            part = shuffled[start : start + size]
            good = good and same(ask("/get_reward", {"query": [texts[i] for i in part]}, at)["rewards"], [text_scores[i] for i in part])
    say(good, f"batches-of-2-to-64-in-any-order-same-bits-{threads}-threads")
    mixed = [{"prompt": prompt, "responses": replies}] + [{"text": t} for t in texts]
    random.Random(threads).shuffle(mixed)
    got = [d["score"] for d in ask("/v1/score", {"inputs": mixed}, at)["data"]]
    good = all(same(g, answer_scores) if "prompt" in line else g == text_scores[texts.index(line["text"])] for g, line in zip(got, mixed))
    say(good, f"answers-among-texts-same-bits-{threads}-threads")


def one_of_many(i):
    if i % 3 == 0:
        return same(ask("/v1/score", {"prompt": prompt, "responses": replies})["score"], answer_scores)
    return same(ask("/get_reward", {"query": [texts[i % len(texts)]]})["rewards"], [text_scores[i % len(texts)]])


with concurrent.futures.ThreadPoolExecutor(16) as pool:
    say(all(pool.map(one_of_many, range(200))), "sixteen-clients-at-once-same-bits")

# Best-of-16 whose answers do not fit one micro-batch together.
long = {"prompt": "word " * 110, "responses": [f"{i} " + "answer " * (40 + i) for i in range(16)]}
wanted = [json.loads(line)["score"] for line in open(work + "/long_scores.jsonl")]
say(same(ask("/v1/score", long)["score"], wanted), "best-of-16-with-a-long-prompt-same-bits")

# What is wrong is said, and nothing breaks.
for name, path, body, code, text in (
    ("malformed", "/score", b"{", 400, "not valid JSON"), ("not-utf8", "/score", b'{"text": "\xff"}', 400, "error"), ("unknown-path", "/nope", b"{}", 404, "no such endpoint"),
    ("unknown-fields", "/rerank", b'{"a": 1}', 400, "none of its fields"), ("deep", "/score", b"[" * 100000, 400, "error"), ("empty", "/score", b"", 400, "error"),
    ("too-long", "/get_reward", json.dumps({"query": "x" * 100000}).encode(), 413, "max-length"), ("not-a-token", "/classify", b'{"input": [[1, 99999999]]}', 400, "not in the vocabulary"),
    ("negative-token", "/classify", b'{"input": [-1]}', 400, "not in the vocabulary"), ("no-tokens", "/classify", b'{"input": [[]]}', 400, "empty"), ("wrong-type", "/get_reward", b'{"query": 7}', 400, "query"),
):
    got, _, answer = send(path, raw=body)
    say(got == code and text in answer.decode(), "refused-" + name, f"{got} {answer[:200]}")
got, _, answer = send("/get_reward", raw=b"x" * (2 << 20))
say(got == 413, "oversized-announced", str(got))
link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
try:
    link.request("POST", "/get_reward", iter([b"x" * 65536] * 32), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    say(link.getresponse().status == 413, "oversized-chunked")
except (BrokenPipeError, ConnectionResetError):
    say(True, "oversized-chunked")
say(send("/get_reward")[0] == 405, "method-not-allowed")
# Numbers that come back are those that were sent, all their digits; what is listed token by token is bounded; a name stands for one model where there are several.
for number in (1700000000.123456, 0.1, 1e300, 12345678901234567, -0.30000000000000004):
    got = ask("/v1/score", {"inputs": [{"text": texts[0], "id": number}]})["data"][0]
    say(got["id"] == number and got["score"] == text_scores[0], f"number-comes-back-{number}", str(got))
say(send("/pooling", {"input": [(t + " ") * 12 for t in texts] * 8, "task": "token_classify", "truncate_prompt_tokens": 400})[0] == 413, "a-trace-of-too-many-tokens-is-refused")
say(send("/tokenize", {"text": "x y " * 60000})[0] == 413, "a-list-of-too-many-tokens-is-refused")
say(send("/tokenize", {"model": "nobody", "text": "a"}, keyed, "secret")[0] == 404, "tokenize-unknown-model-among-several")
text = "\u4e00\u00e9 a"
got = ask("/tokenize", {"text": text})
say(len(got["token_strs"]) == len(got["tokens"]) == got["count"], "every-token-has-its-text")

# Large bodies that hang: only so many are held, further large ones are sent away, small ones served, and room comes back.
def held():
    return int(float(re.search(rb"assay_held_body_bytes ([0-9.e+]+)", send("/metrics", at=single)[2]).group(1)))


def wait_for(what, seconds=300):
    end = time.time() + seconds
    while not what() and time.time() < end:
        time.sleep(0.02)
    return what()


large = json.dumps({"query": "x" * 900000, "truncate": True}).encode()
hanging = [socket.create_connection(("127.0.0.1", single)) for _ in range(12)]
for s in hanging:
    s.sendall(b"POST /get_reward HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(large) + large[:-1])
say(wait_for(lambda: held() > 7 << 20) and held() <= 8 << 20, "large-bodies-are-held-up-to-a-bound", str(held()))
got, headers, answer = send("/get_reward", raw=large, at=single)
say(got == 503 and "Retry-After" in headers, "too-many-large-bodies-503", f"{got} {answer[:200]}")
say(ask("/get_reward", {"query": [texts[0]]}, single)["rewards"] == [text_scores[0]], "small-bodies-are-served-beside-them")
for s in hanging:
    s.close()
say(wait_for(lambda: held() == 0) and send("/get_reward", raw=large, at=single)[0] == 200, "room-for-large-bodies-comes-back", str(held()))

got = ask("/get_reward", {"query": "x" * 40, "truncate": True})
say(len(got["rewards"]) == 1, "goes-on-after-all-that")
say(send("/v1/score", {"model": "nobody", "text": "a"})[0] == 200, "any-name-means-the-only-model")
say(send("/v1/score", {"model": "nobody", "text": "a"}, keyed, "secret")[0] == 404, "unknown-model-among-several")
say(send("/health")[0] == 200 and send("/ready")[0] == 200, "health-and-ready")
say(b"assay_requests_total{code=\"200\"}" in send("/metrics")[2], "metrics")
say("/rerank" in ask("/openapi.json", None)["paths"], "openapi")
say(send("/")[2].startswith(b"<!doctype html>"), "page")
say(ask("/tokenize", {"text": "abc"})["count"] >= 1, "tokenize")
say(len(ask("/v1/models", None)["data"][0]["fingerprint"]) == 32, "models")

# Keys.
say(send("/get_reward", {"query": "a"}, keyed)[0] == 401, "no-key-is-refused")
say(send("/get_reward", {"query": "a"}, keyed, "secret2")[0] == 401, "wrong-key-is-refused")
say(send("/get_reward", {"query": "a"}, keyed, "secret")[0] == 200, "right-key")
say(send("/", {"inputs": "a"}, keyed)[0] == 401 and send("/", None, keyed)[0] == 200, "the-page-needs-no-key-but-scores-at-its-path-do")
say(send("/", {"inputs": "a"}, keyed, "secret")[0] == 200, "right-key-at-the-root")
say(send("/health", None, keyed)[0] == 200, "health-needs-no-key")
say(send("/admin/reload", {})[0] == 403, "reload-without-keys-is-refused")


# A full queue sends people away, and they come back.
def until_served(i):
    for _ in range(200):
        code, headers, _ = send("/get_reward", {"query": [texts[i % len(texts)]] * 8}, keyed, "secret")
        if code == 200:
            return "served"
        if code != 429 or "Retry-After" not in headers:
            return f"{code}"
        turned_away.append(1)
        time.sleep(0.05)
    return "never"


turned_away = []
with concurrent.futures.ThreadPoolExecutor(24) as pool:
    outcome = set(pool.map(until_served, range(96)))
say(outcome == {"served"}, "back-pressure-all-served", str(outcome))
say(len(turned_away) > 0, "back-pressure-429-seen")

# Bad company: slow headers, slow bodies, silence, people who leave. The good ones' scores come in time all the while.
begin = time.time()
trickles = []
for kind in range(8):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"POST /get_reward HTTP/1.1\r\nHost: localhost\r\n" if kind % 2 else b"POST /get_reward HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    trickles.append(s)
idle = []
for _ in range(1000):
    idle.append(socket.create_connection(("127.0.0.1", port)))


def leave(_):
    s = socket.create_connection(("127.0.0.1", port))
    body = json.dumps({"query": texts}).encode()
    s.sendall(b"POST /get_reward HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(leave, range(40)))
times = []
for i in range(100):
    start = time.time()
    ask("/get_reward", {"query": texts[i % len(texts)]})
    times.append(time.time() - start)
times.sort()
say(len(times) == 100, "good-clients-are-all-answered-beside-1000-idle-8-slow-40-leaving", f"p99 {times[98] * 1000:.0f} ms")


def is_cut(s):
    s.settimeout(300)
    try:
        while time.time() < begin + 300:
            try:
                s.send(b"x")
            except OSError:
                return True
            time.sleep(0.2)
            s.setblocking(False)
            try:
                if s.recv(100) == b"":
                    return True
            except BlockingIOError:
                pass
            s.setblocking(True)
    except OSError:
        return True
    return False


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    cut = list(pool.map(is_cut, trickles))
say(all(cut), "slow-headers-and-bodies-are-cut-though-they-trickle", str(cut))
for s in idle + trickles:
    s.close()
say(ask("/get_reward", {"query": "a"})["rewards"][0] is not None, "alive-at-the-end")
