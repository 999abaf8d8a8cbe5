/* Both scripts are one `case` over the command, with the words of the option table in it: nothing is asked from the
 * program while typing. */
#include "cli/manual.h"
#include "options/option_table.h"

#include <string.h>

static bool is_shown(const assay_option_row *row, unsigned command)
{
    return (row->commands & command) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

/* Words of an enum, or those that stand for numbers; false: the value is free. */
static assay_status put_values(assay_buf *out, const assay_option_row *row, bool *any, assay_error *err)
{
    *any = row->choices || row->words[0].word;
    for (const char *c = row->choices; c && *c; c++) ASSAY_TRY(assay_buf_byte(out, *c == '|' ? ' ' : *c, err));
    for (int w = 0; !row->choices && w < 2; w++)
        if (row->words[w].word) ASSAY_TRY(assay_buf_printf(out, err, "%s%s", w ? " " : "", row->words[w].word));
    return ASSAY_OK;
}

static assay_status put_commands(assay_buf *out, assay_command_set set, assay_error *err)
{
    for (size_t i = 0; i < set.count; i++)
        ASSAY_TRY(assay_buf_printf(out, err, "%s%s", i ? " " : "", set.items[i]->name));
    return ASSAY_OK;
}

static assay_status put_option_names(assay_buf *out, unsigned command, assay_error *err)
{
    for (size_t i = 0, n = 0; i < assay_option_count(); i++)
        if (is_shown(assay_option_at(i), command))
            ASSAY_TRY(assay_buf_printf(out, err, "%s--%s", n++ ? " " : "", assay_option_at(i)->name));
    return ASSAY_OK;
}

/* ---- bash ---- */

static assay_status put_bash_values(assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        bool any = row->choices || row->words[0].word;
        if (!any || (row->flags & ASSAY_OPTION_HIDDEN)) continue;
        ASSAY_TRY(assay_buf_printf(out, err, "        --%s) COMPREPLY=($(compgen -W '", row->name));
        ASSAY_TRY(put_values(out, row, &any, err));
        ASSAY_TRY(assay_buf_text(out, "' -- \"$word\")); return ;;\n", err));
    }
    return ASSAY_OK;
}

static assay_status put_bash(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(
        assay_buf_text(out,
                       "# bash completion of assay; made by: assay help --completion bash\n_assay()\n{\n    local "
                       "word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options\n"
                       "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '",
                       err));
    ASSAY_TRY(put_commands(out, set, err));
    ASSAY_TRY(assay_buf_text(out, "' -- \"$word\"))\n        return\n    fi\n    case $before in\n", err));
    ASSAY_TRY(put_bash_values(out, err));
    ASSAY_TRY(assay_buf_text(out, "    esac\n    case ${COMP_WORDS[1]} in\n", err));
    for (size_t i = 0; i < set.count; i++) {
        ASSAY_TRY(assay_buf_printf(out, err, "        %s) options='", set.items[i]->name));
        ASSAY_TRY(put_option_names(out, set.items[i]->takes, err));
        ASSAY_TRY(assay_buf_text(out, "' ;;\n", err));
    }
    ASSAY_TRY(
        assay_buf_text(out,
                       "    esac\n    case $word in\n        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); "
                       "return ;;\n    esac\n    [ \"${COMP_WORDS[1]}\" = help ] && COMPREPLY=($(compgen -W '",
                       err));
    ASSAY_TRY(put_commands(out, set, err));
    return assay_buf_text(out,
                          "' -- \"$word\")) && return\n    compopt -o filenames 2>/dev/null\n    COMPREPLY=($(compgen "
                          "-f -- \"$word\"))\n}\ncomplete -F _assay assay\n",
                          err);
}

/* ---- zsh ---- */

/* Inside '...[help]...': quotes, brackets and colons mean something to _arguments. */
static assay_status put_zsh_text(assay_buf *out, const char *text, assay_error *err)
{
    for (; *text; text++) {
        if (*text == '\'') ASSAY_TRY(assay_buf_text(out, "'\\''", err));
        else if (strchr("[]:\\", *text)) ASSAY_TRY(assay_buf_printf(out, err, "\\%c", *text));
        else ASSAY_TRY(assay_buf_byte(out, *text, err));
    }
    return ASSAY_OK;
}

static assay_status put_zsh_option(assay_buf *out, const assay_option_row *row, assay_error *err)
{
    bool any = row->choices || row->words[0].word;
    ASSAY_TRY(assay_buf_printf(out, err, " \\\n                '%s--%s[", row->type == ASSAY_OPTION_LIST ? "*" : "",
                               row->name));
    ASSAY_TRY(put_zsh_text(out, row->help, err));
    ASSAY_TRY(assay_buf_byte(out, ']', err));
    if (row->type == ASSAY_OPTION_BOOL) return assay_buf_byte(out, '\'', err);
    ASSAY_TRY(assay_buf_text(out, row->flags & ASSAY_OPTION_OPTIONAL ? "::" : ":", err));
    ASSAY_TRY(put_zsh_text(out, row->value_name ? row->value_name : "word", err));
    if (!any)
        return assay_buf_text(out, row->type == ASSAY_OPTION_PATH || row->type == ASSAY_OPTION_LIST ? ":_files'" : ":'",
                              err);
    ASSAY_TRY(assay_buf_text(out, ":(", err));
    ASSAY_TRY(put_values(out, row, &any, err));
    return assay_buf_text(out, ")'", err);
}

static assay_status put_zsh(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out,
                             "#compdef assay\n# zsh completion of assay; made by: assay help --completion "
                             "zsh\n_assay()\n{\n    local -a commands\n    commands=(",
                             err));
    for (size_t i = 0; i < set.count; i++) {
        ASSAY_TRY(assay_buf_printf(out, err, "\n        '%s:", set.items[i]->name));
        ASSAY_TRY(put_zsh_text(out, set.items[i]->summary, err));
        ASSAY_TRY(assay_buf_byte(out, '\'', err));
    }
    ASSAY_TRY(assay_buf_text(out,
                             ")\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n "
                             "   fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
                             "    case $command in\n",
                             err));
    for (size_t i = 0; i < set.count; i++) {
        ASSAY_TRY(
            assay_buf_printf(out, err, "        %s)\n            _arguments '*:file:_files'", set.items[i]->name));
        for (size_t o = 0; o < assay_option_count(); o++)
            if (is_shown(assay_option_at(o), set.items[i]->takes))
                ASSAY_TRY(put_zsh_option(out, assay_option_at(o), err));
        ASSAY_TRY(assay_buf_text(out, " ;;\n", err));
    }
    return assay_buf_text(
        out, "    esac\n}\nif [ \"$funcstack[1]\" = _assay ]; then _assay \"$@\"; else compdef _assay assay; fi\n",
        err);
}

assay_status assay_completion_script(assay_buf *out, assay_command_set set, const char *shell, assay_error *err)
{
    if (!strcmp(shell, "bash")) return put_bash(out, set, err);
    if (!strcmp(shell, "zsh")) return put_zsh(out, set, err);
    return assay_error_set(err, ASSAY_E_USAGE, "--completion %s: there are scripts for bash and zsh", shell);
}
