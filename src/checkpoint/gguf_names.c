#include "checkpoint/gguf_names.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *translate(const assay_name_pair *pairs, const char *stem, size_t length)
{
    for (; pairs->gguf; pairs++)
        if (strlen(pairs->gguf) == length && !strncmp(pairs->gguf, stem, length)) return pairs->hf;
    return NULL;
}

/* "blk.LAYER." at the start; *rest: what comes behind it. */
static bool read_block(const char *name, int *layer, const char **rest)
{
    if (strncmp(name, "blk.", 4) != 0) return false;
    size_t digits = strspn(name + 4, "0123456789");
    if (digits == 0 || digits > 5 || name[4 + digits] != '.') return false;
    *layer = (int)strtol(name + 4, NULL, 10);
    *rest = name + 4 + digits + 1;
    return true;
}

char *assay_gguf_name_to_hf(const assay_gguf_family *family, const char *name, bool *memory)
{
    char prefix[64] = "";
    int layer;
    const char *stem = name, *suffix = strrchr(name, '.');
    if (!suffix || (strcmp(suffix, ".weight") != 0 && strcmp(suffix, ".bias") != 0)) return NULL;
    bool block = read_block(name, &layer, &stem);
    if (block) snprintf(prefix, sizeof prefix, "%s%d.", family->block, layer);
    if (suffix < stem) return NULL;
    const char *found = translate(block ? family->in_block : family->whole, stem, (size_t)(suffix - stem));
    char *out = found ? assay_strfmt("%s%s%s", prefix, found, suffix) : NULL;
    *memory = found && !out;
    return out;
}

static const char *translate_back(const assay_name_pair *pairs, const char *stem, size_t length)
{
    for (; pairs->gguf; pairs++)
        if (strlen(pairs->hf) == length && !strncmp(pairs->hf, stem, length)) return pairs->gguf;
    return NULL;
}

/* The family's block prefix, a number and a dot at the start. */
static bool read_layer(const assay_gguf_family *family, const char *name, int *layer, const char **rest)
{
    size_t prefix = strlen(family->block);
    if (strncmp(name, family->block, prefix) != 0) return false;
    size_t digits = strspn(name + prefix, "0123456789");
    if (digits == 0 || digits > 5 || name[prefix + digits] != '.') return false;
    *layer = (int)strtol(name + prefix, NULL, 10);
    *rest = name + prefix + digits + 1;
    return true;
}

char *assay_gguf_name_of_hf(const assay_gguf_family *family, const char *name, bool *memory)
{
    char prefix[32] = "";
    int layer;
    const char *stem = name, *suffix = strrchr(name, '.');
    if (!suffix || (strcmp(suffix, ".weight") != 0 && strcmp(suffix, ".bias") != 0)) return NULL;
    bool block = read_layer(family, name, &layer, &stem);
    if (block) snprintf(prefix, sizeof prefix, "blk.%d.", layer);
    if (suffix < stem) return NULL;
    const char *found = translate_back(block ? family->in_block : family->whole, stem, (size_t)(suffix - stem));
    char *out = found ? assay_strfmt("%s%s%s", prefix, found, suffix) : NULL;
    *memory = found && !out;
    return out;
}
