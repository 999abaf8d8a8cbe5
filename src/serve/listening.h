/* The socket that a server listens on.
 *
 *     int descriptor;
 *     assay_listening about;
 *     ASSAY_TRY(assay_listening_open(&descriptor, &about, "127.0.0.1", 8080, err));     // the caller closes it
 *
 * host: an IPv4 or IPv6 address, or localhost. A port of 0 is any free one. The port may have been in use a moment ago
 * (SO_REUSEADDR: connections of the last server that are in TIME_WAIT are no obstacle), but never is shared with
 * another program that listens: ASSAY_E_IO then says who is there, an Assay server by the names of its models. Other
 * refusals of the system (no right to the port, no such address) are ASSAY_E_IO in its own words. ASSAY_E_USAGE: host
 * is no address.
 */
#ifndef ASSAY_SERVE_LISTENING_H
#define ASSAY_SERVE_LISTENING_H

#include "base/status.h"

#include <stdbool.h>

typedef struct assay_listening {
    bool loopback; /* only this machine can reach it */
    bool six;      /* IPv6 */
    unsigned port; /* what 0 became */
} assay_listening;

assay_status assay_listening_open(int *descriptor, assay_listening *about, const char *host, unsigned port,
                                  assay_error *err);

#endif
