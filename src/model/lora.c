#include "model/lora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *last_component(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    return dot ? dot + 1 : path;
}

size_t assay_lora_modules(const assay_architecture *arch, const char *names[9])
{
    const assay_module_names *n = arch->names;
    const char *all[] = {n->qkv, n->q, n->k, n->v, n->out, n->gate_up, n->gate, n->up, n->down};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]) names[count++] = last_component(all[i]);
    return count;
}

static bool target_matches(const char *target, const char *module)
{
    size_t t = strlen(target), m = strlen(module);
    if (!strcmp(target, "all") || !strcmp(target, "all-linear")) return true;
    return m >= t && !strcmp(module + m - t, target) && (m == t || module[m - t - 1] == '.');
}

/* A target may carry more of the path ("self_attn.q_proj", "layers.3.mlp.up_proj"): it is enough that its last
 * component is a module's. */
static bool target_known(const char *target, const char *const *names, size_t count)
{
    if (!strcmp(target, "all") || !strcmp(target, "all-linear")) return true;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(last_component(target), names[i])) return true;
    return false;
}

assay_status assay_lora_check(const assay_lora_spec *spec, const assay_architecture *arch, assay_error *err)
{
    const char *names[9];
    size_t count = assay_lora_modules(arch, names);
    char listed[256] = "";
    for (size_t i = 0; i < count; i++) {
        strncat(listed, i ? ", " : "", sizeof listed - strlen(listed) - 1);
        strncat(listed, names[i], sizeof listed - strlen(listed) - 1);
    }
    for (size_t i = 0; i < spec->target_count; i++)
        if (!target_known(spec->targets[i], names, count))
            return assay_error_set(err, ASSAY_E_USAGE,
                                   "--lora-targets: no linear module \"%s\" in %s; there are %s, or all",
                                   spec->targets[i], arch->name, listed);
    return ASSAY_OK;
}

size_t assay_lora_rank_by_spec(const void *context, const char *module, float *scale)
{
    const assay_lora_spec *spec = context;
    *scale = (float)(spec->alpha / (spec->rslora ? sqrt((double)spec->rank) : (double)spec->rank));
    for (size_t i = 0; i < spec->target_count; i++)
        if (target_matches(spec->targets[i], module)) return spec->rank;
    return 0;
}

size_t assay_lora_rank_by_file(const void *context, const char *module, float *scale)
{
    const assay_lora_file *lora = context;
    char name[256];
    double factor = 0;
    snprintf(name, sizeof name, "%s.lora_A.weight", module);
    const assay_tensor *a = assay_tensor_file_find(lora->adapter->tensors, name);
    if (!a || a->rank != 2 || a->shape[0] == 0) return 0;
    if (*lora->status == ASSAY_OK)
        *lora->status = assay_adapter_scale(&lora->adapter->config, module, a->shape[0], &factor, lora->err);
    *scale = (float)factor;
    return a->shape[0];
}
