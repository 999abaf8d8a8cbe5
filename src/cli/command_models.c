/* The table is read off the lists themselves, so it cannot promise what is not compiled in. */
#include "cli/command.h"
#include "cli/wrap.h"

#include "base/buf.h"
#include "model/lora.h"
#include "model/model_init.h"
#include "template/chat_template.h"

#include <stdio.h>
#include <string.h>

enum { TABLE_BYTES = 1 << 20, TITLE_WIDTH = 38 };

static json_t *architecture_json(const assay_architecture *arch)
{
    const char *modules[9];
    size_t count = assay_lora_modules(arch, modules);
    json_t *targets = json_array(), *shapes = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(targets, json_string(modules[i]));
    for (const assay_model_shape *shape = arch->shapes; shape->name; shape++)
        json_array_append_new(shapes, json_string(shape->name));
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:s, s:b, s:s, s:o, s:o}", "name", arch->name,
                     "title", arch->title, "class", arch->sequence_class ? arch->sequence_class : arch->base_class,
                     "head", arch->names->head, "train", 1, "lora", 1, "full", 1, "score", 1, "tokenizer", 1,
                     "template", arch->template_hint, "recompute", 1, "peft_task_type",
                     arch->peft_task_type_null ? "null" : "SEQ_CLS", "lora_targets", targets, "init", shapes);
}

static json_t *all_json(void)
{
    json_t *architectures = json_array(), *templates = json_array();
    for (size_t i = 0; assay_architecture_at(i); i++)
        json_array_append_new(architectures, architecture_json(assay_architecture_at(i)));
    for (size_t i = 0; i < assay_template_count(); i++)
        json_array_append_new(templates, json_string(assay_template_name_at(i)));
    return json_pack("{s:o, s:o}", "architectures", architectures, "templates", templates);
}

static assay_status write_names(assay_buf *out, const char *title, const json_t *names, assay_error *err)
{
    size_t column = strlen(title);
    ASSAY_TRY(assay_buf_text(out, title, err));
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (column + strlen(name) + 1 > ASSAY_PAGE_COLUMNS) {
            ASSAY_TRY(assay_buf_text(out, "\n   ", err));
            column = 3;
        }
        ASSAY_TRY(assay_buf_printf(out, err, " %s", name));
        column += strlen(name) + 1;
    }
    return assay_buf_byte(out, '\n', err);
}

static const char *mark(const json_t *row, const char *key)
{
    return json_is_true(json_object_get(row, key)) ? "yes" : "-";
}

static assay_status write_row(assay_buf *out, const json_t *row, assay_error *err)
{
    static const char *const columns[] = {"train", "lora", "full", "score", "tokenizer", "recompute"};
    static const int widths[] = {5, 4, 4, 5, 9, 0}; /* the last needs no blanks behind it */
    ASSAY_TRY(assay_buf_printf(out, err, "%-*s", TITLE_WIDTH, json_string_value(json_object_get(row, "title"))));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        ASSAY_TRY(assay_buf_printf(out, err, " %-*s", widths[i], mark(row, columns[i])));
    return assay_buf_printf(out, err, "\n  %s\n", json_string_value(json_object_get(row, "template")));
}

static assay_status write_table(assay_buf *out, const json_t *all, assay_error *err)
{
    const json_t *rows = json_object_get(all, "architectures");
    ASSAY_TRY(assay_buf_printf(out, err, "%-38s %-5s %-4s %-4s %-5s %-9s %s\n", "architecture, template", "train",
                               "LoRA", "full", "score", "tokenizer", "recompute"));
    for (size_t i = 0; i < json_array_size(rows); i++) ASSAY_TRY(write_row(out, json_array_get(rows, i), err));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        ASSAY_TRY(assay_buf_printf(
            out, err, "\n%s: %s, head %s,\n  PEFT task_type %s\n", json_string_value(json_object_get(row, "name")),
            json_string_value(json_object_get(row, "class")), json_string_value(json_object_get(row, "head")),
            json_string_value(json_object_get(row, "peft_task_type"))));
        ASSAY_TRY(write_names(out, "  --lora-targets", json_object_get(row, "lora_targets"), err));
        ASSAY_TRY(write_names(out, "  init --arch", json_object_get(row, "init"), err));
    }
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(write_names(out, "templates:", json_object_get(all, "templates"), err));
    return assay_buf_text(out,
                          "Scores and gradients of every architecture are tested against Transformers and\n"
                          "PEFT, token ids against their tokenizers.\n",
                          err);
}

static assay_status print_table(const json_t *all, assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, TABLE_BYTES);
    assay_status status = write_table(&out, all, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    json_t *all = all_json();
    (void)context;
    ASSAY_TRY_ALLOC(all, "the table", err);
    assay_status status = options->json ? assay_print_json(all, err) : print_table(all, err);
    json_decref(all);
    return status;
}

const assay_command assay_command_models = {
    .name = "models",
    .summary = "architectures and what is tested of them",
    .arguments = "[options]",
    .help = "The table of architectures: training, LoRA, full tuning, scoring, tokenizer, template, recompute.\n"
            "\n"
            "Examples:\n"
            "  assay models\n"
            "  assay models --json\n",
    .takes = ASSAY_FOR_MODELS,
    .run = run,
};
