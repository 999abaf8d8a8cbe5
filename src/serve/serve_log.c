/* A line is made whole and handed over at once. Times are UTC, with milliseconds. */
#include "serve/serve_log.h"

#include "base/text.h"
#include "serve/dialect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REASON_BYTES = 400, NAME_BYTES = 100, LINE_BYTES = 1200 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static bool wants(const assay_serve_log *log, assay_serve_level level)
{
    return log && log->write && level <= log->level;
}

static void put_time(char *text, size_t room)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(text, room, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, room - used, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static bool is_name_in(const char *const *names, const char *text, size_t length)
{
    for (; names && *names; names++)
        if (strlen(*names) == length && !memcmp(*names, text, length)) return true;
    return false;
}

/* Names of fields, and the words that messages give as an example. */
static bool is_known(const char *text, size_t length)
{
    static const char *const others[] = {"content", "role",  "response", "responses", "prompt", "conversations", "text",
                                         "left",    "right", "START",    "END",       "NONE",   "truncate",      NULL};
    if (is_name_in(others, text, length) || is_name_in(assay_ask_switch_names, text, length)) return true;
    for (size_t i = 0; assay_dialect_at(i); i++)
        if (is_name_in(assay_dialect_at(i)->fields, text, length) ||
            is_name_in(assay_dialect_at(i)->reads, text, length))
            return true;
    return false;
}

/* Readers of data list the fields they found, unquoted, behind this. */
static const char list_of_fields[] = "(the fields are:";

void assay_serve_log_clear(const char *reason, char *out, size_t room)
{
    const char *stop = strstr(reason, list_of_fields), *end = stop ? stop : reason + strlen(reason);
    size_t used = 0;
    for (const char *at = reason; at < end && used + 8 < room; at++) {
        out[used++] = *at >= ' ' && *at < 0x7f ? *at : '?';
        if (*at != '"') continue;
        const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
        size_t length = close ? (size_t)(close - at - 1) : (size_t)(end - at - 1);
        bool known = close && length < 40 && is_known(at + 1, length);
        if (known && used + length + 8 >= room) break;
        memcpy(out + used, known ? at + 1 : "...", known ? length : 3);
        used += known ? length : 3;
        out[used++] = '"';
        at = close ? close : end;
    }
    out[used] = '\0';
}

/* A stranger's word as far as it is harmless. */
static void put_word(char *out, size_t room, const char *text)
{
    size_t used = 0;
    for (; *text && used + 1 < room; text++) out[used++] = *text > ' ' && *text < 0x7f ? *text : '?';
    out[used] = '\0';
}

static void write_json(const assay_serve_log *log, assay_serve_level level, const char *event, json_t *fields)
{
    char time[40];
    put_time(time, sizeof time);
    json_t *line = json_pack("{s:s, s:s, s:s}", "time", time, "level", level_names[level], "event", event);
    if (line && fields) json_object_update(line, fields);
    char *text = assay_json_dump(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    size_t size = text ? strlen(text) : 0;
    if (text) text[size] = '\n'; /* in the place of the zero byte: size + 1 bytes are written */
    if (text) log->write(log->context, text, size + 1);
    assay_free(text);
    json_decref(line);
    json_decref(fields);
}

static void write_text(const assay_serve_log *log, assay_serve_level level, const char *text)
{
    char time[40], line[LINE_BYTES];
    put_time(time, sizeof time);
    int size = snprintf(line, sizeof line - 1, "%s %s %s", time, level_names[level], text);
    size_t length = size < 0 ? 0 : (size_t)size < sizeof line - 2 ? (size_t)size : sizeof line - 2;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) line[i] = '?';
    line[length] = '\n';
    log->write(log->context, line, length + 1);
}

void assay_serve_log_event(const assay_serve_log *log, assay_serve_level level, const char *event, json_t *fields,
                           const char *format, ...)
{
    char text[LINE_BYTES - 64];
    va_list args;
    if (!wants(log, level)) {
        json_decref(fields);
        return;
    }
    va_start(args, format);
    assay_text_sentence(text, sizeof text, format, args);
    va_end(args);
    if (!log->json) {
        json_decref(fields);
        write_text(log, level, text);
        return;
    }
    if (!fields) fields = json_object();
    json_object_set_new(fields, "message", json_string(text));
    write_json(log, level, event, fields);
}

static assay_serve_level level_of(unsigned code)
{
    if (code >= 500 && code != 503) return ASSAY_SERVE_ERROR;
    return code >= 400 ? ASSAY_SERVE_WARN : ASSAY_SERVE_INFO;
}

void assay_serve_log_request(const assay_serve_log *log, const assay_serve_log_line *l)
{
    char path[NAME_BYTES], method[32], reason[REASON_BYTES] = "", text[LINE_BYTES - 64], work[NAME_BYTES + 80] = "";
    assay_serve_level level = level_of(l->code);
    if (!wants(log, level)) return;
    put_word(path, sizeof path, l->path);
    put_word(method, sizeof method, l->method);
    if (l->reason) assay_serve_log_clear(l->reason, reason, sizeof reason);
    long long micro = (long long)(l->seconds * 1e6);
    if (log->json) {
        json_t *fields = json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:f}", "client", l->client, "method", method, "path",
                                   path, "status", (int)l->code, "texts", (json_int_t)l->texts, "tokens",
                                   (json_int_t)l->tokens, "seconds", l->seconds);
        if (l->model) json_object_set_new(fields, "model", json_string(l->model));
        if (*reason) json_object_set_new(fields, "reason", json_string(reason));
        write_json(log, level, "request", fields);
        return;
    }
    if (l->texts)
        snprintf(work, sizeof work, ", model %.*s, %zu texts, %zu tokens", NAME_BYTES, l->model ? l->model : "?",
                 l->texts, l->tokens);
    snprintf(text, sizeof text, "%s %s %s %u%s, %lld.%03lld ms%s%s", l->client, method, path, l->code, work,
             micro / 1000, micro % 1000, *reason ? ": " : "", reason);
    write_text(log, level, text);
}
