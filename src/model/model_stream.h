/* Which weights of a model need not stay in memory while it runs: the frozen matrices of its layers, and its embedding
 * by row, wherever they are used as they lie in the file (see model.h). What has to be converted first (rows that GGUF
 * permuted of a plain type, a type that is none of F32, F16, BF16), what lies in a compressed archive, what several
 * layers share, vectors, adapters and the head stay. */
#ifndef ASSAY_MODEL_MODEL_STREAM_H
#define ASSAY_MODEL_MODEL_STREAM_H

#include "model/model.h"
#include "stream/stream_list.h"

/* The list for a program that assay_model_open or assay_model_measure made of these, settled; the caller's. With the
 * config alone, matrices are taken to be of its torch_dtype and lie nowhere. *out NULL: there is nothing to stream. */
assay_status assay_model_stream_list(assay_stream_list **out, const assay_program *program,
                                     const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                     assay_error *err);

#endif
