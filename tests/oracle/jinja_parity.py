"""Real chat templates times conversations, through Transformers and through Assay: bytes equal, or both refuse.

    python3 tests/oracle/jinja_parity.py [--program build/tests/test_jinja] [--golden tests/data/template/matrix.jsonl] TEMPLATE.jinja|FOLDER|REPO.git ...

A REPO.git is a git folder whose .jinja files are taken. With --golden, the conversations and a checksum of each cell are written (not the texts).
Ends with the count of cells and of differences; the exit code is 1 when there is one.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(__file__))
import jinja_reference as reference

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a place.", "parameters": {"type": "object", "properties": {
    "city": {"type": "string", "description": "Where"}, "days": {"type": "integer", "default": 1}, "unit": {"type": "string", "enum": ["C", "F"]},
    "tags": {"type": "array", "items": {"type": "string"}, "nullable": True}, "opts": {"type": "object", "properties": {"wind": {"type": "boolean"}}, "required": ["wind"]},
    "any": {"oneOf": [{"type": "string", "description": "a"}, {"type": "number", "default": 2.5}]}, "ids": {"type": ["integer", "null"]}}, "required": ["city"]},
    "return": {"type": "object", "description": "The forecast"}}}
ADD = {"type": "function", "function": {"name": "add", "description": "Adds two numbers & \"more\" <b>", "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}}}
BARE = {"name": "bare", "description": "没有参数", "parameters": {}}


def user(text, **more):
    return {"role": "user", "content": text, **more}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


def call(name, arguments, key=None):
    return {**({"id": key} if key else {}), "type": "function", "function": {"name": name, "arguments": arguments}}


def tool(text, **more):
    return {"role": "tool", "content": text, **more}


def parts(*texts):
    return [{"type": "text", "text": text} for text in texts]


ONE = [call("get_weather", {"city": "Köln", "days": 2, "unit": None, "nested": {"a": [1, 2.5, True, None, "x"]}}, "call_1")]
TWO = ONE + [call("add", {"a": 1, "b": 1e20}, "call_2")]

CONVERSATIONS = [
    {"messages": [user("Hi")]},
    {"messages": [user("Hi"), assistant("Hello.")]},
    {"messages": [system("Be brief."), user("Hi"), assistant("Hello.")]},
    {"messages": [system(""), user("Hi"), assistant("Hello.")]},
    {"messages": [system("  padded \n"), user("  Hi \n"), assistant("\n Hello. \n\n")]},
    {"messages": [user("One"), assistant("1"), user("Two"), assistant("2"), user("Three"), assistant("3")]},
    {"messages": [system("S"), user("One"), assistant("1"), user("Two")], "add_generation_prompt": True},
    {"messages": [user("你好，世界"), assistant("很高兴见到你🙂 — ça va? Ω")]},
    {"messages": [user("quotes ' \" ` \\ and {{ x }} {% if %} {# c #} <|im_end|> <s>"), assistant("a\ttab\r\nand\u0000nul\u2028line")]},
    {"messages": [user(""), assistant("")]},
    {"messages": [user("Hi"), assistant("")]},
    {"messages": [user("Hi"), {"role": "assistant"}]},
    {"messages": [user("Hi"), {"role": "assistant", "content": None}]},
    {"messages": [user("Hi"), assistant("Yes", name=None, tool_calls=None)]},
    {"messages": [user("Hi", name="Ann"), assistant("Yes", name="Bot")]},
    {"messages": [user("Why?"), assistant("Because.", reasoning_content="I think\nso")]},
    {"messages": [user("Why?"), assistant("Because.", thinking="I think\nso")]},
    {"messages": [user("Why?"), assistant("Because.", reasoning="I think\nso")]},
    {"messages": [user("Why?"), assistant("Because.", reasoning_content="", thinking="other")]},
    {"messages": [user("A?"), assistant("a", reasoning_content="r1"), user("B?"), assistant("b", reasoning_content="r2")]},
    {"messages": [user("Why?"), assistant("<think>\nI think\n</think>\n\nBecause.")]},
    {"messages": [user("Why?"), assistant("<think>x</think>A"), user("And?"), assistant("</think> odd <think>")]},
    {"messages": [system("S"), user("Weather?"), assistant("", tool_calls=ONE), tool("sunny"), assistant("It is sunny.")], "tools": [WEATHER]},
    {"messages": [user("Weather?"), {"role": "assistant", "tool_calls": ONE}, tool("sunny", name="get_weather", tool_call_id="call_1"), assistant("Sunny.")], "tools": [WEATHER, ADD]},
    {"messages": [user("Both?"), assistant("Let me see.", tool_calls=TWO), tool("sunny"), tool("3"), assistant("Done.")], "tools": [WEATHER, ADD]},
    {"messages": [user("Both?"), assistant("Let me see.", tool_calls=TWO, reasoning_content="use both"), tool("sunny"), tool("3"), assistant("Done.")], "tools": [WEATHER, ADD]},
    {"messages": [user("Weather?"), assistant("", tool_calls=ONE)], "tools": [WEATHER]},
    {"messages": [user("Weather?"), assistant("", tool_calls=[call("get_weather", '{"city": "Köln"}')]), tool('{"t": 5}')], "tools": [WEATHER]},
    {"messages": [user("Weather?"), assistant("", tool_calls=[{"name": "get_weather", "arguments": {"city": "X"}}]), tool("ok")], "tools": [WEATHER]},
    {"messages": [user("Weather?"), assistant("", tool_calls=[]), user("?")], "tools": []},
    {"messages": [user("Hi"), assistant("Hello")], "tools": [WEATHER, ADD]},
    {"messages": [system("S"), user("Hi"), assistant("Hello")], "tools": [BARE]},
    {"messages": [user("Hi"), assistant("Hello")], "tools": [WEATHER], "add_generation_prompt": True},
    {"messages": [user(parts("Hi")), assistant("Hello")]},
    {"messages": [user(parts("Hi ", "there")), assistant(parts("Hello", " you"))]},
    {"messages": [system(parts("Be brief.")), user(parts("Hi")), assistant("Hello")]},
    {"messages": [user([{"type": "image"}, {"type": "text", "text": "What?"}]), assistant("A cat")]},
    {"messages": [user([{"type": "image", "image": "x.png"}, {"type": "video"}, {"type": "audio"}, {"type": "text", "text": "What?"}]), assistant("A cat")]},
    {"messages": [user([]), assistant("empty")]},
    {"messages": [user("a"), user("b"), assistant("c"), assistant("d")]},
    {"messages": [assistant("first"), user("second")]},
    {"messages": [user("x"), system("late"), assistant("y")]},
    {"messages": [{"role": "developer", "content": "D"}, user("x"), assistant("y")]},
    {"messages": [{"role": "observation", "content": "O"}, user("x"), assistant("y")]},
    {"messages": [tool("alone")]},
    {"messages": [system("only")]},
    {"messages": [{"content": "no role"}]},
    {"messages": [user(5), assistant(True)]},
    {"messages": [user({"a": 1}), assistant(2.5)]},
    {"messages": [user("x" * 300), assistant("y\n" * 50)]},
    {"messages": [user("Hi"), assistant("Hello")], "variables": {"enable_thinking": False}, "add_generation_prompt": True},
    {"messages": [user("Hi"), assistant("Hello")], "variables": {"enable_thinking": True, "date_string": "1 Jan 2025", "reasoning_effort": "high", "model_identity": "M"}},
    {"messages": [user("Hi"), assistant("Hello", reasoning_content="r")], "variables": {"preserve_thinking": True, "clear_thinking": False, "truncate_history_thinking": False, "keep_past_thinking": True, "bos_token": ""}},
    {"messages": [user("Hi"), assistant("Hello")], "documents": [{"title": "T", "text": "doc"}], "variables": {"tools_in_user_message": False, "builtin_tools": ["browser", "python"]}, "tools": [WEATHER]},
    {"messages": [system("S"), user("a"), assistant("<|channel|>final<|message|>x"), user("b")]},
    {"messages": [user("Q"), assistant("", thinking="plan", tool_calls=ONE), tool("r1"), assistant("", thinking="more", tool_calls=[call("add", {"a": 1, "b": 2})]), tool("r2"), assistant("End", thinking="fin"), user("Again"), assistant("Ok", thinking="z")], "tools": [WEATHER, ADD]},
    {"messages": [user("Q"), assistant("c", tool_calls=[call("f", {"s": "multi\nline", "l": [], "o": {}, "z": "你好", "q": "it's \"x\""})]), tool("[1, 2]")]},
    {"messages": [user("Q"), assistant("c", tool_calls=[call("f", {})]), tool(parts("part result")), assistant("d")], "tools": [{"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}}]},
]


def templates(sources):
    for source in sources:
        if source.endswith(".git") or os.path.isdir(os.path.join(source, "objects")):
            names = subprocess.run(["git", "-C", source, "ls-tree", "-r", "--name-only", "HEAD"], capture_output=True, text=True, check=True).stdout.split()
            for name in names:
                if name.endswith(".jinja"):
                    text = subprocess.run(["git", "-C", source, "show", f"HEAD:{name}"], capture_output=True, check=True).stdout
                    yield os.path.basename(name), text.decode("utf-8")
            continue
        paths = [os.path.join(source, name) for name in sorted(os.listdir(source)) if name.endswith(".jinja")] if os.path.isdir(source) else [source]
        for path in paths:
            with open(path, encoding="utf-8", newline="") as handle:
                yield os.path.basename(path), handle.read()


def render_all(program, cases):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", delete=False) as handle:
        for case in cases:
            handle.write(json.dumps(case) + "\n")
    answer = subprocess.run([program, "render", handle.name], capture_output=True, check=True).stdout.decode("utf-8")
    os.unlink(handle.name)
    return [json.loads(line) for line in answer.rstrip("\n").split("\n")]


def mark(text):
    """CRC-32 and size: what the C test can recompute with zlib."""
    data = text.encode("utf-8")
    return f"{zlib.crc32(data):08x}:{len(data)}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", default="build/tests/test_jinja")
    arguments.add_argument("--golden")
    arguments.add_argument("sources", nargs="+")
    options = arguments.parse_args()
    found = list(templates(options.sources))
    cases = [{"template": text, "special_tokens": SPECIAL, **conversation} for _, text in found for conversation in CONVERSATIONS]
    mine = render_all(options.program, cases)
    wrong = raised = 0
    golden = {name: {"template_mark": mark(text), "cells": []} for name, text in found}
    for number, (case, answer) in enumerate(zip(cases, mine)):
        name = found[number // len(CONVERSATIONS)][0]
        text, error = reference.render(case)
        raised += error is not None
        golden[name]["cells"].append("" if text is None else mark(text))
        if (text is None) == ("error" in answer) and text == answer.get("text"):
            continue
        wrong += 1
        if wrong <= 20:
            print(f"{name}, conversation {number % len(CONVERSATIONS)}:\n  reference {error or repr(text)}\n  assay     {answer}")
    if options.golden:
        with open(options.golden, "w", encoding="utf-8") as handle:
            for conversation in CONVERSATIONS:
                handle.write(json.dumps({"special_tokens": SPECIAL, **conversation}, ensure_ascii=False) + "\n")
            for name, entry in golden.items():
                handle.write(json.dumps({"name": name, **entry}) + "\n")
    print(f"{len(found)} templates x {len(CONVERSATIONS)} conversations = {len(cases)} cells, {raised} that the reference refuses, {wrong} different")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
