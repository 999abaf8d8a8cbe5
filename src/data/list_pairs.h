/* Lists of answers as pairs, for who trains on pairs elsewhere.
 *
 *     ASSAY_TRY(assay_list_pairs(pairs, ASSAY_LIST_ENDS, err)); // each list is now the pair of its best and worst
 *
 * A pair keeps its list's prompt, place, id, subset, margin and weight, and the share 1/2 where its answers were found
 * equally good. Couples that nobody compared, and equal texts, become none. Pairs and single answers stay as they are.
 */
#ifndef ASSAY_DATA_LIST_PAIRS_H
#define ASSAY_DATA_LIST_PAIRS_H

#include "data/pair_set.h"

typedef enum assay_list_couples { ASSAY_LIST_ENDS, ASSAY_LIST_ALL } assay_list_couples; /* best and worst; each two */

assay_status assay_list_pairs(assay_pair_set *set, assay_list_couples which, assay_error *err);

#endif
