#!/usr/bin/env bash
# The documents say the same in both languages, and what the program does.
. tests/cli/check.inc

commands() { grep '^    [a-z]' "$1" | sed 's/  *#.*//'; }
links() { grep -o '](\(docs/\)\?[A-Za-z/.-]*\.md)' "$1" | grep -v 'README' | sort -u; }
commands README.md >"$work/en"; commands README.zh-CN.md >"$work/zh"
diff "$work/en" "$work/zh"; say $? same-commands
links README.md >"$work/en"; links README.zh-CN.md >"$work/zh"
diff "$work/en" "$work/zh"; say $? same-documents
[ "$(grep -c '^## ' README.md)" -eq "$(grep -c '^## ' README.zh-CN.md)" ]; say $? same-sections
if command -v python3 >/dev/null; then
    python3 tests/cli/documents.py README.md README.zh-CN.md >"$work/differ"; say $? same-tables-and-figures; cat "$work/differ"
    for change in 's/0\.827/0.828/' 's/batch-pairs 32/batch-pairs 33/' '/^| 旋转/d'; do # and would say so
        sed "$change" README.zh-CN.md >"$work/changed.md"
        ! python3 tests/cli/documents.py README.md "$work/changed.md" >/dev/null; say $? "tells-$change"
    done
else echo "skip same-tables-and-figures (no python3)"; fi
# Figures come behind how to install.
[ "$(grep -n '^## Install' README.md | cut -d : -f 1)" -lt "$(grep -n '^| what | figure' README.md | head -n 1 | cut -d : -f 1)" ]; say $? figures-after-install
# How many formats of pairs there are.
formats=$(sed -n '/^static const pair_format formats/,/^};/p' src/data/pair_formats.c | sed -n 's/^    {"\([^"]*\)",.*/\1/p' | sort -u | wc -l)
grep -q "; $formats formats recognised" README.md; say $? formats-are-counted
for command in $("$assay" help | awk '/^  [a-z]/ && $1 != "assay" { print $1 }'); do
    grep -q -e "assay $command" README.md || echo "not ok README.md has no \"assay $command\""
done
sed -n 's/^    X([A-Z_]*, \([0-9]*\),.*/\1/p' src/base/status.h | sort -un >"$work/codes"
sed -n 's/^| \([0-9]*\) |.*/\1/p' docs/exit-codes.md | sort -un >"$work/told"
[ -s "$work/codes" ] && diff "$work/codes" "$work/told"; say $? exit-codes
grep -rhoE '\]\((docs|contrib|examples)/[^)#]*' README.md README.zh-CN.md | sed 's/](//' | sort -u | while read -r file; do [ -e "$file" ] || echo "not ok $file is linked and not there"; done

# The code of docs/elsewhere.md gives what `assay score` gives. ASSAY_PYTHON names a Python with torch, transformers and trl.
python=${ASSAY_PYTHON:-python3}
if command -v "$python" >/dev/null; then "$python" tests/oracle/elsewhere.py "$assay"
else echo "skip elsewhere (no python3)"; fi
[ "$(grep -c '^```python' docs/elsewhere.md)" -eq 6 ]; say $? elsewhere-has-its-blocks

# The run of docs/why.md, with fewer steps: its commands are there, and two of them end with the same bits.
mkdir "$work/why" && ln -s "$PWD/examples" "$work/why/examples"
sed -n '/^## The same run with Assay/,/^Measured/p' docs/why.md | sed -n 's/^    \([^#]\)/\1/p' | sed 's/--max-steps 20/--max-steps 2/' >"$work/why/run"
(cd "$work/why" && PATH=$(dirname "$(readlink -f "$assay")"):$PATH bash -e run >out 2>err)
[ $? -eq 0 ] && grep -qx 'the same bits' "$work/why/out" && [ "$(grep -c '"score"' "$work/why/out")" -eq 4 ]; say $? why-runs
# shellcheck disable=SC2002
[ "$(grep '"score"' "$work/why/out" | head -n 2)" = "$(grep '"score"' "$work/why/out" | tail -n 2)" ]; say $? why-scores-the-same-twice

# The tutorial's commands are understood: every assay line of it, with models that are not here told as such and nothing else wrong.
printf 'question,good,bad\nq,a,b\nr,a,b\n' >"$work/answers.csv"
here=$(readlink -f "$assay")
for step in data plan; do
    line=$(grep "^  *assay $step " docs/tutorial.md | sed 's/^ *assay //')
    (cd "$work" && eval "$here $line" >"$work/out" 2>"$work/err"); say $? "tutorial-$step"
done
line=$(grep "^  *assay train " docs/tutorial.md | sed "s/^ *assay //; s|Qwen/[^ ]*|$work/nothing|")
(cd "$work" && eval "$here $line" >"$work/out" 2>"$work/err"); [ $? -eq 1 ] && grep -q 'nothing: no such folder' "$work/err"; say $? tutorial-train
