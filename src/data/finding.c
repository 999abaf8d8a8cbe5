#include "data/finding.h"

#include "base/alloc.h"

bool assay_finding_count(assay_finding *finding)
{
    finding->count++;
    return finding->listed < ASSAY_FINDING_PLACES;
}

assay_status assay_finding_list(assay_finding *finding, char *place, assay_error *err)
{
    ASSAY_TRY_ALLOC(place, "a place", err);
    finding->places[finding->listed++] = place;
    return ASSAY_OK;
}

void assay_finding_release(assay_finding *finding)
{
    for (size_t i = 0; i < finding->listed; i++) assay_free(finding->places[i]);
    *finding = (assay_finding){0};
}

json_t *assay_finding_json(const assay_finding *finding)
{
    json_t *places = json_array();
    for (size_t i = 0; i < finding->listed; i++) json_array_append_new(places, json_string(finding->places[i]));
    return json_pack("{s:I,s:o}", "count", (json_int_t)finding->count, "examples", places);
}

assay_status assay_finding_row(const char *name, size_t value, assay_buf *out, assay_error *err)
{
    return assay_buf_printf(out, err, "  %-34s %9zu\n", name, value);
}

assay_status assay_finding_text(const assay_finding *finding, const char *name, const char *advice, assay_buf *out,
                                assay_error *err)
{
    if (!finding->count) return ASSAY_OK;
    ASSAY_TRY(assay_finding_row(name, finding->count, out, err));
    for (size_t i = 0; i < finding->listed; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "      %s\n", finding->places[i]));
    if (finding->count > finding->listed)
        ASSAY_TRY(assay_buf_printf(out, err, "      ... and %zu more\n", finding->count - finding->listed));
    return advice ? assay_buf_printf(out, err, "    %s\n", advice) : ASSAY_OK;
}
