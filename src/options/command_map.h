/* The commands, one line each, in the order in which help lists them: the constant's name in cli/command_NAME.c, and
 * the name of its bit. */
#ifndef ASSAY_OPTIONS_COMMAND_MAP_H
#define ASSAY_OPTIONS_COMMAND_MAP_H

#define ASSAY_COMMAND_MAP(X)    \
    X(train, TRAIN)             \
    X(plan, PLAN)               \
    X(preview, PREVIEW)         \
    X(verify, VERIFY)           \
    X(eval, EVAL)               \
    X(score, SCORE)             \
    X(serve, SERVE)             \
    X(forward, FORWARD)         \
    X(report, REPORT)           \
    X(inspect, INSPECT)         \
    X(data, DATA)               \
    X(tokenize, TOKENIZE)       \
    X(merge, MERGE)             \
    X(convert, CONVERT)         \
    X(models, MODELS)           \
    X(init, INIT)               \
    X(bench, BENCH)             \
    X(init_config, INIT_CONFIG) \
    X(doctor, DOCTOR)           \
    X(help_command, HELP)       \
    X(version, VERSION)

/* ASSAY_FOR_TRAIN and so on: the rows of the option table say who takes them. */
enum {
#define ASSAY_COMMAND_NUMBER(name, bit) ASSAY_NUMBER_##bit,
    ASSAY_COMMAND_MAP(ASSAY_COMMAND_NUMBER)
#undef ASSAY_COMMAND_NUMBER
};
enum {
#define ASSAY_COMMAND_BIT(name, bit) ASSAY_FOR_##bit = 1 << ASSAY_NUMBER_##bit,
    ASSAY_COMMAND_MAP(ASSAY_COMMAND_BIT)
#undef ASSAY_COMMAND_BIT
};

#endif
