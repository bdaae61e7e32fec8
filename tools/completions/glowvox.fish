# SPDX-License-Identifier: MIT
# Completion of glowvox for fish: commands and options as the program lists them, then files.

# What the program on the command line, which need not be the one in PATH, prints for these arguments.
function __glowvox_says
  set -l typed (commandline -opc)
  $typed[1] $argv 2>/dev/null
end

complete -c glowvox -n __fish_use_subcommand -f -a '(__glowvox_says --list-commands)'
complete -c glowvox -n __fish_use_subcommand -f -a 'help --help --version'
complete -c glowvox -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f \
  -a '(__glowvox_says (commandline -opc)[2] --list-options)'
