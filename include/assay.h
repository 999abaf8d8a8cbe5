/* libassay: reward models from C. Link with `pkg-config --cflags --libs assay`.
 *
 *     assay_failure failure;
 *     assay_setting settings[] = {{"model", "my-reward"}};
 *     assay_scorer *scorer;
 *     if (assay_scorer_open(&scorer, settings, 1, NULL, &failure)) return fail(failure.text);
 *     double score;
 *     assay_scorer_score_answer(scorer, "What is 2+2?", "4", &score, &failure);
 *     assay_scorer_close(scorer);
 *
 * Settings. Everything a command takes is given as (name, value) pairs of its own option names, without dashes
 * ("lora-rank", "8"); so all that `assay help COMMAND` says holds here, aliases and `config` included. A list ("data")
 * is given as often as it has members. A value NULL is the bare flag.
 *
 * Results. Every function that can fail returns ASSAY_CODE_OK (0) or another code, and then has written code and one
 * sentence into *failure (which may be NULL). What a failed call was to give is set to NULL or left as it was.
 *
 * Ownership. The caller owns what it passes; nothing of it is kept after the call, the listener of a scorer excepted
 * (it lives until assay_scorer_close). Texts and numbers that a function hands out are freed with assay_release.
 *
 * Arguments that may be NULL are named below; any other that is NULL is ASSAY_CODE_USAGE. Settings may be NULL where
 * their count is 0.
 *
 * Threads. There is no global state. A scorer may be shared by threads: its calls wait for each other, and closing it
 * is the last. Several handles may be used by several threads at once. The locale of the program does not matter.
 * Nothing is printed, no signal handler is installed, the process is never ended. The environment variable
 * ASSAY_KERNELS is read, as by the command.
 *
 * Stability. What stands here stays: functions and codes are added, never changed; structs do not grow.
 * assay_library_api() tells how much there is. */
#ifndef ASSAY_H
#define ASSAY_H

#include <stddef.h>

#if defined(__GNUC__)
#define ASSAY_API __attribute__((visibility("default")))
#else
#define ASSAY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { ASSAY_API_LEVEL = 1 };

enum assay_code {
    ASSAY_CODE_OK = 0,
    ASSAY_CODE_IO = 1,          /* the system refused to read or write */
    ASSAY_CODE_FORMAT = 2,      /* a file, line or object is not what it claims to be */
    ASSAY_CODE_UNSUPPORTED = 3, /* well formed, but nothing Assay can do */
    ASSAY_CODE_MEMORY = 4,      /* an allocation failed */
    ASSAY_CODE_NUMERIC = 5,     /* a number became NaN or infinite */
    ASSAY_CODE_USAGE = 6,       /* a setting or argument is wrong */
    ASSAY_CODE_NO_FIT = 7,      /* does not fit in the given memory */
    ASSAY_CODE_UNEQUAL = 8,     /* a verification found a difference */
    ASSAY_CODE_STOPPED = 9      /* *listener->stop was set */
};

typedef struct assay_failure {
    int code;
    char text[2048]; /* UTF-8 */
} assay_failure;

typedef struct assay_setting {
    const char *name, *value;
} assay_setting;

/* Who is told what goes on. Any member may be NULL. */
typedef struct assay_listener {
    void (*note)(void *context, int is_warning, const char *text); /* a sentence; called on the thread of the call */
    void *context;
    /* not 0, whatever the number: stop at the next safe point. A training run leaves a checkpoint and returns
     * ASSAY_CODE_STOPPED */
    const volatile int *stop;
} assay_listener;

ASSAY_API const char *assay_library_version(void); /* "0.2.0"; not to be freed */
ASSAY_API int assay_library_api(void);             /* ASSAY_API_LEVEL of the library in use */
ASSAY_API void assay_release(void *block);         /* NULL is fine */

/* ---- scoring: settings of `assay score` ---- */

typedef struct assay_scorer assay_scorer;

/* Loads a model with a reward head. Memory is planned within "memory" once, here; scoring allocates little. */
ASSAY_API int assay_scorer_open(assay_scorer **out, const assay_setting *settings, size_t count,
                                const assay_listener *listener, assay_failure *failure);
ASSAY_API void assay_scorer_close(assay_scorer *scorer); /* NULL is fine */

/* One answer to one prompt, rendered with the model's template. */
ASSAY_API int assay_scorer_score_answer(assay_scorer *scorer, const char *prompt, const char *answer, double *score,
                                        assay_failure *failure);

/* Lines as `assay score` reads them, one JSON object each: {"prompt","response"}, {"prompt","responses":[..]},
 * {"messages"}, {"text"}, a pair ... counts[i] (one a line; may be NULL) is how many scores line i got; (*scores)[..]
 * has them all in order, *total of them, freed with assay_release. A score does not depend on its neighbours: not one
 * bit. A bad line fails the whole call, and is named by its index. */
ASSAY_API int assay_scorer_score_lines(assay_scorer *scorer, const char *const *lines, size_t count, double **scores,
                                       size_t *counts, size_t *total, assay_failure *failure);

/* What is loaded, as a JSON object: architecture, model, template, max_length, score_offset, fingerprint. Reads all
 * weights once. Free with assay_release. */
ASSAY_API int assay_scorer_describe(const assay_scorer *scorer, char **json, assay_failure *failure);

/* ---- training and planning: settings of `assay train` and `assay plan` ---- */

/* Trains to the end (or "resume"s) and leaves in "output" what the command leaves. json: the run's assay.json (options,
 * plan, fingerprints, evaluation), freed with assay_release; may be NULL. */
ASSAY_API int assay_train_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json,
                              assay_failure *failure);

/* The memory of such a run: the JSON object that `assay plan --json` prints (fits, peak_bytes, budget_bytes, classes,
 * micro_tokens, layers, layers_replayed, suggestions ...). No weight is read: a "model" folder with config.json alone
 * is enough, and "data" may be missing. A run that does not fit is ASSAY_CODE_OK with "fits": false and the "reason"
 * (these two alone where no plan of any size exists). Free with assay_release. */
ASSAY_API int assay_plan_run(const assay_setting *settings, size_t count, const assay_listener *listener, char **json,
                             assay_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
