/* A loop under way, and the `loop` object a template sees of it. */
#ifndef ASSAY_JINJA_JINJA_LOOP_H
#define ASSAY_JINJA_JINJA_LOOP_H

#include "jinja/jinja_state.h"

typedef struct assay_jloop assay_jloop;

struct assay_jloop {
    const assay_jnode *node;
    assay_jframe *frame, *outer; /* of the body; the one a recursive loop was met in */
    assay_status (*take)(assay_jrun *run, assay_jloop *loop,
                         assay_jvalue *out); /* next of iter that passes the filter */
    assay_jiter iter;
    assay_jlist *rest; /* what a filtered loop has left, once its length was asked for */
    size_t rest_at;
    bool filtered;
    int64_t index0, depth0, length; /* length: -1 until known */
    bool has_next;                  /* next was taken ahead */
    assay_jvalue next, current, before;
    assay_jvalue changed; /* the last arguments of changed() */
};

/* On to the next item: loop->current, or loop->next of type MISSING at the end. */
assay_status assay_jloop_advance(assay_jrun *run, assay_jloop *loop);

/* loop.index and so on; type MISSING: no such attribute. */
assay_status assay_jloop_attribute(assay_jrun *run, assay_jloop *loop, const assay_jvalue *name, assay_jvalue *out);

extern const assay_jbuiltin_table assay_jmethods_loop;

#endif
