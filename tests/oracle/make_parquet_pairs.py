"""Pair files of tests/data/pairs as Parquet, in the way `datasets` writes them (snappy, dictionaries, lists of structs): the golden files
tests/data/parquet/*.parquet of tests/test_data_files.c.

    python3 tests/oracle/make_parquet_pairs.py

Needs pyarrow; by hand."""
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

FILES = ["implicit.jsonl", "swift.jsonl", "medicalgpt.jsonl", "llama_factory.json"]


def records(path):
    text = open(path, encoding="utf-8-sig").read()
    return json.loads(text) if path.endswith(".json") else [json.loads(line) for line in text.split("\n") if line.strip()]


os.makedirs("tests/data/parquet", exist_ok=True)
for name in FILES:
    rows = records("tests/data/pairs/" + name)
    names = dict.fromkeys(key for row in rows for key in row)
    table = pa.table({key: [row.get(key) for row in rows] for key in names})
    pq.write_table(table, f"tests/data/parquet/{name.split('.')[0]}.parquet", row_group_size=1000)
    print(name, len(table), table.schema.names)
