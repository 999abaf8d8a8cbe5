#!/usr/bin/env bash
# libassay as others get it: installed, found by pkg-config, used by a C program and by Python.
. tests/cli/check.inc
root=$PWD

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
head -n 40 examples/medical_train.jsonl >"$work/pairs.jsonl"
"$assay" train --model "$work/model" --data "$work/pairs.jsonl" --output "$work/run" --max-steps 2 --batch-pairs 4 --quiet >/dev/null 2>&1
make -s install DESTDIR="$work/root" PREFIX=/usr >/dev/null 2>"$work/err"; say $? install
lib=$work/root/usr/lib

others=$(nm -D --defined-only "$lib/libassay.so.1" | awk '{print $3}' | grep -v -x -f <(grep -o 'assay_[a-z_]*(' include/assay.h | tr -d '('))
[ -z "$others" ]; say $? exports-the-header-alone
readelf -d "$lib/libassay.so.1" | grep -q 'SONAME.*libassay.so.1'; say $? soname

cat >"$work/use.c" <<'C'
#include <assay.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    assay_failure failure;
    assay_setting settings[] = {{"model", argc > 1 ? argv[1] : ""}};
    assay_scorer *scorer;
    double score;
    if (assay_scorer_open(&scorer, settings, 1, NULL, &failure) || assay_scorer_score_answer(scorer, "2+2?", "4", &score, &failure)) return printf("%s\n", failure.text), 1;
    printf("%.9g\n", score);
    assay_scorer_close(scorer);
    return 0;
}
C
if command -v pkg-config >/dev/null; then
    flags=$(PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR="$work/root" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs assay)
else
    flags="-I$work/root/usr/include -L$lib -lassay"
fi
${CC:-gcc} -Wall -Wextra -Werror "$work/use.c" -o "$work/use" $flags; say $? compiles-as-c
if command -v g++ >/dev/null; then g++ -x c++ -fsyntax-only -Wall -Wextra -Werror "$root/include/assay.h" 2>/dev/null || g++ -x c++-header -fsyntax-only "$root/include/assay.h"; say $? compiles-as-cpp; fi
mine=$(LD_LIBRARY_PATH=$lib "$work/use" "$work/run")
theirs=$(echo '{"prompt": "2+2?", "response": "4"}' | "$assay" score --model "$work/run" | sed 's/.*"score":\([^,}]*\).*/\1/')
[ -n "$mine" ] && [ "$mine" = "$theirs" ]; say $? same-score-as-the-command

# A prefix that no loader looks at: programs know the way by themselves.
make -s install PREFIX="$work/prefix" >/dev/null 2>"$work/err"; say $? install-elsewhere
if command -v pkg-config >/dev/null; then
    elsewhere=$(PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig pkg-config --cflags --libs assay)
    ${CC:-gcc} "$work/use.c" -o "$work/use-elsewhere" $elsewhere && [ "$("$work/use-elsewhere" "$work/run")" = "$theirs" ]; say $? runs-without-settings
else
    echo "skip runs-without-settings (no pkg-config here)"
fi
make -s uninstall PREFIX="$work/prefix"
[ -z "$(find "$work/prefix" ! -type d)" ]; say $? uninstall-leaves-nothing-elsewhere

if command -v python3 >/dev/null; then
    python3 tests/python/test_assay.py "$assay" "$work" >"$work/python" 2>&1; found=$?
    say $found python-module
    [ $found -eq 0 ] || tail -n 30 "$work/python"
    PYTHONPATH=$work/root/usr/share/assay/python python3 -c 'import assay; print(assay.version())' >/dev/null; say $? python-module-installed
    # Where its own Python looks, it is found with no setting at all; a staged tree is looked at with -S and one folder.
    make -s install DESTDIR="$work/staged" PREFIX=/usr PYTHONDIR=/usr/lib/python3/dist-packages >/dev/null 2>&1
    (cd / && PYTHONPATH=$work/staged/usr/lib/python3/dist-packages python3 -c 'import assay; assert "staged" in assay._lib._name') ; say $? python-module-where-python-looks
    make -s uninstall DESTDIR="$work/staged" PREFIX=/usr PYTHONDIR=/usr/lib/python3/dist-packages
    [ -z "$(find "$work/staged" ! -type d)" ]; say $? uninstall-leaves-nothing
else
    echo "skip python-module (no python3 here)"
fi
