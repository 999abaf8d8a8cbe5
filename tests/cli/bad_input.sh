#!/usr/bin/env bash
# Wrong files of every kind: exactly one line that begins "assay: " and names the culprit, exit code 1 (or 2: the options), nothing written.
# The files are a good tiny checkpoint with one thing changed; in model.safetensors a word of the header is replaced by one of equal length.
. tests/cli/check.inc

"$assay" init --arch llama --output "$work/good" >/dev/null 2>&1
for i in 1 2 3 4 5 6; do printf '{"prompt":"question %s","chosen":"answer %s","rejected":"no"}\n' $i $i; done >"$work/pairs.jsonl"
model=$work/model output=$work/output

# refused NAME CODE PATTERN [OPTION...]: train on $model and $data
refused() {
    local name=$1 code=$2 pattern=$3 got fault=; shift 3
    "$assay" train --model "$model" --data "$data" --output "$output" --max-steps 1 --quiet "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    [ "$got" -eq "$code" ] || fault="exit $got, not $code"
    [ "$(grep -c '^assay: ' "$work/err")" -eq 1 ] || fault="not exactly one assay: line"
    grep '^assay: ' "$work/err" | grep -q -e "$pattern" || fault="no \"$pattern\" in the message"
    [ -s "$work/out" ] && fault="something on standard output"
    [ -e "$output" ] && fault="something was written"
    rm -rf "$output"
    if [ -z "$fault" ]; then echo "ok $name"; else echo "not ok $name ($fault)"; tail -n 4 "$work/err"; fi
}

fresh() { rm -rf "$model"; cp -r "$work/good" "$model"; data=$work/pairs.jsonl; }
changed() { fresh; LC_ALL=C sed -i "$1" "$model/$2"; cmp -s "$model/$2" "$work/good/$2" && echo "not ok (nothing was changed in $2: $1)"; }

# The unchanged one trains: what follows is refused for the change alone.
fresh
"$assay" train --model "$model" --data "$data" --output "$output" --max-steps 1 --quiet >/dev/null 2>&1
say $? good-trains
[ -e "$output/adapter_config.json" ]; say $? good-is-written
rm -rf "$output"

# tensors
changed 's/model.norm.weight/model.nork.weight/' model.safetensors
refused tensor-missing 1 'model.norm.weight is missing'
changed 's/\[64,176\]/[176,64]/' model.safetensors
refused tensor-misshapen 1 'model.safetensors.*mlp.down_proj.weight.*\[176, 64\].*\[64, 176\]'
check plan-misshapen 1 err 'model/model.safetensors.*mlp.down_proj.weight.*\[176, 64\].*\[64, 176\]' plan --model "$model"
check plan-with-data-misshapen 1 err 'mlp.down_proj.weight.*\[176, 64\]' plan --model "$model" --data "$data"
changed 's/"dtype":"F32","shape":\[320/"dtype":"I32","shape":[320/' model.safetensors
refused tensor-of-integers 1 'embed_tokens.weight.*I32'
changed 's/"dtype":"F32","shape":\[320/"dtype":"Q99","shape":[320/' model.safetensors
refused tensor-dtype-unknown 1 'embed_tokens.weight.*Q99'

# containers
fresh; head -c 9000 "$work/good/model.safetensors" >"$model/model.safetensors"
refused safetensors-truncated 1 'model.safetensors.*of 69[0-9]*'
fresh; head -c 5 "$work/good/model.safetensors" >"$model/model.safetensors"
refused safetensors-without-header 1 'model.safetensors: 5 bytes'
changed 's/\[81920,82176\]/[81664,81920]/' model.safetensors
refused safetensors-overlapping 1 'input_layernorm.weight.*81664.*overlap'
fresh; printf '\377\377\377\377\377\377\377\177' | dd of="$model/model.safetensors" conv=notrunc status=none
refused safetensors-absurd-header 1 'model.safetensors'
fresh; rm "$model/model.safetensors"
refused no-weights 1 'no weights'
model=$work/absurd.gguf
printf 'GGUF\3\0\0\0\377\377\377\377\377\377\377\177\377\377\377\377\377\377\377\177' >"$model"
refused gguf-absurd-counts 1 'absurd.gguf.*count'
printf 'GGUF\3\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\377\377\377\377\377\377\377\177x' >"$model"
refused gguf-absurd-key 1 'absurd.gguf'
printf 'GGUF\3\0\0\0' >"$model"
refused gguf-truncated 1 'absurd.gguf'
printf 'what is this' >"$model"
refused gguf-is-none 1 'absurd.gguf'
model=$work/model
for pickle in system call_tensor sizes_overflow self_list huge_long opcode_stack_global; do
    fresh; rm "$model/model.safetensors"; cp "tests/data/container/hostile/$pickle.bin" "$model/pytorch_model.bin"
    refused "pickle-$pickle" 1 'pytorch_model.bin'
done

# config
changed 's/"llama"/"mamba"/; s/LlamaForCausalLM/MambaForCausalLM/' config.json
refused architecture-unknown 1 '"mamba" is not supported; supported are'
for key in hidden_size num_hidden_layers num_attention_heads intermediate_size vocab_size; do
    changed "s/\"$key\"/\"no_$key\"/" config.json
    refused "config-without-$key" 1 "\"$key\""
done
changed 's/"hidden_size": 64/"hidden_size": "64"/' config.json
refused config-wrong-type 1 'hidden_size'
changed 's/"hidden_size": 64/"hidden_size": -64/' config.json
refused config-negative 1 'hidden_size'
changed 's/"num_hidden_layers": 2/"num_hidden_layers": 4000000000000/' config.json
refused config-absurd 1 'num_hidden_layers'
changed 's/"num_attention_heads": 4/"num_attention_heads": 0/' config.json
refused config-no-heads 1 'heads'
changed 's/"vocab_size"/vocab_size/' config.json
refused config-no-json 1 'config.json'
fresh; printf '[1]' >"$model/config.json"
refused config-a-list 1 'config.json'
fresh; rm "$model/config.json"
refused config-gone 1 'config.json'
# Longrope (Phi-3, Phi-4-mini): longer texts have other factors, which are not read, so that no text may be so long.
longrope='"rope_scaling": {"type": "longrope", "original_max_position_embeddings": 64, "short_factor": [1,1,1,1,1,1,1,2], "long_factor": [3,3,3,3,3,3,3,3]}'
changed "s/\"rope_theta\"/$longrope, \"rope_theta\"/" config.json
refused longrope-beyond 1 'more than 64 tokens.*long_factor.*--max-length 64$'
check longrope-below 0 err '' train --model "$model" --data "$data" --output "$output" --max-steps 1 --max-length 64
rm -rf "$output"
check longrope-plan 1 err '--max-length 64$' plan --model "$model" --max-length 65
changed "s/\"rope_theta\"/${longrope/3,3/3}, \"rope_theta\"/" config.json
refused longrope-unequal 1 'config.json\|long_factor has 7 entries, short_factor 8'
changed "s/\"rope_theta\"/${longrope//,1,1,2/,1,2}, \"rope_theta\"/; s/3,3\]/3]/" config.json
refused longrope-entries 1 'short_factor has 7 entries for 16 rotated columns'
changed "s/\"rope_theta\"/${longrope/64/null}, \"rope_theta\"/" config.json
refused longrope-original 1 'longrope.*original_max_position_embeddings'

# ids
changed 's/"vocab_size": 320/"vocab_size": 200/; /token_id/d' config.json
refused tokenizer-too-large 1 'the token "[^"]*" with the id [0-9]*, but the model.s embedding has 200 rows'
changed 's/"pad_token_id": 259/"pad_token_id": 999/' config.json
refused id-out-of-range 1 'pad_token_id is 999, out of range: .* 320 rows'
changed 's/"eos_token_id": 258/"eos_token_id": [258, 320]/' config.json
refused id-in-a-list-out-of-range 1 'eos_token_id is 320, out of range: .* 320 rows'
fresh; rm "$model/tokenizer.json"
refused tokenizer-gone 1 'no tokenizer.json'
fresh; printf '{' >"$model/tokenizer.json"
refused tokenizer-broken 1 'tokenizer.json'

# pairs
fresh; data=$work/bad.jsonl
lines() { printf "$1" >"$data"; }
lines '{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":"a","chosen":"b\xff","rejected":"c"}\n'
refused pairs-not-utf8 1 'bad.jsonl:2: not valid UTF-8'
lines '{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":"a","chosen":"b"}\n'
refused pairs-field-missing 1 'bad.jsonl:2: .*"rejected"'
lines '{"prompt":"a","chosen":3,"rejected":"c"}\n'
refused pairs-wrong-type 1 'bad.jsonl:1: .*chosen'
lines '{"prompt":"a","chosen":"b","rejected":"c"}\nrubbish\n'
refused pairs-no-json 1 'bad.jsonl:2: '
lines '{"prompt":"a","chosen":"","rejected":"c"}\n{"prompt":"a","chosen":"b","rejected":" "}\n'
refused pairs-empty-answers 1 'bad.jsonl.*1: the chosen answer is empty; 1: the rejected answer is empty'
lines '{"prompt":"a","chosen":"b","rejected":"b"}\n{"prompt":"c","chosen":"d","rejected":"d"}\n'
refused pairs-equal-answers 1 'bad.jsonl.*2: chosen and rejected are equal'
lines '{"prompt":"a","chosen":"b","rejected":"c"}\n{"instruction":"a","chosen":"b","rejected":"c"}\n'
refused pairs-mixed-formats 1 'bad.jsonl:2: .*alpaca format, but line 1'
lines ''
refused pairs-none 1 'bad.jsonl holds no pair'
mkdir "$work/empty"; data=$work/empty
refused pairs-empty-folder 1 'empty'
data=$work/not-there.jsonl
refused pairs-not-there 1 'not-there.jsonl'
printf 'PAR1xxxxPAR1' >"$work/pairs.parquet"; data=$work/pairs.parquet
refused pairs-parquet 1 'pairs.parquet: its footer is longer than the file'
data=nobody/nothing
refused pairs-hub 1 'nobody/nothing does not exist.*hf download --repo-type dataset nobody/nothing'
data=$work/pairs.jsonl
refused pairs-all-too-long 1 'no pair is left.*longer than the maximum length.*--max-length' --max-length 8

# the output folder
mkdir "$output"; echo mine >"$output/mine"
check output-exists 2 err '^assay: --output .*output.*--resume.*--force' train --model "$model" --data "$data" --output "$output" --quiet
[ "$(ls "$output")" = mine ] && [ "$(cat "$output/mine")" = mine ]; say $? output-is-left-alone
rm -rf "$output"; echo file >"$output"
check output-is-a-file 2 err '^assay: .*output' train --model "$model" --data "$data" --output "$output" --quiet
[ "$(cat "$output")" = file ]; say $? output-file-is-left-alone
rm -rf "$output"

# --force removes an old run only when the new one can begin, and never what the new one reads.
"$assay" train --model "$model" --data "$data" --output "$output" --max-steps 1 --quiet >/dev/null 2>&1
printf 'rubbish' >"$work/bad.jsonl"
check force-with-bad-data 1 err 'bad.jsonl:1' train --model "$model" --data "$work/bad.jsonl" --output "$output" --quiet --force
[ -e "$output/adapter_model.safetensors" ]; say $? force-with-bad-data-keeps-the-old-run
check force-on-own-source 2 err 'which this run reads' train --model "$model" --adapter "$output" --data "$data" --output "$output" --quiet --force
[ -e "$output/adapter_model.safetensors" ]; say $? force-on-own-source-keeps-it
check force 0 err '' train --model "$model" --data "$data" --output "$output" --max-steps 1 --force
rm -rf "$output"; mkdir "$output"; echo mine >"$output/mine"
check force-on-something-else 2 err 'neither a run nor a model' train --model "$model" --data "$data" --output "$output" --quiet --force
[ -e "$output/mine" ]; say $? force-on-something-else-keeps-it
rm -rf "$output"

# adapters
mkdir "$work/adapter"; printf '{"peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["q_proj"]}' >"$work/adapter/adapter_config.json"
model=$work/adapter
refused adapter-without-base 2 'adapter_config.json.*base_model_name_or_path'
printf '{"peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["q_proj"],"base_model_name_or_path":"%s"}' "$work/good" >"$work/adapter/adapter_config.json"
refused adapter-without-weights 1 'adapter_model.safetensors'
model=$work/good
refused adapter-is-none 1 'no adapter_config.json' --adapter "$work/model"
model=$work/model

# What reads the same files without training says the same.
changed 's/"vocab_size": 320/"vocab_size": 200/; /token_id/d' config.json
# An id behind the embedding does no harm where no text has it (the pad token, say); a text that has it is refused.
check preview-misshapen 1 err 'embed_tokens.weight has shape \[320, 64\], the config asks for \[200, 64\]' preview --model "$model" --data "$data"
rm "$model/model.safetensors"
check preview-tokenizer-too-large 1 err '^assay: .*the token "<|im_start|>" with the id 257, but .* 200 rows' \
    preview --model "$work/model" --data "$work/pairs.jsonl"
printf 'plain\n' >"$work/in"
check tokenize-below-the-rows 0 out '"ids": \[112' tokenize --model "$work/model"
printf 'a<|im_end|>\n' >"$work/in"
check tokenize-behind-the-rows 1 err '^assay: .*the token "<|im_end|>" with the id 258, but .* 200 rows' tokenize --model "$work/model"
changed 's/"vocab_size": 320/"vocab_size": 259/; /token_id/d' config.json
printf 'a<|im_end|>\n' >"$work/in"
check tokenize-pad-behind-the-rows 0 out '"ids": \[97, 258\]' tokenize --model "$work/model"
printf 'a<pad>\n' >"$work/in"
check tokenize-pad-in-the-text 1 err 'the token "<pad>" with the id 259' tokenize --model "$work/model"
check inspect-absurd-gguf 0 out 'absurd.gguf' inspect "$work/absurd.gguf"

# What files bring into a message or a report cannot speak to the terminal: escapes and line feeds are shown.
plain() { ! LC_ALL=C grep -q $'[\001-\010\013-\037\177]' "$1" && [ "$(wc -l <"$1")" -eq "$2" ]; } # file lines
: >"$work/in"
changed 's/"model_type": "[a-z]*"/"model_type": "x\\u001b[31m\\ny\\u009b"/' config.json
refused escape-in-model-type 1 'x\\x1b\[31m\\ny\\u009b'
plain "$work/err" 1; say $? escape-in-model-type-is-shown
"$assay" inspect "$model" >"$work/out" 2>"$work/err"; lines=$(wc -l <"$work/out")
plain "$work/out" "$lines" && grep -q 'x\\x1b\[31m\\ny' "$work/out"; say $? escape-in-inspect-is-shown
fresh; data=$work/roles.jsonl
printf '{"chosen":[{"role":"\\u001b]0;a\\u0007\\n","content":"x"}],"rejected":[{"role":"user","content":"y"}]}\n' >"$data"
refused escape-in-role 1 'the role "\\x1b\]0;a\\x07\\n"'
plain "$work/err" 1; say $? escape-in-role-is-shown
printf '{"\\u001b[2Jfield":1}\n' >"$data"
refused escape-in-field 1 '\\x1b\[2Jfield'
plain "$work/err" 1; say $? escape-in-field-is-shown
printf '"lr\\e[2J": 1\n' >"$work/run.yaml"
data=$work/pairs.jsonl
refused escape-in-yaml-key 2 'lr\\x1b\[2J' --config "$work/run.yaml"
plain "$work/err" 1; say $? escape-in-yaml-key-is-shown
refused escape-in-path 1 'no\\x1b\[2J\\nsuch' --data "$work/no"$'\033[2J\n'"such"
plain "$work/err" 1; say $? escape-in-path-is-shown

# A name that is too long for a message is cut between characters.
long=$(printf '一%.0s' $(seq 100))
changed "s/\"model_type\": \"[a-z]*\"/\"model_type\": \"$long\"/" config.json
refused long-name-in-model-type 1 '一一'
printf '{"chosen":[{"role":"x%s","content":"x"}],"rejected":[{"role":"user","content":"y"}]}\n' "$long" >"$work/roles.jsonl"
fresh; data=$work/roles.jsonl
refused long-role 1 '"x一一*"'
iconv -f UTF-8 -t UTF-8 "$work/err" >/dev/null && ! grep -q '\\x' "$work/err"; say $? long-role-is-cut-between-characters
