#!/usr/bin/env python3
"""Two languages of one document: same tables, row by row, and the same figures in each section.

Usage: documents.py ENGLISH CHINESE   Prints what differs; exit code 1 then.

What a row or section has in common with its translation are its figures and its code. A figure is a number outside of
code; "1,017" is one. Of a row the code counts too, but not words of it that a language writes in its own ("FILE").
"""
import re
import sys

FIGURE = re.compile(r"\d+(?:[.,]\d+)*(?:e-?\d+)?")
CODE = re.compile(r"`[^`]*`")
LINK = re.compile(r"\]\([^)]*\)")


def figures(text):
    return sorted(FIGURE.findall(LINK.sub("]", CODE.sub("", text))))


def codes(text):
    """Code without the words that stand for something: `--chat-template FILE` and `medicalgpt:NAME`."""
    return sorted(re.sub(r"[A-Z]{2,}|[一-鿿]+", "", code).strip("` ") for code in CODE.findall(text))


def sections(path):
    """[(figures of its prose, [rows])] in order, code blocks left out: another check compares those."""
    result, prose, rows = [], [], []
    for line in open(path, encoding="utf-8").read().splitlines() + ["## end"]:
        if line.startswith("## "):
            result.append((figures(" ".join(prose)), rows))
            prose, rows = [], []
        elif line.startswith("|"):
            if not set(line) <= set("|- "):
                rows.append(line)
        elif not line.startswith("    "):
            prose.append(line)
    return result


def main():
    english, chinese = (sections(path) for path in sys.argv[1:3])
    wrong = [] if len(english) == len(chinese) else [f"{len(english)} sections, {len(chinese)}"]
    for number, (one, other) in enumerate(zip(english, chinese)):
        if one[0] != other[0]:
            missing = [f for f in one[0] if one[0].count(f) != other[0].count(f)]
            wrong.append(f"section {number}: figures {one[0]} and {other[0]} ({missing})")
        if len(one[1]) != len(other[1]):
            wrong.append(f"section {number}: {len(one[1])} rows of tables and {len(other[1])}")
        for row, translated in zip(one[1], other[1]):
            if figures(row) != figures(translated) or codes(row) != codes(translated):
                wrong.append(f"section {number}:\n  {row}\n  {translated}\n  {figures(row)} {codes(row)}\n  {figures(translated)} {codes(translated)}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
