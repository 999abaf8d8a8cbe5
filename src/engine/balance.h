/* Cutting a program into stages that take alike long. */
#ifndef ASSAY_ENGINE_BALANCE_H
#define ASSAY_ENGINE_BALANCE_H

#include "engine/planner.h"

/* borders[stages + 1], from 0 to the program's layers, at least one layer each: such that the stage with the most
 * FLOPs, forward and back for the request's longest pair, has as few as can be; of several cuts the one whose borders
 * are lowest. stages: at most the layers. ASSAY_E_UNSUPPORTED: the program cannot be cut between two of its layers. */
assay_status assay_balance_stages(const assay_plan_request *request, int stages, int *borders, assay_error *err);

#endif
