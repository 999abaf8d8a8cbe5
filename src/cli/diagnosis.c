#include "cli/diagnosis.h"

#include "base/alloc.h"

#include <string.h>

// clang-format off
static const assay_diagnosis known[] = {
    {{"unexpected keyword argument 'output_attentions'"},
     "PEFT's wrapper for task_type SEQ_CLS passes output_attentions to every forward, and ChatGLM's own class has no "
     "such argument. Gradient checkpointing has no part in it: turning it off changes nothing.",
     "Train the same with assay train: a model has no forward signature there, and the adapter it writes has "
     "task_type null, which PEFT loads. docs/why.md has the measurements."},
    {{"all_tied_weights_keys"}, "ChatGLM's remote code never calls post_init(), which today's Transformers needs.",
     "Assay runs no remote code: assay train --model CHATGLM_FOLDER reads config and weights itself."},
    {{"'ChatGLMConfig' object has no attribute"},
     "Transformers 5 drops generation settings that ChatGLM's remote code reads from its config.",
     "Assay runs no remote code: assay train --model CHATGLM_FOLDER reads config and weights itself."},
    {{"_pad() got an unexpected keyword argument 'padding_side'"},
     "ChatGLM's remote tokenizer is older than the Transformers that calls it (4.45 and later pass padding_side).",
     "Assay has its own tokenizer for ChatGLM and pads nothing; assay tokenize --model CHATGLM_FOLDER shows the ids."},
    {{"ChatGLMTokenizer", "has no setter"},
     "ChatGLM's remote tokenizer does not let its special tokens be set, as newer scripts try to do.",
     "Assay has its own tokenizer for ChatGLM; nothing has to be set."},
    {{"element 0 of tensors does not require grad"},
     "Reentrant gradient checkpointing needs an input that requires a gradient; with frozen embeddings (LoRA) there "
     "is none unless enable_input_require_grads() was called.",
     "In Assay recomputation is part of the plan and needs no such input; assay verify shows on your model that it "
     "changes no bit."},
    {{"None of the inputs have requires_grad=True"},
     "Reentrant gradient checkpointing cut the graph: the adapters below get no gradient and stay as they are, "
     "without an error.",
     "In Assay every trained tensor gets its gradient, recomputed or not; assay verify lists any that are zero. Train "
     "again."},
    {{"Recomputed values for the following tensors have different metadata"},
     "Checkpointing ran the forward pass again and got tensors of another shape or type: something in it depends on "
     "state.", "Assay recomputes from a fixed schedule, bit for bit; --recompute auto."},
    {{"Cannot handle batch sizes > 1 if no padding token is defined"},
     "Transformers finds the scored token by the padding token, and the config has none.",
     "Assay pads nothing and scores the last token of the text; what it writes has a pad_token_id that ends no text."},
    {{"mat1 and mat2 must have the same dtype"},
     "The new head was made in another type than the model (ChatGLM makes it in float16).",
     "Assay keeps head and adapters in f32 whatever the base is stored in."},
    {{"Attempting to unscale FP16 gradients"},
     "Weights loaded in float16 are trained with a gradient scaler, which needs them in f32.",
     "Assay trains in f32; --fp16 and --bf16 of other command lines are accepted with a note."},
    {{"newly initialized", "classifier_head"},
     "The head was made anew. When this appears while an adapter is loaded for scoring, its trained head was never "
     "saved, and scores are noise.",
     "assay inspect ADAPTER says whether the head is in it. If it is lost, train again; Assay writes head and adapter "
     "into one file."},
    {{"newly initialized", "score.weight"},
     "The head was made anew. Before training that is right; when it appears while a trained model or adapter is "
     "loaded, its head was not saved or not found.",
     "assay inspect PATH says whether there is a head. Assay writes head and adapter into one file, under the name "
     "PEFT looks for."},
    {{"size mismatch for score.weight"},
     "The stored head has another number of outputs than the model was opened with (num_labels should be 1).",
     "assay inspect PATH names the shape found and the one wanted."},
    {{"arget modules", "not found in the base model"},
     "The names given as LoRA targets are not those of this architecture.",
     "--lora-targets all takes every linear layer; a wrong name is refused with the names there are."},
    {{"KeyError: 'qwen3"},
     "The installed Transformers is older than the model: it has no class for this model_type.",
     "Assay has its own: assay inspect MODEL_FOLDER says whether the architecture is supported; assay models lists "
     "all."},
    {{"does not recognize this architecture"},
     "The installed Transformers is older than the model: it has no class for this model_type.",
     "Assay has its own: assay inspect MODEL_FOLDER says whether the architecture is supported; assay models lists "
     "all."},
    {{"CUDA out of memory"}, "The step did not fit into the graphics memory.",
     "Assay plans its memory before it starts and never goes beyond: --memory 6G (or auto); what does not fit is "
     "refused with the figure (exit code 3)."},
    {{"torch.OutOfMemoryError"}, "The step did not fit into the graphics memory.",
     "Assay plans its memory before it starts and never goes beyond: --memory 6G (or auto); what does not fit is "
     "refused with the figure (exit code 3)."},
    {{"DefaultCPUAllocator: can't allocate memory"}, "The step did not fit into memory.",
     "Assay plans its memory before it starts and never goes beyond: --memory 6G (or auto); what does not fit is "
     "refused with the figure (exit code 3)."},
    {{"Expected to mark a variable ready only once"},
     "Distributed training and reentrant checkpointing count a parameter twice.",
     "Assay is one process on all processors; options of launchers are accepted with a note."},
    {{"'grad_norm': nan"}, "A gradient became NaN; with float16 this is mostly an overflow.",
     "Assay trains in f32 and stops at the first loss or gradient that is no number, before anything is changed "
     "(--on-nan skip leaves the step out)."},
};
// clang-format on

static bool fits(const assay_diagnosis *diagnosis, const char *text)
{
    for (size_t s = 0; s < sizeof diagnosis->signs / sizeof *diagnosis->signs && diagnosis->signs[s]; s++)
        if (!strstr(text, diagnosis->signs[s])) return false;
    return true;
}

const assay_diagnosis *assay_diagnosis_next(const char *text, size_t *at)
{
    while (*at < sizeof known / sizeof *known) {
        const assay_diagnosis *diagnosis = &known[(*at)++];
        if (fits(diagnosis, text)) return diagnosis;
    }
    return NULL;
}

/* ---- command lines ---- */

/* Where a logical line ends: at a line feed that no backslash takes away. */
static size_t line_length(const char *text)
{
    size_t n = 0;
    while (text[n] && text[n] != '\n') n += text[n] == '\\' && text[n + 1] == '\n' ? 2 : 1;
    return n;
}

static bool holds(const char *text, size_t size, const char *piece)
{
    return memmem(text, size, piece, strlen(piece)) != NULL;
}

static bool is_command(const char *line, size_t size)
{
    const char *first = line + strspn(line, " \t");
    bool program = holds(line, size, ".py ") || holds(line, size, ".py\\") || holds(line, size, "trl reward") ||
                   holds(line, size, "llamafactory-cli") || holds(line, size, "swift rlhf") ||
                   holds(line, size, "openrlhf.cli.");
    bool options = holds(line, size, " --") || holds(line, size, ".yaml");
    return *first != '#' && program && options;
}

/* One word off *from into *to, without quotes; both move on. False at the line's end. */
static bool take_word(const char **from, const char *end, char **to)
{
    const char *at = *from;
    char quote = 0;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' ||
                        (*at == '\\' && at + 1 < end && (at[1] == '\n' || at[1] == '\r'))))
        at++;
    if (at == end || *at == '#' || *at == ';' || *at == '|' || *at == '>' || *at == '&') return false;
    for (; at < end && (quote || !strchr(" \t\r\n", *at)); at++) {
        if (quote ? *at == quote : *at == '\'' || *at == '"') quote = quote ? 0 : *at;
        else if (*at == '\\' && quote != '\'' && at + 1 < end) {
            if (*++at != '\n') *(*to)++ = *at;
        } else *(*to)++ = *at;
    }
    *(*to)++ = '\0';
    *from = at;
    return true;
}

static assay_status cut_words(const char *line, size_t size, assay_string_list *words, char *memory, assay_error *err)
{
    const char *end = line + size;
    for (char *word = memory; take_word(&line, end, &memory); word = memory)
        ASSAY_TRY(assay_string_list_add(words, word, err));
    return ASSAY_OK;
}

assay_status assay_command_words(const char *text, assay_string_list *words, char **kept, assay_error *err)
{
    *words = (assay_string_list){0};
    *kept = NULL;
    while (*text) {
        size_t size = line_length(text);
        if (is_command(text, size)) {
            *kept = assay_alloc(2 * size + 2, 1);
            ASSAY_TRY_ALLOC(*kept, "a command line", err);
            return cut_words(text, size, words, *kept, err);
        }
        text += size + (text[size] == '\n');
    }
    return ASSAY_OK;
}
