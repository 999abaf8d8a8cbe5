/* The scripts of bash and zsh are one `case` over the command, with the words of the option table in it: nothing is
 * asked from the program while typing. */
#include "cli/manual.h"
#include "model/model_init.h"
#include "objective/objective.h"
#include "options/option_table.h"

#include <string.h>

static bool is_shown(const assay_option_row *row, unsigned command)
{
    return (row->commands & command) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

/* Words of an option that are known beforehand besides those in its row: (list)(index) until NULL. */
typedef const char *word_at(size_t index);

static const char *arch_at(size_t index)
{
    const assay_model_shape *shape = assay_model_shape_at(index, NULL);
    return shape ? shape->name : NULL;
}

static const char *shell_at(size_t index)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    return index < sizeof shells / sizeof *shells ? shells[index] : NULL;
}

static word_at *words_of(const assay_option_row *row)
{
    if (!strcmp(row->name, "template")) return assay_template_name_at;
    if (!strcmp(row->name, "arch")) return arch_at;
    if (!strcmp(row->name, "objective")) return assay_objective_name_at;
    return !strcmp(row->name, "completion") ? shell_at : NULL;
}

static bool has_values(const assay_option_row *row) { return row->choices || row->words[0].word || words_of(row); }

/* Words of an enum, those that stand for numbers, names from lists; nothing: the value is free. Of a default that is a
 * word ("auto") the list need not know. */
static assay_status put_values(assay_buf *out, const assay_option_row *row, assay_error *err)
{
    word_at *at = words_of(row);
    const char *word;
    if (at && row->default_text) ASSAY_TRY(assay_buf_printf(out, err, "%s ", row->default_text));
    for (size_t i = 0; at && (word = at(i)); i++) ASSAY_TRY(assay_buf_printf(out, err, "%s%s", i ? " " : "", word));
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

/* The fixed words behind a command, as its usage line has them: "check|convert PATH..."; 0: there are none. */
static size_t verbs_length(const assay_command *command)
{
    size_t length = strspn(command->arguments, "abcdefghijklmnopqrstuvwxyz-|");
    return *command->arguments != '-' && memchr(command->arguments, '|', length) ? length : 0;
}

/* help's word is a command. */
static bool has_verbs(const assay_command *command)
{
    return verbs_length(command) > 0 || !strcmp(command->arguments, "[COMMAND]");
}

static assay_status put_verbs(assay_buf *out, assay_command_set set, const assay_command *command, assay_error *err)
{
    size_t length = verbs_length(command);
    if (has_verbs(command) && !length) return put_commands(out, set, err);
    for (size_t i = 0; i < length; i++)
        ASSAY_TRY(assay_buf_byte(out, command->arguments[i] == '|' ? ' ' : command->arguments[i], err));
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
        if (!has_values(row) || (row->flags & ASSAY_OPTION_HIDDEN)) continue;
        ASSAY_TRY(assay_buf_printf(out, err, "        --%s) COMPREPLY=($(compgen -W '", row->name));
        ASSAY_TRY(put_values(out, row, err));
        ASSAY_TRY(assay_buf_text(out, "' -- \"$word\")); return ;;\n", err));
    }
    return ASSAY_OK;
}

static assay_status put_bash(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(
        assay_buf_text(out,
                       "# bash completion of assay; made by: assay help --completion bash\n_assay()\n{\n    local "
                       "word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options verbs\n"
                       "    [ \"$word\" = = ] && word=\n"
                       "    [ \"$before\" = = ] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                       "    [ \"$word\" = '' ] && [ \"${COMP_WORDS[COMP_CWORD]}\" = = ] && "
                       "before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                       "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '",
                       err));
    ASSAY_TRY(put_commands(out, set, err));
    ASSAY_TRY(assay_buf_text(out, "' -- \"$word\"))\n        return\n    fi\n    case $before in\n", err));
    ASSAY_TRY(put_bash_values(out, err));
    ASSAY_TRY(assay_buf_text(out, "    esac\n    case ${COMP_WORDS[1]} in\n", err));
    for (size_t i = 0; i < set.count; i++) {
        ASSAY_TRY(assay_buf_printf(out, err, "        %s) options='", set.items[i]->name));
        ASSAY_TRY(put_option_names(out, set.items[i]->takes, err));
        ASSAY_TRY(assay_buf_text(out, "' verbs='", err));
        ASSAY_TRY(put_verbs(out, set, set.items[i], err));
        ASSAY_TRY(assay_buf_text(out, "' ;;\n", err));
    }
    return assay_buf_text(
        out,
        "    esac\n    case $word in\n        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); "
        "return ;;\n    esac\n    [ \"$COMP_CWORD\" -eq 2 ] && [ \"$verbs\" ] && "
        "COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\")) && return\n"
        "    compopt -o filenames 2>/dev/null\n    COMPREPLY=($(compgen "
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
    bool long_form = row->type != ASSAY_OPTION_BOOL && !(row->flags & ASSAY_OPTION_OPTIONAL);
    ASSAY_TRY(assay_buf_printf(out, err, " \\\n                '%s--%s%s[", row->type == ASSAY_OPTION_LIST ? "*" : "",
                               row->name, long_form ? "=" : ""));
    ASSAY_TRY(put_zsh_text(out, row->help, err));
    ASSAY_TRY(assay_buf_byte(out, ']', err));
    if (row->type == ASSAY_OPTION_BOOL) return assay_buf_byte(out, '\'', err);
    ASSAY_TRY(assay_buf_text(out, row->flags & ASSAY_OPTION_OPTIONAL ? "::" : ":", err));
    ASSAY_TRY(put_zsh_text(out, row->value_name ? row->value_name : "word", err));
    if (!has_values(row))
        return assay_buf_text(out, row->type == ASSAY_OPTION_PATH || row->type == ASSAY_OPTION_LIST ? ":_files'" : ":'",
                              err);
    ASSAY_TRY(assay_buf_text(out, ":(", err));
    ASSAY_TRY(put_values(out, row, err));
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
        bool verbs = has_verbs(set.items[i]);
        ASSAY_TRY(assay_buf_printf(out, err, "        %s)\n            _arguments %s", set.items[i]->name,
                                   verbs ? "'1:what:(" : "'*:file:_files'"));
        ASSAY_TRY(put_verbs(out, set, set.items[i], err));
        if (verbs) ASSAY_TRY(assay_buf_text(out, ")' '*:file:_files'", err));
        for (size_t o = 0; o < assay_option_count(); o++)
            if (is_shown(assay_option_at(o), set.items[i]->takes))
                ASSAY_TRY(put_zsh_option(out, assay_option_at(o), err));
        ASSAY_TRY(assay_buf_text(out, " ;;\n", err));
    }
    return assay_buf_text(
        out, "    esac\n}\nif [ \"$funcstack[1]\" = _assay ]; then _assay \"$@\"; else compdef _assay assay; fi\n",
        err);
}

/* ---- fish ---- */

/* Inside '...': backslash and quote. */
static assay_status put_fish_text(assay_buf *out, const char *text, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (; *text; text++)
        ASSAY_TRY(*text == '\'' || *text == '\\' ? assay_buf_printf(out, err, "\\%c", *text)
                                                 : assay_buf_byte(out, *text, err));
    return assay_buf_byte(out, '\'', err);
}

static bool is_file(const assay_option_row *row)
{
    return !has_values(row) && (row->type == ASSAY_OPTION_PATH || row->type == ASSAY_OPTION_LIST);
}

static assay_status put_fish_option(assay_buf *out, const char *command, const assay_option_row *row, assay_error *err)
{
    bool takes = row->type != ASSAY_OPTION_BOOL && !(row->flags & ASSAY_OPTION_OPTIONAL);
    ASSAY_TRY(
        assay_buf_printf(out, err, "complete -c assay -n '__fish_seen_subcommand_from %s' -l %s", command, row->name));
    if (takes) ASSAY_TRY(assay_buf_text(out, is_file(row) ? " -r -F" : " -x", err));
    if (takes && has_values(row)) {
        ASSAY_TRY(assay_buf_text(out, " -a '", err));
        ASSAY_TRY(put_values(out, row, err));
        ASSAY_TRY(assay_buf_byte(out, '\'', err));
    }
    ASSAY_TRY(assay_buf_text(out, " -d ", err));
    ASSAY_TRY(put_fish_text(out, row->help, err));
    return assay_buf_byte(out, '\n', err);
}

static assay_status put_fish_command(assay_buf *out, assay_command_set set, const assay_command *command,
                                     assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err, "complete -c assay -f -n __fish_use_subcommand -a %s -d ", command->name));
    ASSAY_TRY(put_fish_text(out, command->summary, err));
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    if (has_verbs(command)) {
        ASSAY_TRY(
            assay_buf_printf(out, err, "complete -c assay -n '__fish_seen_subcommand_from %s' -a '", command->name));
        ASSAY_TRY(put_verbs(out, set, command, err));
        ASSAY_TRY(assay_buf_text(out, "'\n", err));
    }
    for (size_t o = 0; o < assay_option_count(); o++)
        if (is_shown(assay_option_at(o), command->takes))
            ASSAY_TRY(put_fish_option(out, command->name, assay_option_at(o), err));
    return ASSAY_OK;
}

static assay_status put_fish(assay_buf *out, assay_command_set set, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "# fish completion of assay; made by: assay help --completion fish\n", err));
    for (size_t i = 0; i < set.count; i++) ASSAY_TRY(put_fish_command(out, set, set.items[i], err));
    return ASSAY_OK;
}

assay_status assay_completion_script(assay_buf *out, assay_command_set set, const char *shell, assay_error *err)
{
    if (!strcmp(shell, "bash")) return put_bash(out, set, err);
    if (!strcmp(shell, "zsh")) return put_zsh(out, set, err);
    if (!strcmp(shell, "fish")) return put_fish(out, set, err);
    return assay_error_set(err, ASSAY_E_USAGE, "--completion %s: there are scripts for bash, zsh and fish", shell);
}
