#!/usr/bin/env python3
"""What hostile files cost: peak memory and seconds of each, for one binary of assay or several side by side.

Usage: bench/hostile_files.py BINARY [BINARY ...]        (an older binary first: before and after)
The files are those of tests/cli/costs.sh and of the reports behind it; a run is ended after LIMIT seconds or above 8 GiB, and said to be so.
Seconds are of the processor (user and system), so that what else runs here does not count."""
import json, os, resource, shutil, subprocess, sys, tempfile

LIMIT, ADDRESS_SPACE = 120, 8 << 30


def run(binary, arguments, given=None):
    """(KiB, seconds, what it ended with) of one run."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(os.open(given, os.O_RDONLY) if given else nothing, 0)
        os.dup2(nothing, 1), os.dup2(nothing, 2)
        os.execv(binary, [binary, *arguments])
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss, usage.ru_utime + usage.ru_stime, f"signal {-code}" if code < 0 else f"exit {code}"


def write(path, head, unit, tail, size=31 << 20):
    with open(path, "w") as out:
        out.write(head + unit * (size // len(unit)) + tail)


def records(work):
    start = '{"prompt": "p", "chosen": "c", "rejected": "r", "extra": ['
    write(f"{work}/objects.jsonl", start, "{},", "{}]}\n")
    write(f"{work}/numbers.jsonl", start, "1,", "1]}\n")
    write(f"{work}/cells.csv", "prompt,chosen,rejected\n", ",", "\n")
    write(f"{work}/text.jsonl", '{"prompt": "p", "chosen": "', "words ", 'c", "rejected": "r"}\n')
    return [(f"data check, a record of 31 MiB: {name}", ["data", "check", f"{work}/{name}", "--quiet"], None)
            for name in ("objects.jsonl", "numbers.jsonl", "cells.csv", "text.jsonl")]


def tokenizers(work, tiny):
    with open(f"{tiny}/tokenizer.json") as source:
        tokenizer = json.load(source)
    last = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    split = lambda regex: {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}, last]}
    changes = {
        "a pattern of 20 choices a letter": {"pre_tokenizer": split(r"(?:\p{L}|\p{L}){20}[!?]|\p{L}")},
        "a pattern that walks to the end": {"pre_tokenizer": split(r"\p{L}*+!|\p{L}")},
        "10,000 normalizers": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}] * 10000}},
        "10,000 steps before the model": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"}] * 10000
                                                            + [tokenizer["pre_tokenizer"]]}},
    }
    letters = f"{work}/letters.txt"
    write(letters, "", "a", "\n", 2000)
    for index, (name, change) in enumerate(changes.items()):
        folder = f"{work}/tokenizer{index}"
        shutil.copytree(tiny, folder)
        with open(f"{folder}/tokenizer.json", "w") as out:
            json.dump({**tokenizer, **change}, out)
        yield f"tokenize 2,000 letters: {name}", ["tokenize", "--model", folder, "--quiet"], letters


def layers(work, tiny):
    with open(f"{tiny}/config.json") as source:
        config = json.load(source)
    for count in (32, 1024):
        folder = f"{work}/layers{count}"
        os.mkdir(folder)
        with open(f"{folder}/config.json", "w") as out:
            json.dump({**config, "num_hidden_layers": count}, out)
        for budget in ("64G", "1K"):
            yield f"plan of {count} layers in {budget}", ["plan", "--model", folder, "--memory", budget, "--json", "--quiet"], None


def main(binaries):
    work = tempfile.mkdtemp(prefix="assay-hostile-")
    tiny = f"{work}/tiny"
    subprocess.run([binaries[-1], "init", "--arch", "llama", "--output", tiny, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    print("| what is given | " + " | ".join(f"{name}: peak MiB, s, end" for name in binaries) + " |")
    print("|---" * (1 + len(binaries)) + "|")
    for name, arguments, given in [*layers(work, tiny), *records(work), *tokenizers(work, tiny)]:
        cells = ["{:.1f}, {:.2f}, {}".format(kib / 1024, seconds, end) for kib, seconds, end in (run(b, arguments, given) for b in binaries)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    shutil.rmtree(work)


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(sys.argv[1:])
