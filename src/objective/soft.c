/* Cross-entropy against a share of votes: the best difference is the share's log-odds, not infinity; of a tie, 0. */
#include "objective/objective_parts.h"

const assay_objective assay_objective_soft = {.name = "soft", .reads_labels = true, .cost = assay_share_cost};
