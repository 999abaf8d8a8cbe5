#include "head/head_make.h"

#include <stdio.h>
#include <string.h>

/* 0: no number of labels. */
static size_t read_count(const char *text)
{
    size_t count = 0;
    for (; *text >= '0' && *text <= '9' && count <= ASSAY_HEAD_OUTPUTS; text++)
        count = 10 * count + (size_t)(*text - '0');
    return *text || count > ASSAY_HEAD_OUTPUTS ? 0 : count;
}

static const assay_head_kind *find_kind(const char *name)
{
    const assay_head_kind *kind;
    for (size_t i = 0; (kind = assay_head_kind_at(i)); i++)
        if (!strcmp(kind->name, name) && kind->init_layers) return kind;
    return NULL;
}

static assay_status no_such(const char *text, assay_error *err)
{
    char known[400] = "";
    const assay_head_kind *kind;
    for (size_t i = 0, used = 0; (kind = assay_head_kind_at(i)) && used < sizeof known; i++)
        if (kind->init_layers)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", kind->name);
    return assay_error_set(err, ASSAY_E_USAGE, "--head %.80s: give a number of labels, 1 to %d, or a kind: %s", text,
                           (int)ASSAY_HEAD_OUTPUTS, known);
}

assay_status assay_head_make(assay_head *out, const char *text, const char *plain, size_t hidden, bool bias,
                             assay_error *err)
{
    size_t labels = read_count(text);
    const assay_head_kind *kind = find_kind(text);
    if (!labels && !kind) return no_such(text, err);
    *out = (assay_head){.kind = kind, .count = 1, .layers = {{.outputs = labels, .bias = bias}}};
    snprintf(out->layers[0].module, sizeof out->layers[0].module, "%s", plain);
    for (size_t i = 0; kind && i < ASSAY_HEAD_LAYERS && *kind->init_layers[i].module; i++) {
        out->layers[i] = kind->init_layers[i];
        if (!out->layers[i].outputs) out->layers[i].outputs = hidden;
        out->count = i + 1;
    }
    if (kind && kind->init_gate) kind->init_gate(out);
    return ASSAY_OK;
}

/* A kind's classes are named after families: the one of this family, else the first; or the family's with the kind's
 * ending. */
static json_t *class_of(const assay_head_kind *kind, const char *base_class)
{
    const char *ending = strstr(base_class, "For");
    int family = (int)(ending ? (size_t)(ending - base_class) : strlen(base_class));
    if (kind->class_ending) return json_sprintf("%.*s%s", family, base_class, kind->class_ending);
    if (!kind->classes) return json_string(base_class);
    for (size_t i = 0; kind->classes[i]; i++)
        if (!strncmp(kind->classes[i], base_class, strlen("Llama"))) return json_string(kind->classes[i]);
    return json_string(kind->classes[0]);
}

static bool put_own(json_t *config, const char *members)
{
    json_t *own = members ? json_loads(members, 0, NULL) : json_object();
    bool good = own && !json_object_update(config, own);
    json_decref(own);
    return good;
}

assay_status assay_head_make_config(const assay_head *head, json_t *config, const char *base_class,
                                    const char *sequence_class, assay_error *err)
{
    json_t *name =
        head->kind ? class_of(head->kind, base_class) : json_string(sequence_class ? sequence_class : base_class);
    bool good = !json_object_set_new(config, "architectures", json_pack("[o]", name));
    if (good && head->kind) good = put_own(config, head->kind->init_config);
    if (good && (!head->kind || head->kind->separator))
        return assay_label_put(config, assay_head_outputs(head), NULL, err);
    return good ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}
