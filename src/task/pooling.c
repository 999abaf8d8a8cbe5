#include "task/pooling.h"

#include "head/head_kind.h"

#include <string.h>

assay_pooling assay_pooling_of(const json_t *config, const assay_model_config *model)
{
    const assay_head_kind *kind = model->head.kind;
    if (kind) return kind->stops_at_pad && model->pad_token >= 0 ? ASSAY_POOL_BEFORE_PAD : ASSAY_POOL_LAST;
    const char *class_name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    bool headed = class_name && strstr(class_name, "ForSequenceClassification");
    return headed && model->arch && model->pad_token >= 0 ? model->arch->pooling : ASSAY_POOL_LAST;
}

const char *assay_pooling_words(assay_pooling pooling)
{
    static const char *const words[] = {[ASSAY_POOL_NOT_PAD] = "the last token that is not the config's pad",
                                        [ASSAY_POOL_LAST] = "the last token",
                                        [ASSAY_POOL_BEFORE_PAD] = "the token before the first pad of the config"};
    return words[pooling];
}
