/* The formats of data/pair_formats.h that hold one answer with attributes. For its table alone. Sources: the cards of
 * nvidia/HelpSteer and nvidia/HelpSteer2 on the hub; NVIDIA/NeMo-Aligner, examples/nlp/data/steerlm/common.py (the
 * names and their order); modelscope/ms-swift, its custom data sets (regression). */
#ifndef ASSAY_DATA_ATTRIBUTE_FORMATS_H
#define ASSAY_DATA_ATTRIBUTE_FORMATS_H

#include "data/format_reader.h"

/* prompt + response + helpfulness, correctness, coherence, complexity, verbosity */
bool assay_attribute_helpsteer_is(const json_t *line);
assay_status assay_attribute_helpsteer(const assay_format_reader *reader);

/* prompt + response or completion, or messages whose last is the answer; and scores: {name: number}, or labels (or
 * label): [number] */
bool assay_attribute_graded_is(const json_t *line);
assay_status assay_attribute_graded(const assay_format_reader *reader);

/* HelpSteer2's prompts of several turns: a line of <extra_id_1>User or <extra_id_1>Assistant before each but the
 * first. A prompt of one turn is read as it stands. */
assay_status assay_attribute_prompt(const assay_format_reader *reader, const char *name);

#endif
