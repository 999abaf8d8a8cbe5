/* The formats of data/pair_formats.h that hold lists of answers with scores, ranks or verdicts. For its table alone: a
 * probe looks at the fields that the table asks for, a reader fills the pair. Sources: the data sets' cards on the hub
 * (openbmb/UltraFeedback, berkeley-nest/Nectar, allenai/reward-bench-2, THU-KEG/RM-Bench); NVIDIA-NeMo/RL,
 * docs/guides/rm.md. */
#ifndef ASSAY_DATA_LIST_FORMATS_H
#define ASSAY_DATA_LIST_FORMATS_H

#include "data/format_reader.h"

bool assay_list_scored_is(const json_t *line); /* responses and scores, both lists */
assay_status assay_list_scored(const assay_format_reader *reader);
bool assay_list_choices_is(const json_t *line); /* lists of texts as chosen and rejected */
assay_status assay_list_choices(const assay_format_reader *reader);
assay_status assay_list_rmb(const assay_format_reader *reader); /* bon_best against each of loser_list */
bool assay_list_ultrafeedback_is(const json_t *line);           /* completions: [{"response", "overall_score"}] */
assay_status assay_list_ultrafeedback(const assay_format_reader *reader);
bool assay_list_nectar_is(const json_t *line); /* answers: [{"answer", "rank"}] */
assay_status assay_list_nectar(const assay_format_reader *reader);
bool assay_list_nemo_is(const json_t *line); /* completions: [{"rank", "completion"}] */
assay_status assay_list_nemo(const assay_format_reader *reader);

#endif
