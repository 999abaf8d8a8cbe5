#!/usr/bin/env bash
# A host program that has set a locale with a decimal comma, and one whose letters fold in their own way: the library reads and writes the same.
. tests/cli/check.inc

mkdir "$work/locale"
made() { localedef -i "$1" -f UTF-8 "$work/locale/$1.UTF-8" >/dev/null 2>&1; }
if ! command -v localedef >/dev/null || ! made de_DE || ! made tr_TR; then
    echo "skip locale (localedef made no de_DE and tr_TR: the package locales is missing)"
    exit 0
fi

cat >"$work/host.c" <<'C'
#include <assay.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
static assay_failure failure;
static void say(void *context, int warning, const char *text) { (void)context, printf("%d %s\n", warning, text); }
static int failed(const char *what) { return fprintf(stderr, "%s: %d %s\n", what, failure.code, failure.text), 1; }
int main(int argc, char **argv)
{
    char *json;
    double *scores, score;
    size_t total;
    assay_scorer *scorer;
    assay_listener listener = {say, NULL, NULL};
    if (argc != 6 || !setlocale(LC_ALL, argv[1])) return fprintf(stderr, "no locale %s\n", argv[1]), 1;
    char half[8];
    snprintf(half, sizeof half, "%.1f", 0.5);
    if (strcmp(half, argv[5])) return fprintf(stderr, "one half is %s\n", half), 1;
    assay_setting settings[] = {{"model", argv[2]}, {"data", argv[3]}, {"output", argv[4]}, {"lr", "2.5e-4"}, {"min-lr", "0.125"}, {"schedule", "LINEAR"},
        {"warmup", "0.03"}, {"eval-split", "0.25"}, {"batch-pairs", "4"}, {"max-steps", "3"}, {"memory", "1.5G"}, {"clip", ".5"}, {"threads", "1"}};
    size_t count = sizeof settings / sizeof *settings;
    if (assay_plan_run(settings, count, NULL, &json, &failure)) return failed("plan");
    printf("%s\n", json);
    assay_release(json);
    if (assay_train_run(settings, count, &listener, &json, &failure)) return failed("train");
    printf("%s\n", json);
    assay_release(json);
    assay_setting open[] = {{"model", argv[4]}, {"threads", "1"}};
    const char *lines[] = {"{\"prompt\": \"a\", \"response\": \"b\", \"margin\": 0.5}", "{\"text\": \"x\"}"};
    if (assay_scorer_open(&scorer, open, 2, &listener, &failure)) return failed("open");
    if (assay_scorer_score_lines(scorer, lines, 2, &scores, NULL, &total, &failure)) return failed("score");
    if (assay_scorer_score_answer(scorer, "a", "b", &score, &failure)) return failed("score");
    if (assay_scorer_describe(scorer, &json, &failure)) return failed("describe");
    setlocale(LC_ALL, "C");
    printf("%s %.17g %.17g %.17g\n", json, scores[0], scores[1], score);
    assay_release(json);
    assay_release(scores);
    assay_scorer_close(scorer);
    return 0;
}
C
lib=$(cd "$(dirname "$assay")" && pwd)
${CC:-gcc} -Wall -Wextra -Werror -Iinclude "$work/host.c" -o "$work/host" -L"$lib" -lassay -Wl,-rpath,"$lib"; say $? compiles
"$assay" init --arch llama --output "$work/model" >/dev/null 2>&1
head -n 40 examples/medical_train.jsonl | sed 's/}$/, "margin": "0.5"}/' >"$work/pairs.jsonl"

# What differs from run to run whatever the locale: seconds, bytes of memory, the day.
settled() { sed -E 's/"(eval_)?(seconds|tokens_per_second|peak_bytes|rss_bytes|anon_[a-z_]*bytes)": *[-0-9.e+]*//g; s/done in [^;]*;//' "$1"; }
run() { # locale half
    rm -rf "$work/run"
    LOCPATH=$work/locale "$work/host" "$1" "$work/model" "$work/pairs.jsonl" "$work/run" "$2" >"$work/said" 2>"$work/err"
    local code=$?
    [ $code -eq 0 ] || tail -n 3 "$work/err"
    for name in metrics.jsonl trainer_state.json eval_pairs.jsonl README.md assay.json adapter_config.json; do
        if [ -e "$work/run/$name" ]; then settled "$work/run/$name"; else echo "no $name"; fi
    done >"$work/files"
    settled "$work/said" | sed -E 's/anonymous memory of the process[^;]*;//' >>"$work/files"
    grep -o '[0-9],[0-9]' "$work/run/report.html" | head -n 1 >>"$work/files"
    return $code
}
run C 0.5; say $? plain-locale
cp "$work/files" "$work/plain"
cp "$work/run/adapter_model.safetensors" "$work/plain.safetensors"
for locale in de_DE tr_TR; do
    run $locale.UTF-8 0,5; say $? "$locale-runs"
    cmp -s "$work/plain" "$work/files"; same=$?
    say $same "$locale-writes-the-same"
    [ $same -eq 0 ] || diff "$work/plain" "$work/files" | head -n 10
    cmp -s "$work/plain.safetensors" "$work/run/adapter_model.safetensors"; say $? "$locale-trains-the-same"
done
