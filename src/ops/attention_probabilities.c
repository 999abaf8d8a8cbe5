#include "ops/attention_probabilities.h"

void assay_attention_probabilities(const assay_kernels *kernels, const assay_op_attributes *attr, const assay_view *q,
                                   const assay_view *k, size_t first, size_t rows, float *out)
{
    size_t d = attr->head_dim, group = attr->heads / attr->kv_heads;
    for (size_t head = 0; head < attr->heads; head++)
        for (size_t i = 0; i < rows; i++) {
            float *row = out + (head * rows + i) * rows;
            const float *query = q->data + (first + i) * q->ld + head * d;
            for (size_t j = 0; j <= i; j++)
                row[j] = kernels->rows->dot(query, k->data + (first + j) * k->ld + head / group * d, d);
            kernels->rows->softmax(row, i + 1, rows, attr->scale);
        }
}
