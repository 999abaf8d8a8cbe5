/* A run file is read as libyaml's events, one key and its value at a time, each handed to the same setter as a word of
 * the command line. Events, not a document, because an event knows its line. */
#include "options/option_config.h"

#include "base/file.h"
#include "options/option_set.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* Bounds on what a file may cost: libyaml's time grows with size times depth, and each name is compared with all before
 * it. KEYS_MAX is more than there are names; only the ignored families (fp16_*) have no end. */
enum { CONFIG_CEILING = 1 << 20, DEPTH_MAX = 64, KEYS_MAX = 500 };

typedef struct config_reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool have_event;
    const char *path;
    assay_options *options;
    assay_option_source source;
    char where[512]; /* "run.yaml:12: " */
    assay_string_list seen;
} config_reader;

static void mark_line(config_reader *reader, size_t line)
{
    snprintf(reader->where, sizeof reader->where, "%s:%zu: ", reader->path, line + 1);
}

static assay_status next_event(config_reader *reader, assay_error *err)
{
    if (reader->have_event) yaml_event_delete(&reader->event);
    reader->have_event = yaml_parser_parse(&reader->parser, &reader->event);
    if (!reader->have_event) {
        mark_line(reader, reader->parser.problem_mark.line);
        return assay_error_set(err, ASSAY_E_USAGE, "%snot valid YAML: %s", reader->where,
                               reader->parser.problem ? reader->parser.problem : "unreadable");
    }
    mark_line(reader, reader->event.start_mark.line);
    if (reader->event.type == YAML_ALIAS_EVENT)
        return assay_error_set(err, ASSAY_E_USAGE, "%sreferences (*%s) are not understood; write the value",
                               reader->where, (const char *)reader->event.data.alias.anchor);
    return ASSAY_OK;
}

static const char *scalar_text(const config_reader *reader) { return (const char *)reader->event.data.scalar.value; }

static bool is_null(const config_reader *reader)
{
    const char *text = scalar_text(reader);
    if (reader->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

/* Leaves the reader at the last event of the value under it. */
static assay_status skip_value(config_reader *reader, assay_error *err)
{
    int depth = 0;
    while (true) {
        yaml_event_type_t type = reader->event.type;
        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) depth++;
        if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT) depth--;
        if (depth == 0) return ASSAY_OK;
        if (depth > DEPTH_MAX)
            return assay_error_set(err, ASSAY_E_USAGE, "%snested deeper than %d", reader->where, DEPTH_MAX);
        ASSAY_TRY(next_event(reader, err));
    }
}

static assay_status set_scalar(config_reader *reader, const assay_option_match *match, const char *key,
                               assay_error *err)
{
    if (strlen(scalar_text(reader)) != reader->event.data.scalar.length)
        return assay_error_set(err, ASSAY_E_USAGE, "%s%s: the value holds a zero byte", reader->where, key);
    if (is_null(reader)) return ASSAY_OK;
    return assay_option_set(reader->options, match, &reader->source, key, strlen(key), scalar_text(reader), err);
}

static assay_status read_sequence(config_reader *reader, const assay_option_match *match, const char *key,
                                  assay_error *err)
{
    if (match->row->type != ASSAY_OPTION_LIST)
        return assay_error_set(err, ASSAY_E_USAGE, "%s%s takes one value, not a list", reader->where, key);
    ASSAY_TRY(next_event(reader, err));
    while (reader->event.type != YAML_SEQUENCE_END_EVENT) {
        if (reader->event.type != YAML_SCALAR_EVENT)
            return assay_error_set(err, ASSAY_E_USAGE, "%s%s: a list of plain values is wanted", reader->where, key);
        ASSAY_TRY(set_scalar(reader, match, key, err));
        ASSAY_TRY(next_event(reader, err));
    }
    return ASSAY_OK;
}

static assay_status read_value(config_reader *reader, const char *key, assay_error *err)
{
    assay_option_match match = assay_option_match_name(key, strlen(key), reader->source.command);
    if (match.kind == ASSAY_MATCH_OTHER) {
        ASSAY_TRY(next_event(reader, err));
        return skip_value(reader, err);
    }
    bool refused = match.kind == ASSAY_MATCH_UNKNOWN || match.negated;
    if (match.kind == ASSAY_MATCH_ROW && strcmp(match.row->name, "config") == 0)
        return assay_error_set(err, ASSAY_E_USAGE, "%sa configuration cannot name another one", reader->where);
    match.kind = refused ? ASSAY_MATCH_UNKNOWN : match.kind;
    if (refused) return assay_option_no_match(&match, &reader->source, key, strlen(key), err);
    ASSAY_TRY(next_event(reader, err));
    if (match.kind == ASSAY_MATCH_IGNORED) {
        ASSAY_TRY(assay_option_set(reader->options, &match, &reader->source, key, strlen(key), NULL, err));
        return skip_value(reader, err);
    }
    if (reader->event.type == YAML_SCALAR_EVENT) return set_scalar(reader, &match, key, err);
    if (reader->event.type == YAML_SEQUENCE_START_EVENT && match.row) return read_sequence(reader, &match, key, err);
    return assay_error_set(err, ASSAY_E_USAGE, "%s%s takes a plain value", reader->where, key);
}

static assay_status note_key(config_reader *reader, const char **key, assay_error *err)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return assay_error_set(err, ASSAY_E_USAGE, "%sthe name of an option is wanted", reader->where);
    if (reader->seen.count == KEYS_MAX)
        return assay_error_set(err, ASSAY_E_USAGE, "%smore than %d options", reader->where, KEYS_MAX);
    const char *text = scalar_text(reader);
    for (size_t i = 0; i < reader->seen.count; i++)
        if (assay_option_same_name(reader->seen.items[i], text, strlen(text)))
            return assay_error_set(err, ASSAY_E_USAGE, "%s%s is given twice", reader->where, text);
    *key = assay_options_keep(reader->options, text, strlen(text));
    ASSAY_TRY_ALLOC(*key, "an option", err);
    return assay_string_list_add(&reader->seen, *key, err);
}

static assay_status read_mapping(config_reader *reader, assay_error *err)
{
    do ASSAY_TRY(next_event(reader, err));
    while (reader->event.type == YAML_STREAM_START_EVENT || reader->event.type == YAML_DOCUMENT_START_EVENT);
    if (reader->event.type == YAML_STREAM_END_EVENT) return ASSAY_OK;
    if (reader->event.type == YAML_SCALAR_EVENT && is_null(reader)) return ASSAY_OK;
    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return assay_error_set(err, ASSAY_E_USAGE, "%slines of \"option: value\" are wanted", reader->where);
    ASSAY_TRY(next_event(reader, err));
    while (reader->event.type != YAML_MAPPING_END_EVENT) {
        const char *key = NULL;
        ASSAY_TRY(note_key(reader, &key, err));
        ASSAY_TRY(read_value(reader, key, err));
        ASSAY_TRY(next_event(reader, err));
    }
    ASSAY_TRY(next_event(reader, err)); /* the end of the document */
    ASSAY_TRY(next_event(reader, err));
    if (reader->event.type == YAML_STREAM_END_EVENT) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "%sa second document; one file holds one run", reader->where);
}

assay_status assay_option_config_read(assay_options *options, const char *path, unsigned command,
                                      const char *command_name, assay_error *err)
{
    char *text;
    size_t size;
    config_reader reader = {.path = path, .options = options};
    reader.source = (assay_option_source){ASSAY_ORIGIN_CONFIG, command, command_name, reader.where, ""};
    ASSAY_TRY(assay_file_read(path, CONFIG_CEILING, &text, &size, err));
    assay_status status;
    if (yaml_parser_initialize(&reader.parser)) {
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
        status = read_mapping(&reader, err);
        if (reader.have_event) yaml_event_delete(&reader.event);
        yaml_parser_delete(&reader.parser);
    } else {
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", path);
    }
    assay_free(reader.seen.items);
    assay_free(text);
    return status;
}
