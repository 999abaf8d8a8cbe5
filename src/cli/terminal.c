#include "cli/terminal.h"

#include "base/json_doc.h"
#include "base/text.h"
#include "cli/wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80, FEWEST_COLUMNS = 20, NOTE_INDENT = 2, NOTE_CEILING = 1 << 20 };
enum { ECHO_COLUMNS = 2 }; /* of "^C": behind a live line that leaves them free it breaks no line */

static int columns_of(int fd, int otherwise)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > FEWEST_COLUMNS) return size.ws_col;
    return otherwise;
}

void assay_terminal_open(assay_terminal *terminal, FILE *out)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    bool tty = isatty(fileno(out));
    *terminal = (assay_terminal){
        .out = out, .live = tty && !dumb, .columns = tty ? columns_of(fileno(out), USUAL_COLUMNS) : USUAL_COLUMNS};
    terminal->color = terminal->live && !(no_color && *no_color);
}

void assay_terminal_clear_line(assay_terminal *terminal)
{
    if (!terminal->line_shown) return;
    fputs("\r\033[K", terminal->out);
    terminal->line_shown = false;
}

size_t assay_terminal_room(const assay_terminal *terminal)
{
    int now = terminal->live ? columns_of(fileno(terminal->out), terminal->columns) : terminal->columns;
    return (size_t)now - (ECHO_COLUMNS + 1);
}

void assay_terminal_line(assay_terminal *terminal, const char *text)
{
    if (!terminal->live || terminal->quiet) return;
    size_t most = assay_terminal_room(terminal);
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

/* Broken between words: a terminal would do it within them. False: out of memory, nothing was said. */
static bool say_wrapped(assay_terminal *terminal, size_t begin, const char *text)
{
    assay_buf lines;
    assay_error unsaid;
    size_t width = (size_t)columns_of(fileno(terminal->out), terminal->columns);
    assay_buf_init(&lines, NOTE_CEILING);
    bool done = assay_wrap_line(&lines, text, begin, NOTE_INDENT, width, &unsaid) == ASSAY_OK;
    if (done) fputs(lines.data, terminal->out);
    assay_buf_release(&lines);
    return done;
}

static void say_marked(assay_terminal *terminal, const char *color, const char *mark, const char *text)
{
    assay_terminal_clear_line(terminal);
    fprintf(terminal->out, "%s%s%s", terminal->color ? color : "", mark, terminal->color ? "\033[0m" : "");
    if (!terminal->live || !say_wrapped(terminal, strlen(mark), text)) fprintf(terminal->out, "%s\n", text);
    fflush(terminal->out);
}

static void sink(void *context, assay_log_level level, const char *text)
{
    assay_terminal *terminal = context;
    if (level == ASSAY_LOG_WARNING) say_marked(terminal, "\033[33m", "warning: ", text);
    else if (!terminal->quiet) say_marked(terminal, "\033[2m", "note: ", text);
}

assay_log assay_terminal_log(assay_terminal *terminal) { return (assay_log){sink, terminal}; }

void assay_terminal_clear_echo(assay_terminal *terminal)
{
    terminal->line_shown = terminal->live;
    assay_terminal_clear_line(terminal);
}

void assay_terminal_error(assay_terminal *terminal, const char *text)
{
    say_marked(terminal, "\033[31m", "assay: ", text);
}

static assay_status flush_stdout(assay_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return ASSAY_OK;
    if (errno == EPIPE) return assay_error_set(err, ASSAY_E_UNREAD, "nobody reads standard output any more");
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
