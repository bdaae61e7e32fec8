# SPDX-License-Identifier: MIT
# Completion of glowvox for bash: commands and options as the program lists them, then files.
_glowvox() {
  local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} words=
  if ((COMP_CWORD == 1)); then
    words="$("$program" --list-commands 2>/dev/null | cut -f1) help --help --version"
  elif [[ $word == -* ]]; then
    words=$("$program" "${COMP_WORDS[1]}" --list-options 2>/dev/null | cut -f1)
  fi
  [[ -n $words ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _glowvox glowvox
