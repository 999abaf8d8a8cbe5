/* Preferences read from files: prompt, chosen, rejected, each a list of messages, and lists of answers whose best and
 * worst these are.
 *
 *     assay_pair_set *pairs;
 *     ASSAY_TRY(assay_pair_set_new(&pairs, err));
 *     ASSAY_TRY(assay_pair_set_read(pairs, path, &options, err)); // data/pair_file.h; as often as there are paths
 *     ...
 *     assay_pair_set_free(pairs);
 *
 * The set owns every string and list in it. `pairs` holds what can be trained on, in file order; a pair that is well
 * formed but teaches nothing (empty answer, both answers equal) is not in it but counted in `drops`, and a line that
 * could not be read is counted in `bad`.
 */
#ifndef ASSAY_DATA_PAIR_SET_H
#define ASSAY_DATA_PAIR_SET_H

#include "data/turns.h"

/* name, sentence. From TOO_LONG on, data/example.h counts them: it knows the token ids and what the pairs are for. */
#define ASSAY_DROP_MAP(X)                                                                                       \
    X(EMPTY_CHOSEN, "empty_chosen", "the chosen answer is empty")                                               \
    X(EMPTY_REJECTED, "empty_rejected", "the rejected answer is empty")                                         \
    X(EMPTY_ANSWER, "empty_answer", "an answer of the list is empty")                                           \
    X(IDENTICAL, "identical", "chosen and rejected are equal")                                                  \
    X(NOT_COMPARED, "not_compared", "its answers were not compared with each other")                            \
    X(NO_LABEL, "no_label", "nothing in it has a label")                                                        \
    X(TOO_LONG, "too_long", "longer than the maximum length")                                                   \
    X(ANSWER_TOO_LONG, "answer_too_long", "truncated left, the answer alone is longer than the maximum length") \
    X(SAME_IDS, "same_ids", "chosen and rejected give the same token ids")                                      \
    X(UNDECIDED, "undecided", "a label calls it a tie or prefers the rejected answer")

typedef enum assay_drop_reason {
#define ASSAY_DROP_ENUM(name, key, text) ASSAY_DROP_##name,
    ASSAY_DROP_MAP(ASSAY_DROP_ENUM)
#undef ASSAY_DROP_ENUM
        ASSAY_DROP_COUNT
} assay_drop_reason;

const char *assay_drop_key(assay_drop_reason reason);  /* "empty_chosen": for JSON */
const char *assay_drop_text(assay_drop_reason reason); /* a half sentence */

typedef struct assay_place {
    uint32_t file;    /* index into the set's files */
    uint64_t line;    /* 1-based */
    uint64_t element; /* 1-based in a JSON array; 0 elsewhere */
} assay_place;

/* What somebody said of an answer under a name of its own: helpfulness 4, verbosity 1. */
typedef struct assay_attribute {
    const char *name;
    double value; /* NaN: not known */
} assay_attribute;

typedef struct assay_attributes {
    const assay_attribute *items; /* NULL: none */
    size_t count;
} assay_attributes;

/* One of a list of answers. */
typedef struct assay_answer {
    assay_turns turns;
    assay_attributes attributes;
    double value; /* the larger, the better: a score, minus a rank */
    size_t place; /* in the record's list, from 0 */
} assay_answer;

enum { ASSAY_ANSWERS_MOST = 1024 }; /* of one prompt */

typedef struct assay_pair {
    assay_turns prompt, chosen, rejected;
    /* A list of more than two: all answers, best first; chosen is the first of them, rejected the last. NULL: a pair */
    const assay_answer *answers;
    size_t answer_count;
    /* One answer with a label: it is chosen, share says how likely it is good (NaN: it has other labels instead), and
     * there is no rejected */
    bool single;
    /* An answer in steps (single, too): chosen's messages are its steps, and of each this is how likely it is right,
     * NaN: nobody said. NULL: no steps */
    const double *step_labels;
    assay_attributes chosen_attributes, rejected_attributes; /* of a list of more than two: its answers have them */
    bool rejected_first;                                     /* of a list: the record has it before chosen */
    bool not_compared;  /* of a list: equal answers alone, of which nobody said that they are equally good */
    bool equal_is_tie;  /* equal values were found equally good; false: they were not compared */
    double margin;      /* NaN: none */
    double share;       /* the label's probability that chosen is the better answer; 1/2: a tie; NaN: none */
    double weight;      /* what the pair counts in the loss; 1 where the line says nothing */
    const char *id;     /* as JSON text ("\"q7\"", "12"); NULL: none */
    const char *subset; /* the line's "subset", else its "category"; NULL: none */
    assay_place place;
    uint32_t format; /* index for assay_pair_format_name */
    size_t raw_size; /* bytes of the record it was read from */
} assay_pair;

typedef struct assay_drop {
    assay_place place;
    assay_drop_reason reason;
} assay_drop;

enum { ASSAY_BAD_LISTED = 100 }; /* sentences kept of bad lines */

typedef struct assay_pair_set {
    assay_text_arena arena;
    char **files;
    size_t file_count, file_capacity;
    assay_pair *pairs;
    size_t count, capacity;
    assay_drop *drops;
    size_t drop_count, drop_capacity;
    char *bad[ASSAY_BAD_LISTED]; /* "file:line: reason" of the first bad lines */
    size_t bad_count;            /* of all */
    char **notes;                /* what whoever reads the files should be told, in whole sentences */
    size_t note_count, note_capacity;
} assay_pair_set;

assay_status assay_pair_set_new(assay_pair_set **out, assay_error *err);
void assay_pair_set_free(assay_pair_set *set); /* NULL is fine */

assay_status assay_pair_set_add_file(assay_pair_set *set, const char *path, uint32_t *index, assay_error *err);
/* The pair's lists and strings must live in the set's arena. Fewer than 2^32 - 1 pairs fit. */
assay_status assay_pair_set_add(assay_pair_set *set, const assay_pair *pair, assay_error *err);
assay_status assay_pair_set_add_drop(assay_pair_set *set, assay_place place, assay_drop_reason reason,
                                     assay_error *err);
assay_status assay_pair_set_add_bad(assay_pair_set *set, const char *sentence, assay_error *err);

assay_status assay_pair_set_add_note(assay_pair_set *set, const char *sentence, assay_error *err);

/* Of the pairs, those with more than two answers. */
size_t assay_pair_set_lists(const assay_pair_set *set);

/* The attributes of answer i, best first. */
const assay_attributes *assay_pair_attributes(const assay_pair *pair, size_t answer);

/* Is it a single answer that has attributes for its label? */
bool assay_pair_is_graded(const assay_pair *pair);

/* "file:line", freed with assay_free; NULL when out of memory. */
char *assay_pair_set_place(const assay_pair_set *set, assay_place place);

/* Writes {"prompt":[{role,content}...],"chosen":[...],"rejected":[...],"margin"?,"p"?,"weight"?,"subset"?,"id"?}
 * lines, of lists {"prompt":[...],"responses":[[...]...],"scores":[...],"ties"?,"attributes"?,...}, of single answers
 * {"prompt":[...], "completion":[...],"label":...,...}, with attributes {..., "scores":{name: number or null}}, whole
 * or not at all. assay_pair_set_read gives the same pairs and lists back. */
assay_status assay_pair_set_write(const assay_pair_set *set, const char *path, assay_error *err);

/* One such line, its end included, in place of what `text` held. */
assay_status assay_pair_line(const assay_pair *pair, assay_buf *text, assay_error *err);

/* Keys of texts (XXH3, see data/hash_index.h). The prompt's is of the normalised text: runs of white space are one
 * space, ends are stripped, ASCII letters are lower case. `scratch` is any buffer with a generous ceiling, used over
 * and over. */
assay_status assay_prompt_key(const assay_turns *prompt, assay_buf *scratch, uint64_t *key, assay_error *err);
uint64_t assay_turns_key(const assay_turns *turns, uint64_t seed); /* of the exact text and roles */

#endif
