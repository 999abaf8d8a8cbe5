"""A Parquet file's rows as JSON, from what pyarrow reads: the rule that container/parquet.h states, written a second time.

Times are Python's isoformat(), a map is an object whose keys are texts, NaN and infinities are as json.dumps writes them."""
import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq


def timestamp_text(value, kind):
    """Nanoseconds are beyond Python's datetime: its text and the last three digits."""
    if kind.unit != "ns":
        return value.isoformat()
    count = value.value if hasattr(value, "value") else value
    zone = datetime.timezone.utc if kind.tz else None
    text = (datetime.datetime(1970, 1, 1, tzinfo=zone) + datetime.timedelta(microseconds=count // 1000)).isoformat()
    if count % 1000 == 0:
        return text
    head, tail = (text[:-6], text[-6:]) if kind.tz else (text, "")
    return (head if "." in head else head + ".000000") + f"{count % 1000:03d}" + tail


def time_text(value, kind):
    if kind != pa.time64("ns") or value % 1000 == 0:
        return value.isoformat() if isinstance(value, datetime.time) else nanosecond_time(value)
    return nanosecond_time(value)


def nanosecond_time(value):
    seconds, rest = divmod(value, 10**9)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if rest == 0:
        return text
    return text + (f".{rest:09d}" if rest % 1000 else f".{rest // 1000:06d}")


def plain(scalar):
    """A pyarrow scalar as what json.dumps takes."""
    kind = scalar.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(scalar.value)
    if not scalar.is_valid:
        return None
    if pa.types.is_dictionary(kind):
        return plain(scalar.value)
    if pa.types.is_map(kind):
        return {str(key.as_py()): plain(value) for key, value in entries(scalar)}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [plain(element) for element in scalar.values]
    if pa.types.is_struct(kind):
        return {field.name: plain(scalar[field.name]) for field in kind}
    if pa.types.is_timestamp(kind):
        return timestamp_text(scalar.value if kind.unit == "ns" else scalar.as_py(), kind)
    if pa.types.is_time(kind):
        return time_text(scalar.value if kind == pa.time64("ns") else scalar.as_py(), kind)
    if pa.types.is_date(kind):
        return scalar.as_py().isoformat()
    if pa.types.is_binary(kind):
        return scalar.as_py().decode()
    return scalar.as_py()


def entries(scalar):
    return [(item["key"], item["value"]) for item in scalar.values]


def rows(table):
    for number in range(table.num_rows):
        yield {name: plain(table.column(name)[number]) for name in table.column_names}


def write_rows(path, out):
    with open(out, "w", encoding="utf-8", newline="\n") as file:
        for row in rows(pq.read_table(path)):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
