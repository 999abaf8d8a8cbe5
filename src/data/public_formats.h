/* Pair formats of public data sets, each with its table's fields and what tells it: for pair_formats.c. A preference
 * with a strength (HelpSteer's 1 to 3) gives it as the margin. A tie has share 1/2, and the first answer for chosen.
 * Sources: the data sets' cards on the hub and the repositories ScalerLab/JudgeBench,
 * Zhou-Zoey/RMB-Reward-Model-Benchmark, hiyouga/LLaMA-Factory (data/v1_dpo_demo.jsonl). */
#ifndef ASSAY_DATA_PUBLIC_FORMATS_H
#define ASSAY_DATA_PUBLIC_FORMATS_H

#include "data/format_reader.h"

bool assay_public_judgebench_is(const json_t *line); /* label: "A>B" */
assay_status assay_public_judgebench(const assay_format_reader *reader);
assay_status assay_public_shp(const assay_format_reader *reader);
assay_status assay_public_saferlhf(const assay_format_reader *reader);
assay_status assay_public_helpsteer2(const assay_format_reader *reader);
assay_status assay_public_helpsteer3(const assay_format_reader *reader);
assay_status assay_public_arena(const assay_format_reader *reader);
assay_status assay_public_arena_texts(const assay_format_reader *reader); /* a CSV's: lists as JSON text */
assay_status assay_public_rmb(const assay_format_reader *reader);
assay_status assay_public_llama_factory_parts(const assay_format_reader *reader);

#endif
