#!/usr/bin/env bash
# Who may speak to a local server: web pages from elsewhere, names that are made to point here, requests that can be read in two ways, keys.
. tests/cli/check.inc
. tests/cli/serve.inc

make_model "$work/one"
cat >"$work/client.py" <<'PYTHON'
import http.client, json, socket, sys
port, keyed, allowing = map(int, sys.argv[1:4])
def say(good, name, note=""): print(("ok " if good else "not ok ") + name + ("" if good else f" ({note})"), flush=True)
BODY = b'{"query":"a"}'
def ask(at=port, method="POST", path="/get_reward", body=BODY, **headers):
    link = http.client.HTTPConnection("127.0.0.1", at, timeout=600)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    link.putrequest(method, path, skip_host="Host" in names, skip_accept_encoding=True)
    if method == "POST": names.setdefault("Content-Type", "application/json"); names["Content-Length"] = str(len(body))
    for name, value in names.items(): link.putheader(name, value)
    link.endheaders(body if method == "POST" else None)
    answer = link.getresponse()
    answer.text = answer.read()
    link.close()
    return answer
def status(*args, **headers): return ask(*args, **headers).status

for host in ("localhost", f"localhost:{port}", "LocalHost", "127.0.0.1", "127.8.9.10:1", "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]"):
    say(status(Host=host) == 200, f"host-{host}-is-ours")
for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "[::2]", "localhost:80x", "[::1", "", "localhost,evil"):
    say(status(Host=host) == 421, f"host-{host}-is-421", status(Host=host))
say(status(method="GET", path="/health", Host="evil.example") == 421, "health-under-another-name-is-421")
say(status(allowing, Host="rewards.example") == 200 and status(allowing, Host="Rewards.Example:99") == 200, "an-allowed-host-is-ours")
say(status(allowing, Host="other.example") == 421, "another-than-the-allowed-is-421")

own = f"http://127.0.0.1:{port}"
say(status(Host=f"127.0.0.1:{port}", Origin=own) == 200, "own-origin")
say(status(Host=f"127.0.0.1:{port}", Origin=own, Sec_Fetch_Site="same-origin") == 200, "own-origin-by-browser")
for origin in ("null", "http://evil.example", f"http://localhost:{port}", "http://127.0.0.1:1", "file://", "", f"http://127.0.0.1:{port}.evil.example", "https://127.0.0.1"):
    say(status(Host=f"127.0.0.1:{port}", Origin=origin) == 403, f"origin-{origin}-is-403", status(Host=f"127.0.0.1:{port}", Origin=origin))
for site in ("cross-site", "same-site", "", "nonsense"):
    say(status(Sec_Fetch_Site=site) == 403 and status(method="GET", path="/", Sec_Fetch_Site=site) == 403, f"fetch-site-{site}-is-403")
say(status(Sec_Fetch_Site="none", method="GET", path="/") == 200, "typed-address-is-served")
for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "TEXT/PLAIN"):
    say(status(Host=f"127.0.0.1:{port}", Origin=own, Content_Type=kind) == 415, f"page-with-{kind}-is-415")
    say(status(Sec_Fetch_Mode="cors", Sec_Fetch_Site="same-origin", Content_Type=kind) == 415, f"fetch-with-{kind}-is-415")
    say(status(Content_Type=kind) == 200, f"program-with-{kind}-is-served")

# pages of an allowed host may ask and read; preflights need no key; nobody else hears that they may
got = ask(allowing, "OPTIONS", "/rerank", Origin="https://rewards.example", Host="localhost")
say(got.status == 204 and got.headers["Access-Control-Allow-Origin"] == "https://rewards.example" and "POST" in got.headers["Access-Control-Allow-Methods"], "preflight-from-an-allowed-host", dict(got.headers))
got = ask(allowing, Origin="https://rewards.example", Sec_Fetch_Site="cross-site")
say(got.status == 200 and got.headers["Access-Control-Allow-Origin"] == "https://rewards.example", "answer-for-an-allowed-host")
say(status(allowing, Origin="https://evil.example") == 403, "another-origin-beside-an-allowed-one-is-403")
got = ask(port, "OPTIONS", "/rerank")
say(got.status == 204 and "Access-Control-Allow-Origin" not in got.headers, "options-without-origin")
say(ask(port, "OPTIONS", "/nowhere").status == 404, "options-of-nowhere-is-404")
got = ask(keyed, "OPTIONS", "/rerank", Origin="https://evil.example")
say("Access-Control-Allow-Origin" not in got.headers, "keyed-server-gives-no-leave-to-read")
got = ask(port, "GET", "/")
say(got.headers["Content-Security-Policy"] == "frame-ancestors 'none'" and got.headers["X-Frame-Options"] == "DENY", "nobody-may-frame-the-page")

# keys: the scheme in any case, blanks as HTTP has them; with keys the name of the host is nobody's business
for value in ("Bearer secret", "bearer secret", "BEARER secret", "Bearer   secret  ", "Bearer\tsecret"):
    say(status(keyed, Authorization=value) == 200, f"key-as-{value!r}")
for value in ("secret", "Bearersecret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret", "Bearer secret x"):
    say(status(keyed, Authorization=value) == 401, f"no-key-in-{value!r}", status(keyed, Authorization=value))
say(status(keyed, X_API_Key=" secret ") == 200 and status(keyed, X_API_Key="other") == 401, "key-in-its-own-header")
say(status(keyed, Host="rewards.example", Authorization="Bearer secret") == 200, "any-host-with-a-key")

# requests that can be read in two ways
def raw(text):
    s = socket.create_connection(("127.0.0.1", port), timeout=600)
    s.sendall(text)
    got = b""
    try:
        while piece := s.recv(65536): got += piece
    except OSError: pass
    return got
HOST, CLOSE, CHUNK = b"Host: localhost\r\n", b"Connection: close\r\n", b"d\r\n" + BODY + b"\r\n0\r\n\r\n"
post = lambda headers, body: b"POST /get_reward HTTP/1.1\r\n" + HOST + CLOSE + headers + b"\r\n" + body
L = b"Content-Length: 13\r\n"
say(raw(post(L, BODY)).startswith(b"HTTP/1.1 200"), "a-plain-request-is-served")
say(raw(post(b"Transfer-Encoding: chunked\r\n", CHUNK)).startswith(b"HTTP/1.1 200"), "a-chunked-request-is-served")
smuggled = b"GET /v1/models HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
for name, text in {
    "length-and-chunks": post(L + b"Transfer-Encoding: chunked\r\n", CHUNK), "chunks-and-length": post(b"Transfer-Encoding: chunked\r\n" + L, CHUNK),
    "two-lengths": post(L + b"Content-Length: 3\r\n", BODY), "two-equal-lengths": post(L + L, BODY), "list-of-lengths": post(b"Content-Length: 13, 13\r\n", BODY),
    "signed-length": post(b"Content-Length: +13\r\n", BODY), "hexadecimal-length": post(b"Content-Length: 0xd\r\n", BODY), "negative-length": post(b"Content-Length: -1\r\n", BODY),
    "blank-before-the-colon": post(b"Content-Length : 13\r\n", BODY), "another-encoding": post(b"Transfer-Encoding: gzip, chunked\r\n", CHUNK),
    "unknown-encoding": post(b"Transfer-Encoding: xchunked\r\n", CHUNK), "two-encodings": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNK),
    "chunks-in-http-1.0": b"POST /get_reward HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "no-host": b"GET /health HTTP/1.1\r\n\r\n", "no-host-of-1.2": b"GET /health HTTP/1.2\r\n\r\n", "two-hosts": b"GET /health HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "carriage-return-inside": b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\rContent-Length: 5\r\n\r\n", "no-colon": b"GET /health HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n",
    "request-behind-it": post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + smuggled),
}.items():
    got = raw(text)
    say(got.startswith(b"HTTP/1.1 400") and b'"object"' not in got, f"{name}-is-400-and-closed", got[:100])
say(raw(b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200"), "http-1.0-needs-no-host")
say(status() == 200, "goes-on-after-all-that")
PYTHON
echo secret >"$work/keys"; chmod 600 "$work/keys"
start plain --model "$work/one"; plain=$port
start keyed --model "$work/one" --api-key-file "$work/keys"; keyed=$port
start allowing --model "$work/one" --allow-host rewards.example --allow-host b.example; allowing=$port
timeout 3000 python3 "$work/client.py" "$plain" "$keyed" "$allowing"; say $? client-ran-to-its-end
timeout 3000 python3 tests/browser/serve_strangers.py "$work/one"; say $? browser-ran-to-its-end
! grep -q "can be read by everybody" "$work/keyed.err"; say $? private-key-file-is-not-warned-of

printf '\xef\xbb\xbfsecret\r\n' >"$work/marked"; chmod 644 "$work/marked"
start marked --model "$work/one" --api-key-file "$work/marked"
python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer secret"}))' "http://127.0.0.1:$port/v1/models"; say $? key-file-with-a-byte-order-mark
grep -q "can be read by everybody" "$work/marked.err"; say $? key-file-for-everybody-is-warned-of
printf '\xff\xfes\0e\0c\0\n\0' >"$work/wide"
check key-file-in-utf-16 1 err 'UTF-16' serve --model "$work/one" --port 0 --api-key-file "$work/wide"
printf 'sec\0ret\n' >"$work/zero"
check key-file-with-a-zero-byte 1 err 'zero byte at offset 3' serve --model "$work/one" --port 0 --api-key-file "$work/zero"
