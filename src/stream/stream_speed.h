/* How fast the files of a list can be read past the page cache: bytes a second, measured on some megabytes of the
 * largest, for half a second at most. *speed is 0 where no file is known. */
#ifndef ASSAY_STREAM_STREAM_SPEED_H
#define ASSAY_STREAM_STREAM_SPEED_H

#include "stream/stream_list.h"

assay_status assay_stream_speed(const assay_stream_list *list, double *speed, assay_error *err);

#endif
