# Completion of assay's commands and options for bash (for zsh: autoload bashcompinit && bashcompinit first). What there is, is asked of assay itself.
_assay()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} program=${COMP_WORDS[0]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$command" = help ]; }; then
        words=$("$program" help 2>/dev/null | awk '/^  [a-z-]+  +/ {print $1}')
    elif [[ $word == -* ]]; then
        words=$("$program" help "$command" 2>/dev/null | awk '/^  --/ {print $1}')
    elif [[ $before == --* ]]; then
        words=$("$program" help "$command" 2>/dev/null | awk -v o="$before" '$1 == o && $2 ~ /\|/ {gsub(/\|/, " ", $2); print $2}')
    fi
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    else
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}
complete -F _assay assay
