/* The version of the program, the library, the packages and what they write; CHANGELOG.md has a part of this name. It
 * enters no fingerprint: what another version made stays usable (tests/cli/version.sh builds one). */
#ifndef ASSAY_BASE_VERSION_H
#define ASSAY_BASE_VERSION_H

#ifndef ASSAY_VERSION
#define ASSAY_VERSION "0.2.0"
#endif

#endif
