/* Rerankers: the query is the prompt, documents are answers to it. vLLM's, Jina's and Cohere's shape (also
 * llama.cpp's), and TEI's bare list where the request says "texts". */
#include "serve/dialect.h"

/* What comes back of a document: Jina and Cohere allow {"text": ...} in place of a text. */
static const json_t *document_text(const json_t *document)
{
    const json_t *text = json_is_object(document) ? json_object_get(document, "text") : NULL;
    return text ? text : document;
}

static assay_status add_documents(assay_ask *ask, const char *field, assay_error *err)
{
    const json_t *query = assay_ask_field(ask, "query");
    const assay_turns *prompt;
    ask->documents = assay_ask_list(assay_ask_field(ask, field));
    ask->is_list = true;
    if (!query) return assay_error_set(err, ASSAY_E_FORMAT, "\"query\" is missing");
    if (!json_is_array(ask->documents))
        return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be a list and is %s", field,
                               assay_json_kind(ask->documents));
    ASSAY_TRY(assay_ask_prompt(ask, &prompt, query, "query", err));
    for (size_t i = 0; i < json_array_size(ask->documents); i++)
        ASSAY_TRY(assay_ask_answer(ask, prompt, json_array_get(ask->documents, i), field, err));
    return ASSAY_OK;
}

static assay_status parse(assay_ask *ask, assay_error *err)
{
    int64_t top = 0;
    bool activation = false;
    ask->return_texts = true;
    ASSAY_TRY(assay_ask_whole(ask, "top_n", &top, err));
    ASSAY_TRY(assay_ask_flag(ask, "return_documents", &ask->return_texts, err));
    ASSAY_TRY(assay_ask_flag(ask, "use_activation", &activation, err));
    if (assay_ask_field(ask, "use_activation")) ask->activation = activation ? ASSAY_ASK_SIGMOID : ASSAY_ASK_RAW;
    ask->top_n = top > 0 ? (size_t)top : 0;
    return add_documents(ask, "documents", err);
}

static json_t *render(const assay_ask *ask, const assay_reply *reply)
{
    json_t *results = json_array();
    size_t *order = assay_reply_order(reply, ask->count),
           count = ask->top_n && ask->top_n < ask->count ? ask->top_n : ask->count;
    for (size_t i = 0; order && i < count; i++) {
        json_t *one =
            json_pack("{s:I, s:f}", "index", (json_int_t)order[i], "relevance_score", reply->scores[order[i]]);
        const json_t *text = document_text(json_array_get(ask->documents, order[i]));
        if (ask->return_texts) json_object_set_new(one, "document", json_pack("{s:O}", "text", text));
        json_array_append_new(results, one);
    }
    assay_free(order);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", reply->id, "model", reply->model, "object", "list", "usage",
                     assay_reply_usage(reply), "results", results);
}

static assay_status parse_tei(assay_ask *ask, assay_error *err)
{
    bool raw = true;
    ASSAY_TRY(assay_ask_flag(ask, "raw_scores", &raw, err));
    ASSAY_TRY(assay_ask_flag(ask, "return_text", &ask->return_texts, err));
    if (assay_ask_field(ask, "raw_scores")) ask->activation = raw ? ASSAY_ASK_RAW : ASSAY_ASK_SIGMOID;
    return add_documents(ask, "texts", err);
}

static json_t *render_tei(const assay_ask *ask, const assay_reply *reply)
{
    json_t *list = json_array();
    size_t *order = assay_reply_order(reply, ask->count);
    for (size_t i = 0; order && i < ask->count; i++) {
        json_t *one = json_pack("{s:I, s:f}", "index", (json_int_t)order[i], "score", reply->scores[order[i]]);
        if (ask->return_texts) json_object_set(one, "text", json_array_get(ask->documents, order[i]));
        json_array_append_new(list, one);
    }
    assay_free(order);
    return list;
}

static const char *const paths[] = {"/rerank", "/v1/rerank", "/v2/rerank", "/reranking", "/v1/reranking", NULL};
static const char *const fields[] = {"documents", "query", NULL}, *const tei_fields[] = {"texts", NULL};
static const char *const reads[] = {"top_n", "return_documents", "use_activation", NULL}, *const tei_reads[] = {
                                                                                              "query", "raw_scores",
                                                                                              "return_text", NULL};
static const char *const tei_paths[] = {"/rerank",       "/v1/rerank", "/v2/rerank",   "/reranking",
                                        "/v1/reranking", "/",          "/invocations", NULL};

const assay_dialect assay_dialect_rerank = {
    .name = "rerank",
    .summary = "vLLM's, Jina's, Cohere's and llama.cpp's reranker: results by falling score; each document as the "
               "answer to the query",
    .paths = paths,
    .fields = fields,
    .reads = reads,
    .joint = "\n",
    .request = "{\"model\": \"default\", \"query\": \"What is 2+2?\", \"documents\": [\"5\", \"4\"], \"top_n\": 2}",
    .response = "{\"id\": \"rerank-1\", \"model\": \"default\", \"object\": \"list\", \"usage\": {}, \"results\": "
                "[{\"index\": 1, \"relevance_score\": 0.5, "
                "\"document\": {\"text\": \"4\"}}, {\"index\": 0, \"relevance_score\": -0.25, \"document\": {\"text\": "
                "\"5\"}}]}",
    .parse = parse,
    .render = render,
};

const assay_dialect assay_dialect_tei_rerank = {
    .name = "tei-rerank",
    .summary =
        "Text Embeddings Inference's reranker: a bare list by falling score. raw_scores false: sigmoid; without it raw",
    .paths = tei_paths,
    .fields = tei_fields,
    .reads = tei_reads,
    .joint = "\n",
    .request = "{\"query\": \"What is 2+2?\", \"texts\": [\"5\", \"4\"], \"return_text\": true}",
    .response = "[{\"index\": 1, \"score\": 0.5, \"text\": \"4\"}, {\"index\": 0, \"score\": -0.25, \"text\": \"5\"}]",
    .parse = parse_tei,
    .render = render_tei,
};
