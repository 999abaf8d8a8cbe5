#include "checkpoint/gguf_names.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_stem(const char *name, const char *stem, size_t length)
{
    return strlen(name) == length && !strncmp(name, stem, length);
}

/* One side of the pair whose other side is the stem. */
static const char *translate(const assay_name_pair *pairs, bool to_hf, const char *stem, size_t length)
{
    for (; pairs->gguf; pairs++)
        if (is_stem(to_hf ? pairs->gguf : pairs->hf, stem, length)) return to_hf ? pairs->hf : pairs->gguf;
    return NULL;
}

/* `prefix`, the number of a layer and a dot at the start; *rest: what comes behind them. */
static bool read_layer(const char *prefix, const char *name, int *layer, const char **rest)
{
    size_t length = strlen(prefix);
    if (strncmp(name, prefix, length) != 0) return false;
    size_t digits = strspn(name + length, "0123456789");
    if (digits == 0 || digits > 5 || name[length + digits] != '.') return false;
    *layer = (int)strtol(name + length, NULL, 10);
    *rest = name + length + digits + 1;
    return true;
}

static char *translate_name(const assay_gguf_family *family, bool to_hf, const char *name, bool *memory)
{
    char prefix[64] = "";
    int layer;
    const char *from = to_hf ? "blk." : family->block, *to = to_hf ? family->block : "blk.";
    const char *stem = name, *suffix = strrchr(name, '.');
    if (!suffix || (strcmp(suffix, ".weight") != 0 && strcmp(suffix, ".bias") != 0)) return NULL;
    bool block = read_layer(from, name, &layer, &stem);
    if (block) snprintf(prefix, sizeof prefix, "%s%d.", to, layer);
    if (suffix < stem) return NULL;
    const char *found = translate(block ? family->in_block : family->whole, to_hf, stem, (size_t)(suffix - stem));
    char *out = found ? assay_strfmt("%s%s%s", prefix, found, suffix) : NULL;
    *memory = found && !out;
    return out;
}

char *assay_gguf_name_to_hf(const assay_gguf_family *family, const char *name, bool *memory)
{
    return translate_name(family, true, name, memory);
}

char *assay_gguf_name_of_hf(const assay_gguf_family *family, const char *name, bool *memory)
{
    return translate_name(family, false, name, memory);
}
