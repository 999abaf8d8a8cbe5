/* The document is made from the list of dialects, so it cannot forget one. */
#include "serve/dialect.h"

#include <string.h>

static void add_fields(json_t *properties, const char *const *names)
{
    for (; names && *names; names++) json_object_set_new(properties, *names, json_object());
}

/* How any request can be refused. */
static void add_refusals(json_t *responses)
{
    static const char *const refusals[][2] = {
        {"400", "malformed, or a field that is not for this server; the message names it"},
        {"401", "no or wrong key"},
        {"403", "a web page from elsewhere"},
        {"404", "no such model"},
        {"413", "a body, a text, or what would be made out of them, is too large"},
        {"415", "a form or plain text from a web page"},
        {"421", "the Host is no name of this server"},
        {"429", "the queue is full; see Retry-After"},
        {"503", "stopping, or too many large requests at once; see Retry-After"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        json_object_set_new(responses, refusals[i][0], json_pack("{s:s}", "description", refusals[i][1]));
}

/* Object of which one of these fields is needed. */
static json_t *schema_of(const assay_dialect *dialect)
{
    json_t *any = json_array(), *properties = json_object();
    for (const char *const *field = dialect->fields; *field; field++) {
        json_array_append_new(any, json_pack("{s:[s]}", "required", *field));
        json_object_set_new(properties, *field, json_object());
    }
    add_fields(properties, dialect->reads);
    add_fields(properties, assay_ask_switch_names);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "title", dialect->name, "type", "object", "description",
                     dialect->summary, "properties", properties, "anyOf", any);
}

static json_t *content(json_t *schema, json_t *examples)
{
    return json_pack("{s:{s:{s:o, s:o}}}", "content", "application/json", "schema", schema, "examples", examples);
}

static json_t *path_item(const char *path)
{
    json_t *schemas = json_array(), *requests = json_object(), *answers = json_object();
    char summary[2048] = "";
    size_t used = 0;
    for (size_t i = 0; assay_dialect_at(i); i++) {
        const assay_dialect *dialect = assay_dialect_at(i);
        size_t length = strlen(dialect->summary);
        if (!assay_dialect_has_path(dialect, path)) continue;
        json_array_append_new(schemas, schema_of(dialect));
        json_object_set_new(
            requests, dialect->name,
            json_pack("{s:s, s:o}", "summary", dialect->summary, "value", assay_json_value(dialect->request)));
        json_object_set_new(answers, dialect->name, json_pack("{s:o}", "value", assay_json_value(dialect->response)));
        if (used + length + 8 < sizeof summary) {
            if (used) memcpy(summary + used, ". Or: ", 6), used += 6;
            memcpy(summary + used, dialect->summary, length);
            used += length;
        }
    }
    bool several = json_array_size(schemas) > 1;
    const char *how = several ? "Several dialects share this path; the fields of the request decide, the first in the "
                                "list whose field is there."
                              : "";
    json_t *body = content(json_pack("{s:o}", "anyOf", schemas), requests);
    json_object_set_new(body, "required", json_true());
    json_t *ok = content(json_object(), answers), *responses = json_pack("{s:o}", "200", ok);
    json_object_set_new(ok, "description", json_string("scores"));
    add_refusals(responses);
    return json_pack("{s:{s:s, s:s, s:o, s:o}}", "post", "summary", summary, "description", how, "requestBody", body,
                     "responses", responses);
}

static json_t *add_plain(json_t *paths, const char *path, const char *method, const char *summary)
{
    json_object_set_new(
        paths, path,
        json_pack("{s:{s:s, s:{s:{s:s}}}}", method, "summary", summary, "responses", "200", "description", "ok"));
    return json_object_get(json_object_get(paths, path), method);
}

static void add_tokenize(json_t *paths)
{
    json_t *one = add_plain(paths, "/tokenize", "post", "ids of \"text\" (prompt, content, inputs) or \"messages\"");
    json_t *body = content(json_pack("{s:s, s:[{s:[s]}, {s:[s]}, {s:[s]}, {s:[s]}, {s:[s]}]}", "type", "object",
                                     "anyOf", "required", "text", "required", "prompt", "required", "content",
                                     "required", "inputs", "required", "messages"),
                           json_pack("{s:{s:{s:s}}}", "text", "value", "text", "What is 2+2?"));
    json_object_set_new(body, "required", json_true());
    json_object_set_new(one, "requestBody", body);
    add_refusals(json_object_get(one, "responses"));
}

json_t *assay_openapi_document(void)
{
    json_t *paths = json_object();
    for (size_t i = 0; assay_dialect_at(i); i++)
        for (const char *const *path = assay_dialect_at(i)->paths; *path; path++)
            if (!json_object_get(paths, *path)) json_object_set_new(paths, *path, path_item(*path));
    add_tokenize(paths);
    add_plain(paths, "/admin/reload", "post",
              "loads a model's files again (\"model\": name, or all) while the old one serves; needs a key");
    add_plain(paths, "/v1/models", "get", "what is served, with fingerprints");
    add_plain(paths, "/docs", "get", "this list as a page");
    add_plain(paths, "/health", "get", "alive");
    add_plain(paths, "/ping", "get", "alive, by the name SageMaker asks for");
    add_plain(paths, "/info", "get", "what is served, in the words of Text Embeddings Inference");
    add_plain(paths, "/ready", "get", "200 while requests are taken, 503 while stopping");
    add_plain(paths, "/metrics", "get", "Prometheus text");
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:{s:{s:s, s:s}}}}", "openapi", "3.1.0", "info", "title", "Assay", "version",
        "1", "description",
        "Scores of a reward model. Rewards are raw unless the request or the server's --activation says otherwise.",
        "paths", paths, "components", "securitySchemes", "key", "type", "http", "scheme", "bearer");
}
