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
