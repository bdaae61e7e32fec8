# SPDX-License-Identifier: MIT
# Completion of glowvox for fish: commands and options as the program lists them, then files.
complete -c glowvox -n __fish_use_subcommand -f -a '(glowvox --list-commands 2>/dev/null)'
complete -c glowvox -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f \
  -a '(glowvox (commandline -opc)[2] --list-options 2>/dev/null)'
