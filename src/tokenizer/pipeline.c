#include "tokenizer/pipeline.h"

#include "subword/bpe_model.h"
#include "text/unicode.h"

typedef struct run {
    const assay_tokenizer *tokenizer;
    const assay_pipeline *pipeline;
    unsigned flags;
    assay_ids *ids;
    assay_buf normal, spare;
    assay_pre_work pre;
    assay_word_work words;
} run;

static assay_status words_encode(void *context, const char *text, size_t size, bool first, assay_error *err)
{
    run *this = context;
    const assay_pipeline *pipeline = this->pipeline;
    ASSAY_TRY(assay_pre_tokenizer_run(&pipeline->pre, text, size, first, &this->pre, err));
    for (size_t i = 0; i < this->pre.words.count; i++) {
        assay_word word = this->pre.words.list[i];
        ASSAY_TRY(pipeline->words->encode(pipeline->model, &this->tokenizer->vocab, this->pre.text.data + word.start,
                                          word.end - word.start, &this->words, this->ids, err));
    }
    return ASSAY_OK;
}

static assay_status raw_piece_encode(void *context, const char *text, size_t size, bool first, assay_error *err)
{
    run *this = context;
    if (this->pipeline->normalizer.count) {
        ASSAY_TRY(
            assay_normalizer_run(&this->pipeline->normalizer, text, size, &this->normal, &this->spare, &first, err));
        text = this->normal.data;
        size = this->normal.size;
    }
    return assay_tokenizer_split_added(this->tokenizer, &this->tokenizer->added.normal, text, size, first, this->flags,
                                       this->ids, words_encode, this, err);
}

static assay_status pipeline_encode(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                    assay_ids *ids, assay_error *err)
{
    run this = {.tokenizer = tokenizer, .pipeline = tokenizer->state, .flags = flags, .ids = ids};
    assay_buf_init(&this.normal, assay_normal_ceiling(size));
    assay_buf_init(&this.spare, assay_normal_ceiling(size));
    assay_pre_work_init(&this.pre, size);
    assay_status status = assay_tokenizer_split_added(tokenizer, &tokenizer->added.raw, text, size, true, flags, ids,
                                                      raw_piece_encode, &this, err);
    assay_buf_release(&this.normal);
    assay_buf_release(&this.spare);
    assay_pre_work_release(&this.pre);
    assay_word_work_release(&this.words);
    return status;
}

static void pipeline_release(void *state)
{
    assay_pipeline *pipeline = state;
    if (!pipeline) return;
    assay_normalizer_release(&pipeline->normalizer);
    assay_pre_tokenizer_release(&pipeline->pre);
    if (pipeline->words) pipeline->words->release(pipeline->model);
    assay_free(pipeline);
}

static const assay_tokenizer_kind pipeline_kind = {"pipeline", pipeline_encode, pipeline_release};

assay_status assay_pipeline_new(assay_pipeline **out, assay_tokenizer *tokenizer, assay_error *err)
{
    *out = assay_alloc(1, sizeof(**out));
    ASSAY_TRY_ALLOC(*out, "a tokenizer", err);
    tokenizer->kind = &pipeline_kind;
    tokenizer->state = *out;
    return ASSAY_OK;
}

void assay_pipeline_finish(assay_pipeline *pipeline, assay_tokenizer *tokenizer)
{
    bool bytes = pipeline->pre.byte_level && pipeline->words == &assay_bpe_kind;
    tokenizer->byte_alphabet = pipeline->pre.byte_level;
    tokenizer->info.kind = bytes ? "byte-level-bpe" : pipeline->words->name;
}
