/* Errors are values.
 *
 * Every function that can fail returns an assay_status and takes an `assay_error *err` as its last argument. On success
 * it returns ASSAY_OK and leaves *err untouched; on failure it writes one sentence that names the culprit (file, line,
 * tensor, field, what was expected and what was found) and what to do. `err` may be NULL: the text is then dropped.
 *
 * Nothing below src/cli prints or exits. A broken promise inside the program (a bug) is an assert, not a status.
 *
 *     ASSAY_TRY(file_check(path, err));
 *     if (size > most)
 *         return assay_error_set(err, ASSAY_E_FORMAT, "%s: %zu bytes, at most %zu are allowed", path, size, most);
 */
#ifndef ASSAY_BASE_STATUS_H
#define ASSAY_BASE_STATUS_H

/* name, exit code of the command line, meaning */
#define ASSAY_STATUS_MAP(X)                                      \
    X(OK, 0, "success")                                          \
    X(E_IO, 1, "the system refused to read or write")            \
    X(E_FORMAT, 1, "a file or line is not what it claims to be") \
    X(E_UNSUPPORTED, 1, "well formed, but nothing Assay can do") \
    X(E_MEMORY, 1, "an allocation failed")                       \
    X(E_NUMERIC, 1, "a number became NaN or infinite")           \
    X(E_USAGE, 2, "the command or its options are wrong")        \
    X(E_NO_FIT, 3, "does not fit in the given memory")           \
    X(E_UNEQUAL, 4, "a verification found a difference")         \
    X(E_YIELDED, 75, "told to stop by the system, all kept")     \
    X(E_UNREAD, 141, "who read the output has gone: head")       \
    X(E_STOPPED, 130, "interrupted by the user")

typedef enum assay_status {
#define ASSAY_STATUS_ENUM(name, code, text) ASSAY_##name,
    ASSAY_STATUS_MAP(ASSAY_STATUS_ENUM)
#undef ASSAY_STATUS_ENUM
} assay_status;

typedef struct assay_error {
    assay_status status;
    char text[2048];
} assay_error;

#define ASSAY_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))

/* Writes the sentence (truncated if longer than the buffer) and returns `status`. err may be NULL. */
assay_status assay_error_set(assay_error *err, assay_status status, const char *format, ...) ASSAY_PRINTF(3, 4);

/* Puts context in front of the sentence already in *err ("pairs.jsonl:12: " ...); returns err's status. err may be
 * NULL, then `status` is returned unchanged. */
assay_status assay_error_prefix(assay_error *err, assay_status status, const char *format, ...) ASSAY_PRINTF(3, 4);

/* Analysers look into one file at a time and take what comes back for anything, ASSAY_OK too. scripts/analyze shows
 * them the two promises above. */
#if defined(ASSAY_ANALYZER)
#define assay_error_set(err, status, ...) ((assay_error_set)((err), (status), __VA_ARGS__), (status))
#define assay_error_prefix(err, status, ...) ((assay_error_prefix)((err), (status), __VA_ARGS__), (status))
#endif

/* The exit code of the command line for a status. */
int assay_status_exit_code(assay_status status);

#define ASSAY_TRY(expression)                                      \
    do {                                                           \
        assay_status assay_try_status = (expression);              \
        if (assay_try_status != ASSAY_OK) return assay_try_status; \
    } while (0)

/* The same for functions with a single clean-up label: needs a variable `status` in scope. */
#define ASSAY_TRY_OR(label, expression)     \
    do {                                    \
        status = (expression);              \
        if (status != ASSAY_OK) goto label; \
    } while (0)

#endif
