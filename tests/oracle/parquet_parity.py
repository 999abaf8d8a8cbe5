"""Random tables in every codec, encoding, page version and nesting, written by pyarrow and read by Assay; says how many cells differ from
what was written.

    scripts/build release build/tests/test_parquet
    python3 tests/oracle/parquet_parity.py [TABLES] [SEED]

A cell is a number, text, bool, null, empty list or empty object. The last line is "N tables, N rows, N cells, N differ"; the exit code is 1
where any does. Needs pyarrow; by hand."""
import datetime
import json
import os
import random
import string
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from parquet_rows import rows

PROGRAM = "build/tests/test_parquet"
EPOCH = datetime.datetime(1970, 1, 1)
WHOLE = {pa.int8(): (-2**7, 2**7 - 1), pa.int16(): (-2**15, 2**15 - 1), pa.int32(): (-2**31, 2**31 - 1), pa.int64(): (-2**63, 2**63 - 1),
         pa.uint8(): (0, 2**8 - 1), pa.uint16(): (0, 2**16 - 1), pa.uint32(): (0, 2**32 - 1), pa.uint64(): (0, 2**64 - 1)}
REAL = [pa.float32(), pa.float64()]
TEXT = [pa.string(), pa.large_string()]
TIMES = [pa.date32(), pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]
LEAVES = list(WHOLE) + REAL + TEXT + TIMES + [pa.bool_(), pa.null()]


def random_type(rand, depth=0):
    choice = rand.random()
    if depth == 4 or choice < 0.45:
        return rand.choice(LEAVES)
    if choice < 0.70:
        return rand.choice([pa.list_, pa.large_list])(random_type(rand, depth + 1))
    if choice < 0.92:
        return pa.struct([random_field(rand, f"f{i}", depth + 1) for i in range(rand.randrange(1, 4))])
    return pa.map_(rand.choice([pa.string(), pa.int32(), pa.uint64()]), random_type(rand, depth + 1))


def random_field(rand, name, depth=0):
    kind = random_type(rand, depth)
    return pa.field(name, kind, nullable=pa.types.is_null(kind) or rand.random() < 0.8)


def random_text(rand):
    alphabet = string.ascii_letters + " \"\\\n\t\0\x1f\u00e9\u4f60\U0001f600"
    text = "".join(rand.choice(alphabet) for _ in range(rand.choice([0, 1, 5, 20, 200])))
    return rand.choice(["", "the same beginning "]) + text


def random_real(rand, kind):
    value = rand.choice([0.0, -0.0, rand.random(), rand.gauss(0, 1e6), rand.uniform(-1, 1) * 10.0 ** rand.randrange(-300, 300), float(rand.randrange(10**6))])
    return value if kind == pa.float64() or abs(value) < 3e38 else 1.5


def random_time(rand, kind):
    if kind == pa.date32():
        return (EPOCH + datetime.timedelta(days=rand.randrange(-700000, 2900000))).date()
    if kind == pa.timestamp("ns"):
        return rand.randrange(-2**62, 2**62)
    if pa.types.is_timestamp(kind):
        step = 1000 if kind.unit == "ms" else 1
        when = EPOCH + datetime.timedelta(microseconds=rand.randrange(-6 * 10**16, 2 * 10**17) // step * step)
        return when.replace(tzinfo=datetime.timezone.utc if kind.tz else None)
    if kind == pa.time64("ns"):
        return rand.randrange(86400 * 10**9)
    return (EPOCH + datetime.timedelta(milliseconds=rand.randrange(86400000))).time()


def random_value(rand, kind, nullable, nulls):
    if pa.types.is_null(kind) or nullable and rand.random() < nulls:
        return None
    if kind in WHOLE:
        low, high = WHOLE[kind]
        return rand.choice([low, high, 0, 1, rand.randint(low, high)])
    if kind in REAL:
        return random_real(rand, kind)
    if kind in TEXT:
        return random_text(rand)
    if kind in TIMES:
        return random_time(rand, kind)
    if pa.types.is_boolean(kind):
        return rand.random() < 0.8
    if pa.types.is_struct(kind):
        return {f.name: random_value(rand, f.type, f.nullable, nulls) for f in kind}
    if pa.types.is_map(kind):
        keys = {random_value(rand, kind.key_type, False, 0) for _ in range(rand.randrange(4))}
        return [(key, random_value(rand, kind.item_type, True, nulls)) for key in sorted(keys)]
    return [random_value(rand, kind.value_type, True, nulls) for _ in range(rand.choice([0, 0, 1, 2, 5]))]


def random_table(rand):
    count, arrays = rand.choice([1, 7, 50, 300]), []
    fields = [random_field(rand, f"c{i}") for i in range(rand.randrange(1, 6))]
    for field in fields:
        nulls, repeats = rand.choice([0, 0.1, 0.9]), rand.random() < 0.3
        values = [random_value(rand, field.type, field.nullable, nulls) for _ in range(count)]
        arrays.append(pa.array(rand.choices(values[:3], k=count) if repeats else values, field.type))
    return pa.table(arrays, schema=pa.schema(fields))


def leaves(kind, path):
    if pa.types.is_map(kind):
        return leaves(kind.key_type, path + ".key_value.key") + leaves(kind.item_type, path + ".key_value.value")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return leaves(kind.value_type, path + ".list.element")
    if pa.types.is_struct(kind):
        return [leaf for f in kind for leaf in leaves(f.type, f"{path}.{f.name}")]
    return [(path, kind)]


def random_encoding(rand, kind):
    if kind in TEXT:
        return rand.choice(["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])
    if pa.types.is_boolean(kind):
        return rand.choice(["PLAIN", "RLE"])
    if kind in REAL:
        return rand.choice(["PLAIN", "BYTE_STREAM_SPLIT"])
    return rand.choice(["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"])


def random_options(rand, table):
    options = {"compression": rand.choice(["none", "snappy", "gzip", "zstd"]), "data_page_version": rand.choice(["1.0", "2.0"]),
               "row_group_size": rand.choice([3, 40, 1000]), "data_page_size": rand.choice([1, 100, 1 << 20]),
               "write_batch_size": rand.choice([1, 10, 1024]), "write_page_checksum": rand.random() < 0.3,
               "dictionary_pagesize_limit": rand.choice([50, 1 << 20]), "use_compliant_nested_type": rand.random() < 0.8,
               "version": rand.choice(["1.0", "2.4", "2.6", "2.6"]) if "[ns]" not in str(table.schema) else "2.6", "store_schema": True}
    options["use_dictionary"] = rand.random() < 0.5
    if not options["use_dictionary"] and options["use_compliant_nested_type"]:
        options["column_encoding"] = {path: random_encoding(rand, kind) for name in table.column_names
                                      for path, kind in leaves(table.schema.field(name).type, name)}
    return options


def cells(value):
    if isinstance(value, dict) and value:
        return sum(cells(v) for v in value.values())
    if isinstance(value, list) and value:
        return sum(cells(v) for v in value)
    return 1


def same(a, b):
    """Types as well: 1 is not 1.0, and -0.0 not 0.0."""
    return json.dumps(a) == json.dumps(b)


def differing(a, b):
    if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
        return sum(differing(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return sum(differing(x, y) for x, y in zip(a, b))
    return 0 if same(a, b) else 1


def main():
    tables, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 500, int(sys.argv[2]) if len(sys.argv) > 2 else 0
    all_rows = all_cells = all_differ = unread = written = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.parquet")
        for number in range(seed, seed + tables):
            rand = random.Random(number)
            table = random_table(rand)
            options = random_options(rand, table)
            try:
                pq.write_table(table, path, **options)
            except (pa.ArrowException, OSError) as error:
                print(f"table {number}: pyarrow does not write it: {str(error)[:150]}")
                continue
            written += 1
            run = subprocess.run([PROGRAM, "dump", path], capture_output=True)
            wanted = list(rows(table))
            found = [json.loads(line) for line in run.stdout.decode().split("\n") if line]
            if run.returncode != 0 or len(found) != len(wanted):
                unread += 1
                print(f"table {number}: {options}: {len(found)} of {len(wanted)} rows: {run.stderr.decode()[:300]}")
                continue
            differ = sum(differing(a, b) for a, b in zip(wanted, found))
            if differ:
                print(f"table {number}: {options}: {differ} cells differ: {next((a, b) for a, b in zip(wanted, found) if differing(a, b))}"[:1500])
            all_rows, all_cells, all_differ = all_rows + len(wanted), all_cells + sum(map(cells, wanted)), all_differ + differ
    print(f"{written} tables, {all_rows} rows, {all_cells} cells, {all_differ} differ, {unread} tables not read")
    return 1 if all_differ or unread else 0


sys.exit(main())
