/* How a JSON file that begins with a brace holds its records: told by its first piece, for record_reader.
 *
 * One object a line is the rule. Objects over several lines are told by the first line's end (a brace or a comma) and
 * the quote that begins the next. {"data": [...]}, one object around a list of objects, is told by the key, where the
 * object does not end on the first line while others follow, and where what is in the list is no message. One record
 * may hold columns, {"prompt": [...], "chosen": [...], "rejected": [...]}: lists of equal length under every name,
 * among them prompt or chosen, with nothing in them that is a message. */
#ifndef ASSAY_DATA_RECORD_SHAPE_H
#define ASSAY_DATA_RECORD_SHAPE_H

#include "base/json_doc.h"

typedef enum assay_record_shape { ASSAY_SHAPE_LINES, ASSAY_SHAPE_OBJECTS, ASSAY_SHAPE_WRAPPED } assay_record_shape;

/* *inside: for a wrapped list the bytes up to and with its bracket. */
assay_record_shape assay_record_shape_of(const char *text, size_t size, size_t *inside);

/* How many records the columns hold; 0: the value is a record as it stands. */
size_t assay_record_columns(const json_t *value);

/* Record number i of the columns, a new object. NULL: out of memory. */
json_t *assay_record_of_columns(const json_t *value, size_t i);

#endif
