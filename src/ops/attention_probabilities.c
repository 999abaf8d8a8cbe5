#include "ops/attention_probabilities.h"

#include <string.h>

void assay_attention_probabilities(const assay_kernels *kernels, const assay_op_attributes *attr, const assay_view *q,
                                   const assay_view *k, const assay_segment *segment, float *out)
{
    size_t first = segment->first, rows = segment->rows;
    size_t d = attr->head_dim, group = attr->heads / attr->kv_heads;
    for (size_t head = 0; head < attr->heads; head++)
        for (size_t i = 0; i < rows; i++) {
            float *row = out + (head * rows + i) * rows;
            const float *query = q->data + (first + i) * q->ld + head * d;
            size_t start = attr->window && i >= attr->window ? i + 1 - attr->window : 0;
            size_t end = i < segment->open ? segment->open : i + 1;
            for (size_t j = start; j < end; j++) {
                row[j] = kernels->rows->dot(query, k->data + (first + j) * k->ld + head / group * d, d);
                if (attr->slopes) row[j] -= attr->slopes[head] / attr->scale * (float)(i - j);
            }
            if (attr->cap > 0)
                kernels->rows->cap(row + start, NULL, end - start, attr->scale / attr->cap, attr->cap / attr->scale);
            memset(row, 0, start * sizeof *row);
            kernels->rows->softmax(row + start, end - start, rows - start, attr->scale);
        }
}
