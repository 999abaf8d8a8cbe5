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
for command in $("$assay" help | awk '/^  [a-z]/ && $1 != "assay" { print $1 }'); do
    grep -q -e "assay $command" README.md || echo "not ok README.md has no \"assay $command\""
done
sed -n 's/^    X([A-Z_]*, \([0-9]*\),.*/\1/p' src/base/status.h | sort -un >"$work/codes"
sed -n 's/^| \([0-9]*\) |.*/\1/p' docs/exit-codes.md | sort -un >"$work/told"
[ -s "$work/codes" ] && diff "$work/codes" "$work/told"; say $? exit-codes
grep -rhoE '\]\((docs|contrib|examples)/[^)#]*' README.md README.zh-CN.md | sed 's/](//' | sort -u | while read -r file; do [ -e "$file" ] || echo "not ok $file is linked and not there"; done

# The code of docs/elsewhere.md gives what `assay score` gives. ASSAY_PYTHON names a Python with torch and transformers.
python=${ASSAY_PYTHON:-python3}
if "$python" -c 'import torch, transformers' 2>/dev/null; then
    awk '/^```python/ { on = 1; next } /^```/ { on = 0 } on' docs/elsewhere.md >"$work/score.py"
    "$assay" init --arch qwen2 --output "$work/base" --quiet >/dev/null
    "$assay" train --model "$work/base" --template chatml --precision f32 --data examples/medical_train.jsonl --eval-split off --max-steps 2 --lr 1e-2 --output "$work/rm" --quiet 2>"$work/err" &&
        "$assay" merge --model "$work/rm" --output "$work/merged" --quiet >/dev/null
    printf '{"prompt":"How much water?","response":"Enough."}\n{"prompt":"2+2?","response":"Four, or 4."}\n' >"$work/lines"
    "$assay" score --model "$work/merged" --input "$work/lines" --quiet | sed 's/.*"score":\([-0-9.e]*\).*/\1/' >"$work/ours"
    "$python" "$work/score.py" "$work/merged" <"$work/lines" >"$work/theirs" 2>"$work/err"
    # f32 sums in another order: a few units in the last of seven digits of values near 1
    paste "$work/ours" "$work/theirs" | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-4) bad = 1; n++ } END { exit bad || n != 2 }'
    same=$?; say $same elsewhere-transformers; [ $same -eq 0 ] || { paste "$work/ours" "$work/theirs"; tail -n 3 "$work/err"; }
else echo "skip elsewhere-transformers (no torch and transformers; ASSAY_PYTHON names one that has them)"; fi

# The tutorial's commands are understood: every assay line of it, with models that are not here told as such and nothing else wrong.
printf 'question,good,bad\nq,a,b\nr,a,b\n' >"$work/answers.csv"
here=$(readlink -f "$assay")
for step in data plan; do
    line=$(grep "^  *assay $step " docs/tutorial.md | sed 's/^ *assay //')
    (cd "$work" && eval "$here $line" >"$work/out" 2>"$work/err"); say $? "tutorial-$step"
done
line=$(grep "^  *assay train " docs/tutorial.md | sed "s/^ *assay //; s|Qwen/[^ ]*|$work/nothing|")
(cd "$work" && eval "$here $line" >"$work/out" 2>"$work/err"); [ $? -eq 1 ] && grep -q 'nothing: no such folder' "$work/err"; say $? tutorial-train
