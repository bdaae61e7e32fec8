// SPDX-License-Identifier: MIT
// What a checkpoint may name.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "pytorch/pickle.hpp"

namespace glowvox::pytorch {

namespace {

// Calls that stand for plain data. None is made: whoever reads the value knows what it means.
constexpr std::string_view kCalls[] = {
    // tensors and what surrounds them
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._tensor._rebuild_from_type_v2",
    "torch.Size",
    "torch.device",
    "torch.serialization._get_layout",
    // the backend that modules carried before PyTorch 1.3
    "torch.nn.backends.thnn._get_thnn_function_backend",
    // containers
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "collections.deque",
    "builtins.set",
    "builtins.frozenset",
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.slice",
    "builtins.range",
    // objects of classes, as protocols 0 and 1 write them
    "copyreg._reconstructor",
    // plain values
    "numpy.random.__RandomState_ctor",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "types.SimpleNamespace",
    "_codecs.encode",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.WindowsPath",
    "argparse.Namespace",
    "datetime.datetime",
    "datetime.date",
    "datetime.timedelta",
};

// Modules that no checkpoint refers to: what they offer acts on the machine or makes code.
constexpr std::string_view kForbiddenModules[] = {
    "os",         "posix",           "nt",        "subprocess", "sys",      "pty",      "shutil",
    "socket",     "ctypes",          "importlib", "runpy",      "code",     "codeop",   "imp",
    "commands",   "pickle",          "_pickle",   "marshal",    "types",    "operator", "_operator",
    "webbrowser", "multiprocessing", "threading", "signal",     "platform", "timeit",   "pdb",
    "bdb",        "asyncio",         "urllib",    "requests",   "http",     "pip",      "inspect",
    "gc",
};

// Of builtins, what is a plain type.
constexpr std::string_view kBuiltins[] = {
    "object", "set",   "frozenset", "dict",    "list",  "tuple", "int",  "float", "bool",
    "str",    "bytes", "bytearray", "complex", "slice", "range", "type", "long",  "unicode",
};

template <std::size_t N>
bool among(const std::string_view (&list)[N], std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

}  // namespace

bool may_be_called(const std::string& global) {
  if (among(kCalls, global)) return true;
  // A class (an enumeration, a container of some project): an object without attributes here.
  const std::size_t last = global.rfind('.');
  const bool class_name = last != std::string::npos && last + 1 < global.size() &&
                          global[last + 1] >= 'A' && global[last + 1] <= 'Z';
  return class_name && may_be_named(global);
}

bool may_be_named(const std::string& global) {
  if (among(kCalls, global)) return true;
  const std::string_view name = global;
  constexpr std::string_view kBuiltinPrefix = "builtins.";
  if (name.substr(0, kBuiltinPrefix.size()) == kBuiltinPrefix)
    return among(kBuiltins, name.substr(kBuiltinPrefix.size()));
  return !among(kForbiddenModules, name.substr(0, name.find('.')));
}

}  // namespace glowvox::pytorch
