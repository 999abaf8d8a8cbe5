#include "base/log.h"

#include "base/text.h"

static void send(const assay_log *log, assay_log_level level, const char *format, va_list args)
{
    char text[2048];
    assay_text_sentence(text, sizeof text, format, args);
    log->sink(log->context, level, text);
}

void assay_note(const assay_log *log, const char *format, ...)
{
    if (!log || !log->sink) return;
    va_list args;
    va_start(args, format);
    send(log, ASSAY_LOG_NOTE, format, args);
    va_end(args);
}

void assay_warn(const assay_log *log, const char *format, ...)
{
    if (!log || !log->sink) return;
    va_list args;
    va_start(args, format);
    send(log, ASSAY_LOG_WARNING, format, args);
    va_end(args);
}
