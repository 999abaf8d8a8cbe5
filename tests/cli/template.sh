#!/usr/bin/env bash
# Templates through the command line: what is refused says what to type, and real ones that went wrong elsewhere come out as the reference renders them.
. tests/cli/check.inc
shared=${ASSAY_SHARED:-../shared}/data
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
line='{"prompt": "Weather in Oslo?", "chosen": [{"role": "assistant", "content": "I look.", "tool_calls": [{"type": "function", "function": {"name": "w", "arguments": "{}"}}]}], "rejected": "no"}'

echo "$line" | "$assay" tokenize --model "$work/base" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && grep -q -e '--tool-format' "$work/err"; say $? tool-calls-beside-text-are-not-dropped
echo "$line" | "$assay" tokenize --model "$work/base" --tool-format default --text >"$work/out"
grep -q 'I look.\\nAction: w' "$work/out"; say $? tool-calls-as-text
echo '{"prompt": "p", "chosen": "a", "rejected": "b", "tools": [{"name": "f"}]}' >"$work/tools.jsonl"
"$assay" tokenize --model "$work/base" --input "$work/tools.jsonl" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && grep -q '"tools"' "$work/err"; say $? tools-are-not-ignored
"$assay" tokenize --model "$work/base" --input "$work/tools.jsonl" --tool-format none >/dev/null; say $? tools-left-out-on-purpose
echo '{"prompt": "p", "chosen": "a", "rejected": "b", "images": ["a.png"]}' >"$work/images.jsonl"
"$assay" data check "$work/images.jsonl" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] && grep -q -e '--skip-bad-lines' "$work/err"; say $? images-are-refused
printf '{%% for m in messages %%}%s{{ m.content }}{%% if flag is defined %%}!{%% endif %%}{%% endfor %%}' '' >"$work/own.jinja"
echo '{"prompt": "p", "response": "r"}' | "$assay" tokenize --model "$work/base" --chat-template "$work/own.jinja" --chat-template-kwargs '{"flag": 1}' --text >"$work/out"
grep -q '"text": "p!r!"' "$work/out"; say $? a-template-from-a-file-with-variables
echo '{"messages": [{"role": "user", "content": "p"}]}' | "$assay" tokenize --model "$work/base" --text --add-generation-prompt >"$work/out"
grep -q 'assistant\\n"' "$work/out"; say $? add-generation-prompt

# A folder says how its texts were rendered, and a run of another template is told apart.
printf '{"prompt": "q", "chosen": "good", "rejected": "bad"}\n{"prompt": "r", "chosen": "fine", "rejected": "no"}\n' >"$work/pairs.jsonl"
"$assay" train --model "$work/base" --data "$work/pairs.jsonl" --eval-split off --output "$work/run" --max-steps 1 --template llama3 --quiet
grep -q '"rendering": 2' "$work/run/assay.json" && grep -q 'start_header_id' "$work/run/chat_template.jinja"; say $? what-was-trained-is-saved
echo '{"prompt": "p", "response": "r"}' | "$assay" tokenize --model "$work/run" --text >"$work/out"
grep -q 'start_header_id' "$work/out"; say $? and-rendered-again

if [ -d "$shared/cases" ]; then python3 tests/cli/template_cases.py "$assay" "$shared/cases" "$shared/templates" "$work"
else echo "skip real-cases (no $shared/cases)"; fi
