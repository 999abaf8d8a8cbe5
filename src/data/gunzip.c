/* zlib's inflate over what the caller reads. Not its gzread: that one reads by itself, and so can be neither
 * interrupted while it waits for a pipe nor gone on with behind a signal. Invariant: between is true exactly when the
 * last byte taken ended a member. */
#include "data/gunzip.h"

#include "base/alloc.h"

#define ZLIB_CONST /* what is read stays constant */
#include <zlib.h>

enum { GZIP_ONLY = 15 + 16, FIRST_BYTE = 0x1f };

struct assay_gunzip {
    z_stream stream;
    bool between, done, no_memory;
    const char *broken;
};

assay_gunzip *assay_gunzip_new(void)
{
    assay_gunzip *gunzip = assay_alloc(1, sizeof *gunzip);
    if (!gunzip) return NULL;
    if (inflateInit2(&gunzip->stream, GZIP_ONLY) == Z_OK) return gunzip;
    assay_free(gunzip);
    return NULL;
}

void assay_gunzip_free(assay_gunzip *gunzip)
{
    if (gunzip) inflateEnd(&gunzip->stream);
    assay_free(gunzip);
}

/* Whether what is there begins another member. */
static bool begins(assay_gunzip *gunzip, const char *in)
{
    gunzip->between = false;
    gunzip->done = (unsigned char)*in != FIRST_BYTE;
    if (!gunzip->done && inflateReset(&gunzip->stream) != Z_OK) gunzip->broken = "it cannot be begun anew";
    return !gunzip->done && !gunzip->broken;
}

size_t assay_gunzip_run(assay_gunzip *gunzip, const char **in, size_t *in_size, char *out, size_t room)
{
    z_stream *z = &gunzip->stream;
    if (gunzip->done || gunzip->broken || !*in_size || (gunzip->between && !begins(gunzip, *in))) return 0;
    z->next_in = (const Bytef *)*in;
    z->avail_in = (uInt)*in_size;
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)room;
    int code = inflate(z, Z_NO_FLUSH);
    *in += *in_size - z->avail_in;
    *in_size = z->avail_in;
    gunzip->between = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) gunzip->broken = z->msg ? z->msg : "unreadable";
    gunzip->no_memory = code == Z_MEM_ERROR;
    return room - z->avail_out;
}

bool assay_gunzip_no_memory(const assay_gunzip *gunzip) { return gunzip->no_memory; }
bool assay_gunzip_done(const assay_gunzip *gunzip) { return gunzip->done; }
bool assay_gunzip_between(const assay_gunzip *gunzip) { return gunzip->between; }
const char *assay_gunzip_broken(const assay_gunzip *gunzip) { return gunzip->broken; }
