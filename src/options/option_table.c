#include "options/option_table.h"

#include <assert.h>
#include <string.h>

#define TRAINING (ASSAY_FOR_TRAIN | ASSAY_FOR_PLAN | ASSAY_FOR_VERIFY | ASSAY_FOR_PREVIEW)
#define SCORING (ASSAY_FOR_EVAL | ASSAY_FOR_SCORE | ASSAY_FOR_FORWARD)
#define PAIRS (TRAINING | ASSAY_FOR_EVAL)
#define EVERY (~0u)
#define AT(field) offsetof(assay_options, field)
#define HUGE_INT 9007199254740992.0 /* 2^53: every integer below is exact as a double */
#define TERA 1099511627776.0

// clang-format off
static const assay_option_row rows[] = {
    /* files */
    {"model", "PATH", ASSAY_OPTION_PATH, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_MERGE | ASSAY_FOR_DATA, ASSAY_GROUP_FILES,
     NULL, NULL, 0, 0, {{0}}, AT(model),
     "a Hugging Face folder, a .gguf file, a folder Assay wrote, or a hub id found in the local cache"},
    {"adapter", "DIR", ASSAY_OPTION_PATH, 0, TRAINING | SCORING | ASSAY_FOR_MERGE | ASSAY_FOR_TOKENIZE,
     ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(adapter), "a LoRA adapter (PEFT's format) to start from or to use"},
    {"adapter", "[NAME=]DIR", ASSAY_OPTION_LIST, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}},
     AT(adapters), "an adapter to serve; repeatable"},
    {"ignore-config", "KEY", ASSAY_OPTION_LIST, 0, TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_MERGE,
     ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(ignore_config),
     "read config.json as if it had not this key, where the model's own code does not look at it either; repeatable, "
     "kept in assay.json"},
    {"label", "NAME|INDEX", ASSAY_OPTION_STRING, 0, SCORING | ASSAY_FOR_SERVE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0,
     {{0}}, AT(label),
     "of a classifier with several labels, the one whose logit is the score: its name in id2label or its number"},
    {"head-from-tokens", "YES,NO", ASSAY_OPTION_STRING, 0, SCORING | ASSAY_FOR_SERVE, ASSAY_GROUP_FILES, NULL, NULL, 0,
     0, {{0}}, AT(head_from_tokens),
     "a causal model judges without training: the score is the logit of the first word less that of the second, each "
     "one token, behind the template's generation prompt"},
    {"data", "PATH", ASSAY_OPTION_LIST, 0, PAIRS, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(data),
     "pairs: a file (.parquet .json .jsonl .csv .tsv, .gz too), a folder of them, or ORG/NAME in the hub's cache; "
     "repeatable"},
    {"eval-data", "PATH", ASSAY_OPTION_LIST, 0, TRAINING | ASSAY_FOR_DATA, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}},
     AT(eval_data), "pairs to evaluate on; repeatable"},
    {"eval-split", "SHARE", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_FILES, "auto", NULL, 0, 0.5,
     {{"auto", -1}, {"off", 0}}, AT(eval_split),
     "without --eval-data: this share of the prompts is held out (auto: the larger of 5 % and 200 pairs, at most 20 "
     "%; off)"},
    {"output", "DIR", ASSAY_OPTION_PATH, 0, TRAINING | ASSAY_FOR_MERGE | ASSAY_FOR_CONVERT | ASSAY_FOR_INIT,
     ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(output), "the folder to write"},
    {"output", "FILE", ASSAY_OPTION_PATH, 0,
     ASSAY_FOR_FORWARD | ASSAY_FOR_DATA | ASSAY_FOR_REPORT | ASSAY_FOR_INIT_CONFIG, ASSAY_GROUP_FILES, NULL, NULL, 0, 0,
     {{0}}, AT(output), "the file to write"},
    {"input", "FILE", ASSAY_OPTION_PATH, 0, ASSAY_FOR_SCORE | ASSAY_FOR_FORWARD | ASSAY_FOR_TOKENIZE, ASSAY_GROUP_FILES,
     NULL, NULL, 0, 0, {{0}}, AT(input), "JSON lines to read (default: standard input)"},
    {"columns", "A=B,...", ASSAY_OPTION_LIST, ASSAY_OPTION_COMMA, PAIRS | ASSAY_FOR_SCORE | ASSAY_FOR_DATA,
     ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(columns),
     "field names of other formats: chosen=pos,rejected=neg,prompt=query"},
    {"skip-bad-lines", NULL, ASSAY_OPTION_BOOL, 0, PAIRS | ASSAY_FOR_SCORE | ASSAY_FOR_DATA, ASSAY_GROUP_FILES, NULL,
     NULL, 0, 0, {{0}}, AT(skip_bad_lines), "count and list broken lines instead of stopping at the first"},
    {"max-train-samples", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_FILES, "all", NULL, 0, HUGE_INT, {{"all", 0}},
     AT(max_train_samples), "use only the first N training pairs"},
    {"max-eval-samples", "N", ASSAY_OPTION_INT, 0, PAIRS, ASSAY_GROUP_FILES, "all", NULL, 0, HUGE_INT, {{"all", 0}},
     AT(max_eval_samples), "use only the first N evaluation pairs"},
    {"format", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_CONVERT | ASSAY_FOR_MERGE, ASSAY_GROUP_FILES, "hf", "hf|glm", 0, 0,
     {{0}}, AT(format),
     "hf: as the architecture's own classes; glm: ChatGLM2/3 as Transformers' Glm classes, no remote code needed"},
    {"hidden-states", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_FORWARD, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}},
     AT(hidden_states), "write every layer's hidden state"},
    {"attentions", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_FORWARD, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}},
     AT(attentions), "write every layer's attention probabilities"},
    {"against", "PATH", ASSAY_OPTION_PATH, 0, ASSAY_FOR_EVAL, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(against),
     "another model, or another adapter on the same --model: both judge the same pairs, and a paired test (McNemar) "
     "says which is better"},
    {"worst", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_EVAL, ASSAY_GROUP_FILES, "0", NULL, 0, 1e6, {{0}}, AT(worst),
     "list the N pairs with the smallest margin, with their text"},
    {"store", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_EVAL, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(store),
     "keep mean, deviation and quantiles of these rewards in the model's assay.json, for score --normalized"},
    {"best", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_SCORE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(best),
     "write the best answer of each line, with its score, instead of all scores"},
    {"pairs", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_SCORE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(make_pairs),
     "write the best and the worst answer of each line as a preference pair"},
    {"trace", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_SCORE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(trace),
     "add the reward at every token"},
    {"normalized", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_SCORE, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}},
     AT(normalized),
     "add where the score lies among the held-out answers: normalized, percentile, and the chance to be preferred to "
     "one of them"},
    {"arch", "NAME", ASSAY_OPTION_STRING, 0, ASSAY_FOR_INIT | ASSAY_FOR_BENCH, ASSAY_GROUP_FILES, NULL, NULL, 0, 0,
     {{0}}, AT(arch),
     "a family (llama, qwen2, chatglm2, chatglm3, ...) or a real shape (chatglm2-6b, qwen2.5-0.5b, ...); see assay "
     "models"},
    {"preset", "NAME", ASSAY_OPTION_STRING, 0, ASSAY_FOR_INIT, ASSAY_GROUP_FILES, "tiny", NULL, 0, 0, {{0}}, AT(preset),
     "the size of a family given by --arch"},
    {"layers", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_INIT | ASSAY_FOR_BENCH, ASSAY_GROUP_FILES, NULL, NULL, 1, 10000,
     {{0}}, AT(layers), "another number of layers than the shape has"},
    {"hidden", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_INIT, ASSAY_GROUP_FILES, NULL, NULL, 1, 1 << 16, {{0}}, AT(hidden),
     "another width than the shape has; a multiple of its head size"},
    {"ffn", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_INIT, ASSAY_GROUP_FILES, NULL, NULL, 1, 1 << 20, {{0}}, AT(ffn),
     "another width of the MLP than the shape has"},
    {"head", "N|KIND", ASSAY_OPTION_STRING, 0, ASSAY_FOR_INIT, ASSAY_GROUP_FILES, NULL, NULL, 0, 0, {{0}}, AT(head),
     "with a random head: of N labels, or of a kind that others train: mlp, internlm2, trl, openrlhf, ultrarm, beaver, "
     "grm, armorm, process, tokens"},
    {"dtype", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_INIT | ASSAY_FOR_MERGE, ASSAY_GROUP_FILES, "f32", "f32|bf16|f16", 0,
     0, {{0}}, AT(dtype), "the type of the weights"},
    {"dtype", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_CONVERT, ASSAY_GROUP_FILES, NULL, "f32|bf16|f16", 0, 0, {{0}},
     AT(dtype), "the type of the weights (default: plain types as they are, block-quantised ones as f32)"},
    {"quantize", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | ASSAY_FOR_CONVERT, ASSAY_GROUP_FILES, "none",
     "none|q4_k|q5_k|q6_k|q8_0|nf4|int8", 0, 0, {{0}}, AT(quantize),
     "pack the body's matrices, head and norms stay whole; convert: into model.gguf beside config.json, or (nf4, "
     "int8) as bitsandbytes stores them; training: in memory, the adapter's base"},
    {"double-quant", NULL, ASSAY_OPTION_BOOL, 0, TRAINING | ASSAY_FOR_CONVERT, ASSAY_GROUP_FILES, NULL, NULL, 0, 0,
     {{0}}, AT(double_quant), "with --quantize nf4: the scales are packed too, 4.13 bits a weight instead of 4.5"},
    {"pairs", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_VERIFY, ASSAY_GROUP_MACHINE, "4", NULL, 1, 1e6, {{0}},
     AT(verify_pairs), "pairs in the compared step"},
    {"all-combinations", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_VERIFY, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0, {{0}},
     AT(all_combinations), "every schedule with every micro-batch size with every thread count"},
    {"tokens", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_BENCH, ASSAY_GROUP_FILES, "512", NULL, 1, HUGE_INT, {{0}},
     AT(tokens), "tokens in the step"},

    /* what is trained */
    {"tuning", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | ASSAY_FOR_BENCH, ASSAY_GROUP_TUNING, "lora", "lora|full|head", 0,
     0, {{0}}, AT(tuning), "adapters and head, all weights, or the head alone"},
    {"lora-rank", "N", ASSAY_OPTION_INT, 0, TRAINING | ASSAY_FOR_BENCH, ASSAY_GROUP_TUNING, "8", NULL, 1, 65536, {{0}},
     AT(lora_rank), "rank of the adapters"},
    {"lora-alpha", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING | ASSAY_FOR_BENCH, ASSAY_GROUP_TUNING, "auto", NULL, 1e-6, 1e6,
     {{"auto", 0}}, AT(lora_alpha), "scale: adapters count alpha/rank (auto: twice the rank)"},
    {"lora-dropout", "P", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TUNING, "0", NULL, 0, 0.99, {{0}},
     AT(lora_dropout), "dropout in front of the adapters"},
    {"lora-targets", "NAME,...", ASSAY_OPTION_LIST, ASSAY_OPTION_COMMA, TRAINING | ASSAY_FOR_BENCH, ASSAY_GROUP_TUNING,
     "all", NULL, 0, 0, {{0}}, AT(lora_targets), "linear layers that get an adapter (all: every one but the head)"},
    {"head-init", "normal|zero|tokens:YES,NO", ASSAY_OPTION_STRING, 0, TRAINING, ASSAY_GROUP_TUNING, "normal", NULL, 0,
     0, {{0}}, AT(head_init),
     "how a new head starts (normal: standard deviation 1/sqrt(hidden+1); tokens: the language head's row of the first "
     "word less that of the second)"},

    /* training */
    {"epochs", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "1", NULL, 0, 1e6, {{0}}, AT(epochs),
     "passes over the data"},
    {"max-steps", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_TRAINING, "none", NULL, -1, HUGE_INT, {{"none", 0}},
     AT(max_steps), "stop after N optimizer steps (none, 0 and -1, as Transformers has it: --epochs alone says)"},
    {"batch-pairs", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_TRAINING, "32", NULL, 1, 1e9, {{0}},
     AT(batch_pairs), "prompts with their answers (pairs, lists) in one optimizer step"},
    {"lanes", "L", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_TRAINING, "auto", NULL, 1, 1024, {{"auto", 0}},
     AT(lanes),
     "parts, a power of two, that a step's sum over pairs is cut into; kept in the checkpoint (auto: one; "
     "eight where mpirun or srun started the run, with all weights as many as processes)"},
    {"stages", "S", ASSAY_OPTION_INT, 0, ASSAY_FOR_TRAIN | ASSAY_FOR_PLAN, ASSAY_GROUP_TRAINING, "1", NULL, 1, 1024,
     {{0}}, AT(stages),
     "parts that the model's layers are cut into, one a process of mpirun or srun; the number of processes is a "
     "multiple of it, and the result has the bits of one process"},
    {"processes", "P", ASSAY_OPTION_INT, 0, ASSAY_FOR_PLAN, ASSAY_GROUP_TRAINING, NULL, NULL, 1, 1024, {{0}},
     AT(processes),
     "also what a step takes and sends in P processes (mpirun -n P assay train), each on a host of its own"},
    {"lr", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "auto", NULL, 1e-12, 10, {{"auto", 0}}, AT(lr),
     "learning rate (auto: lora 1e-4, full 1e-5, head 1e-3)"},
    {"schedule", NULL, ASSAY_OPTION_ENUM, 0, TRAINING, ASSAY_GROUP_TRAINING, "cosine", "cosine|linear|constant", 0, 0,
     {{0}}, AT(schedule), "how the learning rate falls after the warmup"},
    {"min-lr", "SHARE", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0.1", NULL, 0, 1, {{0}}, AT(min_lr),
     "cosine's floor, as a share of --lr"},
    {"warmup", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0.03", NULL, 0, 1e9, {{0}}, AT(warmup),
     "below 1: share of the steps; else a number of steps"},
    {"weight-decay", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0", NULL, 0, 1, {{0}},
     AT(weight_decay), "AdamW's decay"},
    {"clip", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "1.0", NULL, 0, 1e9, {{0}}, AT(clip),
     "largest norm of the gradient (0: no clipping)"},
    {"adam-beta1", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0.9", NULL, 0, 0.999999, {{0}},
     AT(adam_beta1), "AdamW"},
    {"adam-beta2", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0.999", NULL, 0, 0.999999, {{0}},
     AT(adam_beta2), "AdamW"},
    {"adam-epsilon", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "1e-8", NULL, 1e-30, 1, {{0}},
     AT(adam_epsilon), "AdamW"},
    {"moments", NULL, ASSAY_OPTION_ENUM, 0, TRAINING, ASSAY_GROUP_TRAINING, "f32", "f32|8bit", 0, 0, {{0}}, AT(moments),
     "what AdamW remembers of a weight: 8 bytes, or 2 for large matrices (as adamw_8bit elsewhere)"},
    {"master", NULL, ASSAY_OPTION_ENUM, 0, TRAINING, ASSAY_GROUP_TRAINING, "f32", "f32|bf16-stochastic|planes", 0, 0,
     {{0}}, AT(master),
     "what is kept of a weight that --tuning full trains: f32; of large matrices bf16, rounded at random after each "
     "step so that small steps count on average; or f32 in two planes, the upper of which bf16 products read (same "
     "bits as f32); --stages takes only f32"},
    {"gradients", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_TRAIN | ASSAY_FOR_PLAN, ASSAY_GROUP_TRAINING, "keep",
     "keep|early", 0, 0, {{0}}, AT(gradients),
     "early: a weight is moved as soon as its gradient is whole, and that is not kept (same bits); with --clip 0, one "
     "process and one micro-batch a step"},
    {"margin", "X", ASSAY_OPTION_DOUBLE, 0, PAIRS, ASSAY_GROUP_TRAINING, "auto", NULL, 0, 1e6,
     {{"auto", -1}, {"off", 0}}, AT(margin),
     "subtracted from chosen - rejected in the loss (auto: the data's field, off, or a number)"},
    {"center", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0", NULL, 0, 1e6, {{0}}, AT(center),
     "weight of (chosen + rejected)^2 in the loss, which keeps rewards around 0"},
    {"objective", "NAME", ASSAY_OPTION_STRING, 0, TRAINING | ASSAY_FOR_DATA, ASSAY_GROUP_TRAINING, "auto", NULL, 0, 0,
     {{0}}, AT(objective),
     "loss (auto: by the data; of pairs, bt): bt, scaled-bt (times the margin), soft (shares of votes), robust (wrong "
     "labels), rao-kupper, davidson (ties); of lists all-pairs, plackett-luce, first-best; of single answers bce; of "
     "attributes regression; of labelled steps process"},
    {"label-smoothing", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "0", NULL, 0, 0.499, {{0}},
     AT(label_smoothing), "share of the labels taken to be wrong"},
    {"tie-parameter", "X", ASSAY_OPTION_DOUBLE, 0, TRAINING, ASSAY_GROUP_TRAINING, "auto", NULL, 0, 1e6,
     {{"auto", -1}, {"learn", -2}}, AT(tie_parameter),
     "how likely ties are (auto: rao-kupper 1.5, davidson 0.5; learn: from there on, with the weights)"},
    {"num-labels", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_TRAINING, "auto", NULL, 0, 256, {{"auto", 0}},
     AT(num_labels),
     "outputs of a new head (auto: one, for --objective regression one an attribute of the data, for process two)"},
    {"seed", "N", ASSAY_OPTION_INT, 0, TRAINING | ASSAY_FOR_INIT | ASSAY_FOR_BENCH | ASSAY_FOR_EVAL,
     ASSAY_GROUP_TRAINING, "42", NULL, 0, HUGE_INT, {{0}}, AT(seed), "of every random choice"},
    {"on-nan", NULL, ASSAY_OPTION_ENUM, 0, TRAINING, ASSAY_GROUP_TRAINING, "stop", "stop|skip", 0, 0, {{0}}, AT(on_nan),
     "when a loss or gradient is no number: stop the run, or skip the step"},

    /* text */
    {"step-separator", "TEXT", ASSAY_OPTION_STRING, 0, TRAINING | SCORING, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0, {{0}},
     AT(step_separator),
     "of a model that scores steps: what ends each step of an answer, \\n for a line feed (default: the model's own, "
     "of a new one a line feed)"},
    {"template", "NAME", ASSAY_OPTION_STRING, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, "auto", NULL, 0, 0,
     {{0}}, AT(template_name), "chat template: auto (the checkpoint's own), or a name: its, built in, medicalgpt:NAME"},
    {"chat-template", "FILE", ASSAY_OPTION_PATH, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0,
     {{0}}, AT(chat_template), "a file with a Jinja chat template, instead of the checkpoint's own"},
    {"chat-template-kwargs", "JSON", ASSAY_OPTION_STRING, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0,
     {{0}}, AT(chat_template_kwargs), "variables for the template: '{\"enable_thinking\": false}'"},
    {"date", "YYYY-MM-DD", ASSAY_OPTION_STRING, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0,
     {{0}}, AT(date), "the day, for templates that ask for it; kept with the model"},
    {"tool-format", "NAME", ASSAY_OPTION_STRING, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, "auto", NULL, 0, 0,
     {{0}}, AT(tool_format),
     "how tools and calls become text (auto: the template's own way; none leaves tools out; MedicalGPT's: default, "
     "glm4, llama3, mistral, qwen, qwen3, qwen3.5)"},
    {"pooling", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | SCORING | ASSAY_FOR_SERVE, ASSAY_GROUP_TEXT, "auto", "auto|last",
     0, 0, {{0}}, AT(pooling),
     "which token a head that others trained is read at (auto: the last that is not the config's pad token, as "
     "Transformers reads it; last: the last)"},
    {"text", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_TOKENIZE, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0, {{0}}, AT(text),
     "add the rendered text to each line"},
    {"add-generation-prompt", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_TOKENIZE, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0,
     {{0}}, AT(add_generation_prompt), "render as before an answer is generated"},
    {"append-eos", NULL, ASSAY_OPTION_ENUM, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_TOKENIZE | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, "auto",
     "auto|true|false", 0, 0, {{0}}, AT(append_eos),
     "end texts with EOS (auto: plain text, and built-in templates without an end of turn)"},
    {"max-length", "TOKENS", ASSAY_OPTION_INT, 0, TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_DATA,
     ASSAY_GROUP_TEXT, "2048", NULL, 1, 1e8, {{0}}, AT(max_length),
     "longer pairs are dropped and counted, unless --truncate"},
    {"truncate", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | SCORING | ASSAY_FOR_DATA, ASSAY_GROUP_TEXT, "off",
     "off|left|right", 0, 0, {{0}}, AT(truncate),
     "cut what is longer than --max-length at this side instead of dropping it"},

    /* machine */
    {"precision", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_BENCH,
     ASSAY_GROUP_MACHINE, "auto", "auto|bf16|f32", 0, 0, {{0}}, AT(precision),
     "of the arithmetic; auto: bf16 where the processor has it, in scoring as the model was trained"},
    {"memory", "SIZE", ASSAY_OPTION_SIZE, 0, TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_BENCH,
     ASSAY_GROUP_MACHINE, "auto", NULL, 1, 1024 * TERA, {{"auto", 0}}, AT(memory),
     "what may be used: 6G, 512M (auto: 90 % of what is free; limits of cgroup and process count)"},
    {"recompute", NULL, ASSAY_OPTION_ENUM, 0, TRAINING | ASSAY_FOR_BENCH, ASSAY_GROUP_MACHINE, "auto", "auto|off|all",
     0, 0, {{0}}, AT(recompute),
     "which activations are computed again in the backward pass; the results are the same bits"},
    {"spill", "DIR", ASSAY_OPTION_PATH, 0, TRAINING, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0, {{0}}, AT(spill),
     "activations that would be computed again may wait in a file there instead, where that is quicker or they do not "
     "fit otherwise; plan says how much is written, for it wears a disk; the results are the same bits"},
    {"micro-tokens", "N", ASSAY_OPTION_INT, 0, PAIRS | ASSAY_FOR_SCORE, ASSAY_GROUP_MACHINE, "auto", NULL, 1, 1e9,
     {{"auto", 0}}, AT(micro_tokens),
     "tokens in one micro-batch (auto: the planner's choice); the results are the same bits"},
    {"threads", "N", ASSAY_OPTION_INT, 0,
     TRAINING | SCORING | ASSAY_FOR_SERVE | ASSAY_FOR_BENCH | ASSAY_FOR_MERGE | ASSAY_FOR_CONVERT, ASSAY_GROUP_MACHINE,
     "auto", NULL, 1, 4096, {{"auto", 0}}, AT(threads),
     "threads (auto: all processors); the results are the same bits"},
    {"host", "ADDRESS", ASSAY_OPTION_STRING, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "127.0.0.1", NULL, 0, 0, {{0}},
     AT(host), "address to listen on"},
    {"port", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "8080", NULL, 0, 65535, {{0}}, AT(port),
     "port to listen on (0: any free one)"},
    {"api-key-file", "FILE", ASSAY_OPTION_PATH, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0, {{0}},
     AT(api_key_file), "keys that may ask, one a line"},
    {"max-queue", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "256", NULL, 1, 1e6, {{0}},
     AT(max_queue), "requests that may wait; more are told to come back"},
    {"max-body", "SIZE", ASSAY_OPTION_SIZE, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "16M", NULL, 1024, 1e10, {{0}},
     AT(max_body), "largest request"},
    {"max-connections", "N", ASSAY_OPTION_INT, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "2048", NULL, 1, 1e6, {{0}},
     AT(max_connections), "open connections at most"},
    {"request-timeout", "DURATION", ASSAY_OPTION_DURATION, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "30s", NULL, 0.05,
     86400, {{0}}, AT(request_timeout),
     "a request that has not arrived whole by then is cut, however busily it trickles"},
    {"activation", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "none", "none|sigmoid", 0, 0,
     {{0}}, AT(activation), "what is done to a reward before it is returned"},
    {"truncate", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_TEXT, "off", "off|left|right", 0, 0, {{0}},
     AT(truncate), "cut a text longer than --max-length at this side, where the request does not say; off: refuse it"},
    {"allow-host", "NAME", ASSAY_OPTION_LIST, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0, {{0}},
     AT(allow_hosts),
     "a name this server is called by, besides localhost and its address; its pages may ask; repeatable"},
    {"drain-timeout", "DURATION", ASSAY_OPTION_DURATION, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "10s", NULL, 0,
     86400, {{0}}, AT(drain_timeout), "how long requests under way are given when the server is told to stop"},
    {"log-level", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "info", "error|warn|info|debug", 0,
     0, {{0}}, AT(log_level), "warn: refusals with their reason; info: a line a request; no texts in any of them"},
    {"log-format", NULL, ASSAY_OPTION_ENUM, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_MACHINE, "text", "text|json", 0, 0, {{0}},
     AT(log_format), "json: one object a line"},

    {"refuse-control-tokens", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_SERVE, ASSAY_GROUP_TEXT, NULL, NULL, 0, 0, {{0}},
     AT(refuse_control_tokens),
     "refuse messages that hold the text of a special token, which could forge a turn; without it they are counted"},

    /* run */
    {"save-steps", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_RUN, "100", NULL, 1, HUGE_INT,
     {{"epoch", ASSAY_EVERY_EPOCH}, {"end", ASSAY_AT_THE_END}}, AT(save_steps),
     "steps between checkpoints (or epoch, end)"},
    {"keep", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_RUN, "3", NULL, 1, 1e6, {{"all", 0}}, AT(keep),
     "checkpoints kept (or all)"},
    {"resume", "DIR", ASSAY_OPTION_PATH, ASSAY_OPTION_OPTIONAL, TRAINING, ASSAY_GROUP_RUN, NULL, NULL, 0, 0, {{0}},
     AT(resume), "go on from a checkpoint (without DIR: the newest in --output)"},
    {"checkpoint-signal", "NAME", ASSAY_OPTION_STRING, 0, ASSAY_FOR_TRAIN, ASSAY_GROUP_RUN, NULL, NULL, 0, 0, {{0}},
     AT(checkpoint_signal),
     "one more signal (XCPU, CONT, ...) that stops the run with a checkpoint and exit code 75, as TERM, HUP, USR1 and "
     "USR2 do"},
    {"force", NULL, ASSAY_OPTION_BOOL, 0,
     TRAINING | ASSAY_FOR_MERGE | ASSAY_FOR_CONVERT | ASSAY_FOR_INIT | ASSAY_FOR_FORWARD | ASSAY_FOR_DATA |
     ASSAY_FOR_INIT_CONFIG | ASSAY_FOR_REPORT, ASSAY_GROUP_RUN, NULL, NULL, 0, 0, {{0}}, AT(force),
     "write over what is there"},
    {"eval-steps", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_RUN, "epoch", NULL, 1, HUGE_INT,
     {{"epoch", ASSAY_EVERY_EPOCH}, {"end", ASSAY_AT_THE_END}}, AT(eval_steps),
     "steps between evaluations (or epoch, end)"},
    {"log-steps", "N", ASSAY_OPTION_INT, 0, TRAINING, ASSAY_GROUP_RUN, "1", NULL, 1, 1e9, {{0}}, AT(log_steps),
     "steps between lines of progress"},
    {"time", "DURATION", ASSAY_OPTION_DURATION, 0, TRAINING, ASSAY_GROUP_RUN, NULL, NULL, 1, 3.2e8, {{"none", 0}},
     AT(time_limit), "stop cleanly after this time: 2h, 90m, 1h30m"},

    /* general */
    {"config", "FILE.yaml", ASSAY_OPTION_PATH, 0, EVERY, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}}, AT(config),
     "read options from a file; the command line wins"},
    {"man", NULL, ASSAY_OPTION_BOOL, 0, ASSAY_FOR_HELP, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}}, AT(man),
     "the same as a manual page, for man"},
    {"completion", "SHELL", ASSAY_OPTION_STRING, 0, ASSAY_FOR_HELP, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}},
     AT(completion), "a completion script: bash, zsh or fish"},
    {"json", NULL, ASSAY_OPTION_BOOL, 0, EVERY, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}}, AT(json),
     "print the result as one JSON object"},
    {"quiet", NULL, ASSAY_OPTION_BOOL, 0, EVERY, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}}, AT(quiet),
     "no progress and no notes"},
    {"help", NULL, ASSAY_OPTION_BOOL, 0, EVERY, ASSAY_GROUP_GENERAL, NULL, NULL, 0, 0, {{0}}, AT(help), "this text"},

    /* what names from elsewhere say */
    {"per-device-train-batch-size", "N", ASSAY_OPTION_INT, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TRAINING, "8",
     NULL, 1, 1e6, {{0}}, AT(foreign.train_batch), "pairs in a micro-batch"},
    {"gradient-accumulation-steps", "N", ASSAY_OPTION_INT, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TRAINING, "1",
     NULL, 1, 1e6, {{0}}, AT(foreign.accumulation), "micro-batches in a step"},
    {"max-source-length", "TOKENS", ASSAY_OPTION_INT, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TEXT, "2048", NULL, 0,
     1e8, {{0}}, AT(foreign.max_source_length), "of the prompt"},
    {"max-target-length", "TOKENS", ASSAY_OPTION_INT, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TEXT, "512", NULL, 0,
     1e8, {{0}}, AT(foreign.max_target_length), "of the answer"},
    {"warmup-ratio", "SHARE", ASSAY_OPTION_DOUBLE, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TRAINING, "0", NULL, 0,
     0.999999, {{0}}, AT(foreign.warmup_ratio), "share of the steps"},
    {"warmup-steps", "N", ASSAY_OPTION_DOUBLE, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_TRAINING, "0", NULL, 0, 1e9,
     {{0}}, AT(foreign.warmup_steps), "steps"},
    {"eval-strategy", NULL, ASSAY_OPTION_ENUM, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_RUN, "unset",
     "unset|no|steps|epoch", 0, 0, {{0}}, AT(foreign.eval_strategy), "when to evaluate"},
    {"save-strategy", NULL, ASSAY_OPTION_ENUM, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_RUN, "unset",
     "unset|no|steps|epoch", 0, 0, {{0}}, AT(foreign.save_strategy), "when to save"},
    {"torch-dtype", NULL, ASSAY_OPTION_ENUM, ASSAY_OPTION_HIDDEN, TRAINING | ASSAY_FOR_EVAL, ASSAY_GROUP_MACHINE,
     "auto", "auto|bfloat16|float16|float32", 0, 0, {{0}}, AT(foreign.torch_dtype), "type the weights are loaded in"},
    {"load-in-4bit", NULL, ASSAY_OPTION_BOOL, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0,
     {{0}}, AT(foreign.load_in_4bit), "see --quantize nf4"},
    {"load-in-8bit", NULL, ASSAY_OPTION_BOOL, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0,
     {{0}}, AT(foreign.load_in_8bit), "see --quantize int8"},
    {"qlora", NULL, ASSAY_OPTION_BOOL, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, NULL, NULL, 0, 0, {{0}},
     AT(foreign.qlora), "see --quantize nf4 --double-quant"},
    {"quantization-bit", NULL, ASSAY_OPTION_ENUM, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, "unset",
     "unset|4|8", 0, 0, {{0}}, AT(foreign.quantization_bit), "bits of a weight"},
    {"bnb-4bit-quant-type", NULL, ASSAY_OPTION_ENUM, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, "nf4",
     "nf4|fp4", 0, 0, {{0}}, AT(foreign.quant_type), "the type of 4 bits"},
    {"bnb-4bit-use-double-quant", NULL, ASSAY_OPTION_BOOL, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_MACHINE, NULL,
     NULL, 0, 0, {{0}}, AT(foreign.double_quant), "see --double-quant"},
    {"tokenizer-name-or-path", "PATH", ASSAY_OPTION_PATH, ASSAY_OPTION_HIDDEN, TRAINING, ASSAY_GROUP_FILES, NULL, NULL,
     0, 0, {{0}}, AT(foreign.tokenizer), "must be the model's own"},
};
// clang-format on

_Static_assert(sizeof rows / sizeof rows[0] <= ASSAY_OPTION_ROWS_MAX, "raise ASSAY_OPTION_ROWS_MAX");

size_t assay_option_count(void) { return sizeof rows / sizeof rows[0]; }

const assay_option_row *assay_option_at(size_t index) { return &rows[index]; }

size_t assay_option_index(const assay_option_row *row) { return (size_t)(row - rows); }

bool assay_option_same_name(const char *name, const char *given, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] != given[i] && !(name[i] && strchr("-_", name[i]) && given[i] && strchr("-_", given[i])))
            return false;
    return name[length] == '\0';
}

const assay_option_row *assay_option_find(const char *name, size_t length, unsigned command)
{
    for (size_t i = 0; i < assay_option_count(); i++)
        if ((rows[i].commands & command) && assay_option_same_name(rows[i].name, name, length)) return &rows[i];
    return NULL;
}

bool assay_option_is_flag(const assay_option_row *row)
{
    return row->type == ASSAY_OPTION_BOOL || (row->type == ASSAY_OPTION_ENUM && strstr(row->choices, "true|false"));
}
