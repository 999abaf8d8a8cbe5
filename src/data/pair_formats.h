/* The shapes a preference pair comes in. A format is one entry of a table in pair_formats.c: a name, the fields that
 * tell it, and a function that reads it. A new format is one function and one line.
 *
 * The first entry whose fields are all there (null counts as missing) and whose probe agrees is the line's format.
 * Unknown fields are ignored; the one of MedicalGPT's fields that is ignored on purpose is "tools", which its default
 * (no tool_format) leaves out of the text as well.
 *
 *     prompt              prompt + chosen + rejected; each text or messages. A list that begins like a conversation
 *     (system or user first) holds the prompt
 *                         itself (UltraFeedback): a text prompt beside it is then not used, a message prompt only if
 *                         the list does not begin with it
 *     medicalgpt          conversations + chosen + rejected as texts          (MedicalGPT @2f1008c)
 *     llama-factory       conversations or messages + chosen, rejected as one message or a list; chosen_messages +
 *     rejected_messages as whole conversations whose contents are parts {"type", "value"}
 *     medicalgpt-legacy   system?, history? + question + response_chosen + response_rejected   (MedicalGPT before
 *     d5f7a1a)
 *     ms-swift            messages + rejected_response (one or a list) or rejected_messages
 *     alpaca              instruction, input?, system?, history? + chosen + rejected
 *     alpaca-list         instruction, input? + output: [better, worse]
 *     question            system? + question + chosen + rejected
 *     best-of-n           prompt + responses + scores (as many): a list; "ties": false beside them says that answers
 *     of equal scores were not compared; "attributes" is as many objects {name: number}
 *     llmbar              input + output_1 + output_2 + label (1 or 2: the better one)
 *     hh-rlhf             chosen + rejected as whole transcripts "\n\nHuman: ... \n\nAssistant: ..."
 *     implicit            chosen + rejected as whole conversations: the prompt is what they share (TRL)
 *     implicit-text       chosen + rejected as whole texts, and no field that could be their prompt: it is what they
 *     share up to a white space (TRL); for --template plain
 *     ms-swift            also system?, history? + query + response + rejected_response
 *     axolotl             system? + input + chosen + rejected
 *     nemo-aligner        prompt + chosen_response + rejected_response
 *     judgebench          question + response_A + response_B + label "A>B"
 *     rmb                 conversation_input + chosen, reject as {"answer"}
 *     rmb-best-of-n       conversation_input + bon_best {"answer"} + loser_list [{"answer"}]: a list, as choices
 *     shp                 history + human_ref_A + human_ref_B + labels (1: A)
 *     pku-saferlhf        prompt + response_0 + response_1 + better_response_id (0 or 1)
 *     helpsteer2          prompt + response_1 + response_2 + preference_strength (below 0: the first); margin 1 to 3
 *     helpsteer3          context + response1 + response2 + overall_preference, likewise
 *     arena               conversation_a + conversation_b + winner (Chatbot Arena)
 *     arena-texts         prompt, response_a, response_b as lists of turns, JSON lists in texts, or texts;
 *     and winner_model_a + winner_model_b
 *     ultrafeedback       instruction + completions [{response, overall_score, annotations?}]: a list, whose answers
 *     have the ratings of the annotations for attributes
 *     nectar              prompt + answers [{answer, rank}], likewise
 *     nemo-rank           context + completions [{rank, completion}], likewise (NeMo-RL)
 *     choices             prompt + lists of texts as chosen, rejected (RewardBench 2, RM-Bench): a list of which each
 *     right answer was compared with each wrong one
 *     unpaired            prompt + completion + label, or messages + label: one answer that is good or not (TRL, KTO)
 *     helpsteer           prompt + response + helpfulness, correctness, coherence, complexity, verbosity (two of them,
 *     or all): one answer with attributes (HelpSteer, HelpSteer2)
 *     attributes          prompt + response or completion, or messages, + scores {name: number}, labels or label
 *     [number]: likewise
 *
 *     prm800k             question {"problem"} + label {"steps"}: one answer in labelled steps (data/step_file.h)
 *     processbench        problem + steps + label, likewise
 *     stepwise            prompt + completions + labels, likewise (TRL)
 *     math-shepherd       input + label + task, likewise
 *
 * Records that have the fields of the last four and are none are named by data/other_formats.h. Where a
 * format's verdict is a tie, the first answer is chosen and the pair's share 1/2.
 *
 * Optional everywhere: margin (a number, or its text in CSV; null: none), id (a string or number), and the label
 * (pair_label.h): p, preference, tie, weight.
 */
#ifndef ASSAY_DATA_PAIR_FORMATS_H
#define ASSAY_DATA_PAIR_FORMATS_H

#include "data/pair_set.h"

enum { ASSAY_FORMAT_NONE = UINT32_MAX };
enum { ASSAY_FORMATS_MOST = 64 }; /* more than there are */

size_t assay_pair_format_count(void);
const char *assay_pair_format_name(uint32_t format);

/* Is it one answer in labelled steps? */
bool assay_pair_format_is_steps(uint32_t format);

/* May lines of both stand in one file? Of one format, and of the two that assay_pair_set_write uses. */
bool assay_pair_formats_mix(uint32_t a, uint32_t b);

/* "JudgeBench": the benchmark that comes in this format, NULL: none. */
const char *assay_pair_format_benchmark(uint32_t format);

/* ASSAY_FORMAT_NONE: no format fits. */
uint32_t assay_pair_format_find(const json_t *line);

/* Says what is missing; `expected` is the file's format so far, or ASSAY_FORMAT_NONE. Always returns ASSAY_E_FORMAT. */
assay_status assay_pair_format_missing(const json_t *line, uint32_t expected, assay_error *err);

/* Names the first field of any format whose value no reader can use (base/json_doc.h), by which a line may be taken for
 * another format; ASSAY_OK: there is none. */
assay_status assay_pair_format_unreadable(const json_t *line, assay_error *err);

/* Fills pair's prompt, chosen, rejected, margin, label, id and format; what it holds lives in the arena. On success
 * *drop is a reason to drop the pair, or ASSAY_DROP_COUNT. Errors carry no place. */
assay_status assay_pair_format_read(uint32_t format, const json_t *line, assay_text_arena *arena, assay_pair *pair,
                                    assay_drop_reason *drop, assay_error *err);

/* "a, b, c": the line's field names, for messages. */
void assay_field_list(const json_t *line, char *text, size_t size);

#endif
