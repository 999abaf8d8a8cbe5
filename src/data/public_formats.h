/* Pair formats of public data sets, each with its table's fields and what tells it: for pair_formats.c. A preference
 * with a strength (HelpSteer's 1 to 3) gives it as the margin. A tie sets reader->tie. Of a list of answers with scores
 * or ranks the best and the worst are the pair, all equal is a tie. Sources: the data sets' cards on the hub and the
 * repositories ScalerLab/JudgeBench, Zhou-Zoey/RMB-Reward-Model-Benchmark; NVIDIA-NeMo/RL, docs/guides/rm.md. */
#ifndef ASSAY_DATA_PUBLIC_FORMATS_H
#define ASSAY_DATA_PUBLIC_FORMATS_H

#include "data/format_reader.h"

bool assay_public_judgebench_is(const json_t *line); /* label: "A>B" */
assay_status assay_public_judgebench(const assay_format_reader *reader);
assay_status assay_public_shp(const assay_format_reader *reader);
assay_status assay_public_helpsteer2(const assay_format_reader *reader);
assay_status assay_public_helpsteer3(const assay_format_reader *reader);
assay_status assay_public_arena(const assay_format_reader *reader);
assay_status assay_public_arena_texts(const assay_format_reader *reader); /* a CSV's: lists as JSON text */
assay_status assay_public_rmb(const assay_format_reader *reader);
bool assay_public_ultrafeedback_is(const json_t *line); /* completions: [{"response"}] */
assay_status assay_public_ultrafeedback(const assay_format_reader *reader);
bool assay_public_nectar_is(const json_t *line); /* answers: [{"answer", "rank"}] */
assay_status assay_public_nectar(const assay_format_reader *reader);
bool assay_public_nemo_is(const json_t *line); /* completions: [{"rank", "completion"}] */
assay_status assay_public_nemo(const assay_format_reader *reader);

#endif
