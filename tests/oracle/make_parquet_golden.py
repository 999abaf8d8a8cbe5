"""Makes tests/data/container/parquet/: small Parquet files written by pyarrow, each with the rows it holds beside it.

Run from the repository root with a Python that has pyarrow. NAME.parquet is the file, ROWS.jsonl the rows of one or several of them as JSON, one a line, made from
what pyarrow reads back, not from what was written. parquet_rows.py says how a row becomes JSON. Every case is deterministic."""
import datetime
import os
import random
import shutil
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from parquet_rows import write_rows

OUT = "tests/data/container/parquet"
os.makedirs(OUT, exist_ok=True)
os.makedirs("fuzz/corpus/parquet", exist_ok=True)
written = set()
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
WORDS = "reward model prompt answer chosen rejected caf\u00e9 \u4f60\u597d \U0001f600 \"quoted\" back\\slash line\nbreak tab\t nul\0 \x1f".split(" ")


def sentence(rand, most=6):
    return " ".join(rand.choice(WORDS) for _ in range(rand.randrange(most + 1)))


def maybe(rand, make, share=0.2):
    return None if rand.random() < share else make()


def message(rand):
    return {"role": maybe(rand, lambda: rand.choice(["system", "user", "assistant"]), 0.05),
            "content": maybe(rand, lambda: sentence(rand))}


def messages(rand):
    return [maybe(rand, lambda: message(rand), 0.05) for _ in range(rand.randrange(4))]


def nested_table(rows=36, seed=1):
    """What datasets of preferences look like, with nulls at every level."""
    rand = random.Random(seed)
    some = lambda make: [maybe(rand, make) for _ in range(rows)]
    return pa.table({
        "prompt": pa.array(some(lambda: sentence(rand)), pa.string()),
        "chosen": pa.array(some(lambda: messages(rand)), MESSAGES),
        "scores": pa.array(some(lambda: [[maybe(rand, lambda: rand.gauss(0, 1)) for _ in range(rand.randrange(3))]
                                         for _ in range(rand.randrange(3))]), pa.list_(pa.list_(pa.float64()))),
        "meta": pa.array(some(lambda: {"id": maybe(rand, lambda: rand.randrange(-5, 300)),
                                       "inner": maybe(rand, lambda: {"flag": maybe(rand, lambda: rand.random() < 0.5),
                                                                     "tags": maybe(rand, lambda: [sentence(rand, 1)])})}),
                         pa.struct([("id", pa.int64()), ("inner", pa.struct([("flag", pa.bool_()), ("tags", pa.list_(pa.string()))]))])),
        "ratings": pa.array(some(lambda: [(k, maybe(rand, lambda: rand.random())) for k in rand.sample(["help", "truth", "tone"], rand.randrange(4))]),
                            pa.map_(pa.string(), pa.float32())),
        "turns": pa.array(some(lambda: [maybe(rand, lambda: messages(rand)) for _ in range(rand.randrange(3))]), pa.list_(MESSAGES)),
    })


def typed_table():
    """Every scalar type that is read, with its extremes and nulls."""
    when = datetime.datetime
    utc = datetime.timezone.utc
    columns = {
        "i8": (pa.int8(), [-128, 127, None, 0]),
        "i16": (pa.int16(), [-32768, 32767, 5, None]),
        "i32": (pa.int32(), [-2**31, 2**31 - 1, None, 1]),
        "i64": (pa.int64(), [-2**63, 2**63 - 1, 0, None]),
        "u8": (pa.uint8(), [0, 255, None, 1]),
        "u16": (pa.uint16(), [0, 65535, None, 1]),
        "u32": (pa.uint32(), [0, 2**32 - 1, None, 2**31]),
        "u64": (pa.uint64(), [0, 2**63 - 1, None, 2**63 - 2]),
        "f32": (pa.float32(), [0.1, -0.0, 3.4028234663852886e38, None]),
        "f64": (pa.float64(), [0.1, 1e-320, 1.7976931348623157e308, 1e22]),
        "more": (pa.float64(), [123456.75, 1e15, 1e16, 0.00001234]),
        "flag": (pa.bool_(), [True, False, None, True]),
        "text": (pa.string(), ["", "plain", None, "\u00e9\"\\\n\0\U0010ffff"]),
        "large": (pa.large_string(), ["x" * 3000, "", None, "y"]),
        "category": (pa.dictionary(pa.int32(), pa.string()), ["a", "b", None, "a"]),
        "nothing": (pa.null(), [None] * 4),
        "day": (pa.date32(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2024, 2, 29), None]),
        "at_ms": (pa.timestamp("ms"), [when(1969, 12, 31, 23, 59, 59, 999000), when(2000, 3, 1), None, when(2024, 2, 29, 1, 2, 3)]),
        "at_us": (pa.timestamp("us", "UTC"), [when(1900, 1, 1, tzinfo=utc), when(2100, 2, 28, 23, 0, 0, 1, tzinfo=utc), None, when(9999, 12, 31, 23, 59, 59, 999999, tzinfo=utc)]),
        "clock": (pa.time64("us"), [datetime.time(0, 0), datetime.time(23, 59, 59, 999999), None, datetime.time(12, 30)]),
        "tick": (pa.time32("ms"), [datetime.time(0, 0), datetime.time(1, 2, 3, 4000), None, datetime.time(12, 30)]),
        "by_number": (pa.map_(pa.int32(), pa.string()), [[(1, "a"), (-2, None)], [], None, [(7, "b")]]),
        "required": (pa.int32(), [1, 2, 3, 4]),
    }
    fields = [pa.field(name, kind, nullable=name != "required") for name, (kind, _) in columns.items()]
    return pa.table([pa.array(values, kind) for kind, values in columns.values()], schema=pa.schema(fields))


def expect(name, rows):
    """Files that hold the same share their rows."""
    expected = f"{OUT}/{rows}.jsonl"
    if rows in written:
        write_rows(f"{OUT}/{name}.parquet", expected + ".again")
        assert open(expected).read() == open(expected + ".again").read(), name
        os.remove(expected + ".again")
    else:
        write_rows(f"{OUT}/{name}.parquet", expected)
    written.add(rows)


def save(name, table, rows=None, **options):
    path = f"{OUT}/{name}.parquet"
    settings = {"row_group_size": 16, "data_page_size": 200, "write_batch_size": 8, "store_schema": False}
    pq.write_table(table, path, **{**settings, **options})
    expect(name, rows or name)


def make_codecs():
    for codec in ("none", "snappy", "gzip", "zstd"):
        for version in ("1.0", "2.0"):
            save(f"nested_{codec}_v{version[0]}", nested_table(), "nested", compression=codec, data_page_version=version,
                 use_dictionary=version == "1.0")
    save("checksums", nested_table(16, 2), write_page_checksum=True, compression="zstd")
    save("one_page", nested_table(20, 3), data_page_size=1 << 20, row_group_size=1000, write_batch_size=1024)
    save("empty", nested_table(20, 3).slice(0, 0))
    save("types", typed_table(), compression="snappy", store_schema=True)
    save("types_plain_v2", typed_table(), "types", compression="none", use_dictionary=False, data_page_version="2.0", store_schema=True)


def encoding_table(rows=150):
    rand = random.Random(5)
    steps = [rand.randrange(-1000, 1000) for _ in range(rows)]
    return pa.table({
        "i32": pa.array([maybe(rand, lambda: rand.choice([-2**31, 2**31 - 1, 0, 7]), 0.1) for _ in steps], pa.int32()),
        "i64": pa.array([maybe(rand, lambda: rand.choice([-2**63, 2**63 - 1, 1 << 40]), 0.1) for _ in steps], pa.int64()),
        "near": pa.array(steps, pa.int64()),
        "same": pa.array([9] * rows, pa.int32()),
        "f32": pa.array([rand.gauss(0, 1) for _ in steps], pa.float32()),
        "f64": pa.array([maybe(rand, lambda: rand.gauss(0, 1e10)) for _ in steps], pa.float64()),
        "text": pa.array([maybe(rand, lambda: "https://example.org/" + sentence(rand, 2)) for _ in steps], pa.string()),
        "flag": pa.array([maybe(rand, lambda: rand.random() < 0.9) for _ in steps], pa.bool_()),
    })


def make_encodings():
    table, names = encoding_table(), ("i32", "i64", "near", "same")
    save("plain", table, use_dictionary=False, row_group_size=100, compression="zstd")
    save("delta", table, "plain", use_dictionary=False, row_group_size=100, compression="zstd",
         column_encoding={**{n: "DELTA_BINARY_PACKED" for n in names}, "text": "DELTA_BYTE_ARRAY", "f32": "BYTE_STREAM_SPLIT",
                          "f64": "BYTE_STREAM_SPLIT", "flag": "RLE"})
    save("delta_length_v2", table, "plain", use_dictionary=False, row_group_size=100, compression="zstd", data_page_version="2.0",
         column_encoding={**{n: "BYTE_STREAM_SPLIT" for n in names}, "text": "DELTA_LENGTH_BYTE_ARRAY"})


def make_hub():
    """As `datasets` writes: metadata "huggingface" in the schema, SNAPPY, lists whose element is called element."""
    info = '{"info": {"features": {"chosen": [{"content": {"dtype": "string", "_type": "Value"}, "role": {"dtype": "string", "_type": "Value"}}]}}}'
    table = nested_table(20, 4).select(["prompt", "chosen", "meta"]).replace_schema_metadata({"huggingface": info})
    save("hub", table, compression="snappy", row_group_size=1000, data_page_size=1 << 20, write_batch_size=1024, store_schema=True)
    save("old_lists", nested_table(20, 6), compression="snappy", use_compliant_nested_type=False)


def make_refused():
    import decimal
    one = pa.table({"x": pa.array(["a", "b"]), "y": pa.array([1, 2])})
    for codec in ("brotli", "lz4"):
        pq.write_table(one, f"{OUT}/refused_{codec}.parquet", compression=codec, store_schema=False)
    pq.write_table(pa.table({"at": pa.array([datetime.datetime(2024, 1, 1)], pa.timestamp("ns")), "x": ["kept"]}), f"{OUT}/refused_int96.parquet",
                   use_deprecated_int96_timestamps=True, store_schema=False)
    pq.write_table(pa.table({"price": pa.array([decimal.Decimal("1.50")]), "x": ["kept"]}), f"{OUT}/refused_decimal.parquet", store_schema=False)
    pq.write_table(pa.table({"half": pa.array([1.5], pa.float16()), "x": ["kept"]}), f"{OUT}/refused_float16.parquet", store_schema=False)
    pq.write_table(pa.table({"b": pa.array([b"abcd"], pa.binary(4)), "x": ["kept"]}), f"{OUT}/refused_fixed.parquet", store_schema=False)
    pq.write_table(pa.table({"b": pa.array([b"good", b"\xff\xfe", b"\xc3\xa9"], pa.binary())}), f"{OUT}/bad_text.parquet", store_schema=False)
    pq.write_table(pa.table({"x": pa.array([1.0, float("nan"), float("inf"), float("-inf")])}), f"{OUT}/not_finite.parquet", store_schema=False)


# A writer of old layouts that pyarrow does not write: BIT_PACKED levels, bare repeated fields, lists of two levels, MAP_KEY_VALUE.

def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def thrift(fields):
    """fields: (id, kind, value); kinds: i (32 bits), I (64 bits), s (text), l (list of structs), t (struct), li (list of numbers), ls (list of texts)."""
    out, last = b"", 0
    for number, kind, value in fields:
        code = {"i": 5, "I": 6, "s": 8, "l": 9, "li": 9, "ls": 9, "t": 12}[kind]
        out, last = out + bytes([(number - last) << 4 | code]), number
        if kind in "iI":
            out += zigzag(value)
        elif kind == "s":
            out += varint(len(value)) + value
        elif kind == "t":
            out += value
        else:
            out += bytes([min(len(value), 15) << 4 | {"l": 12, "li": 5, "ls": 8}[kind]]) + (varint(len(value)) if len(value) > 14 else b"")
            out += b"".join({"l": lambda v: v, "li": zigzag, "ls": lambda v: varint(len(v)) + v}[kind](v) for v in value)
    return out + b"\0"


def high_first(levels, width):
    bits = "".join(format(level, f"0{width}b") for level in levels)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def runs(levels):
    data = b"".join(varint(2) + bytes([level]) for level in levels)
    return struct.pack("<I", len(data)) + data


def old_chunk(path, kind, values, repetitions, definitions, most, packed, at):
    """A chunk of one page; returns its bytes and its metadata."""
    data = b"".join(struct.pack("<I", len(v)) + v if kind == 6 else struct.pack("<i", v) for v in values)
    levels = b""
    for numbers, highest in ((repetitions, most[0]), (definitions, most[1])):
        if highest:
            levels += high_first(numbers, highest.bit_length()) if packed else runs(numbers)
    body = levels + data
    head = thrift([(1, "i", 0), (2, "i", len(body)), (3, "i", len(body)),
                   (5, "t", thrift([(1, "i", len(definitions)), (2, "i", 0), (3, "i", 4 if packed else 3), (4, "i", 4 if packed else 3)]))])
    meta = thrift([(1, "i", kind), (2, "li", [0, 4 if packed else 3]), (3, "ls", path), (4, "i", 0), (5, "I", len(definitions)),
                   (6, "I", len(head + body)), (7, "I", len(head + body)), (9, "I", at)])
    return head + body, thrift([(2, "I", at), (3, "t", meta)])


def old_file(name, schema, columns, rows):
    """Twice: with RLE levels, which pyarrow reads, and with BIT_PACKED ones, whose lowest bit it takes for the first (Encodings.md: the highest)."""
    write_old(name, schema, columns, rows, packed=False)
    expect(name, name)
    write_old(name + "_packed", schema, columns, rows, packed=True)


def write_old(name, schema, columns, rows, packed):
    """columns: (path, kind, values, repetition levels, definition levels, (highest repetition, highest definition))."""
    data, chunks = b"PAR1", []
    for column in columns:
        body, chunk = old_chunk(*column, packed, at=len(data))
        data, chunks = data + body, chunks + [chunk]
    group = thrift([(1, "l", chunks), (2, "I", len(data)), (3, "I", rows)])
    footer = thrift([(1, "i", 1), (2, "l", schema), (3, "I", rows), (4, "l", [group])])
    with open(f"{OUT}/{name}.parquet", "wb") as file:
        file.write(data + footer + struct.pack("<I", len(footer)) + b"PAR1")


def element(name, repetition, kind=None, children=None, annotation=None):
    fields = [] if kind is None else [(1, "i", kind)]
    fields += [(3, "i", repetition), (4, "s", name)]
    fields += [] if children is None else [(5, "i", children)]
    fields += [] if annotation is None else [(6, "i", annotation)]
    return thrift(fields)


def make_old():
    required, optional, repeated, int32, text = 0, 1, 2, 1, 6
    old_file("old_bare", [element(b"root", required, children=2), element(b"n", repeated, int32), element(b"o", optional, text, annotation=0)],
             [([b"n"], int32, [1, 2, 3], [0, 1, 0, 0], [1, 1, 0, 1], (1, 1)), ([b"o"], text, [b"a", b"b"], [0] * 3, [1, 0, 1], (0, 1))], 3)
    old_file("old_two_levels", [element(b"root", required, children=1), element(b"l", optional, children=1, annotation=3),
                                element(b"element", repeated, int32)],
             [([b"l", b"element"], int32, [5, 6, 7], [0, 1, 0, 0, 0], [2, 2, 1, 0, 2], (1, 2))], 4)
    old_file("old_tuple", [element(b"root", required, children=1), element(b"l", required, children=1, annotation=3),
                           element(b"l_tuple", repeated, children=1), element(b"v", optional, text, annotation=0)],
             [([b"l", b"l_tuple", b"v"], text, [b"x", b"y"], [0, 1, 1, 0], [2, 1, 2, 0], (1, 2))], 2)
    old_file("old_map", [element(b"root", required, children=1), element(b"m", optional, children=1, annotation=2),
                         element(b"map", repeated, children=2, annotation=2), element(b"key", required, text, annotation=0),
                         element(b"value", optional, int32)],
             [([b"m", b"map", b"key"], text, [b"a", b"b"], [0, 1, 0, 0], [2, 2, 1, 0], (1, 2)),
              ([b"m", b"map", b"value"], int32, [1], [0, 1, 0, 0], [3, 2, 1, 0], (1, 3))], 3)


def make_small():
    """For thousands of mutations in the tests, and the first inputs of the fuzz target."""
    table = pa.table({"chosen": pa.array([[{"role": "user", "content": "a\n"}, None], None, []], MESSAGES), "n": pa.array([1, None, 3], pa.int32())})
    plain = {"use_dictionary": False, "row_group_size": 2}
    save("small_snappy", table, "small", compression="snappy", use_dictionary=True)
    save("small_gzip", table, "small", compression="gzip", data_page_version="2.0", **plain)
    save("small_zstd", table, "small", compression="zstd", write_page_checksum=True, **plain)
    save("small_delta", table, "small", compression="none", **plain,
         column_encoding={"n": "DELTA_BINARY_PACKED", "chosen.list.element.role": "DELTA_BYTE_ARRAY", "chosen.list.element.content": "DELTA_LENGTH_BYTE_ARRAY"})
    save("small_split", table.select(["n"]), compression="none", **plain, column_encoding={"n": "BYTE_STREAM_SPLIT"})


def make_long():
    """Texts that shrink more than 64-fold, so that their memory has to grow; one is longer than a row may be."""
    for codec, size in (("gzip", 5 << 20), ("zstd", 33 << 20)):
        table = pa.table({"x": pa.array(["first", "x" * size, "last"])})
        pq.write_table(table, f"{OUT}/long_{codec}.parquet", compression=codec, use_dictionary=False, write_statistics=False, store_schema=False)


def hostile_file(name, schema, chunks, rows):
    """Written only: nothing but an error is expected."""
    group = thrift([(1, "l", chunks[1]), (2, "I", len(chunks[0])), (3, "I", rows)])
    footer = thrift([(1, "i", 1), (2, "l", schema), (3, "I", rows), (4, "l", [group])])
    with open(f"{OUT}/hostile_{name}.parquet", "wb") as file:
        file.write(b"PAR1" + chunks[0] + footer + struct.pack("<I", len(footer)) + b"PAR1")


def page_chunk(path, kind, body, values, encoding=0, codec=0, size=None, kept=0, dictionary=b""):
    size = len(body) if size is None else size
    head = thrift([(1, "i", 0), (2, "i", size), (3, "i", len(body)), (5, "t", thrift([(1, "i", values), (2, "i", encoding), (3, "i", 3), (4, "i", 3)]))])
    data = dictionary + head + body
    meta = thrift([(1, "i", kind), (2, "li", [0, 3]), (3, "ls", path), (4, "i", codec), (5, "I", kept or values), (6, "I", len(data)), (7, "I", len(data)),
                   (9, "I", 4 + len(dictionary))] + ([(11, "I", 4)] if dictionary else []))
    return data, [thrift([(2, "I", 4), (3, "t", meta)])]


def dictionary_page(body, values):
    return thrift([(1, "i", 2), (2, "i", len(body)), (3, "i", len(body)), (7, "t", thrift([(1, "i", values), (2, "i", 0)]))]) + body


def make_hostile():
    """What a file of a few bytes can promise."""
    required, optional, repeated, int32, text = 0, 1, 2, 1, 6
    one = [element(b"root", required, children=1), element(b"x", required, int32)]
    maybe_one = [one[0], element(b"x", optional, int32)]
    endless = varint((2**31 - 1) << 1)
    level = lambda data: struct.pack("<I", len(data)) + data
    words = lambda *values: b"".join(struct.pack("<i", v) for v in values)
    hostile_file("rows", one, page_chunk([b"x"], int32, words(1), 1), 2**62)
    nulls = [one[0], element(b"x", required, children=1, annotation=3), element(b"list", repeated, children=1), element(b"element", optional, int32)]
    hostile_file("endless_row", nulls, page_chunk([b"x", b"list", b"element"], int32, level(varint(2) + b"\0" + endless + b"\1") + level(endless + b"\1"), 2**31 - 1), 1)
    hostile_file("many_values", one, page_chunk([b"x"], int32, words(1, 2), 2), 1)
    hostile_file("page_values", one, page_chunk([b"x"], int32, words(1, 2), 2, kept=1), 1)
    hostile_file("few_values", one, page_chunk([b"x"], int32, words(1), 2), 2)
    hostile_file("level", maybe_one, page_chunk([b"x"], int32, level(varint(1 << 1) + b"\2") + words(1), 1), 1)
    hostile_file("levels_long", maybe_one, page_chunk([b"x"], int32, struct.pack("<I", 2**32 - 1), 1), 1)
    hostile_file("index", one, page_chunk([b"x"], int32, b"\3" + varint(1 << 1) + b"\5", 1, encoding=8, dictionary=dictionary_page(words(1, 2), 2)), 1)
    hostile_file("index_width", one, page_chunk([b"x"], int32, b"\x21" + varint(1 << 1) + b"\5", 1, encoding=8, dictionary=dictionary_page(words(1, 2), 2)), 1)
    hostile_file("no_dictionary", one, page_chunk([b"x"], int32, b"\1" + varint(1 << 1) + b"\0", 1, encoding=8), 1)
    hostile_file("dictionary_count", one, page_chunk([b"x"], int32, b"\1" + varint(1 << 1) + b"\0", 1, encoding=8, dictionary=dictionary_page(words(1), 2**31 - 1)), 1)
    hostile_file("delta_block", one, page_chunk([b"x"], int32, varint(128) + varint(0) + varint(1) + zigzag(1), 1, encoding=5), 1)
    hostile_file("delta_count", one, page_chunk([b"x"], int32, varint(128) + varint(4) + varint(2**60) + zigzag(1), 1, encoding=5), 1)
    hostile_file("delta_width", one, page_chunk([b"x"], int32, varint(128) + varint(4) + varint(2) + zigzag(1) + zigzag(0) + b"\x41\0\0\0" + b"\0" * 300, 2, encoding=5), 2)
    texts = [one[0], element(b"x", required, text, annotation=0)]
    count = lambda first, number=1: varint(128) + varint(4) + varint(number) + zigzag(first)
    hostile_file("text_long", texts, page_chunk([b"x"], text, struct.pack("<I", 2**32 - 1) + b"ab", 1), 1)
    hostile_file("length_negative", texts, page_chunk([b"x"], text, count(-1) + b"ab", 1, encoding=6), 1)
    hostile_file("prefix", texts, page_chunk([b"x"], text, count(1) + count(1) + b"ab", 1, encoding=7), 1)
    for name, codec in (("snappy", 1), ("gzip", 2), ("zstd", 6)):
        hostile_file(f"size_{name}", one, page_chunk([b"x"], int32, b"\x28\xb5\x2f\xfd\x20\x04\x21\0\0abcd", 1, codec=codec, size=200 << 20), 1)
        hostile_file(f"page_{name}", one, page_chunk([b"x"], int32, b"\0" * 64, 1, codec=codec, size=2**31 - 1), 1)
    hostile_file("encoding", one, page_chunk([b"x"], int32, words(1), 1, encoding=6), 1)
    hostile_file("twice", [element(b"root", required, children=2), one[1], one[1]], page_chunk([b"x"], int32, words(1), 1), 1)
    hostile_file("children", [element(b"root", required, children=2**31 - 1), one[1]], page_chunk([b"x"], int32, words(1), 1), 1)
    hostile_file("name", [one[0], element(b"\xff", required, int32)], page_chunk([b"\xff"], int32, words(1), 1), 1)
    hostile_file("list", [one[0], element(b"x", optional, children=1, annotation=3), element(b"y", optional, int32)], page_chunk([b"x", b"y"], int32, words(1), 1), 1)
    deep = [element(b"root", required, children=1)] + [element(b"g", required, children=1)] * 70 + [one[1]]
    hostile_file("deep", deep, page_chunk([b"x"], int32, words(1), 1), 1)
    group = lambda repetition: [one[0], element(b"g", repetition, children=2), element(b"a", required, int32), element(b"b", required, int32)]
    two = lambda a, b, most: [([b"g", b"a"], int32, [1] * 2, *a, most), ([b"g", b"b"], int32, [1] * 2, *b, most)]
    write_old("hostile_lengths", group(repeated), two(([0, 1], [1, 1]), ([0, 0], [1, 1]), (1, 1)), 1, packed=False)
    write_old("hostile_nulls", group(optional), two(([0, 0], [1, 0]), ([0, 0], [0, 1]), (0, 1)), 2, packed=False)
    columns = page_chunk([b"x"], int32, words(1), 1)
    hostile_file("columns", one, (columns[0], columns[1] * 2), 1)


make_codecs()
make_encodings()
make_hub()
make_refused()
make_old()
make_small()
make_long()
make_hostile()
for name in sorted(os.listdir(OUT)):
    if name.endswith(".parquet") and (name.startswith(("small_", "old_", "not_finite")) or name in ("hostile_index.parquet", "hostile_endless_row.parquet")):
        shutil.copy(f"{OUT}/{name}", f"fuzz/corpus/parquet/{name}")
