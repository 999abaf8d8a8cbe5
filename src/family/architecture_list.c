/* The list of families, one line each, and the reading of a config.json by the one that recognises it. */
#include "family/architecture.h"

#include "family/config_audit.h"
#include "head/head_kind.h"

#include <string.h>

/* A new family gets one line here. The first that recognises a config has it. */
#define FAMILY_MAP(X) \
    X(chatglm)        \
    X(llama)          \
    X(qwen2)          \
    X(qwen3)          \
    X(mistral)        \
    X(glm)            \
    X(glm4)           \
    X(internlm2)      \
    X(gemma)          \
    X(gemma2)         \
    X(gemma3)         \
    X(olmo2)          \
    X(granite)        \
    X(smollm3)        \
    X(phi3)           \
    X(cohere)         \
    X(bloom)          \
    X(baichuan)       \
    X(minicpm)        \
    X(chatglm1)

#define FAMILY_DECLARE(name) extern const assay_architecture assay_arch_##name;
FAMILY_MAP(FAMILY_DECLARE)
#undef FAMILY_DECLARE

#define FAMILY_ADDRESS(name) &assay_arch_##name,
static const assay_architecture *const architectures[] = {FAMILY_MAP(FAMILY_ADDRESS)};
#undef FAMILY_ADDRESS

enum { WIDEST_HEAD = 256 }; /* columns: attention packs a head's columns as one fold (backend/gemm.h) */

const assay_architecture *assay_architecture_at(size_t index)
{
    return index < sizeof architectures / sizeof *architectures ? architectures[index] : NULL;
}

const assay_architecture *assay_architecture_find(const char *name)
{
    for (size_t i = 0; assay_architecture_at(i); i++)
        if (!strcmp(assay_architecture_at(i)->name, name)) return assay_architecture_at(i);
    return NULL;
}

static size_t shared_beginning(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n]) n++;
    return n;
}

/* Names of one maker begin alike: the supported one that shares most of it, and not less than its letters up to the
 * digits or three. NULL: none is near. */
static const char *nearest_name(const char *type)
{
    const char *best = NULL;
    size_t most = 2;
    for (size_t i = 0; assay_architecture_at(i); i++) {
        const char *name = assay_architecture_at(i)->name;
        size_t letters = strcspn(name, "0123456789"), shared = shared_beginning(type, name);
        if (shared <= most || shared < letters) continue;
        most = shared;
        best = name;
    }
    return best;
}

static assay_status unsupported(const json_t *config, const char *where, assay_error *err)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    char known[512] = "";
    for (size_t i = 0; assay_architecture_at(i); i++) {
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, assay_architecture_at(i)->name, sizeof known - strlen(known) - 1);
    }
    if (!type)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: no \"model_type\", so this is not a model's config.json",
                               where);
    const char *near = nearest_name(type);
    if (near)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: model_type \"%s\" is not supported; the nearest that is: %s (take one of its "
                               "checkpoints); supported are %s",
                               where, type, near, known);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: model_type \"%s\" is not supported; supported are %s", where,
                           type, known);
}

static bool recognises(const assay_architecture *arch, const json_t *config)
{
    return arch->recognise ? arch->recognise(config) : assay_config_is_type(config, arch->name);
}

static assay_status check_numbers(const assay_model_config *c, const char *where, assay_error *err)
{
    if (c->heads % c->kv_heads)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: %zu attention heads are not a multiple of %zu key-value heads",
                               where, c->heads, c->kv_heads);
    size_t axes = c->position_axes ? c->position_axes : 1;
    if (c->head_dim > WIDEST_HEAD || c->rotary * axes > c->head_dim || c->rotary % 2)
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "%s: heads of %zu columns, %zu of them rotated; at most %d and an even number are supported", where,
            c->head_dim, c->rotary, WIDEST_HEAD);
    if (c->rope.scaling == ASSAY_ROPE_LONG && c->rope.short_count != c->rotary / 2)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: short_factor has %zu entries for %zu rotated columns of a head", where,
                               c->rope.short_count, c->rotary);
    if (!(c->eps > 0 && c->eps < 1))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the norm's epsilon is %g", where, (double)c->eps);
    return ASSAY_OK;
}

const assay_architecture *assay_architecture_of(const json_t *config)
{
    for (size_t i = 0; assay_architecture_at(i); i++)
        if (recognises(assay_architecture_at(i), config)) return assay_architecture_at(i);
    return NULL;
}

assay_status assay_model_config_read(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    const assay_architecture *arch = assay_architecture_of(config);
    if (!arch) return unsupported(config, where, err);
    *out = (assay_model_config){.arch = arch, .pad_token = -1, .bos_token = -1, .eos_token = -1};
    ASSAY_TRY(arch->read_config(config, where, out, err));
    ASSAY_TRY(check_numbers(out, where, err));
    out->head.kind = assay_head_of_class(config);
    return assay_config_audit(config, arch, where, err);
}
