/* ChatGLM-6B's layer: the residual is the norm's output times alpha, not the norm's input.
 *
 *     n1 = norm(x),   y  = alpha n1 + out(attention(n1))
 *     n2 = norm(y),   x' = alpha n2 + down(gelu(up(n2)))
 *
 * Reference: GLMBlock.forward in modeling_chatglm.py of THUDM/chatglm-6b, where alpha is sqrt(2 * layers). */
#include "model/layer.h"

static int join(assay_layer_writer *w, const char *module, int x, bool bias, int normed)
{
    const assay_model_config *c = w->config;
    return assay_layer_sum(w, assay_layer_linear(w, module, x, c->hidden, bias, -1), normed, c->normed_residual);
}

int assay_layer_chatglm1(assay_layer_writer *w, int x, bool scored_only)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = c->arch->names;
    assay_operand qkv[3];
    int normed = assay_layer_norm(w, names->input_norm, x);
    assay_layer_qkv(w, normed, qkv);
    assay_layer_widen_last(w);
    if (scored_only) {
        qkv[0] = (assay_operand){assay_layer_gather(w, qkv[0]), 0, 0};
        normed = assay_layer_gather(w, (assay_operand){normed, 0, 0});
    }
    x = join(w, names->out, assay_layer_attention(w, qkv), c->out_bias, normed);
    normed = assay_layer_norm(w, names->post_norm, x);
    return join(w, names->down, assay_layer_widened(w, normed), c->mlp_bias, normed);
}
