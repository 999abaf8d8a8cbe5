#!/usr/bin/env bash
# init, convert, merge, inspect, models: folders that are whole or not there, and what is said of them.
assay=${ASSAY:-build/assay}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME EXIT_CODE WHERE PATTERN ARGUMENT...   (WHERE: out, err)
check() {
    local name=$1 code=$2 where=$3 pattern=$4 got; shift 4
    "$assay" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ "$got" -ne "$code" ]; then echo "not ok $name (exit $got, not $code)"; cat "$work/err"
    elif ! grep -q -e "$pattern" "$work/$where"; then echo "not ok $name (no \"$pattern\" on std$where)"; cat "$work/$where"
    else echo "ok $name"; fi
}
say() { if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

check models 0 out 'ChatGLMForSequenceClassification' models
check models-json 0 out '^{"architectures": \[{"name": "chatglm"' models --json
for arch in chatglm2 chatglm3 llama qwen2 glm; do
    check "init-$arch" 0 out 'parameters' init --arch "$arch" --output "$work/$arch"
    check "inspect-$arch" 0 out '"supported": true, "problems": \[\]' inspect "$work/$arch" --json
done
check init-again 2 err 'not empty; --force' init --arch llama --output "$work/llama"
check init-force 0 out 'parameters' init --arch llama --output "$work/llama" --force
check init-unknown 2 err 'there are chatglm2' init --arch lama --output "$work/x"
check init-no-output 2 err '--output is missing' init --arch llama
check init-three-layers 0 out 'parameters' init --arch qwen2 --layers 3 --dtype bf16 --output "$work/three"
check inspect-layers 0 out '^layers *3' inspect "$work/three"
mkdir "$work/mine" && echo keep >"$work/mine/letter"
check force-spares-others 2 err 'holds no model' init --arch llama --output "$work/mine" --force
[ -s "$work/mine/letter" ]; say $? force-spared

check convert-glm 0 out 'GlmForCausalLM' convert "$work/chatglm3" --format glm --output "$work/glm2"
check inspect-glm 0 out '"architecture": "glm"' inspect "$work/glm2" --json
check convert-glm-of-llama 2 err 'this is llama' convert "$work/llama" --format glm --output "$work/no"
check convert-onto-itself 2 err 'which this run reads' convert "$work/llama" --output "$work/llama" --force
check convert-reward 0 out 'GlmForSequenceClassification' convert tests/data/golden/chatglm --format glm --output "$work/reward"
grep -q score_offset "$work/reward/assay.json"; say $? score-offset
cp -r "$work/llama" "$work/broken" && truncate -s -100 "$work/broken/model.safetensors"
check convert-broken 1 err 'model.safetensors' convert "$work/broken" --output "$work/no"
check inspect-broken 0 out '"supported": false' inspect "$work/broken" --json
if ls -d "$work"/no "$work"/*.tmp-* >/dev/null 2>&1; then say 1 nothing-half; else say 0 nothing-half; fi

check merge-nothing 2 err 'no adapter' merge --model "$work/llama" --output "$work/no"
check merge-no-model 2 err '--model is missing' merge --output "$work/no"
check merge-lost-base 1 err 'some/base' merge --model tests/data/container/adapter --output "$work/no"
check inspect-adapter 0 out '^kind *adapter' inspect tests/data/container/adapter
check inspect-gguf 0 out '^kind *gguf' inspect tests/data/tokenizer/smollm.gguf
check inspect-tokenizer 0 out '"kind": "tokenizer"' inspect tests/data/tokenizer/llama --json
check inspect-bin 0 out '"kind": "bin"' inspect tests/data/container/mixed.bin --json
check inspect-nothing 1 err 'hf download' inspect no/where
