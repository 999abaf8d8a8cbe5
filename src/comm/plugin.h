/* The plug-in of an MPI: assay-mpi-NAME.so beside the program or in ../lib/assay, or the file that ASSAY_MPI names. */
#ifndef ASSAY_COMM_PLUGIN_H
#define ASSAY_COMM_PLUGIN_H

#include "base/status.h"
#include "comm/launcher.h"
#include "comm/transport.h"

/* Stays open until the process ends. ASSAY_E_USAGE says where it was looked for and what to type. */
assay_status assay_plugin_open(const assay_launcher *launcher, const assay_transport **out, assay_error *err);

#endif
