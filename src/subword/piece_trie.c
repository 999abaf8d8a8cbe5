#include "subword/piece_trie.h"

typedef struct assay_piece_node {
    int32_t value;           /* -1: no member ends here */
    uint32_t child, sibling; /* node + 1, 0: none */
    unsigned char byte;
} piece_node;

void assay_piece_trie_release(assay_piece_trie *trie)
{
    assay_free(trie->nodes);
    *trie = (assay_piece_trie){0};
}

static assay_status node_new(assay_piece_trie *trie, unsigned char byte, uint32_t sibling, uint32_t *out,
                             assay_error *err)
{
    if (trie->count >= UINT32_MAX - 1) return assay_error_set(err, ASSAY_E_FORMAT, "too many added tokens");
    ASSAY_TRY(assay_grow(&trie->nodes, &trie->capacity, trie->count + 1, sizeof(piece_node), err));
    trie->nodes[trie->count] = (piece_node){.value = -1, .byte = byte, .sibling = sibling};
    *out = (uint32_t)++trie->count;
    return ASSAY_OK;
}

static uint32_t child_find(const assay_piece_trie *trie, uint32_t node, unsigned char byte)
{
    uint32_t child = trie->nodes[node - 1].child;
    while (child && trie->nodes[child - 1].byte != byte) child = trie->nodes[child - 1].sibling;
    return child;
}

assay_status assay_piece_trie_add(assay_piece_trie *trie, const char *text, size_t size, int32_t value,
                                  assay_error *err)
{
    if (!size) return ASSAY_OK;
    unsigned char byte = (unsigned char)text[0];
    if (!trie->first[byte]) ASSAY_TRY(node_new(trie, byte, 0, &trie->first[byte], err));
    uint32_t node = trie->first[byte];
    for (size_t i = 1; i < size; i++) {
        byte = (unsigned char)text[i];
        uint32_t child = child_find(trie, node, byte);
        if (!child) {
            ASSAY_TRY(node_new(trie, byte, trie->nodes[node - 1].child, &child, err));
            trie->nodes[node - 1].child = child;
        }
        node = child;
    }
    if (trie->nodes[node - 1].value < 0) trie->nodes[node - 1].value = value;
    return ASSAY_OK;
}

size_t assay_piece_trie_match(const assay_piece_trie *trie, const char *text, size_t size, int32_t *value)
{
    size_t longest = 0;
    uint32_t node = size ? trie->first[(unsigned char)text[0]] : 0;
    for (size_t i = 0; node; node = i < size ? child_find(trie, node, (unsigned char)text[i]) : 0) {
        i++;
        if (trie->nodes[node - 1].value < 0) continue;
        longest = i;
        *value = trie->nodes[node - 1].value;
    }
    return longest;
}
