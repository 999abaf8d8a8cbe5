#!/usr/bin/env bash
# Parquet wherever JSON lines are read: the same results, to the byte.
. tests/cli/check.inc

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
lines=tests/data/pairs/implicit.jsonl table=tests/data/parquet/implicit.parquet

check check-lines 0 out '"records": 2' data check $lines --json
mv "$work/out" "$work/wanted"
check check-table 0 out '"records": 2' data check $table --json
cmp -s "$work/out" "$work/wanted"; say $? check-is-equal

check convert-lines 0 out '^2 pairs' data convert $lines --output "$work/lines.jsonl"
check convert-table 0 out '^2 pairs' data convert $table --output "$work/table.jsonl"
cmp -s "$work/lines.jsonl" "$work/table.jsonl"; say $? convert-is-equal

train() { "$assay" train --model "$work/model" --data "$1" --eval-split off --output "$2" --epochs 1 --batch-pairs 2 --seed 1 --quiet >/dev/null 2>&1; }
train $lines "$work/a" && train $table "$work/b"; say $? trains
cmp -s "$work/a/adapter_model.safetensors" "$work/b/adapter_model.safetensors"; say $? train-is-equal

check score-lines 0 out '^{"index"' score --model "$work/a" --input $lines
mv "$work/out" "$work/wanted"
check score-table 0 out '^{"index"' score --model "$work/a" --input $table
cmp -s "$work/out" "$work/wanted"; say $? score-is-equal
cp $table "$work/in"
check score-pipe 1 err 'standard input is a Parquet file that comes through a pipe.*give the file by its name' score --model "$work/a"
rm "$work/in"

check eval-lines 0 out '"pairs"' eval --model "$work/a" --data $lines --json
mv "$work/out" "$work/wanted"
check eval-table 0 out '"pairs"' eval --model "$work/a" --data $table --json
cmp -s "$work/out" "$work/wanted"; say $? eval-is-equal

# the hub's cache, by split
snapshot=$work/cache/datasets--org--name/snapshots/abc/data
mkdir -p "$snapshot"
cp $table "$snapshot/train-00000-of-00001.parquet"
cp tests/data/parquet/swift.parquet "$snapshot/test-00000-of-00001.parquet"
export HF_HUB_CACHE=$work/cache
check hub 0 out '"files": 1' data check org/name --json
seen hub-note err 'the split train is read; left out: test (--data org/name/SPLIT'
check hub-split 0 out 'ms-swift' data check org/name/test --json
check hub-eval 0 out '"pairs"' eval --model "$work/a" --data org/name --json
seen hub-eval-note err 'the split train is read'
