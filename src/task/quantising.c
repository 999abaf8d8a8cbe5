#include "task/quantising.h"

#include "model/model_pack.h"
#include "task/quantise_name.h"

/* Types that 0.1 read: their matrices were expanded where something had to be. */
static bool is_of_01(assay_dtype dtype)
{
    return dtype == ASSAY_Q8_0 || dtype == ASSAY_Q4_0 || dtype == ASSAY_Q4_1 || dtype == ASSAY_Q5_0 ||
           dtype == ASSAY_Q5_1;
}

/* Some of its matrices are, in types that 0.1 did not read, or as convert packs. */
static bool is_packed_lately(const assay_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        assay_dtype dtype = checkpoint->weights[i].tensor.dtype;
        if (assay_dtype_is_packed(dtype) && (checkpoint->body || !is_of_01(dtype))) return true;
    }
    return false;
}

static assay_status refuse_full(const assay_checkpoint *checkpoint, assay_error *err)
{
    char held[ASSAY_CHECKPOINT_TYPES_SIZE];
    assay_checkpoint_types(checkpoint, held);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s is quantised (%s), and --tuning full trains every weight: --tuning lora trains adapters "
                           "on it as it is. For all weights, write it out whole: assay convert %s --output WHOLE, then "
                           "--model WHOLE",
                           checkpoint->name, held, checkpoint->name);
}

static assay_status refuse_twice(const assay_checkpoint *checkpoint, assay_dtype wanted, assay_error *err)
{
    char held[ASSAY_CHECKPOINT_TYPES_SIZE];
    assay_checkpoint_types(checkpoint, held);
    return assay_error_set(err, ASSAY_E_USAGE,
                           "%s is quantised already (%s): leave --quantize %s out to train on it as it is; packing it "
                           "a second time is assay convert %s --quantize %s --output DIR",
                           checkpoint->name, held, assay_quantise_name(wanted), checkpoint->name,
                           assay_quantise_name(wanted));
}

static assay_status take_choice(assay_model_source *source, const assay_options *options, assay_error *err)
{
    assay_dtype wanted = assay_quantise_type(options->quantize);
    if (options->double_quant && wanted != ASSAY_NF4)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--double-quant packs the scales of --quantize nf4, and nothing else: add that, or "
                               "leave it out");
    if (!assay_options_given(options, "quantize")) return ASSAY_OK;
    source->quantise = wanted;
    source->double_quant = options->double_quant;
    if (wanted == ASSAY_F32 || !assay_checkpoint_is_packed(source->checkpoint)) return ASSAY_OK;
    return refuse_twice(source->checkpoint, wanted, err);
}

assay_status assay_quantise_choose(assay_model_source *source, const assay_options *options, assay_error *err)
{
    ASSAY_TRY(take_choice(source, options, err));
    if (options->tuning != ASSAY_OPT_FULL) return ASSAY_OK;
    if (is_packed_lately(source->checkpoint)) return refuse_full(source->checkpoint, err);
    if (source->quantise == ASSAY_F32) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--quantize %s packs weights that stay as they are, and --tuning full trains them all: give "
                           "--tuning lora, or leave --quantize out",
                           assay_quantise_name(source->quantise));
}

assay_status assay_quantise_source(assay_model_source *source, const assay_log *log, assay_error *err)
{
    if (source->quantise == ASSAY_F32 || assay_checkpoint_is_packed(source->checkpoint)) return ASSAY_OK;
    assay_note(log, "packing the weights of %s to %s%s in memory; assay convert --quantize does it once for all",
               source->checkpoint->name, assay_quantise_name(source->quantise),
               source->double_quant ? " (--double-quant)" : "");
    if (source->quantise == ASSAY_INT8)
        assay_note(log,
                   "int8: products take q SCB / 127 as a number; LLM.int8 rounds what they are multiplied with, too");
    return assay_model_pack(source->checkpoint, source->config.arch, source->quantise, source->double_quant, err);
}

assay_status assay_quantised_refuse_merge(const assay_checkpoint *base, const char *adapter, assay_error *err)
{
    char held[ASSAY_CHECKPOINT_TYPES_SIZE];
    if (!is_packed_lately(base)) return ASSAY_OK;
    assay_checkpoint_types(base, held);
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "the base %s is quantised (%s), and an adapter folded into it would be rounded away. Without "
        "merging: assay score --model %s. Into whole weights: assay convert %s --output WHOLE, then "
        "assay merge --model WHOLE --adapter %s --output DIR",
        base->name, held, adapter, base->name, adapter);
}
