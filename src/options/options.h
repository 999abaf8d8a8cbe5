/* Everything a user can say, as one plain struct; and the way from words to it.
 *
 *     assay_options options;
 *     ASSAY_TRY(assay_options_init(&options, err));
 *     // --config, command line, aliases, defaults
 *     ASSAY_TRY(assay_options_parse(&options, command, "train", 0, argc, argv, &log, err));
 *     ... options.model ...
 *     assay_options_release(&options);
 *
 * What exists, of which type, with which default and range, is said once, in option_table.c; names from elsewhere
 * (Hugging Face, TRL, MedicalGPT) in option_alias.c. After assay_options_parse every value is final: what depends on
 * another option (lr on tuning, lora_alpha on the rank, batch_pairs on batch size times accumulation) is filled in. All
 * strings belong to the options and live until assay_options_release; a string nobody gave is NULL, a list empty.
 */
#ifndef ASSAY_OPTIONS_OPTIONS_H
#define ASSAY_OPTIONS_OPTIONS_H

#include "base/log.h"
#include "options/command_map.h"
#include "template/chat_template.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum assay_opt_tuning { ASSAY_OPT_LORA, ASSAY_OPT_FULL, ASSAY_OPT_HEAD } assay_opt_tuning;
typedef enum assay_opt_schedule { ASSAY_OPT_COSINE, ASSAY_OPT_LINEAR, ASSAY_OPT_CONSTANT } assay_opt_schedule;
typedef enum assay_opt_truncate {
    ASSAY_OPT_DROP,
    ASSAY_OPT_TRUNCATE_LEFT,
    ASSAY_OPT_TRUNCATE_RIGHT
} assay_opt_truncate;
typedef enum assay_opt_precision { ASSAY_OPT_PRECISION_AUTO, ASSAY_OPT_BF16, ASSAY_OPT_F32 } assay_opt_precision;
typedef enum assay_opt_recompute {
    ASSAY_OPT_RECOMPUTE_AUTO,
    ASSAY_OPT_RECOMPUTE_OFF,
    ASSAY_OPT_RECOMPUTE_ALL
} assay_opt_recompute;
typedef enum assay_opt_master {
    ASSAY_OPT_MASTER_F32,
    ASSAY_OPT_MASTER_BF16_STOCHASTIC,
    ASSAY_OPT_MASTER_PLANES
} assay_opt_master;
typedef enum assay_opt_gradients { ASSAY_OPT_GRADIENTS_KEEP, ASSAY_OPT_GRADIENTS_EARLY } assay_opt_gradients;
typedef enum assay_opt_moments { ASSAY_OPT_MOMENTS_F32, ASSAY_OPT_MOMENTS_8BIT } assay_opt_moments;
typedef enum assay_opt_pooling { ASSAY_OPT_POOLING_AUTO, ASSAY_OPT_POOLING_LAST } assay_opt_pooling;
typedef enum assay_opt_on_nan { ASSAY_OPT_NAN_STOP, ASSAY_OPT_NAN_SKIP } assay_opt_on_nan;
typedef enum assay_opt_format { ASSAY_OPT_FORMAT_HF, ASSAY_OPT_FORMAT_GLM } assay_opt_format;
typedef enum assay_opt_quantize {
    ASSAY_OPT_QUANTIZE_NONE,
    ASSAY_OPT_QUANTIZE_Q4_K,
    ASSAY_OPT_QUANTIZE_Q5_K,
    ASSAY_OPT_QUANTIZE_Q6_K,
    ASSAY_OPT_QUANTIZE_Q8_0,
    ASSAY_OPT_QUANTIZE_NF4,
    ASSAY_OPT_QUANTIZE_INT8
} assay_opt_quantize;
typedef enum assay_opt_activation { ASSAY_OPT_ACTIVATION_NONE, ASSAY_OPT_ACTIVATION_SIGMOID } assay_opt_activation;
typedef enum assay_opt_log_level {
    ASSAY_OPT_LOG_ERROR,
    ASSAY_OPT_LOG_WARN,
    ASSAY_OPT_LOG_INFO,
    ASSAY_OPT_LOG_DEBUG
} assay_opt_log_level;
typedef enum assay_opt_log_format { ASSAY_OPT_LOG_TEXT, ASSAY_OPT_LOG_JSON } assay_opt_log_format;
typedef enum assay_opt_dtype { ASSAY_OPT_DTYPE_F32, ASSAY_OPT_DTYPE_BF16, ASSAY_OPT_DTYPE_F16 } assay_opt_dtype;

/* Values of --eval-steps and --save-steps that are words. */
enum { ASSAY_EVERY_EPOCH = 0, ASSAY_AT_THE_END = -1 };

/* Later origins win over earlier ones. IMPLIED: a default that came along with a name from elsewhere. */
typedef enum assay_origin {
    ASSAY_ORIGIN_DEFAULT,
    ASSAY_ORIGIN_IMPLIED,
    ASSAY_ORIGIN_CONFIG,
    ASSAY_ORIGIN_COMMAND_LINE
} assay_origin;

typedef struct assay_string_list {
    const char **items;
    size_t count, capacity;
} assay_string_list;

/* What names from elsewhere say that is no option of its own; option_resolve.c turns it into the options above. */
typedef struct assay_foreign_options {
    int64_t train_batch, accumulation;            /* pairs; batch_pairs is their product */
    int64_t max_source_length, max_target_length; /* tokens; max_length is their sum */
    double warmup_ratio, warmup_steps;
    int eval_strategy, save_strategy; /* 0 unset, 1 no, 2 steps, 3 epoch */
    int torch_dtype;                  /* 0 auto, 1 bfloat16, 2 float16, 3 float32 */
    bool load_in_4bit, load_in_8bit, qlora, double_quant;
    int quantization_bit; /* 0 unset, 1 four, 2 eight */
    int quant_type;       /* 0 nf4, 1 fp4 */
    const char *tokenizer;
    const struct assay_trainer_kind *trainer; /* set before parsing: the defaults of this one hold; NULL: none */
    int64_t processes;                        /* set before parsing: of a launcher; 0: one */
    const char *medicalgpt;                   /* the first name only MedicalGPT has, as given; NULL: none */
    bool cosine_to_zero;                      /* lr_scheduler_type cosine: Hugging Face's floor is 0 */
} assay_foreign_options;

enum { ASSAY_OPTION_ROWS_MAX = 256 };

typedef struct assay_options {
    /* files */
    const char *model;
    const char *adapter;
    assay_string_list ignore_config; /* keys taken out of config.json before it is read */
    const char *label;               /* of a classifier, a name or number; NULL: none */
    const char *head_from_tokens;    /* two words; NULL: none */
    const char *head;                /* of init: a number of labels or a kind; NULL: none */
    assay_string_list adapters;      /* serve: [NAME=]DIR */
    assay_string_list data, eval_data;
    double eval_split; /* share of the prompts held out; -1 auto, 0 none. Unused when eval_data is given */
    const char *output;
    const char *input;         /* NULL: stdin */
    assay_string_list columns; /* "chosen=pos" */
    bool skip_bad_lines;
    int64_t max_train_samples, max_eval_samples; /* pairs; 0: all */
    const char *config;
    assay_string_list positionals;

    /* what is trained */
    assay_opt_tuning tuning;
    int64_t lora_rank;
    double lora_alpha;
    double lora_dropout;
    assay_string_list lora_targets; /* {"all"} or names */
    const char *head_init;          /* task/head_words.h */

    /* how */
    double epochs;
    int64_t max_steps; /* 0: no limit */
    int64_t batch_pairs;
    int64_t lanes;      /* 0: auto */
    int64_t stages;     /* 1: the model is not cut */
    int64_t processes;  /* of plan; 0: not asked for */
    int64_t max_length; /* tokens */
    assay_opt_truncate truncate;
    double lr; /* final after parsing */
    assay_opt_schedule schedule;
    double min_lr;             /* cosine's floor as a share of lr */
    double warmup;             /* below 1: share of the steps; else steps */
    double weight_decay, clip; /* clip 0: no clipping */
    double adam_beta1, adam_beta2, adam_epsilon;
    assay_opt_moments moments;
    assay_opt_master master;
    assay_opt_gradients gradients;
    double margin; /* -1 auto: the data's field; 0 off */
    double center;
    const char *objective; /* objective/objective.h */
    double label_smoothing;
    double tie_parameter; /* -1 auto, -2 learn */
    int64_t num_labels;   /* outputs of a new head; 0: what the data's attributes ask for */
    int64_t seed;
    assay_opt_on_nan on_nan;

    /* text */
    const char *step_separator; /* as it was typed, \n for a line feed; NULL: the model's own */
    const char *template_name;
    const char *chat_template;        /* a file; NULL: none */
    const char *chat_template_kwargs; /* a JSON object as text; NULL: none */
    const char *date;                 /* YYYY-MM-DD; NULL: none */
    const char *tool_format;          /* template/tool_format.h */
    assay_append_eos append_eos;
    assay_opt_pooling pooling;
    bool text, add_generation_prompt; /* tokenize */

    /* machine */
    assay_opt_precision precision;
    uint64_t memory;      /* bytes; 0 auto */
    int64_t micro_tokens; /* 0 auto */
    assay_opt_recompute recompute;
    const char *spill; /* a folder; NULL: nothing is spilled */
    int64_t threads;   /* 0: all */
    double time_limit; /* seconds; 0: none */

    /* verify */
    int64_t verify_pairs;
    bool all_combinations;

    /* run */
    int64_t save_steps, eval_steps; /* steps, ASSAY_EVERY_EPOCH or ASSAY_AT_THE_END */
    int64_t log_steps;
    int64_t keep;                  /* checkpoints; 0: all */
    const char *resume;            /* NULL no; "": newest checkpoint in output; else a folder */
    const char *checkpoint_signal; /* one more that stops a run with a checkpoint; NULL: none */
    bool force;
    bool json, quiet, help;

    /* forward */
    bool hidden_states, attentions;

    /* eval, score, help */
    const char *against;                      /* eval: another model or adapter */
    int64_t worst;                            /* eval: pairs listed */
    bool store;                               /* eval: keep the scale of the rewards with the model */
    bool best, make_pairs, trace, normalized; /* score */
    bool man;                                 /* help */
    const char *completion;                   /* help: a shell's name */

    /* serve */
    const char *host, *api_key_file;
    int64_t port, max_queue, max_connections;
    uint64_t max_body;      /* bytes */
    double request_timeout; /* seconds */
    assay_opt_activation activation;
    assay_string_list allow_hosts;
    double drain_timeout; /* seconds */
    assay_opt_log_level log_level;
    assay_opt_log_format log_format;
    bool refuse_control_tokens;

    /* convert, init, bench */
    assay_opt_format format;
    assay_opt_quantize quantize;
    bool double_quant;
    const char *arch, *preset;
    int64_t layers, hidden, ffn; /* 0: the preset's */
    assay_opt_dtype dtype;
    int64_t tokens;

    assay_foreign_options foreign;

    /* book-keeping, by row of the option table; use the functions below */
    uint8_t origin[ASSAY_OPTION_ROWS_MAX];
    const char *given_as[ASSAY_OPTION_ROWS_MAX]; /* the name it was given by, "--learning_rate"; NULL: not given */
    assay_string_list ignored;                   /* "--ddp_timeout (one process)" */
    assay_string_list owned;                     /* every string above */
} assay_options;

/* All defaults set. Release also after a failed init. */
assay_status assay_options_init(assay_options *options, assay_error *err);
void assay_options_release(assay_options *options);

/* args: the words behind the command's name. `command` is one ASSAY_FOR_ bit, `command_name` for messages; at most
 * `positionals_max` words may stand without a name. Reads --config if given. Errors: ASSAY_E_USAGE with one sentence
 * (unknown names name the nearest), or what reading the config file gives. With --help among the words nothing is
 * checked beyond it. Notes about names without meaning and about defaults that came along go to `log`. */
assay_status assay_options_parse(assay_options *options, unsigned command, const char *command_name,
                                 size_t positionals_max, int count, const char *const *args, const assay_log *log,
                                 assay_error *err);

/* Where the value of an option (its own name, "batch-pairs") comes from. Unknown names: DEFAULT. */
assay_origin assay_options_origin(const assay_options *options, const char *name);

/* True when the user said it, on the command line or in the config, by whatever name. */
bool assay_options_given(const assay_options *options, const char *name);

/* Copies text into the options' strings; NULL when out of memory. */
const char *assay_options_keep(assay_options *options, const char *text, size_t length);
assay_status assay_string_list_add(assay_string_list *list, const char *text, assay_error *err); /* borrows text */

#endif
