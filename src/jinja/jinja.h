/* Chat templates: the Jinja that checkpoints carry, run as Transformers runs it.
 *
 *     assay_jinja *compiled;
 *     ASSAY_TRY(assay_jinja_compile(&compiled, text, size, "chat_template.jinja", err));
 *     assay_buf_init(&out, ASSAY_JINJA_OUTPUT);
 *     ASSAY_TRY(assay_jinja_render(compiled, variables, NULL, &out, err)); // as often as wanted, any thread
 *     assay_jinja_free(compiled);
 *
 * The language is that of jinja2 3.1 in the environment of Transformers 5.24 (utils/chat_template_utils.py):
 * ImmutableSandboxedEnvironment with trim_blocks and lstrip_blocks, the loop controls, the `generation` block
 * (transparent here), `tojson` without ASCII and HTML escapes, raise_exception, strftime_now, and `dict` and
 * `namespace` of its own. Printing follows Python 3.11.
 *
 * Refused by name, because no template needs them or the result would not be the same twice: include, import, from,
 * extends, block, autoescape; the filters pprint, random, striptags, urlize, wordwrap, xmlattr; the global lipsum;
 * whole numbers beyond 64 bits; lone surrogates in literals. strftime_now works on the date it is given and never looks
 * at a clock.
 *
 * A template is not trusted: what it may use is bounded by assay_jinja_options, and beyond that rendering ends with an
 * error. It reaches no file and no network. Errors name the template and the line. */
#ifndef ASSAY_JINJA_JINJA_H
#define ASSAY_JINJA_JINJA_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

typedef struct assay_jinja assay_jinja; /* constant once compiled */

enum { ASSAY_JINJA_SOURCE = 1 << 20, ASSAY_JINJA_OUTPUT = 64 << 20, ASSAY_JINJA_MEMORY = 128 << 20 };

typedef struct assay_jinja_options {
    const char *date; /* YYYY-MM-DD, for strftime_now; NULL (default): calling it is an error that says what to give */
    uint64_t max_steps; /* 0 (default): 8 million; a long conversation takes some ten thousand */
    size_t max_memory;  /* 0 (default): ASSAY_JINJA_MEMORY bytes for values made while rendering */
} assay_jinja_options;

/* Reads a template of at most ASSAY_JINJA_SOURCE bytes. `name` is for messages and is copied. On failure *out is NULL.
 */
assay_status assay_jinja_compile(assay_jinja **out, const char *text, size_t size, const char *name, assay_error *err);
void assay_jinja_free(assay_jinja *jinja); /* NULL is well */

/* Appends the rendering to `out`, whose ceiling bounds it. `variables` is an object (borrowed, not changed) or NULL.
 * `options` may be NULL. On failure `out` is as it was.
 * ASSAY_E_FORMAT: the template is wrong, refuses its input (raise_exception) or exceeds a bound; ASSAY_E_UNSUPPORTED:
 * see above; ASSAY_E_USAGE: it asks for the date and there is none. */
assay_status assay_jinja_render(const assay_jinja *jinja, const json_t *variables, const assay_jinja_options *options,
                                assay_buf *out, assay_error *err);

/* The text it was compiled from, as it was given; ends with a zero byte. */
const char *assay_jinja_source(const assay_jinja *jinja, size_t *size);

#endif
