/* What the log hears of the models: at the start, and when they were loaded again. */
#include "serve/http_private.h"

#include <stdio.h>

void assay_server_tell_reload(assay_server *server, assay_status status, const assay_error *error)
{
    if (atomic_load(&server->giving_up)) return; /* the log may be gone before a load that nobody waits for is over */
    if (status != ASSAY_OK) {
        assay_serve_log_event(server->options.log, ASSAY_SERVE_WARN, "reload",
                              json_pack("{s:b, s:s}", "taken", 0, "reason", error->text),
                              "not reloaded, the old models stay: %s", error->text);
        return;
    }
    atomic_fetch_add(&server->metrics.reloads, 1);
    assay_serve_log_event(server->options.log, ASSAY_SERVE_INFO, "reload", json_pack("{s:b}", "taken", 1), "reloaded");
    assay_server_tell_models(server);
}

/* A model whose weights are streamed answers as slowly as they are read. */
static void tell_model(const assay_server *server, const assay_served *model)
{
    const char *name = assay_template_name(model->chosen), *precision = model->bf16 ? "bf16" : "f32";
    char streamed[96] = "";
    json_t *fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "model", model->name, "folder",
                               model->folder, "architecture", model->architecture, "precision", precision, "template",
                               name, "max_length", (json_int_t)model->max_length, "planned_bytes",
                               (json_int_t)model->planned_bytes, "streamed_bytes", (json_int_t)model->streamed_bytes,
                               "read_bytes", (json_int_t)model->read_bytes, "fingerprint", model->fingerprint);
    if (model->streamed_bytes)
        snprintf(streamed, sizeof streamed, "weights streamed: %zu KiB read for every micro-batch, ",
                 model->read_bytes >> 10);
    assay_serve_log_event(server->options.log, ASSAY_SERVE_INFO, "model", fields,
                          "model %s: %s, %s, %s, template %s, texts of at most %zu tokens, %zu KiB planned, %s%s",
                          model->name, model->folder, model->architecture, precision, name, model->max_length,
                          model->planned_bytes >> 10, streamed, model->fingerprint);
}

void assay_server_tell_models(const assay_server *server)
{
    for (size_t i = 0; i < assay_served_count(server->models); i++) {
        assay_served *model = assay_served_take(server->models, assay_served_name(server->models, i));
        tell_model(server, model);
        assay_served_give(model);
    }
}
