/* One input after another through a program whose last layer is computed for every token, its hidden states (and, on
 * request, rotated queries and keys) observed. Tensors are gathered in memory and written once at the end. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/format.h"
#include "cli/command.h"
#include "container/safetensors.h"
#include "data/input_file.h"
#include "ops/attention_probabilities.h"
#include "task/output_guard.h"
#include "task/pair_input.h"
#include "task/scoring.h"

#include <stdio.h>
#include <string.h>

typedef struct collector {
    assay_scoring *scoring;
    const assay_options *options;
    assay_tensor *tensors;
    size_t count, capacity, inputs;
    assay_error *err;
} collector;

/* A new f32 tensor of the given shape, its memory to be filled in; NULL after an error. */
static void *add_tensor(collector *c, char *name, assay_dtype dtype, int rank, const size_t shape[3],
                        assay_status *status)
{
    size_t elements = 1, bytes = 0;
    for (int i = 0; i < rank; i++) elements *= shape[i];
    *status = name ? assay_grow(&c->tensors, &c->capacity, c->count + 1, sizeof *c->tensors, c->err)
                   : assay_error_set(c->err, ASSAY_E_MEMORY, "out of memory for a name");
    if (*status != ASSAY_OK || !assay_dtype_bytes(dtype, elements, &bytes)) {
        assay_free(name);
        return NULL;
    }
    void *data = assay_alloc(bytes, 1);
    assay_tensor *tensor = &c->tensors[c->count++];
    *tensor = (assay_tensor){.name = name, .dtype = dtype, .rank = rank, .data = data, .bytes = bytes};
    for (int i = 0; i < rank; i++) tensor->shape[i] = shape[i];
    if (!data) *status = assay_error_set(c->err, ASSAY_E_MEMORY, "out of memory for %s", name);
    return data;
}

static assay_status collect_hidden(collector *c, size_t rows)
{
    const assay_program *program = c->scoring->model->program;
    assay_status status = ASSAY_OK;
    for (size_t l = 0; l < program->hidden_count; l++) {
        assay_view view = assay_engine_value(c->scoring->engine, program->hidden_states[l]);
        float *out = add_tensor(c, assay_strfmt("%zu.hidden_states.%zu", c->inputs, l), ASSAY_F32, 2,
                                (size_t[3]){rows, view.cols, 0}, &status);
        ASSAY_TRY(status);
        memcpy(out, view.data, rows * view.cols * sizeof *out);
    }
    return ASSAY_OK;
}

static assay_view operand(const collector *c, const assay_operand *in)
{
    assay_view view = assay_engine_value(c->scoring->engine, in->value);
    view.data += in->col;
    view.cols = in->cols;
    return view;
}

static assay_status collect_attentions(collector *c, size_t rows)
{
    const assay_program *program = c->scoring->model->program;
    assay_segment whole = c->scoring->batch.pack.segments[0]; /* where a gate cuts the text, its rows still lie so */
    assay_status status = ASSAY_OK;
    whole.rows = (uint32_t)rows;
    for (size_t s = 0; s < program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        if (step->op != &assay_op_attention) continue;
        assay_view q = operand(c, &step->in[0]), k = operand(c, &step->in[1]);
        float *out = add_tensor(c, assay_strfmt("%zu.attentions.%d", c->inputs, step->layer), ASSAY_F32, 3,
                                (size_t[3]){step->attr.heads, rows, rows}, &status);
        ASSAY_TRY(status);
        assay_attention_probabilities(c->scoring->kernels, &step->attr, &q, &k, &whole, out);
    }
    return ASSAY_OK;
}

/* The text alone, so that the engine's values are its own afterwards. */
static assay_status score(collector *c, const assay_ids *ids, double *number)
{
    assay_lot lot;
    ASSAY_TRY(assay_lot_begin(&lot, ids, 1, false, c->err));
    assay_status status = assay_score_batch_all(&c->scoring->batch, &lot, c->err);
    *number = lot.scores[0];
    assay_lot_release(&lot);
    return status;
}

static assay_status collect(collector *c, const assay_ids *ids)
{
    double number;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(score(c, ids, &number));
    int32_t *kept =
        add_tensor(c, assay_strfmt("%zu.ids", c->inputs), ASSAY_I32, 1, (size_t[3]){ids->count, 0, 0}, &status);
    ASSAY_TRY(status);
    memcpy(kept, ids->data, ids->count * sizeof *kept);
    float *kept_score =
        add_tensor(c, assay_strfmt("%zu.score", c->inputs), ASSAY_F32, 1, (size_t[3]){1, 0, 0}, &status);
    ASSAY_TRY(status);
    *kept_score = (float)number;
    if (c->options->hidden_states) ASSAY_TRY(collect_hidden(c, ids->count));
    if (c->options->attentions) ASSAY_TRY(collect_attentions(c, ids->count));
    c->inputs++;
    return ASSAY_OK;
}

static assay_status collect_input(collector *c, const assay_input *input)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < input->count && status == ASSAY_OK; i++) {
        assay_ids ids = {0};
        status = assay_scoring_render(c->scoring, input, i, &ids, NULL, c->err);
        if (status == ASSAY_OK && (ids.count == 0 || ids.count > c->scoring->plan.micro_tokens))
            status = assay_error_set(c->err, ASSAY_E_FORMAT, "%s: %zu tokens; 1 to %zu can be computed (--max-length)",
                                     input->where, ids.count, c->scoring->plan.micro_tokens);
        if (status == ASSAY_OK) {
            status = collect(c, &ids);
            if (status == ASSAY_E_NUMERIC) assay_error_prefix(c->err, status, "%s: ", input->where);
        }
        assay_ids_release(&ids);
    }
    return status;
}

/* Queries and keys survive the forward pass only where attentions are asked for. */
static assay_status make_engine(collector *c)
{
    const assay_program *program = c->scoring->model->program;
    size_t most = (size_t)c->scoring->source->max_length;
    bool *observed = assay_alloc(program->value_count, sizeof *observed);
    ASSAY_TRY_ALLOC(observed, "a plan", c->err);
    for (size_t l = 0; c->options->hidden_states && l < program->hidden_count; l++)
        observed[program->hidden_states[l]] = true;
    for (size_t s = 0; c->options->attentions && s < program->step_count; s++)
        if (program->steps[s].op == &assay_op_attention)
            observed[program->steps[s].in[0].value] = observed[program->steps[s].in[1].value] = true;
    assay_status status = assay_scoring_engine(c->scoring, c->options, most, most, 4, observed, c->err);
    assay_free(observed);
    return status;
}

static assay_status all_inputs(collector *c, const assay_command_context *context)
{
    assay_inputs *inputs;
    const assay_input *input;
    assay_columns columns;
    ASSAY_TRY(make_engine(c));
    ASSAY_TRY(assay_pair_input_columns(&columns, c->options, c->err));
    assay_status status = assay_inputs_open(&inputs, c->options->input ? c->options->input : "-", &columns, c->err);
    while (status == ASSAY_OK) {
        if (*context->task.interrupted) status = assay_error_set(c->err, ASSAY_E_STOPPED, "interrupted");
        if (status == ASSAY_OK) status = assay_inputs_next(inputs, &input, c->err);
        if (status != ASSAY_OK || !input) break;
        status = collect_input(c, input);
    }
    assay_inputs_close(inputs);
    assay_columns_release(&columns);
    return status;
}

static assay_status print_written(const collector *c, bool json, assay_error *err)
{
    uint64_t bytes = 0;
    char size[32];
    for (size_t i = 0; i < c->count; i++) bytes += c->tensors[i].bytes;
    if (json) {
        json_t *object = json_pack("{s:s, s:I, s:I, s:I}", "output", c->options->output, "inputs",
                                   (json_int_t)c->inputs, "tensors", (json_int_t)c->count, "bytes", (json_int_t)bytes);
        ASSAY_TRY_ALLOC(object, "the result", err);
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    assay_format_bytes(bytes, size, sizeof size);
    char *line = assay_strfmt("%s: %zu input%s, %zu tensors, %s\n", c->options->output, c->inputs,
                              c->inputs == 1 ? "" : "s", c->count, size);
    ASSAY_TRY_ALLOC(line, "the result", err);
    assay_status status = assay_print_text(line, err);
    assay_free(line);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    collector c = {.options = options, .err = err};
    if (!options->output) return assay_error_set(err, ASSAY_E_USAGE, "--output FILE.safetensors is missing");
    ASSAY_TRY(assay_output_guard(options, err));
    ASSAY_TRY(assay_file_check_writable(options->output, err));
    assay_status status = assay_scoring_open(&c.scoring, options, &context->task,
                                             &(assay_scoring_wants){.all_rows = true, .exact = true}, err);
    if (status == ASSAY_OK) status = assay_scoring_refuse_steps(c.scoring, "forward", err);
    if (status == ASSAY_OK) status = assay_output_guard_source(options, c.scoring->source->checkpoint->path, err);
    if (status == ASSAY_OK) status = all_inputs(&c, context);
    if (status == ASSAY_OK) status = assay_safetensors_write(options->output, c.tensors, c.count, NULL, NULL, err);
    if (status == ASSAY_OK) status = print_written(&c, options->json, err);
    for (size_t i = 0; i < c.count; i++) {
        assay_free(c.tensors[i].name);
        assay_free(c.tensors[i].data);
    }
    assay_free(c.tensors);
    assay_scoring_close(c.scoring);
    return status;
}

const assay_command assay_command_forward = {
    .name = "forward",
    .summary = "hidden states and attentions of inputs",
    .arguments = "--model M --output FILE.safetensors [options]",
    .help = "Runs the model on inputs (as score reads them) and writes, for each, ids, score, and on request every "
            "layer's hidden state and\n"
            "attention probabilities: what output_hidden_states and output_attentions return elsewhere.\n"
            "\n"
            "Examples:\n"
            "  echo '{\"text\": \"Hello\"}' | assay forward --model my-reward --output states.safetensors "
            "--hidden-states --attentions\n",
    .takes = ASSAY_FOR_FORWARD,
    .run = run,
};
