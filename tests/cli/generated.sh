#!/usr/bin/env bash
# What is made from the option table: the run file of init-config, manual pages, completion; and what make install leaves.
. tests/cli/check.inc

# The run file says what a plain train says: unchanged, and with every line uncommented.
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null
here=(--model "$work/base" --data examples/medical_train.jsonl --eval-split off --max-steps 1 --max-train-samples 20 --quiet)
check writes 0 err 'written: ' init-config --output "$work/run.yaml"
check refuses-to-overwrite 2 err 'exists' init-config --output "$work/run.yaml"
check prints 0 out '^#lora-rank: 8$' init-config
for row in $("$assay" help train | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' | grep -v -x -e config -e json -e quiet -e help); do
    grep -q "^#*$row:" "$work/run.yaml" || echo "not ok run-file-lacks-$row"
done
"$assay" train "${here[@]}" --output "$work/plain" 2>"$work/err"; say $? plain
"$assay" train --config "$work/run.yaml" "${here[@]}" --output "$work/unchanged" 2>"$work/err"; say $? run-file-unchanged
sed 's/^#\([a-z0-9-]*:\)/\1/' "$work/run.yaml" >"$work/all.yaml"
"$assay" train --config "$work/all.yaml" "${here[@]}" --output "$work/spelled" 2>"$work/err"; say $? run-file-uncommented
[ -s "$work/err" ] && cat "$work/err"
for run in unchanged spelled; do
    cmp -s <(grep -v -e '"output"' "$work/plain/assay.json") <(grep -v -e '"output"' "$work/$run/assay.json"); say $? same-options-$run
done
printf 'model: %s\ndata: [examples/medical_train.jsonl]\noutput: %s\n' "$work/base" "$work/filled" >>"$work/none"
sed -e "s|^model:|model: $work/base|" -e 's|^data:|data: [examples/medical_train.jsonl]|' -e "s|^output:|output: $work/filled|" -e 's|^#max-steps:.*|max-steps: 1|' "$work/run.yaml" >"$work/filled.yaml"
"$assay" train --config "$work/filled.yaml" --quiet 2>"$work/err"; say $? run-file-filled-in

# Manual pages: man's own reader has nothing to say against them.
for command in "" $("$assay" help | awk '/^  [a-z]/ && $1 != "assay" { print $1 }'); do
    "$assay" help $command --man >"$work/page" || { echo "not ok man-$command"; continue; }
    if command -v groff >/dev/null; then
        groff -man -Tutf8 -ww "$work/page" >"$work/shown" 2>"$work/err"
        if [ -s "$work/err" ]; then echo "not ok man-$command"; head -n 3 "$work/err"; else echo "ok man-${command:-assay}"; fi
    else echo "skip man-${command:-assay} (no groff)"; fi
done
command -v groff >/dev/null && { "$assay" help train --man | groff -man -Tascii -P-cbou 2>/dev/null | grep -q -e '--lora-rank'; say $? man-has-options; }

# Completion as bash does it.
complete_bash() { bash -c '
    eval "$("$1" help --completion bash)"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _assay 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' - "$assay" "$@"; }
complete_bash assay tra | grep -qx train; say $? completes-commands
complete_bash assay train --lora-r | grep -qx -e --lora-rank; say $? completes-options
[ "$(complete_bash assay train --tuning "" | tr '\n' ' ')" = "lora full head " ]; say $? completes-values
! complete_bash assay score --lora-r | grep -q rank; say $? completes-only-what-fits
complete_bash assay help sc | grep -qx score; say $? completes-help
(cd "$work" && complete_bash assay train --model ba 2>/dev/null) >/dev/null
complete_bash assay train --config exam | grep -qx examples; say $? completes-files
if command -v zsh >/dev/null; then "$assay" help --completion zsh | zsh -n; say $? zsh-reads-its-script
else echo "skip zsh-reads-its-script (no zsh)"; fi
check other-shell 2 err 'bash, zsh and fish' help --completion tcsh

# Installed. The build is there, so nothing is compiled.
if [ "$assay" = build/assay ] || [ "$assay" = "$PWD/build/assay" ]; then
    make -s install DESTDIR="$work/root" PREFIX=/usr >/dev/null 2>"$work/err"; say $? make-install
    [ -x "$work/root/usr/bin/assay" ] && [ -s "$work/root/usr/share/man/man1/assay-train.1" ] && [ -s "$work/root/usr/share/bash-completion/completions/assay" ] &&
        [ -s "$work/root/usr/share/zsh/site-functions/_assay" ] && [ -s "$work/root/usr/lib/libassay.so" ]
    say $? installed-files
    if command -v pkg-config >/dev/null; then
        [ "$(PKG_CONFIG_PATH=$work/root/usr/lib/pkgconfig pkg-config --modversion assay)" = "$("$assay" version | awk '{print $2}')" ]; say $? pkg-config-knows-the-version
    else echo "skip pkg-config-knows-the-version (no pkg-config)"; fi
fi
