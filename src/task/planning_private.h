/* The parts of planning: one way to run, and what is made of many. A variant is the run as asked or the same with
 * something changed; it is planned as if it were asked for, so its figures are those that such a run would take.
 *
 *     assay_variant v = *asked; // planned; no stream list is left in it
 *     v.subject.settings.eight_bits = true;
 *     ASSAY_TRY(assay_variant_plan(&v, false, false, err)); // that it does not fit is no error: v.fits is false
 */
#ifndef ASSAY_TASK_PLANNING_PRIVATE_H
#define ASSAY_TASK_PLANNING_PRIVATE_H

#include "task/planning.h"

typedef struct assay_variant {
    assay_planning_subject subject;
    assay_lora_spec lora;
    assay_plan plan;
    assay_model_size size;
    assay_stream_list *stream; /* NULL: no weight is streamed */
    size_t fixed, moments;
    size_t mapped;                         /* bytes of weights that stay, where they lie in the file */
    size_t weights, inlet, inlet_gradient; /* as the planning has them */
    size_t params;
    size_t longest; /* tokens of the longest pair: no micro-batch is smaller */
    size_t length;  /* pairs with a longer side are left out; 0: none */
    int layers;
    bool fits;
    size_t largest_off, largest_all;
    size_t streamed; /* bytes of weights that do not stay */
    assay_stream_forecast forecast;
    assay_spill_forecast spill;
} assay_variant;

/* ---- planning_variant.c ---- */

/* Of the examples (NULL: none) that a length leaves: *most becomes the tokens of the largest, if that is more, and
 * their number is returned. cuts: it leaves all, none with more than the length for each answer. */
size_t assay_variant_count_within(const assay_example_set *set, size_t length, bool cuts, size_t *most);

/* What is asked of the engine's planner. program NULL: only the lengths are read. */
assay_plan_request assay_variant_request(const assay_variant *variant, const assay_program *program);

/* The variant's program, which the caller frees, what it weighs, and all of that in memory. */
assay_status assay_variant_measure(assay_variant *variant, assay_program **program, assay_error *err);

/* Where weights of a measured one are: all stay, or those that can be are streamed, from a list that is the variant's
 * until they are kept. ASSAY_E_NO_FIT: none can be. */
void assay_variant_keep_weights(assay_variant *variant);
assay_status assay_variant_take_streamed(assay_variant *variant, const assay_program *program, assay_error *err);

/* The smallest plan, or the fastest that fits. asked: it is the run itself, not another way to run, so that disks may
 * be measured. alternatives: the largest micro-batches, too. */
assay_status assay_variant_plan(assay_variant *variant, bool asked, bool alternatives, assay_error *err);

/* Anonymous memory of the whole process, at most; of a planned one. */
size_t assay_variant_peak(const assay_variant *variant);

/* ---- of the planning of `asked`, which is planned ---- */

/* planning_ways.c: its options. */
assay_status assay_planning_find_ways(assay_planning *planning, const assay_variant *asked, assay_error *err);

/* planning_menu.c: its rows. */
assay_status assay_planning_make_menu(assay_planning *planning, const assay_variant *asked, assay_error *err);

#endif
