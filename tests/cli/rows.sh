#!/usr/bin/env bash
# Lists of answers to one prompt: which objective they get, that bt is best against worst to the bit, that planned memory and bits hold, what is refused.
. tests/cli/check.inc
"$assay" init --arch llama --output "$work/base" --quiet >/dev/null

# 24 prompts with four answers of scores 9, 6, 6 and 2 in turning order; the same as best and worst.
words=(amber birch cedar dune ember fjord grove heath islet juniper karst lagoon)
for ((i = 0; i < 24; i++)); do
    topic="${words[i % 12]} and ${words[(i * 5 + 3) % 12]}"
    answers=("\"The $topic are well known, and number $i has all of it told.\"" "\"Some $topic, number $i.\"" "\"$topic? Number $i, more or less.\"" "\"I do not care for $topic at all, number $i.\"")
    scores=(9 6 6 2)
    list="" points=""
    for ((k = 0; k < 4; k++)); do
        list+="${list:+,}${answers[(i + k) % 4]}" points+="${points:+,}${scores[(i + k) % 4]}"
    done
    echo "{\"prompt\":\"Tell me of $topic.\",\"responses\":[$list],\"scores\":[$points]}" >>"$work/lists.jsonl"
    echo "{\"prompt\":\"Tell me of $topic.\",\"chosen\":${answers[0]},\"rejected\":${answers[3]}}" >>"$work/ends.jsonl"
done
head -n 8 "$work/lists.jsonl" >"$work/few.jsonl"
common=(train --model "$work/base" --batch-pairs 8 --epochs 2 --eval-split off --template plain)
weights=adapter_model.safetensors

check lists-are-all-pairs 0 err 'note: 24 of 24 prompts have more than two answers: --objective all-pairs.*--objective bt takes the best and the worst' \
    "${common[@]}" --data "$work/lists.jsonl" --output "$work/auto"
grep -q '"objective": *"all-pairs"' "$work/auto/assay.json"; say $? the-notes-name-all-pairs
check best-against-worst-is-said 0 err 'note: --objective bt takes the best and the worst answer of 24 lists and leaves their other 48 answers out' \
    "${common[@]}" --data "$work/lists.jsonl" --output "$work/bt" --objective bt
"$assay" "${common[@]}" --data "$work/ends.jsonl" --output "$work/ends" >/dev/null 2>&1
cmp -s "$work/bt/$weights" "$work/ends/$weights"; say $? bt-of-lists-has-the-bits-of-their-ends
for objective in plackett-luce first-best rao-kupper; do
    check "trains-$objective" 0 err . "${common[@]}" --data "$work/lists.jsonl" --output "$work/$objective" --objective "$objective"
    grep -q "\"objective\": *\"$objective\"" "$work/$objective/assay.json"; say $? "the-notes-name-$objective"
    ! cmp -s "$work/$objective/$weights" "$work/auto/$weights"; say $? "$objective-trains-other-weights-than-all-pairs"
done
! cmp -s "$work/plackett-luce/$weights" "$work/bt/$weights"; say $? plackett-luce-reads-more-than-bt

# Rows of four in the planned memory, however they are grouped, and one prompt computed once: 3 times its tokens are shared.
grep -c . "$work/auto/metrics.jsonl" | grep -qx 6; say $? a-batch-of-8-counts-prompts
awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i ~ /"planned_bytes"/) p = $(i + 1); if ($i ~ /"peak_bytes"/) k = $(i + 1)
    if ($i ~ /"tokens_shared"/) s = $(i + 1); if ($i ~ /"pairs"/) n = $(i + 1) } if (k + 0 > p + 0 || n != 8 || s < 3 * 8 * 10) bad = 1 } END { exit bad }' "$work/auto/metrics.jsonl"
say $? peaks-are-within-the-plan
longest=$("$assay" plan --model "$work/base" --data "$work/lists.jsonl" --eval-split off --template plain --json --quiet 2>/dev/null | grep -o '"longest_pair": *[0-9]*' | grep -o '[0-9]*$')
[ "${longest:-0}" -gt 100 ]; say $? the-plan-counts-four-answers
"$assay" "${common[@]}" --data "$work/lists.jsonl" --output "$work/small" --micro-tokens "$longest" >/dev/null 2>&1
cmp -s "$work/auto/$weights" "$work/small/$weights"; say $? grouping-changes-no-bit
check a-row-is-never-cut 3 err "longest pair, which has $longest tokens and is never split" "${common[@]}" --data "$work/lists.jsonl" --output "$work/no" --micro-tokens $((longest - 1))
check verify-takes-rows 0 out 'same bits\|equal' verify --model "$work/base" --data "$work/lists.jsonl" --template plain --objective plackett-luce --quiet
check too-long-is-a-whole-row 1 err '24: longer than the maximum length' "${common[@]}" --data "$work/lists.jsonl" --output "$work/no" --max-length 20

# What data convert writes trains to the same bits.
check converts 0 out '^0 pairs and 24 lists of answers written' data convert "$work/lists.jsonl" --output "$work/converted.jsonl"
"$assay" "${common[@]}" --data "$work/converted.jsonl" --output "$work/again" >/dev/null 2>&1
cmp -s "$work/auto/$weights" "$work/again/$weights"; say $? converted-lists-train-alike

# What lists are, what pairs would lose of them, and how a model orders them: each has 6 couples, one of them a tie.
check data-check-counts-lists 0 out 'of 4 to 4 answers: 120 couples compared, 24 ties' data check "$work/lists.jsonl"
seen data-check-says-what-pairs-lose out '48 answers and 96 couples would be lost'
check data-check-json 0 out '"lists": {"count": 24, "answers": 96,.*"compared": 120, "ties": 24, "answers_lost_as_pairs": 48' data check "$work/lists.jsonl" --json
check eval-of-lists 0 out 'lists  *24, 96 answers: 120 couples compared, 24 ties apart' eval --model "$work/auto" --data "$work/lists.jsonl"
seen eval-says-tau out "^Kendall's tau"
check eval-of-lists-json 0 out '"lists": {"lists": 24, "answers": 96, "compared": 120, "ties": 24, "accuracy": [01]' eval --model "$work/auto" --data "$work/lists.jsonl" --json
"$assay" eval --model "$work/auto" --data "$work/lists.jsonl" --json 2>/dev/null | grep -o '"accuracy": [0-9.]*' | head -n 1 >"$work/of-lists"
"$assay" eval --model "$work/auto" --data "$work/ends.jsonl" --json 2>/dev/null | grep -o '"accuracy": [0-9.]*' | head -n 1 | cmp -s - "$work/of-lists"
say $? the-accuracy-of-pairs-stays-that-of-best-and-worst

# Ties and shares choose their objective, and only where it is left to the data.
sed '1,6s/}$/,"winner_tie":1}/' "$work/ends.jsonl" >"$work/ties.jsonl"
sed '1,6s/}$/,"p":0.7}/' "$work/ends.jsonl" >"$work/shares.jsonl"
check ties-are-rao-kupper 0 err 'note: 6 of 24 pairs are ties: --objective rao-kupper, tie parameter 1.5; --objective bt leaves them out' \
    "${common[@]}" --data "$work/ties.jsonl" --output "$work/ties"
grep -q '"objective": *"rao-kupper"' "$work/ties/assay.json"; say $? the-notes-name-rao-kupper
check a-tie-parameter-for-auto 0 err 'tie parameter 2;' "${common[@]}" --data "$work/ties.jsonl" --output "$work/ties2" --tie-parameter 2
check no-tie-no-parameter 2 err '\--objective bt does not model' "${common[@]}" --data "$work/ends.jsonl" --output "$work/no" --tie-parameter 2
check shares-are-soft 0 err 'note: 6 of 24 pairs have shares of votes: --objective soft' "${common[@]}" --data "$work/shares.jsonl" --output "$work/shares"
check preview-chooses-alike 0 err 'objective all-pairs' preview --model "$work/base" --data "$work/few.jsonl" --template plain

check smoothing-of-a-ranking 2 err 'models no wrong labels; all-pairs does' "${common[@]}" --data "$work/lists.jsonl" --output "$work/no" --objective plackett-luce --label-smoothing 0.1
sed '3s/"scores":\[[0-9]*/"scores":["x"/' "$work/lists.jsonl" >"$work/bad.jsonl"
check a-bad-score-is-named 1 err 'bad.jsonl:3: "scores" should hold numbers' "${common[@]}" --data "$work/bad.jsonl" --output "$work/no"

# A list of two is a pair, and score answers in the record's order all the same.
"$assay" init --arch llama --output "$work/judge" --head 1 --quiet >/dev/null
printf '%s\n' '{"instruction":"a","completions":[{"response":"x","overall_score":1},{"response":"y","overall_score":2}]}' \
    '{"instruction":"a","completions":[{"response":"x","overall_score":2},{"response":"y","overall_score":1}]}' >"$work/two.jsonl"
"$assay" score --model "$work/judge" --input "$work/two.jsonl" --quiet 2>/dev/null | sed 's/.*"score"/"score"/' >"$work/two"
[ "$(sort -u "$work/two" | wc -l)" -eq 1 ] && [ "$(wc -l <"$work/two")" -eq 2 ]; say $? a-list-of-two-keeps-its-order

# Equal answers that nobody compared teach nothing, of two and of more; nor do they count as ties.
printf '%s\n' '{"prompt":"a","responses":["x","yy"],"scores":[1,1],"ties":false}' '{"prompt":"b","responses":["x","yy","z"],"scores":[0,0,0],"ties":false}' >"$work/alike.jsonl"
cat "$work/few.jsonl" >>"$work/alike.jsonl"
check not-compared-is-left-out 0 out 'dropped: its answers were not compared with each other *2$' data check "$work/alike.jsonl"
check not-compared-is-no-tie 0 err 'note: 8 of 8 prompts' "${common[@]}" --data "$work/alike.jsonl" --output "$work/alike"
head -n 6 "$work/ties.jsonl" >"$work/tied.jsonl"
check only-ties-need-no-length 1 err 'no pair is left to work on (6: a label calls it a tie[^;]*)$' "${common[@]}" --data "$work/tied.jsonl" --output "$work/no" --objective bt

# What is too long is cut at the side that was asked for: the same score as of the text that stays.
printf '%s\n' '{"text":"one two three four five six seven eight nine ten"}' >"$work/long.jsonl"
"$assay" score --model "$work/judge" --input "$work/long.jsonl" --max-length 6 --truncate left --quiet 2>/dev/null >"$work/left"
"$assay" score --model "$work/judge" --input "$work/long.jsonl" --max-length 6 --truncate right --quiet 2>/dev/null >"$work/right"
[ -s "$work/left" ] && [ -s "$work/right" ] && ! cmp -s "$work/left" "$work/right"; say $? truncate-left-cuts
