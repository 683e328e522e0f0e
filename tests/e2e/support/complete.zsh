# zsh -f -c THIS zsh FOLDER LINE: the line after a press of the tabulator, between marks.
zmodload zsh/zpty
zpty -b inner zsh -f -i
zpty -w inner "PS1=''; fpath=('$1' \$fpath); autoload -Uz compinit; compinit -u -D; bindkey -e
zle -N show; show() { print -r -- \"<line>\$BUFFER</line>\"; zle kill-buffer }; bindkey '^X' show; stty -echo; print ready-\$((1+1))"
zpty -r inner output '*ready-2*'
zpty -w -n inner "$2"$'\t'$'\x18'
zpty -r inner output '*</line>*'
print -r -- "${${output##*<line>}%%</line>*}"
zpty -d inner
