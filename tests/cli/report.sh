#!/usr/bin/env bash
# What a run leaves to look at: report.html (in a browser, where there is one), event files, model cards; the same bytes again.
. tests/cli/check.inc
root=$PWD
same() { cmp -s "$1" "$2"; say $? "$3"; }

"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
cat >"$work/model/README.md" <<'CARD'
---
license: apache-2.0
---
CARD
for i in $(seq 1 24); do
    printf '{"id":%d,"prompt":"What is <b>%d</b> & \\"more\\"?","chosen":"</script><script>document.title=\\"broken\\"</script> good %d","rejected":"bad <img src=x onerror=alert(1)> %d"}\n' $i $i $i $i
done >"$work/pairs.jsonl"
run() { check "$1" 0 err 'done in' train --model "$work/model" --data "$work/pairs.jsonl" --eval-split 0.3 --output "$work/$2" --batch-pairs 2 --epochs 2; }
run train a/run
run train-again b/run
for file in eval_pairs.jsonl events.out.tfevents.0.assay README.md machine.json; do same "$work/a/run/$file" "$work/b/run/$file" "same-bytes-$file"; done
[ "$(grep -c '"margin"' "$work/a/run/eval_pairs.jsonl")" -ge 5 ]; say $? eval-pairs

grep -q '"compiler": "\(gcc\|Clang\) [0-9]' "$work/a/run/machine.json"; say $? machine-names-the-compiler

report=$work/a/run/report.html
cp "$report" "$work/first.html"
check report 0 out "a/run/report.html" report "$work/a/run"
same "$report" "$work/first.html" report-gives-the-bytes-of-train
# The command line of the page makes the run again.
sed -n '/<pre>assay train/,/<\/pre>/p' "$report" | sed 's/.*<pre>assay/"$assay"/; s/<\/pre>.*//' >"$work/again.sh"
cp "$work/a/run/adapter_model.safetensors" "$work/first.safetensors"
. <(sed '$ s/$/ --force --quiet/' "$work/again.sh") >/dev/null 2>"$work/err"; say $? command-of-the-report-runs
same "$work/a/run/adapter_model.safetensors" "$work/first.safetensors" command-of-the-report-makes-the-same-model
cp "$report" "$work/first.html"
check report-json 0 out '"bytes": [1-9]' report "$work/a/run" --json
check report-elsewhere 0 out 'else.html' report "$work/a/run" --output "$work/else.html"
same "$report" "$work/else.html" report-elsewhere-is-the-same
check report-exists 2 err 'exists; --force' report "$work/a/run" --output "$work/else.html"
check report-of-a-model 2 err 'metrics.jsonl' report "$work/model"
check report-nothing 2 err 'RUNDIR' report
grep -q '<img\|<script>document' "$report"; [ $? -eq 1 ]; say $? report-escapes
grep -q 'src=\|https\?://' <(sed 's/&lt;[^<]*//g' "$report"); [ $? -eq 1 ]; say $? report-needs-no-other-file

mkdir "$work/half" && head -n 3 "$work/a/run/metrics.jsonl" >"$work/half/metrics.jsonl" && printf '{"step":' >>"$work/half/metrics.jsonl"
check report-of-half-a-run 0 out 'half/report.html' report "$work/half"
rm "$report"
check resume-makes-the-report 0 err 'done in' train --model "$work/model" --data "$work/pairs.jsonl" --eval-split 0.3 --output "$work/a/run" --batch-pairs 2 --epochs 2 --resume
[ -s "$report" ]; say $? report-is-there-again

# cards
check merge 0 out 'LlamaForSequenceClassification' merge --model "$work/b/run" --output "$work/merged"
check convert 0 out 'LlamaForCausalLM' convert "$work/model" --output "$work/converted"
for folder in b/run merged converted; do
    grep -q '^license: apache-2.0$' "$work/$folder/README.md"; say $? "card-license-$folder"
done
grep -q '^      value: 0\.' "$work/merged/README.md" || grep -q '^      value: 1\.' "$work/merged/README.md"; say $? card-accuracy-of-merged

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$browser" ]; then echo "skip browser (no chromium here)"; else
    # Headless Chromium writes console messages and script errors to its log.
    timeout 3000 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --enable-logging=stderr --dump-dom "file://$report" \
        >"$work/dom" 2>"$work/console"
    grep -q '</html>' "$work/dom"; say $? browser-reads-the-report
    grep -q 'CONSOLE' "$work/console"; [ $? -eq 1 ]; say $? browser-console-is-empty
    grep -q '<title>run: reward model report</title>' "$work/dom"; say $? browser-runs-no-script-of-the-data
    [ "$(grep -c '<svg' "$work/dom")" -ge 12 ]; say $? browser-has-the-charts
    timeout 3000 python3 tests/browser/report_page.py "$work/a/run"; say $? browser-looked-at-the-report
fi
cd "$root" || exit 1
