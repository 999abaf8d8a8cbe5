#!/usr/bin/env bash
# Weights of several tensors, as bitsandbytes stores them (NF4, FP4, INT8): trained packed, they give the adapter that the same values written
# out give, to the last bit, in f32 and bf16, under another schedule and thread count.
. tests/cli/check.inc
head -n 6 examples/medical_train.jsonl >"$work/pairs.jsonl"

# part MODEL KIND OUTPUT [nested]: MODEL (one file) with every matrix of its layers replaced by random blocks of KIND.
part() {
    rm -rf "$3" && cp -r "$1" "$3" && python3 - "$3" "$2" "${4:-}" <<'PY'
import json, random, struct, sys

folder, kind, nested = sys.argv[1:]
random.seed(kind + nested)
with open(folder + "/model.safetensors", "rb") as file:
    size = int.from_bytes(file.read(8), "little")
    header, data = json.loads(file.read(size)), file.read()
header.pop("__metadata__", None)
codes = {"nf4": [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
                 -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
                 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0],
         "fp4": [x / 12 for x in (0, 0.0625, 8, 12, 4, 6, 2, 3, -0.0, -0.0625, -8, -12, -4, -6, -2, -3)]}
floats = lambda values: struct.pack("<%df" % len(values), *values)
scales = lambda count: floats([random.uniform(0.01, 0.2) for _ in range(count)])
out = []

def part(name, rows, cols):
    blocks = -(-rows * cols // 64)
    if kind == "int8":
        out.append((name, "I8", [rows, cols], random.randbytes(rows * cols)))
        out.append((name[:-6] + "SCB", "F32", [rows], scales(rows)))
        out.append((name[:-6] + "weight_format", "U8", [], b"\0"))
        return
    state = {"quant_type": kind, "blocksize": 64, "dtype": "bfloat16", "shape": [rows, cols]}
    out.append((name, "U8", [(rows * cols + 1) // 2, 1], random.randbytes((rows * cols + 1) // 2)))
    out.append((name + ".quant_map", "F32", [16], floats(codes[kind])))
    if nested:
        state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.0625}
        out.append((name + ".absmax", "U8", [blocks], random.randbytes(blocks)))
        out.append((name + ".nested_absmax", "F32", [-(-blocks // 256)], scales(-(-blocks // 256))))
        out.append((name + ".nested_quant_map", "F32", [256], floats([i / 255 - 0.3 for i in range(256)])))
    else:
        out.append((name + ".absmax", "F32", [blocks], scales(blocks)))
    text = json.dumps(state).encode()
    out.append((name + ".quant_state.bitsandbytes__" + kind, "U8", [len(text)], text))

for name, tensor in sorted(header.items()):
    shape, (first, end) = tensor["shape"], tensor["data_offsets"]
    layered = "layers." in name or ".h." in name
    if layered and len(shape) == 2 and name.endswith(".weight"): part(name, *shape)
    else: out.append((name, tensor["dtype"], shape, data[first:end]))
entries, at = {}, 0
for name, dtype, shape, bytes_ in out:
    entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(bytes_)]}
    at += len(bytes_)
text = json.dumps(entries).encode()
with open(folder + "/model.safetensors", "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text + b"".join(bytes_ for *_, bytes_ in out))
config = json.load(open(folder + "/config.json"))
config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": kind != "int8", "load_in_8bit": kind == "int8"}
json.dump(config, open(folder + "/config.json", "w"))
PY
}

# same NAME PRECISION: what is trained on $work/parted is what is trained on it written out in that precision.
# Vectors are made in bf16, so that writing them out in bf16 changes none.
same() {
    "$assay" convert "$work/parted" --dtype "$2" --output "$work/whole" --force --quiet >"$work/out" || say 1 "$1-$2-is-written-out"
    local common=(--data "$work/pairs.jsonl" --epochs 1 --batch-pairs 3 --lora-targets all --precision "$2" --quiet --force)
    "$assay" train --model "$work/parted" "${common[@]}" --threads 1 --output "$work/p" >"$work/out" 2>&1 &&
        "$assay" train --model "$work/whole" "${common[@]}" --threads 2 --recompute all --output "$work/w" >"$work/out" 2>&1 &&
        cmp -s "$work/p/adapter_model.safetensors" "$work/w/adapter_model.safetensors"
    say $? "$1-$2-has-the-same-bits"
}

for arch in llama qwen2 chatglm3 bloom phi3; do
    "$assay" init --arch "$arch" --dtype bf16 --output "$work/$arch" --quiet >/dev/null
    for kind in nf4 'nf4 nested' fp4 int8; do
        [ "$arch" = llama ] || [ "$kind" != fp4 ] || continue
        # shellcheck disable=SC2086
        set -- $kind
        part "$work/$arch" "$1" "$work/parted" "${2:-}"
        for precision in f32 bf16; do same "$arch-${kind// /-}" "$precision"; done
    done
done

part "$work/llama" nf4 "$work/parted"
check shows-its-type 0 out 'NF4' inspect "$work/parted"
check plan-counts-packed 0 out '"weights"' plan --model "$work/parted" --data "$work/pairs.jsonl" --json
cp "$work/out" "$work/packed.json"
"$assay" plan --model "$work/llama" --data "$work/pairs.jsonl" --json >"$work/whole.json" 2>/dev/null
python3 -c 'import json, sys
packed, whole = (json.load(open(name))["classes"]["weights"] for name in sys.argv[1:])
sys.exit(packed >= whole)' "$work/packed.json" "$work/whole.json"
say $? plan-counts-few-bytes
"$assay" convert "$work/parted" --output "$work/whole" --force --quiet >"$work/out"
! grep -q quantization_config "$work/whole/config.json"
say $? written-out-is-not-called-quantised
check requantises 0 out 'Q5_0' convert "$work/parted" --quantize q4_k --output "$work/other" --force
part "$work/llama" int8 "$work/parted"
check says-what-int8-means 0 err 'LLM.int8' train --model "$work/parted" --data "$work/pairs.jsonl" --max-steps 1 --output "$work/p" --force
sed -i 's/"load_in_8bit": true/"load_in_8bit": false/' "$work/parted/config.json"
check neither-is-refused 1 err 'quantised (bitsandbytes)' score --model "$work/parted"
