/* The version of the program, the library and what they write. It enters no fingerprint. */
#ifndef ASSAY_BASE_VERSION_H
#define ASSAY_BASE_VERSION_H

#define ASSAY_VERSION "0.1.0"

#endif
