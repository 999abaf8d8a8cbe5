/* Unpacks gzip as it comes: bytes in, bytes out, no file. Members one behind another are one text; what follows the
 * last and is no member (padding) is passed over, as gzip does.
 *
 *     assay_gunzip *gunzip = assay_gunzip_new(); // NULL: no memory
 *     // as often as there is something in or out; takes from in
 *     got = assay_gunzip_run(gunzip, &in, &in_size, out, room);
 *     assay_gunzip_free(gunzip);
 */
#ifndef ASSAY_DATA_GUNZIP_H
#define ASSAY_DATA_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct assay_gunzip assay_gunzip;

assay_gunzip *assay_gunzip_new(void);
void assay_gunzip_free(assay_gunzip *gunzip); /* NULL is fine */

/* How many bytes were put out; 0: more is wanted, or the end (done), or it is broken. */
size_t assay_gunzip_run(assay_gunzip *gunzip, const char **in, size_t *in_size, char *out, size_t room);

/* behind the last member: nothing follows, or what does is passed over */
bool assay_gunzip_done(const assay_gunzip *gunzip);
bool assay_gunzip_between(const assay_gunzip *gunzip);       /* behind a member: the input may end here */
const char *assay_gunzip_broken(const assay_gunzip *gunzip); /* what is wrong, or NULL */
bool assay_gunzip_no_memory(const assay_gunzip *gunzip);     /* what is called broken is not */

#endif
