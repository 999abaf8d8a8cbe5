/* adapter_config.json to and from assay_adapter_config; for adapter_file. */
#ifndef ASSAY_CHECKPOINT_ADAPTER_CONFIG_H
#define ASSAY_CHECKPOINT_ADAPTER_CONFIG_H

#include "checkpoint/adapter_file.h"

/* `where` is the path, for messages. On failure the config holds what was read and is to be released all the same. */
assay_status assay_adapter_config_read(assay_adapter_config *config, const json_t *object, const char *where,
                                       assay_error *err);

/* A new object, the caller's; NULL when out of memory. */
json_t *assay_adapter_config_json(const assay_adapter_config *config);

#endif
