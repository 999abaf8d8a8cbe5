/* Which objectives there are, and what each of them asks of its numbers. */
#include "objective/objective_parts.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

#define ASSAY_OBJECTIVE_ADDRESS(name) &assay_objective_##name,
static const assay_objective *const objectives[] = {ASSAY_OBJECTIVE_LIST(ASSAY_OBJECTIVE_ADDRESS)};
#undef ASSAY_OBJECTIVE_ADDRESS
enum { OBJECTIVES = sizeof objectives / sizeof *objectives };

static assay_status refuse_name(const char *name, assay_error *err)
{
    char known[256] = "auto";
    for (size_t i = 0; i < OBJECTIVES; i++) {
        size_t used = strlen(known);
        assay_text_format(known + used, sizeof known - used, ", %s", objectives[i]->name);
    }
    return assay_error_set(err, ASSAY_E_USAGE, "--objective: \"%.80s\" is none of %s", name, known);
}

static assay_status find(const char *name, const assay_objective **found, assay_error *err)
{
    *found = &assay_objective_bt;
    if (!strcmp(name, "auto")) return ASSAY_OK;
    for (size_t i = 0; i < OBJECTIVES; i++) {
        *found = objectives[i];
        if (!strcmp(name, objectives[i]->name)) return ASSAY_OK;
    }
    return refuse_name(name, err);
}

static const assay_objective *chosen(const assay_objective_settings *settings)
{
    return settings->objective ? settings->objective : &assay_objective_bt;
}

const char *assay_objective_name_at(size_t index) { return index < OBJECTIVES ? objectives[index]->name : NULL; }

const char *assay_objective_name(const assay_objective_settings *settings) { return chosen(settings)->name; }

static assay_status choose_tie_parameter(const assay_objective *objective, double given, double *out, assay_error *err)
{
    bool learned = given == ASSAY_TIE_LEARNED;
    *out = given < 0 ? objective->tie_parameter : given;
    if (given < 0 && !learned) return ASSAY_OK;
    if (objective->tie_parameter == 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--tie-parameter says how likely ties are, which --objective %s does not model; "
                               "rao-kupper and davidson do",
                               objective->name);
    if (learned || given > objective->tie_above) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--tie-parameter %g: --objective %s wants it above %g (usual: %g); there, no tie could "
                           "happen and the objective would be bt",
                           given, objective->name, objective->tie_above, objective->tie_parameter);
}

assay_status assay_objective_choose(const char *name, double smoothing, double tie_parameter,
                                    assay_objective_settings *settings, assay_error *err)
{
    *settings = (assay_objective_settings){.smoothing = smoothing};
    ASSAY_TRY(find(name, &settings->objective, err));
    if (settings->objective->needs_smoothing && smoothing == 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--objective %s wants the share of labels that are wrong: --label-smoothing 0.1",
                               settings->objective->name);
    if (settings->objective->takes_no_smoothing && smoothing != 0)
        return assay_error_set(err, ASSAY_E_USAGE, "--label-smoothing %g: --objective %s models no wrong labels; %s",
                               smoothing, settings->objective->name,
                               settings->objective->of_attributes ? "leave it out" : "all-pairs does");
    settings->tie_learned = tie_parameter == ASSAY_TIE_LEARNED;
    return choose_tie_parameter(settings->objective, tie_parameter, &settings->tie_parameter, err);
}

double assay_objective_number(const assay_objective_settings *settings)
{
    size_t number = 0;
    while (objectives[number] != chosen(settings)) number++;
    return (double)number;
}

bool assay_share_is_undecided(double share) { return share <= 0.5; }

size_t assay_objective_known(const assay_objective_settings *settings, const assay_objective_row *row)
{
    return chosen(settings)->known ? chosen(settings)->known(row) : 1;
}

double assay_objective_weight(const assay_objective_settings *settings, const assay_objective_term *term)
{
    bool unread = assay_share_is_undecided(term->share) && !chosen(settings)->reads_labels;
    return unread ? 0 : term->weight;
}

assay_objective_cost assay_objective_of(const assay_objective_settings *settings, const assay_objective_term *term)
{
    double weight = assay_objective_weight(settings, term);
    assay_objective_cost cost = chosen(settings)->cost(settings, term);
    return (assay_objective_cost){
        .loss = weight * cost.loss, .slope = weight * cost.slope, .tie_slope = weight * cost.tie_slope};
}

bool assay_objective_reads_rows(const assay_objective_settings *settings) { return chosen(settings)->row; }

assay_objective_term assay_objective_ends(const assay_objective_row *row)
{
    return (assay_objective_term){.difference = row->rewards[0] - row->rewards[row->count - 1],
                                  .share = row->share,
                                  .margin = row->margin,
                                  .weight = row->weight};
}

double assay_objective_tie_slope(const assay_objective_settings *settings, const assay_objective_row *row)
{
    assay_objective_term ends = assay_objective_ends(row);
    return chosen(settings)->tie_parameter > 0 ? assay_objective_of(settings, &ends).tie_slope : 0;
}

double assay_tie_place(const assay_objective_settings *settings)
{
    return log(settings->tie_parameter - chosen(settings)->tie_above);
}

void assay_tie_put(assay_objective_settings *settings, double place)
{
    settings->tie_parameter = chosen(settings)->tie_above + exp(place);
}

static double cost_of_ends(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    assay_objective_term ends = assay_objective_ends(row);
    assay_objective_cost cost = assay_objective_of(settings, &ends);
    slopes[0] = cost.slope;
    slopes[row->count - 1] = -cost.slope;
    return cost.loss;
}

double assay_objective_of_row(const assay_objective_settings *settings, const assay_objective_row *row, double *slopes)
{
    size_t numbers = row->count * (row->outputs ? row->outputs : 1);
    for (size_t i = 0; i < numbers; i++) slopes[i] = 0;
    bool pair = row->count == 2 || (row->count > 2 && !row->values);
    bool ends = chosen(settings)->cost && (pair || !chosen(settings)->row);
    if (ends) return cost_of_ends(settings, row, slopes);
    assay_objective_term term = assay_objective_ends(row);
    double weight = assay_objective_weight(settings, &term), loss = chosen(settings)->row(settings, row, slopes);
    for (size_t i = 0; i < numbers; i++) slopes[i] *= weight;
    return weight * loss;
}
