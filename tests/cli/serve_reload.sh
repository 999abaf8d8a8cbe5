#!/usr/bin/env bash
# One port, one server; a reload replaces all models or none; the fingerprint of an answer covers all that a score depends on.
. tests/cli/check.inc
. tests/cli/serve.inc

make_model "$work/one"
make_model "$work/two" --lr 1e-2

# The second server on a port says who is there; the first one's connections of a moment ago hold no one up.
start first --model "$work/one"; first=$port first_pid=$started
check second-server-says-who-is-there 1 err 'taken by an assay server with the model "default"' serve --model "$work/one" --port "$first"
echo secret >"$work/keys"; chmod 600 "$work/keys"
start guarded --model "$work/one" --api-key-file "$work/keys"
check second-server-beside-one-with-keys 1 err 'taken by an assay server that needs a key' serve --model "$work/one" --port "$port"
check second-server-on-all-addresses 1 err 'taken by an assay server' serve --model "$work/one" --host 0.0.0.0 --api-key-file "$work/keys" --port "$port"
python3 - "$first" <<'PYTHON'
import http.client, sys
for _ in range(20):  # the server closes first: its side is the one in TIME_WAIT
    link = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=600)
    link.request("GET", "/health", headers={"Connection": "close"})
    link.getresponse().read()
PYTHON
kill -TERM "$first_pid"; wait "$first_pid"
"$assay" serve --model "$work/one" --port "$first" >"$work/again.out" 2>"$work/again.err" &
servers+=($!)
wait_for "$work/again.out" listening; say $? starts-at-once-on-a-port-just-left
python3 - "$work/stranger" <<'PYTHON' &
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]) + "\n")
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
while True: s.accept()[0].close()
PYTHON
servers+=($!)
while [ ! -s "$work/stranger" ] && kill -0 ${servers[-1]}; do sleep 0.05; done
check another-program-has-the-port 1 err 'taken by another program' serve --model "$work/one" --port "$(cat "$work/stranger")"

# Two adapters, the second one broken: the first stays as it was, by SIGHUP and by request.
cp -r "$work/one" "$work/a"; cp -r "$work/one" "$work/b"
start pair --model "$work/base" --adapter "a=$work/a" --adapter "b=$work/b" --api-key-file "$work/keys"; pair=$port pair_pid=$started
cp "$work/two/adapter_model.safetensors" "$work/a/new"; mv "$work/a/new" "$work/a/adapter_model.safetensors"
echo '{' >"$work/b/new"; mv "$work/b/adapter_config.json" "$work/b/kept"; mv "$work/b/new" "$work/b/adapter_config.json"
cat >"$work/client.py" <<'PYTHON'
import json, sys, urllib.error, urllib.request
port, what = sys.argv[1:3]
def send(path, raw):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", raw, {"Authorization": "Bearer secret"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer: return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error: return error.code, error.read(), error.headers
def score(model): return json.loads(send("/v1/score", json.dumps({"model": model, "text": "a b"}).encode())[1])["score"]
if what == "scores": print(score("a"), score("b"))
elif what == "print": print(send("/v1/score", b'{"text": "a b"}')[2]["X-Assay-Fingerprint"])
else: print(*send("/admin/reload", what.encode())[:2])
PYTHON
client() { timeout 3000 python3 "$work/client.py" "$@"; }
before=$(client "$pair" scores)
case $(client "$pair" '{}') in 500*) say 0 reload-with-a-broken-adapter-fails ;; *) say 1 reload-with-a-broken-adapter-fails ;; esac
[ "$(client "$pair" scores)" = "$before" ]; say $? reload-by-request-is-all-or-nothing
kill -HUP "$pair_pid"; wait_for "$work/pair.err" "not reloaded"; say $? hangup-with-a-broken-adapter-is-told
[ "$(client "$pair" scores)" = "$before" ]; say $? reload-by-signal-is-all-or-nothing
for body in '[]' '{"model": 1}' '{"model": ["a"]}' '"a"' '{'; do
    case $(client "$pair" "$body") in 400*) say 0 "reload-body-$body-is-400" ;; *) say 1 "reload-body-$body-is-400" ;; esac
done
case $(client "$pair" '{"model": "nobody"}') in 404*) say 0 reload-of-nobody-is-404 ;; *) say 1 reload-of-nobody-is-404 ;; esac
mv "$work/b/kept" "$work/b/adapter_config.json"
case $(client "$pair" '') in 200*) say 0 reload-of-good-ones ;; *) say 1 reload-of-good-ones ;; esac
after=$(client "$pair" scores)
[ "${after% *}" != "${before% *}" ] && [ "${after#* }" = "${before#* }" ]; say $? reload-takes-what-is-new

# Another template, end, length, tokenizer, offset: another fingerprint. Nothing changed: the same.
fingerprint() { # OPTION...
    start print "$@" >/dev/null
    client "$port" print
    kill "$started"; wait "$started" 2>/dev/null
}
plain=$(fingerprint --model "$work/one")
[ ${#plain} -eq 32 ] && [ "$(fingerprint --model "$work/one")" = "$plain" ]; say $? fingerprint-stays-where-nothing-changed
differs() { # NAME OPTION...
    local name=$1 got; shift
    got=$(fingerprint "$@")
    [ ${#got} -eq 32 ] && [ "$got" != "$plain" ]; say $? "fingerprint-covers-$name"
}
differs template --model "$work/one" --template plain
differs end --model "$work/one" --append-eos true
differs length --model "$work/one" --max-length 77
differs activation --model "$work/one" --activation sigmoid
cp -r "$work/one" "$work/offset"
python3 - "$work/offset" <<'PYTHON'
import json, sys
path = sys.argv[1] + "/assay.json"
settings = json.load(open(path)); settings["score_offset"] = 0.5; json.dump(settings, open(path, "w"))
PYTHON
differs offset --model "$work/offset"
cp -r "$work/one" "$work/tokenizer"; echo >>"$work/tokenizer/tokenizer_config.json"
differs tokenizer-files --model "$work/tokenizer"
"$assay" inspect --json "$work/one" >"$work/inspected" 2>/dev/null
! grep -q "$plain" "$work/inspected"; say $? inspect-keeps-the-fingerprint-of-weights
