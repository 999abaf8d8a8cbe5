/* The model card of what convert and merge write. What it says comes from the written folder itself: config.json and
 * assay.json. */
#include "task/saved_folder.h"

#include "base/file.h"
#include "base/version.h"
#include "report/model_card.h"

#include <string.h>

enum { JSON_BYTES = 64 << 20 };

typedef struct made {
    json_t *config, *notes;
    const char *architecture;
} made;

static assay_status load_config(const char *folder, json_t **out, assay_error *err)
{
    char *path = assay_path_join(folder, "config.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_json_load(path, JSON_BYTES, out, err) : ASSAY_OK;
    assay_free(path);
    return status;
}

static assay_status put_use(const made *m, bool reward, assay_buf *out, assay_error *err)
{
    const char *class = reward ? "AutoModelForSequenceClassification" : "AutoModelForCausalLM";
    const char *remote = json_object_get(m->config, "auto_map") ? ", trust_remote_code=True" : "";
    const char *template = json_string_value(json_object_get(m->notes, "template"));
    ASSAY_TRY(assay_buf_printf(
        out, err,
        "## Use\n\n```python\nfrom transformers import %s, AutoTokenizer\nmodel = %s.from_pretrained(\"PATH\"%s)\n"
        "tokenizer = AutoTokenizer.from_pretrained(\"PATH\"%s)\n```\n\n",
        class, class, remote, remote));
    if (reward && template)
        ASSAY_TRY(assay_buf_printf(
            out, err, "Texts are rendered with the template `%s`; the score is read at the last token.\n", template));
    return assay_buf_text(out, reward ? "With Assay: `assay score --model PATH`.\n" : "", err);
}

static assay_status put_card(const made *m, const assay_saved_source *source, const assay_card *card, assay_buf *out,
                             assay_error *err)
{
    bool reward = card->task == ASSAY_CARD_REWARD;
    ASSAY_TRY(assay_card_metadata(out, card, err));
    ASSAY_TRY(assay_buf_printf(out, err, "# %s\n\n%s, ", card->name, m->architecture));
    if (source->trained)
        ASSAY_TRY(assay_buf_printf(out, err, "a reward model: the adapter `%s` folded into `%s` by Assay %s.\n\n",
                                   assay_path_base(source->trained), card->base, ASSAY_VERSION));
    else
        ASSAY_TRY(assay_buf_printf(out, err, "made of `%s` by Assay %s%s.\n\n", card->base, ASSAY_VERSION,
                                   reward ? "; a reward model" : ""));
    ASSAY_TRY(assay_card_evaluation(out, card, err));
    return put_use(m, reward, out, err);
}

static assay_status write_card(const made *m, const assay_saved_source *source, const assay_card *card,
                               const char *folder, assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, ASSAY_CARD_BYTES);
    assay_status status = put_card(m, source, card, &out, err);
    if (status == ASSAY_OK) status = assay_card_save(&out, folder, err);
    assay_buf_release(&out);
    return status;
}

static char *last_name(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    char *whole = assay_strndup(path, length), *name = whole ? assay_strdup(assay_path_base(whole)) : NULL;
    assay_free(whole);
    return name;
}

static assay_status describe(made *m, const assay_saved_source *source, const char *folder, const char *output,
                             assay_error *err)
{
    ASSAY_TRY(load_config(folder, &m->config, err));
    ASSAY_TRY(assay_notes_load(folder, &m->notes, err));
    const json_t *options = json_object_get(m->notes, "options");
    m->architecture = json_string_value(json_array_get(json_object_get(m->config, "architectures"), 0));
    if (!m->architecture) m->architecture = "A model";
    char *name = last_name(output);
    assay_card card = {.name = name,
                       .base = source->base->name,
                       .library = "transformers",
                       .license = source->license,
                       .data = json_object_get(options, "data"),
                       .eval_data = json_object_get(options, "eval-data"),
                       .evaluation = json_object_get(m->notes, "evaluation"),
                       .task = strstr(m->architecture, "SequenceClassification") ? ASSAY_CARD_REWARD
                                                                                 : ASSAY_CARD_GENERATION};
    assay_status status = name ? write_card(m, source, &card, folder, err)
                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a name");
    assay_free(name);
    return status;
}

assay_status assay_saved_card(const assay_saved_source *source, const char *folder, const char *output,
                              assay_error *err)
{
    made m = {0};
    assay_status status = describe(&m, source, folder, output, err);
    json_decref(m.config);
    json_decref(m.notes);
    return status;
}
