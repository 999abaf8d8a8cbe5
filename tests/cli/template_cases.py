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


# The data lines: what the reference's templates make of them (Transformers 5.24).
def line_of(name):
    return json.loads(open(os.path.join(cases, name + ".jsonl"), encoding="utf-8").readline())


def texts(template, line, *options):
    text = open(os.path.join(templates, template + ".jinja"), encoding="utf-8").read() if template else "{% for m in messages %}{{ m.content }}{% endfor %}"
    run = tokenize(with_template(text), [line], *options)
    return (json.loads(run.stdout)["text"], "") if run.returncode == 0 else (None, run.stderr)


START, END = "<|im_start|>", "<|im_end|>\n"
SYSTEM = f"{START}system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
CALL = '<tool_call>\n{"name": "weather", "arguments": %s}\n</tool_call>'
name = "data-toolcall-beside-text-dropped"
(chosen, rejected), _ = texts("qwen2_5", line_of(name))
want = SYSTEM + END + START + "user\nWeather in Oslo?" + END + START + "assistant\nI look it up.\n" + CALL + END
say(chosen == want % json.dumps('{"city": "Oslo"}') and rejected == want % json.dumps('{"city": "Rome"}'), name, chosen)
(chosen, _), _ = texts("qwen3", line_of(name))
say(chosen.endswith("</think>\n\nI look it up.\n" + CALL % '{"city": "Oslo"}' + END), name + "-qwen3", chosen)
_, why = texts("", line_of(name))
say("--tool-format" in why, name + "-is-refused-where-no-template-reads-it", why)
name = "data-tools-column-ignored-silently"
(chosen, _), _ = texts("qwen2_5", line_of(name))
say(chosen.startswith(SYSTEM + "\n\n# Tools\n\n") and '\n{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}}\n'
    in chosen and chosen.endswith(START + "user\nQ" + END + START + "assistant\ny" + END), name, chosen)
_, why = texts("", line_of(name))
say("--tool-format" in why, name + "-is-refused-where-no-template-reads-it", why)
name = "data-images-column-ignored-silently"
_, why = texts("qwen2_5", line_of(name))
say("images" in why, name, why)
part = lambda *words: [{"type": "text", "text": word} for word in words]
parts = {"messages": [{"role": "user", "content": part("a", "b c")}, {"role": "assistant", "content": part("d")}]}
for template, want in (("qwen3_vl", f"{START}user\nab c{END}{START}assistant\nd{END}"),
                       ("gemma3", "<|endoftext|><start_of_turn>user\nab c<end_of_turn>\n<start_of_turn>model\nd<end_of_turn>\n"),
                       ("", "[{'type': 'text', 'text': 'a'}, {'type': 'text', 'text': 'b c'}][{'type': 'text', 'text': 'd'}]")):
    text, why = texts(template, parts)
    say(text == want, f"data-text-parts-{template or 'printed'}", text or why)
_, why = texts("qwen2_5", parts)
say("str" in why and "list" in why, "data-text-parts-that-the-template-cannot-join-are-refused", why)
