#include "cli/terminal.h"

#include "base/json_doc.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int columns_of(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
    return 80;
}

void assay_terminal_open(assay_terminal *terminal, FILE *out)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    bool tty = isatty(fileno(out));
    *terminal = (assay_terminal){.out = out, .live = tty && !dumb, .columns = tty ? columns_of(fileno(out)) : 80};
    terminal->color = terminal->live && !(no_color && *no_color);
}

void assay_terminal_clear_line(assay_terminal *terminal)
{
    if (!terminal->line_shown) return;
    fputs("\r\033[K", terminal->out);
    terminal->line_shown = false;
}

void assay_terminal_line(assay_terminal *terminal, const char *text)
{
    if (!terminal->live || terminal->quiet) return;
    size_t most = (size_t)terminal->columns - 1;
    fprintf(terminal->out, "\r%.*s\033[K", (int)assay_text_border(text, most), text);
    fflush(terminal->out);
    terminal->line_shown = true;
}

void assay_terminal_say(assay_terminal *terminal, const char *text)
{
    assay_terminal_clear_line(terminal);
    fprintf(terminal->out, "%s\n", text);
    fflush(terminal->out);
}

static void say_marked(assay_terminal *terminal, const char *color, const char *mark, const char *text)
{
    assay_terminal_clear_line(terminal);
    fprintf(terminal->out, "%s%s%s%s\n", terminal->color ? color : "", mark, terminal->color ? "\033[0m" : "", text);
    fflush(terminal->out);
}

static void sink(void *context, assay_log_level level, const char *text)
{
    assay_terminal *terminal = context;
    if (level == ASSAY_LOG_WARNING) say_marked(terminal, "\033[33m", "warning: ", text);
    else if (!terminal->quiet) say_marked(terminal, "\033[2m", "note: ", text);
}

assay_log assay_terminal_log(assay_terminal *terminal) { return (assay_log){sink, terminal}; }

void assay_terminal_error(assay_terminal *terminal, const char *text)
{
    say_marked(terminal, "\033[31m", "assay: ", text);
}

static assay_status flush_stdout(assay_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_IO, "cannot write to standard output: %s", strerror(errno));
}

assay_status assay_print_json(const json_t *object, assay_error *err)
{
    char *text = assay_json_dump(object, JSON_REAL_PRECISION(17));
    ASSAY_TRY_ALLOC(text, "the answer", err);
    fputs(text, stdout);
    putchar('\n');
    assay_free(text);
    return flush_stdout(err);
}

assay_status assay_print_text(const char *text, assay_error *err)
{
    size_t room = 6 * strlen(text) + 1; /* a character's visible form has at most six bytes */
    char *visible = assay_alloc(room, 1);
    ASSAY_TRY_ALLOC(visible, "the answer", err);
    assay_text_visible(visible, room, text, true);
    fputs(visible, stdout);
    assay_free(visible);
    return flush_stdout(err);
}

assay_status assay_print_exact(const char *text, assay_error *err)
{
    fputs(text, stdout);
    return flush_stdout(err);
}
