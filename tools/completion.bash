# SPDX-License-Identifier: MIT
# Completion of glowvox for bash: commands and their options as --help prints them, then files.
_glowvox() {
  local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]}
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null |
      awk '/^Commands:/ {on = 1; next} on && NF == 0 {exit} on {print $1}') --help --version" -- "$word")
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
      grep -oE '^ +(-[a-z],)?-{1,2}[a-z][a-z-]*' | tr ', ' '\n\n' | grep '^-')" -- "$word")
  fi
}
complete -o default -F _glowvox glowvox
