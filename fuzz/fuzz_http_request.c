/* Requests of the server: the first byte picks one of the dialects' paths, the rest is the body. What parses is also
 * rendered. */
#include "serve/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *pick(uint8_t number)
{
    for (size_t round = number;;)
        for (size_t i = 0; assay_dialect_at(i); i++)
            for (const char *const *path = assay_dialect_at(i)->paths; *path; path++)
                if (round-- == 0) return *path;
}

static void render(const assay_ask *ask)
{
    double *scores = assay_alloc(ask->count, sizeof *scores);
    if (!scores) return;
    assay_reply reply = {.scores = scores, .rewards = scores, .model = "m", .fingerprint = "f", .id = "i"};
    json_decref(ask->dialect->render(ask, &reply));
    assay_free(scores);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_ask ask;
    assay_error error;
    if (size == 0) return 0;
    assay_meter meter;
    assay_meter_init(&meter, NULL, 16 * size + (1 << 20));
    if (assay_ask_parse(&ask, pick(data[0]), (const char *)data + 1, size - 1, &meter, &error) == ASSAY_OK)
        render(&ask);
    assay_ask_release(&ask);
    return 0;
}
