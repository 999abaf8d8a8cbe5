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

# A template of its own for conversations with tools travels with the model.
cp -r "$work/base" "$work/two"
mkdir "$work/two/additional_chat_templates"
printf 'A{%% for m in messages %%}{{ m.content }}{%% endfor %%}' >"$work/two/chat_template.jinja"
printf 'T{{ tools | length }}{%% for m in messages %%}{{ m.content }}{%% endfor %%}' >"$work/two/additional_chat_templates/tool_use.jinja"
"$assay" train --model "$work/two" --data "$work/pairs.jsonl" --eval-split off --output "$work/two-run" --max-steps 1 --quiet
cmp -s "$work/two/additional_chat_templates/tool_use.jinja" "$work/two-run/additional_chat_templates/tool_use.jinja"; say $? a-template-for-tools-is-saved
"$assay" merge --model "$work/two" --adapter "$work/two-run" --output "$work/two-merged" --quiet >/dev/null
rm "$work/two-merged/assay.json"
"$assay" tokenize --text --model "$work/two-merged" --input "$work/tools.jsonl" | grep -q '"T1pa"'; say $? and-used-by-who-reads-the-files-alone
"$assay" train --model "$work/two" --data "$work/pairs.jsonl" --eval-split off --output "$work/two-other" --max-steps 1 --template llama3 --quiet
[ ! -e "$work/two-other/additional_chat_templates" ]; say $? and-not-left-beside-another-template
"$assay" train --model "$work/two" --data "$work/pairs.jsonl" --eval-split off --output "$work/two-set" --max-steps 1 --chat-template-kwargs '{"flag": 1}' --quiet
grep -q '^{%- set flag = 1 -%}' "$work/two-set/chat_template.jinja" && grep -q '^{%- set flag = 1 -%}' "$work/two-set/additional_chat_templates/tool_use.jinja"; say $? variables-are-set-in-both

# What is given and does nothing is said, or refused.
"$assay" score --model "$work/run" --chat-template "$work/own.jinja" --template llama3 <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
grep -q -e '--template is not used: --chat-template goes before it' "$work/err"; say $? a-file-goes-before-a-name-and-is-said
"$assay" score --model "$work/run" --template plain --chat-template-kwargs '{"flag": 1}' <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
grep -q -e '--chat-template-kwargs is not used: the template plain reads no variables' "$work/err"; say $? variables-of-code-are-not-ignored-in-silence
"$assay" score --model "$work/run" --chat-template-kwargs '{"flag": 1}' <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
! grep -q 'is not used' "$work/err"; say $? and-nothing-is-said-of-a-text
"$assay" tokenize --model "$work/base" --template plain --add-generation-prompt <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
[ $? -eq 1 ] && grep -q 'leave --add-generation-prompt out' "$work/err"; say $? code-has-no-generation-prompt

# A name of the checkpoint's own is a template, goes before a built-in's, is listed, and travels on.
cp -r "$work/two" "$work/named"
printf 'R{%% for m in messages %%}{{ m.content }}{%% endfor %%}' >"$work/named/additional_chat_templates/rag.jinja"
printf 'A' >"$work/named/additional_chat_templates/auto.jinja"
printf '{%% if %%}' >"$work/named/additional_chat_templates/broken.jinja"
"$assay" tokenize --model "$work/named" --template broken <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
[ $? -eq 1 ] && grep -q 'additional_chat_templates/broken.jinja' "$work/err"; say $? a-broken-one-is-named-by-its-file
check what-cannot-be-chosen-is-not-listed 2 err 'There are: auto, .*broken, ' tokenize --model "$work/named" --template nosuch
! grep -q 'auto, auto' "$work/err" && [ "$(grep -o 'auto,' "$work/err" | wc -l)" -eq 1 ]; say $? auto-is-told-once
rm "$work/named/additional_chat_templates/auto.jinja" "$work/named/additional_chat_templates/broken.jinja"
printf 'C{%% for m in messages %%}{{ m.content }}{%% endfor %%}' >"$work/named/additional_chat_templates/chatml.jinja"
"$assay" tokenize --text --model "$work/named" --template rag <<<'{"prompt": "p", "response": "r"}' | grep -q '"Rpr"'; say $? a-name-of-the-checkpoint
"$assay" tokenize --text --model "$work/named" --template chatml <<<'{"prompt": "p", "response": "r"}' >"$work/out"
"$assay" eval --model "$work/named" --template chatml --data "$work/pairs.jsonl" >/dev/null 2>"$work/err"
grep -q '"Cpr"' "$work/out" && grep -q "template chatml is the checkpoint's own (additional_chat_templates/chatml.jinja), not the built-in" "$work/err"; say $? goes-before-a-built-in-and-is-said
"$assay" tokenize --model "$work/named" --template ragg </dev/null 2>"$work/err" >/dev/null
[ $? -eq 2 ] && grep -q 'nearest is rag\.' "$work/err" && grep -q "auto, default, chatml, rag, tool_use (the checkpoint's own), " "$work/err"; say $? the-error-lists-them
"$assay" inspect "$work/named" | grep -q '^templates  *default, chatml, rag, tool_use$'; say $? and-so-does-inspect
"$assay" train --model "$work/named" --data "$work/pairs.jsonl" --eval-split off --output "$work/named-run" --max-steps 1 --template rag --quiet
cmp -s "$work/named/additional_chat_templates/rag.jinja" "$work/named-run/chat_template.jinja" &&
    [ "$(cd "$work/named-run/additional_chat_templates" && echo *)" = "chatml.jinja rag.jinja" ]; say $? what-was-trained-is-the-default-and-the-names-travel
"$assay" merge --model "$work/named" --adapter "$work/named-run" --output "$work/named-merged" --quiet >/dev/null
"$assay" tokenize --text --model "$work/named-merged" <<<'{"prompt": "p", "response": "r"}' >"$work/out"
rm "$work/named-merged/assay.json"
"$assay" tokenize --text --model "$work/named-merged" <<<'{"prompt": "p", "response": "r"}' >>"$work/out"
"$assay" tokenize --text --model "$work/named-merged" --template chatml <<<'{"prompt": "p", "response": "r"}' >>"$work/out" 2>/dev/null
[ "$(grep -o '"text": "[^"]*"' "$work/out" | tr '\n' ' ')" = '"text": "Rpr" "text": "Rpr" "text": "Cpr" ' ]; say $? and-a-merged-model-renders-it
cp -r "$work/base" "$work/listed"
python3 - "$work/listed/tokenizer_config.json" <<'END'
import json, sys
config = json.load(open(sys.argv[1]))
config["chat_template"] = [{"name": name, "template": name[0] + "{% for m in messages %}{{ m.content }}{% endfor %}"} for name in ("default", "rag", "short")]
json.dump(config, open(sys.argv[1], "w"))
END
rm -f "$work/listed/chat_template.jinja"
"$assay" train --model "$work/listed" --data "$work/pairs.jsonl" --eval-split off --output "$work/listed-run" --max-steps 1 --template short --quiet
[ "$(cat "$work/listed-run/chat_template.jinja")" = 's{% for m in messages %}{{ m.content }}{% endfor %}' ] &&
    [ "$(cd "$work/listed-run/additional_chat_templates" && echo *)" = "rag.jinja short.jinja" ]; say $? names-of-a-list-travel-as-files

# A head of others is read where its class reads it. Byte-level ids: 258 is <|im_end|>, which every turn ends with.
others() { # ARCH: a trained head whose folder says nothing of Assay, with the end of turn as pad
    "$assay" init --arch "$1" --output "$work/$1" --quiet --force >/dev/null
    "$assay" train --model "$work/$1" --data "$work/pairs.jsonl" --eval-split off --output "$work/$1-rm" --max-steps 1 --tuning full --quiet --force
    rm "$work/$1-rm/assay.json"
    sed -i 's/"pad_token_id": [0-9]*/"pad_token_id": 258/' "$work/$1-rm/config.json"
}
score_of() { "$assay" score --model "$1" 2>"$work/err" | sed 's/.*"score":\([^,}]*\).*/\1/'; }
talk='{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
others llama; others internlm2
turn='{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}'
printf '%s' "$turn" >"$work/llama-rm/chat_template.jinja"; printf '%s' "$turn" >"$work/internlm2-rm/chat_template.jinja"
[ "$(score_of "$work/llama-rm" <<<"$talk")" = "$(score_of "$work/llama-rm" <<<'{"text": "a<|im_end|>b"}')" ]; say $? before-the-last-pad
echo "$talk" | "$assay" score --model "$work/llama-rm" >"$work/out" 2>"$work/err"
grep -q 'hold the config.s pad token (258), and this head is read at the last token that is not' "$work/err" && ! grep -q 'Assay the last token' "$work/err"; say $? and-said
"$assay" score --model "$work/llama-rm" --pooling last <<<"$talk" >"$work/last" 2>/dev/null; ! cmp -s "$work/out" "$work/last"; say $? pooling-last-reads-another
[ "$(score_of "$work/internlm2-rm" <<<"$talk")" = "$(score_of "$work/internlm2-rm" <<<'{"text": "a"}')" ]; say $? older-code-stops-before-the-first-pad
"$assay" inspect "$work/llama-rm" --json >"$work/out"
grep -q '"pooling": "the last token that is not the config.s pad"' "$work/out" && grep -q '"template_origin": "chat_template.jinja"' "$work/out"; say $? inspect-tells-both
"$assay" inspect "$work/internlm2-rm" | grep -q '^pooling  *the token before the first pad'; say $? inspect-tells-of-older-code

# What is said once.
"$assay" score --model "$work/run" <<<'{"prompt": "p", "response": "r"}
{"prompt": "p", "response": "s"}' 2>"$work/err" >/dev/null
[ "$(grep -c -e '--template plain scores prompt' "$work/err")" = 1 ]; say $? a-string-prompt-is-a-turn-said-once
"$assay" score --model "$work/run" --template plain <<<'{"prompt": "p", "response": "r"}' 2>"$work/err" >/dev/null
! grep -q -e '--template plain' "$work/err"; say $? and-not-of-plain-text
"$assay" score --model "$work/run" <<<"$talk" 2>"$work/err" >/dev/null
! grep -q -e '--template plain' "$work/err"; say $? nor-of-messages
"$assay" eval --model "$work/run" --data "$work/pairs.jsonl" 2>"$work/err" >/dev/null
[ "$(grep -c -e '--template plain scores prompt' "$work/err")" = 1 ]; say $? eval-says-it-once
longest=$("$assay" preview --model "$work/run" --data "$work/pairs.jsonl" --json 2>/dev/null | sed 's/.*"longest": \([0-9]*\).*/\1/')
"$assay" eval --model "$work/run" --data "$work/pairs.jsonl" --max-length $((longest - 1)) --truncate right 2>"$work/err" >/dev/null
grep -q '[12] pairs were cut to the maximum length at the right: .* lost its end of turn' "$work/err"; say $? eval-says-what-a-cut-takes
"$assay" score --model "$work/run" --max-length 60 --truncate right <<<"$talk" 2>"$work/err" >/dev/null
grep -q '1 texts were cut to the maximum length at the right' "$work/err"; say $? score-says-what-a-cut-takes

if [ -d "$shared/cases" ]; then python3 tests/cli/template_cases.py "$assay" "$shared/cases" "$shared/templates" "$work"
else echo "skip real-cases (no $shared/cases)"; fi
