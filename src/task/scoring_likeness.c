#include "task/scoring_likeness.h"

#include "base/buf.h"
#include "base/hash.h"
#include "data/json_text.h"
#include "task/likeness.h"

static uint64_t hash_of(const assay_adapter_file *adapter)
{
    uint64_t hash = 0;
    for (size_t i = 0; adapter && i < adapter->tensors->count; i++) {
        const assay_tensor *t = &adapter->tensors->tensors[i];
        hash = XXH3_64bits_withSeed(t->data, t->bytes, hash);
    }
    return hash;
}

/* What is no weight and changes a score all the same. */
static assay_status put_settings(const assay_scoring_parts *s, assay_buf *text, assay_error *err)
{
    json_t *notes;
    assay_status status = assay_source_notes(s->source, &notes, err);
    if (status == ASSAY_OK) status = assay_json_text(notes, text, err);
    json_decref(notes);
    ASSAY_TRY(status);
    const assay_model_config *config = &s->model->config;
    return assay_buf_printf(text, err, " bf16 %d label %zu tokens %d %d quantised %d", s->model->program->bf16,
                            config->head.label, (int)s->head_tokens[0], (int)s->head_tokens[1],
                            (int)s->source->quantise);
}

static assay_status put_all(const assay_scoring_parts *s, assay_buf *model, assay_buf *settings, assay_error *err)
{
    char print[64];
    ASSAY_TRY(assay_checkpoint_fingerprint(s->source->checkpoint, print, err));
    ASSAY_TRY(assay_buf_printf(model, err, "%s %llx", print, (unsigned long long)hash_of(s->source->adapter)));
    return put_settings(s, settings, err);
}

assay_status assay_scoring_compare(const assay_scoring_parts *s, assay_comm *comm, assay_error *err)
{
    assay_buf model, settings;
    if (assay_comm_size(comm) == 1) return ASSAY_OK;
    assay_buf_init(&model, 1 << 10);
    assay_buf_init(&settings, 1 << 24);
    assay_status status = assay_comm_agree(comm, put_all(s, &model, &settings, err), NULL, err);
    const assay_likeness likeness = {s->kernels, s->pool, model.data, NULL, settings.data};
    if (status == ASSAY_OK) status = assay_likeness_check(&likeness, comm, err);
    assay_buf_release(&model);
    assay_buf_release(&settings);
    return status;
}
