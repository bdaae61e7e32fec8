// SPDX-License-Identifier: MIT
// What the commands ask of the system beyond the library (platform.hpp). Every system has one file,
// platform_tools_<name>.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace glowvox::platform {

// Open files are numbers, as in C: these are every program's. Where one cannot be had, or a call
// fails, the answer is -1 or false, and errno says why.
constexpr int kInput = 0, kOutput = 1, kErrors = 2;

int open_to_read(const std::string& path);
// What is there already and is no regular file.
int open_to_write(const std::string& path);
// What is written to it is thrown away.
int open_nothing();
// A new file, to be written; EEXIST where the name is taken.
int create(const std::string& path);
// A new file in this folder that has no name, so that nothing is left of it whatever ends the
// program. Not every system and file system can do that.
int create_nameless(const std::string& folder);
// The name of such a file; EEXIST where it is taken.
bool give_name(int nameless, const std::string& path);
// The same file by another number, `least` or more.
int duplicate(int file, int least = 0);
// From now on `file` is what `target` is.
bool redirect(int file, int target);

// No pipe, device or terminal.
bool is_regular(int file);
// Bytes of a regular file.
std::uint64_t size_of(int file);

// At least one byte, waited for, or 0 at the end.
std::ptrdiff_t read_some(int file, void* to, std::size_t most);
std::ptrdiff_t read_some_at(int file, std::uint64_t offset, void* to, std::size_t most);
bool write_all(int file, const void* bytes, std::size_t count);
bool write_all_at(int file, std::uint64_t offset, const void* bytes, std::size_t count);
// To the disk. Pipes and devices have none, which is no failure.
bool sync(int file);

// What may be done with a new file: what may be done with the one of that path, as far as possible.
void keep_permissions(int file, const std::string& path);
// `to` becomes the file that was called `from`, at once and, where the system can do that, for
// good.
bool replace(const std::string& from, const std::string& to);
void remove(const std::string& path);

bool is_terminal(int file);
// 0: none, or not known.
int terminal_columns(int file);

// Calls the handler for the first request to end, Ctrl-C for example; the next one ends the
// program. Requests that are ignored stay so.
void on_interrupt(void (*handler)(int));

// This program's own executable, UTF-8; empty: not known.
std::string program_path();
// Another program in place of this one, with its name as the first of the arguments; comes back
// only when that fails.
void become(const std::string& program, std::vector<std::string> arguments);
// An environment variable, unless it is set.
void set_default(const char* variable, const char* value);

int process_number();
std::string host_name();

}  // namespace glowvox::platform
