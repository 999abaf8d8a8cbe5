"""The chat templates and data lines that went wrong elsewhere (../shared/data/cases): the text Assay renders against the reference's.

usage: template_cases.py ASSAY CASES TEMPLATES WORK      prints "ok NAME" or "not ok NAME" lines
"""
import glob
import json
import os
import shutil
import subprocess
import sys

assay, cases, templates, work = sys.argv[1:]


def tokenize(folder, lines, *options):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return subprocess.run([assay, "tokenize", "--model", folder, "--text", *options], input=text, capture_output=True, text=True)


def with_template(text):
    """The folder of a tiny model whose tokenizer carries this chat template."""
    folder = os.path.join(work, "case")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(work, "base"), folder)
    path = os.path.join(folder, "tokenizer_config.json")
    config = json.load(open(path, encoding="utf-8"))
    config["chat_template"] = text
    json.dump(config, open(path, "w", encoding="utf-8"))
    return folder


def say(good, name, why=""):
    print(f"{'ok' if good else 'not ok'} {name}" + ("" if good else f" ({why})"))


for path in sorted(glob.glob(os.path.join(cases, "template-*.json"))):
    case, name = json.load(open(path, encoding="utf-8")), os.path.basename(path)[:-5]
    folder = with_template(case.get("chat_template") or open(os.path.join(templates, "qwen2_5.jinja"), encoding="utf-8").read())
    options, wanted = [], case.get("expected_text")
    if wanted and "<today>" in wanted:
        run = tokenize(folder, [{"messages": case["messages"]}])
        say(run.returncode != 0 and "--date" in run.stderr, name + "-asks-for-the-day", run.stderr)
        options, wanted = ["--date", "2026-11-27"], wanted.replace("<today>", "27 Nov 2026")
    run = tokenize(folder, [{"messages": case["messages"]}], *options)
    text = json.loads(run.stdout)["text"] if run.returncode == 0 else run.stderr
    say(text == wanted if wanted else text.endswith(case["expected_tail"]), name, repr(text))
