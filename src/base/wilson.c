#include "base/wilson.h"

#include <math.h>

void assay_wilson_interval(double hits, double count, double *low, double *high)
{
    const double z = 1.959963984540054; /* the normal distribution's 97.5 % point */
    double share = hits / count;
    double centre = (share + z * z / (2 * count)) / (1 + z * z / count);
    double half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + z * z / (4 * count * count));
    *low = count > 0 ? fmax(centre - half, 0) : (double)NAN;
    *high = count > 0 ? fmin(centre + half, 1) : (double)NAN;
}
