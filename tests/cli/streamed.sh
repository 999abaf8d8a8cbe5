#!/usr/bin/env bash
# Weights that do not fit stay in their files and come while others compute: adapters are those of a run that keeps all weights, to the last bit,
# for plain, packed and permuted weights and those of several tensors, in f32 and bf16; what was read is in the metrics, and no more than planned.
# So are the scores of `score`, `eval`, `forward` and `serve`.
. tests/cli/check.inc
. tests/cli/parted.inc
for i in 1 2 3 4 5 6; do echo '{"prompt": "Where is it, number '$i'?", "chosen": "It is over there, behind the door.", "rejected": "No '$i' idea."}'; done >"$work/pairs.jsonl"
common=(--data "$work/pairs.jsonl" --eval-split off --batch-pairs 3 --quiet)
field() { grep -oE "\"$1\": ?[0-9.e+-]+" "$2" | head -n 1 | grep -oE '[0-9.e+-]+$'; }

# least MODEL OPTION...: bytes of the smallest plan, which streams weights, or nothing. The whole plan is $work/plan.
least() {
    local model=$1; shift
    "$assay" plan --model "$model" "${common[@]}" "$@" --memory 1K --json >"$work/plan" 2>/dev/null
    grep -q '"streamed"' "$work/plan" && field peak_bytes "$work/plan"
}

# same NAME MODEL OPTION...: trained in the least memory with weights streamed, and with all of them kept.
same() {
    local name=$1 model=$2 memory; shift 2
    memory=$(least "$model" "$@")
    [ -n "$memory" ] && "$assay" train --model "$model" "${common[@]}" "$@" --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1 &&
        "$assay" train --model "$model" "${common[@]}" "$@" --output "$work/r" --force --threads 1 >"$work/out" 2>&1 &&
        cmp -s "$work/s/adapter_model.safetensors" "$work/r/adapter_model.safetensors" &&
        [ "$(field read_bytes "$work/s/metrics.jsonl")" -gt 0 ] && ! grep -q read_bytes "$work/r/metrics.jsonl"
    say $? "$name-has-the-same-bits"
}

for arch in llama chatglm2 qwen2; do
    "$assay" init --arch "$arch" --layers 6 --hidden 256 --ffn 512 --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    for precision in f32 bf16; do same "$arch-$precision" "$work/$arch" --precision "$precision" --lora-targets all; done
done
same llama-head "$work/llama" --tuning head --lr 1e-2

# In blocks, llama's q and k with their rows moved; in parts.
"$assay" convert "$work/llama" --quantize q4_k --output "$work/packed" --quiet >/dev/null
for precision in f32 bf16; do same "packed-$precision" "$work/packed" --precision "$precision" --recompute all; done
for kind in nf4 'nf4 nested' int8 fp8 'gptq nested' 'ct nested'; do
    # shellcheck disable=SC2086
    set -- $kind
    part "$work/qwen2" "$1" "$work/parted" "${2:-}"
    same "parted-${kind// /-}" "$work/parted"
done

# No more is read than a plan says: each layer at most twice a micro-batch.
memory=$(least "$work/chatglm2" --micro-tokens 128)
"$assay" train --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --output "$work/s" --force >"$work/out" 2>&1
"$assay" plan --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --json >"$work/plan" 2>/dev/null
[ "$(field read_bytes "$work/s/metrics.jsonl")" -le "$(field read_bytes_step "$work/plan")" ] && [ "$(field planned_bytes "$work/s/metrics.jsonl")" -le "$memory" ]
say $? reads-and-holds-what-was-planned
check plan-says-it 0 out 'Weights are streamed: .* do not stay in memory' plan --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory"
seen plan-says-the-time out 'a step takes'
check train-says-it 0 err 'do not stay in memory: they are read' train --model "$work/chatglm2" "${common[@]}" --micro-tokens 128 --memory "$memory" --output "$work/s" --force --no-quiet

# A shape without files is planned, too; where all weights fit, nothing is streamed.
check a-shape-is-planned 0 out '"read_bytes_micro_batch"' plan --model chatglm2-6b --max-length 512 --precision f32 --memory 3G --json
check what-fits-is-kept 0 out '"fits": *true' plan --model "$work/llama" "${common[@]}" --json
! grep -q '"read_bytes_micro_batch"' "$work/out"
say $? and-not-streamed

# Interrupted while weights stream, and gone on with all of them kept: one run.
memory=$(least "$work/llama")
"$assay" train --model "$work/llama" "${common[@]}" --memory "$memory" --epochs 2 --save-steps 2 --keep all --output "$work/whole" >"$work/out" 2>&1
cp -r "$work/whole" "$work/half" && rm -r "$work/half/checkpoint-4"
"$assay" train --model "$work/llama" "${common[@]}" --epochs 2 --save-steps 2 --keep all --output "$work/half" --resume "$work/half/checkpoint-2" >"$work/out" 2>&1
cmp -s "$work/whole/adapter_model.safetensors" "$work/half/adapter_model.safetensors"
say $? resumed-without-streaming

# ---- scores ----

for i in 1 2 3 4 5 6; do echo '{"prompt": "Where is it, number '$i'?", "response": "It is over there, behind the door, '$i' steps on."}'; done >"$work/answers.jsonl"

# room ENGINES ARGUMENT...: bytes in which the command's smallest plan fits, whose weights are streamed: what stays, and so many engines.
room() {
    local engines=$1; shift
    "$assay" "$@" --memory 1K 2>&1 >/dev/null | sed -nE 's/.*needs [0-9.]+ MiB \(([0-9.]+) MiB of weights.*, ([0-9.]+) MiB for a micro-batch.*/\1 \2/p' |
        awk -v engines="$engines" 'NF == 2 { printf "%d", ($1 + 0.06 + engines * ($2 + 0.06)) * 1048576 }'
}

# as_kept NAME OUTPUT ARGUMENT...: what the command prints (or writes to OUTPUT) with weights streamed and with all of them kept.
as_kept() {
    local name=$1 output=$2 memory threads; shift 2
    memory=kept
    "$assay" "$@" --threads 1 >"$work/kept" 2>"$work/err" && ! grep -q 'do not stay in memory' "$work/err" || memory=
    [ -z "$output" ] || cp "$output" "$work/kept"
    for threads in 1 2; do
        [ -z "$memory" ] || memory=$(room 1 "$@" --threads $threads)
        [ -n "$memory" ] && "$assay" "$@" --memory "$memory" --threads $threads >"$work/streamed" 2>"$work/err" && grep -q 'do not stay in memory' "$work/err"
        [ $? -eq 0 ] || { memory=; tail -n 3 "$work/err"; break; }
        [ -z "$output" ] || cp "$output" "$work/streamed"
        cmp -s "$work/kept" "$work/streamed" || memory=
    done
    [ -n "$memory" ]
    say $? "$name-is-as-with-all-weights-kept"
}

short=(--max-length 96)
"$assay" train --model "$work/qwen2" "${common[@]}" --lora-targets all --lr 1e-2 --output "$work/judge" --force >"$work/out" 2>&1
for precision in f32 bf16; do as_kept "score-$precision" "" score --model "$work/judge" --input "$work/answers.jsonl" "${short[@]}" --precision $precision; done
as_kept trace "" score --model "$work/judge" --input "$work/answers.jsonl" "${short[@]}" --trace
as_kept eval "" eval --model "$work/judge" --data "$work/pairs.jsonl" --json
as_kept forward "$work/states" forward --model "$work/judge" --input "$work/answers.jsonl" "${short[@]}" --hidden-states --attentions --output "$work/states"
"$assay" train --model "$work/packed" "${common[@]}" --lora-targets all --output "$work/packed-judge" --force >"$work/out" 2>&1
as_kept score-packed "" score --model "$work/packed-judge" --input "$work/answers.jsonl" "${short[@]}"

# In shards; the files are larger than the process ever is.
"$assay" init --arch llama --layers 8 --hidden 512 --ffn 2048 --dtype f32 --head 1 --output "$work/large" --quiet >/dev/null
python3 - "$work/large" <<'PY'
import json, os, sys

folder = sys.argv[1]
with open(folder + "/model.safetensors", "rb") as file:
    size = int.from_bytes(file.read(8), "little")
    header, data = json.loads(file.read(size)), file.read()
header.pop("__metadata__", None)
names, where = sorted(header), {}
for number, part in enumerate((names[::2], names[1::2]), 1):
    entries, blob, shard = {}, bytearray(), "model-%05d-of-00002.safetensors" % number
    for name in part:
        first, end = header[name]["data_offsets"]
        entries[name] = header[name] | {"data_offsets": [len(blob), len(blob) + end - first]}
        blob += data[first:end]
        where[name] = shard
    text = json.dumps(entries).encode()
    with open(folder + "/" + shard, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + blob)
os.remove(folder + "/model.safetensors")
json.dump({"metadata": {}, "weight_map": where}, open(folder + "/model.safetensors.index.json", "w"))
PY
as_kept score-shards "" score --model "$work/large" --input "$work/answers.jsonl" "${short[@]}"
cat >"$work/peak.py" <<'PY'
import resource, subprocess, sys

done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 if done.returncode == 0 else 1 << 60)
PY
memory=$(room 1 score --model "$work/large" --input "$work/answers.jsonl" "${short[@]}" --threads 1)
weights=$(cat "$work/large"/*.safetensors | wc -c)
peak=$(python3 "$work/peak.py" "$assay" score --model "$work/large" --input "$work/answers.jsonl" "${short[@]}" --memory "$memory" --threads 1)
[ "$peak" -lt $((weights * 2 / 3)) ]
say $? holds-less-than-the-weights

# A file that is cut while it is scored from ends the command by its name; one that does not fit at all says what would.
check not-even-streamed 3 err 'needs .* MiB' score --model "$work/large" --input "$work/answers.jsonl" --memory 2M

# ---- a server ----

. tests/cli/serve.inc
cat >"$work/ask.py" <<'PY'
import json, sys, urllib.error, urllib.request

# Every text alone, then all of them in one request.
port, texts = sys.argv[1], [json.loads(line)["text"] for line in open(sys.argv[2])]


def ask(query):
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/get_reward", body, {"Content-Type": "application/json"})
    try:
        return json.load(urllib.request.urlopen(request, timeout=600))["rewards"]
    except urllib.error.HTTPError as error:
        sys.exit("%d %s" % (error.code, json.load(error)["error"]["message"]))


wanted = [json.loads(line)["score"] for line in open(sys.argv[3])]
sys.exit(0 if [ask([text])[0] for text in texts] == wanted and ask(texts) == wanted else "other scores")
PY
sed -E 's/.*"response": (.*)\}$/{"text": \1}/' "$work/answers.jsonl" >"$work/texts.jsonl"
"$assay" score --model "$work/large" --input "$work/texts.jsonl" "${short[@]}" >"$work/scores"
memory=$(room 2 serve --model "$work/large" --port 0 "${short[@]}" --threads 2)
start streamed --model "$work/large" "${short[@]}" --memory "$memory" --threads 2; streamed=$port streamed_pid=$started
python3 "$work/ask.py" "$streamed" "$work/texts.jsonl" "$work/scores"; say $? a-server-streams-to-the-same-scores
grep -q 'weights streamed: [0-9]* KiB read for every micro-batch' "$work/streamed.err"; say $? and-says-so-at-its-start

# A file that is cut while a server reads it: the answer is an error without a path, the log names the tensor, and a reload mends it.
shard=$work/large/model-00001-of-00002.safetensors
cp "$shard" "$work/shard" && truncate -s 100000 "$shard"
python3 "$work/ask.py" "$streamed" "$work/texts.jsonl" "$work/scores" 2>"$work/refused"
grep -q '^500 the model.s weights cannot be read' "$work/refused" && ! grep -q "$work" "$work/refused" && grep -q "weights cannot be read: $shard" "$work/streamed.err"
say $? a-cut-file-is-an-error-and-the-log-names-it
cat "$work/shard" >"$shard"
kill -HUP "$streamed_pid"; wait_for "$work/streamed.err" reloaded
python3 "$work/ask.py" "$streamed" "$work/texts.jsonl" "$work/scores"; say $? loaded-again-it-scores-as-before
kill -TERM "$streamed_pid"; wait "$streamed_pid"; say $? and-ends-cleanly
