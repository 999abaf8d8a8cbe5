"""Pairs written by the `datasets` library as Parquet, in every codec and page version it can be told, against the same rows as JSON lines:
`assay data convert` must write the same bytes from both, and the rows must be those that `datasets` itself hands out.

    scripts/build release build/assay build/tests/test_parquet
    python3 tests/oracle/parquet_datasets.py [ROWS] [SEED]

The last line is "N files, N rows, N cells, N differ"; the exit code is 1 where any does. Needs datasets and pyarrow; by hand."""
import json
import os
import random
import subprocess
import sys
import tempfile

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

ASSAY, ROWS = "build/assay", "build/tests/test_parquet"
WORDS = "good bad answer prompt \u4f60\u597d \U0001f600 a\"b line\n back\\slash \t".split(" ")
CODECS = [dict(compression=c, data_page_version=v, use_dictionary=d) for c in ("snappy", "zstd", "gzip", "none") for v in ("1.0", "2.0")
          for d in (True, False)]
OWN = [dict(batch_size=b, data_page_version=v) for b in (37, 1000) for v in ("1.0", "2.0")] # to_parquet chooses codecs itself


def text(rand, least=1):
    return " ".join(rand.choices(WORDS, k=rand.randrange(least, 40)))


def message(role, content):
    return {"role": role, "content": content}


def talk(rand, prompt):
    return [message("user", prompt), message("assistant", text(rand))]


def ultrafeedback(rand, i):
    prompt = text(rand)
    return {"prompt": prompt, "prompt_id": str(i), "chosen": talk(rand, prompt), "rejected": talk(rand, prompt), "score_chosen": rand.random() * 10,
            "score_rejected": rand.choice([None, rand.random()])}


def preference(rand, i):
    return {"id": i, "prompt": text(rand), "chosen": text(rand), "rejected": text(rand), "margin": rand.choice([None, rand.random(), 3.0]),
            "subset": rand.choice(["math", "chat", None]), "tags": [text(rand) for _ in range(rand.randrange(3))]}


def sharegpt(rand, i):
    turns = [{"from": rand.choice(["human", "user"]), "value": text(rand)}]
    return {"conversations": turns, "chosen": {"from": "gpt", "value": text(rand)}, "rejected": {"from": "gpt", "value": text(rand)}, "id": f"q{i}"}


def scored(rand, i):
    count = rand.randrange(2, 6)
    return {"prompt": text(rand), "responses": [text(rand) for _ in range(count)], "scores": [rand.random() for _ in range(count)],
            "meta": {"model": text(rand), "votes": [[rand.randrange(5)] for _ in range(rand.randrange(3))]}}


def cells(value):
    if isinstance(value, dict):
        return sum(map(cells, value.values())) or 1
    return (sum(map(cells, value)) or 1) if isinstance(value, list) else 1


def convert(path, out):
    subprocess.run([ASSAY, "data", "convert", path, "--output", out, "--force", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return open(out, "rb").read()


def compare(folder, table, rows, way):
    path, lines = os.path.join(folder, "rows.parquet"), os.path.join(folder, "rows.jsonl")
    data = datasets.Dataset(datasets.table.InMemoryTable(table), fingerprint="x")
    if "compression" in way:
        pq.write_table(data.data.table, path, row_group_size=100, **way)
    else:
        data.to_parquet(path, **way)
    back = datasets.Dataset(datasets.table.InMemoryTable(pq.read_table(path)), fingerprint="x").to_list()
    with open(lines, "w", encoding="utf-8") as handle:
        handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in back)
    dumped = subprocess.run([ROWS, "dump", path], check=True, capture_output=True).stdout.decode()
    found = [json.loads(line) for line in dumped.split("\n") if line]
    differ = sum(json.dumps(a) != json.dumps(b) for a, b in zip(found, back)) + abs(len(found) - len(back)) + (back != rows)
    differ += convert(path, os.path.join(folder, "a.jsonl")) != convert(lines, os.path.join(folder, "b.jsonl"))
    return differ


def main():
    count, seed = (list(map(int, sys.argv[1:])) + [1000, 1][len(sys.argv) - 1:])[:2]
    datasets.disable_progress_bars()
    rand, totals = random.Random(seed), [0, 0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for make in (ultrafeedback, preference, sharegpt, scored):
            rows = [make(rand, i) for i in range(count)]
            table = pa.Table.from_pylist(rows)
            for way in CODECS + OWN:
                differ = compare(folder, table, table.to_pylist(), way)
                totals = [a + b for a, b in zip(totals, (1, count, cells(rows), differ))]
                if differ:
                    print(make.__name__, way, differ)
    print("%d files, %d rows, %d cells, %d differ" % tuple(totals))
    return totals[3] != 0


sys.exit(main())
