#!/usr/bin/env bash
# One version in all places, and none of it in a fingerprint: a program of another version, linked of the same objects, trains to the same
# fingerprints, goes on from this one's checkpoint and serves this one's model under the same name.
. tests/cli/check.inc
version=$(sed -n 's/^#define ASSAY_VERSION "\(.*\)"/\1/p' src/base/version.h)
check version 0 out "^assay ${version//./\\.} (commit " version
[ "$(sed -n 's/^## \([0-9][0-9.]*\) ([0-9-]*)$/\1/p' CHANGELOG.md | head -n 1)" = "$version" ]; say $? changelog-has-a-part-of-this-version
grep -q "\"$version\"; not to be freed" include/assay.h; say $? header-says-this-version
PYTHONPATH=python ASSAY_LIBRARY=$PWD/build/libassay.so python3 -c "import assay; assert assay.version() == '$version', assay.version()"; say $? python-says-this-version

other=$work/assay-other
mapfile -t sources < <(grep -l '"base/version.h"' src/*/*.c)
gcc -std=c17 -D_GNU_SOURCE -Isrc -Iinclude -O1 -ffp-contract=off '-DASSAY_VERSION="9.9.9"' '-DASSAY_COMMIT="other"' "${sources[@]}" src/cli/main.c build/libassay.a -o "$other" \
    $(sed -n 's/^LIBS *:= *//p' Makefile) 2>"$work/err" || cat "$work/err"
[ "$("$other" version)" = "assay 9.9.9 (commit other)" ]; say $? another-version-is-built

"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
head -n 12 examples/medical_train.jsonl >"$work/pairs.jsonl"
options=(--model "$work/base" --data "$work/pairs.jsonl" --eval-split off --batch-pairs 2 --save-steps 2 --quiet)
"$assay" train "${options[@]}" --output "$work/mine" 2>/dev/null
"$other" train "${options[@]}" --output "$work/theirs" 2>/dev/null
fingerprints() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["fingerprints"])' "$1/assay.json"; }
[ -n "$(fingerprints "$work/mine")" ] && [ "$(fingerprints "$work/mine")" = "$(fingerprints "$work/theirs")" ]; say $? fingerprints-of-a-run
cmp -s "$work/mine/checkpoint-6/state.json" "$work/theirs/checkpoint-6/state.json"; say $? what-a-checkpoint-says-of-itself
cmp -s "$work/mine/adapter_model.safetensors" "$work/theirs/adapter_model.safetensors"; say $? bytes-of-an-adapter
grep -q '9\.9\.9' "$work/theirs/assay.json" && ! grep -q "$version" "$work/theirs/assay.json"; say $? the-other-one-says-its-version

cp -r "$work/mine" "$work/half" && rm -rf "$work/half/checkpoint-6" "$work/half/adapter_model.safetensors"
"$other" train "${options[@]}" --output "$work/half" --resume 2>"$work/err" && cmp -s "$work/mine/adapter_model.safetensors" "$work/half/adapter_model.safetensors"
say $? another-version-goes-on-from-a-checkpoint

served() { # PROGRAM: the fingerprint under which it serves $work/mine
    "$1" serve --model "$work/mine" --port 0 --quiet >"$work/serve" 2>/dev/null &
    local server=$!
    until_true 60 grep -q listening "$work/serve"
    python3 -c 'import json, sys, urllib.request as u; print(json.load(u.urlopen(sys.argv[1] + "/v1/models"))["data"][0]["fingerprint"])' "$(awk '{ print $NF }' "$work/serve")"
    kill "$server" && wait "$server"
}
mine=$(served "$assay")
[ ${#mine} -eq 32 ] && [ "$mine" = "$(served "$other")" ]; say $? fingerprint-of-a-served-model
inspected() { "$1" inspect "$work/mine" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["fingerprint"])'; }
[ "$(inspected "$assay")" = "$(inspected "$other")" ]; say $? fingerprint-of-inspect
