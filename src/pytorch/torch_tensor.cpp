// SPDX-License-Identifier: MIT
#include "pytorch/torch_tensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstring>
#include <limits>

#include "glowvox/error.hpp"

namespace glowvox::pytorch {

namespace {

using Kind = PickleValue::Kind;

struct Type {
  const char* storage;  // "torch.FloatStorage", or on a GPU "torch.cuda.FloatStorage"
  const char* dtype;    // "torch.float32"
  const char* name;
  std::uint64_t bytes;
};
constexpr std::array kTypes = {
    Type{"FloatStorage", "float32", "F32", 4},
    Type{"HalfStorage", "float16", "F16", 2},
    Type{"BFloat16Storage", "bfloat16", "BF16", 2},
    Type{"DoubleStorage", "float64", "F64", 8},
    Type{"LongStorage", "int64", "I64", 8},
    Type{"IntStorage", "int32", "I32", 4},
    Type{"ShortStorage", "int16", "I16", 2},
    Type{"CharStorage", "int8", "I8", 1},
    Type{"ByteStorage", "uint8", "U8", 1},
    Type{"BoolStorage", "bool", "BOOL", 1},
    Type{"UntypedStorage", "", "U8", 1},
};
constexpr std::int64_t kMostValues = std::int64_t{1} << 40;
constexpr std::size_t kMostDimensions = 64;
constexpr int kMostWrappers = 8;  // a parameter of a parameter of ...

[[noreturn]] void malformed(const std::string& where, const std::string& what) {
  throw Error(where, "a tensor in its pickle is malformed: " + what, "the file is damaged");
}

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

std::int64_t whole(const PickleValue* value, const std::string& where, const char* what) {
  if (!value->is(Kind::kInteger) || !value->text.empty() || value->integer < 0 ||
      value->integer > kMostValues)
    malformed(where, fmt::format("its {} is no number from 0 to {}", what, kMostValues));
  return value->integer;
}

std::vector<std::int64_t> wholes(const PickleValue* value, const std::string& where,
                                 const char* what) {
  const bool size = value->is(Kind::kObject) && value->text == "torch.Size";
  if (size && value->arguments != nullptr && value->arguments->items.size() == 1)
    value = value->arguments->items.front();
  if (!value->is(Kind::kTuple) && !value->is(Kind::kList))
    malformed(where, fmt::format("its {} is no tuple", what));
  std::vector<std::int64_t> numbers;
  for (const PickleValue* item : value->items) numbers.push_back(whole(item, where, what));
  return numbers;
}

bool is_contiguous(const TorchTensor& t) {
  std::int64_t expected = 1;
  for (std::size_t d = t.shape.size(); d-- > 0;) {
    if (t.shape[d] != 1 && t.strides[d] != expected) return false;
    expected *= t.shape[d];
  }
  return true;
}

// Whether every value lies inside the storage.
void check_extent(const TorchTensor& t, std::uint64_t item_bytes, const std::string& where) {
  if (t.shape.size() != t.strides.size() || t.shape.size() > kMostDimensions)
    malformed(where, fmt::format("{} dimensions, {} strides", t.shape.size(), t.strides.size()));
  const auto count = static_cast<std::int64_t>(t.storage_bytes / item_bytes);
  std::int64_t values = 1, last = t.offset;
  for (std::size_t i = 0; i < t.shape.size(); ++i) {
    if (t.shape[i] == 0) return;
    if (values > kMostValues / t.shape[i]) malformed(where, "an impossible shape");
    values *= t.shape[i];
    if (t.strides[i] > 0 && t.shape[i] - 1 > count / t.strides[i])
      malformed(where, "it leaves its storage");
    last += (t.shape[i] - 1) * t.strides[i];
  }
  if (last >= count)
    malformed(where, fmt::format("shape [{}] at {} leaves a storage of {} values",
                                 fmt::join(t.shape, ", "), t.offset, count));
}

// torch._utils._rebuild_tensor(storage, offset, size, stride), _v2 with more that does not matter,
// _v3 with the type after that.
TorchTensor rebuilt(const std::string& function, const PickleValue& call,
                    const std::string& where) {
  const auto& arguments = call.items;
  if (arguments.size() < 4) malformed(where, "storage, offset, size and stride are needed");
  const TorchStorage storage = torch_storage(*arguments[0], where);
  TorchTensor tensor;
  tensor.dtype = storage.dtype;
  std::uint64_t item_bytes = storage.item_bytes;
  if (function == "torch._utils._rebuild_tensor_v3") {
    if (arguments.size() < 7 || !arguments[6]->is(Kind::kGlobal))
      malformed(where, "it has no type");
    const std::string dtype = last_part(arguments[6]->text);
    item_bytes = 0;
    for (const Type& type : kTypes) {
      if (dtype != type.dtype) continue;
      tensor.dtype = type.name;
      item_bytes = type.bytes;
    }
    if (item_bytes == 0)
      throw Error(where, "holds a tensor of type " + dtype + ", expected plain numbers");
  }
  tensor.storage = storage.key;
  tensor.storage_bytes = storage.count * storage.item_bytes;
  tensor.offset = storage.offset + whole(arguments[1], where, "offset");
  tensor.shape = wholes(arguments[2], where, "size");
  tensor.strides = wholes(arguments[3], where, "stride");
  check_extent(tensor, item_bytes, where);
  return tensor;
}

}  // namespace

TorchStorage torch_storage(const PickleValue& value, const std::string& where) {
  const PickleValue* id =
      value.is(Kind::kPersistent) && !value.items.empty() ? value.items.front() : nullptr;
  if (id == nullptr || !id->is(Kind::kTuple) || id->items.size() < 5 ||
      id->items[0]->text != "storage" || !id->items[1]->is(Kind::kGlobal) ||
      !id->items[2]->is(Kind::kText))
    malformed(where, "its storage is not described as torch.save does");
  TorchStorage storage;
  const std::string& type = id->items[1]->text;
  storage.key = id->items[2]->text;
  for (const Type& known : kTypes) {
    if (type.compare(0, 6, "torch.") != 0 || last_part(type) != known.storage) continue;
    storage.dtype = known.name;
    storage.item_bytes = known.bytes;
  }
  if (storage.dtype.empty())
    throw Error(where, "holds values of type " + type + ", expected plain numbers",
                "save it with float tensors");
  storage.count = static_cast<std::uint64_t>(whole(id->items[4], where, "storage's size"));
  // Before PyTorch 0.4: (key of the view, offset, size).
  if (id->items.size() > 5 && id->items[5]->is(Kind::kTuple)) {
    const auto& view = id->items[5]->items;
    if (view.size() != 3) malformed(where, "a view of a storage");
    storage.offset = whole(view[1], where, "view's offset");
  }
  return storage;
}

std::optional<TorchTensor> torch_tensor(const PickleValue& value, const std::string& where) {
  const PickleValue* object = &value;
  for (int i = 0; i < kMostWrappers; ++i) {
    if (!object->is(Kind::kObject) || object->arguments == nullptr) return std::nullopt;
    const auto& arguments = object->arguments->items;
    const std::string& function = object->text;
    if (function == "torch._utils._rebuild_parameter" ||
        function == "torch._utils._rebuild_parameter_with_state") {
      if (arguments.empty()) malformed(where, "a parameter without a tensor");
      object = arguments.front();
      continue;
    }
    if (function.compare(0, 28, "torch._utils._rebuild_tensor") == 0)
      return rebuilt(function, *object->arguments, where);
    // torch._tensor._rebuild_from_type_v2(function, type, arguments, state)
    if (function == "torch._tensor._rebuild_from_type_v2" && arguments.size() == 4 &&
        arguments[0]->is(Kind::kGlobal) && arguments[2]->is(Kind::kTuple))
      return rebuilt(arguments[0]->text, *arguments[2], where);
    return std::nullopt;
  }
  malformed(where, "parameters inside parameters");
}

safetensors::Tensor gather(const TorchTensor& t, const std::string& storage,
                           const std::string& where) {
  std::uint64_t item = 0;
  for (const Type& type : kTypes)
    if (t.dtype == type.name) item = type.bytes;
  std::int64_t count = 1;
  for (const std::int64_t size : t.shape) count *= size;
  safetensors::Tensor dense{t.dtype, t.shape, {}};
  if (count == 0) return dense;
  // An expanded tensor (stride 0) may be far larger than what it is made of.
  constexpr std::int64_t kMostExpansion = 64;
  if (count / kMostExpansion > static_cast<std::int64_t>(storage.size() / item))
    throw Error(where, fmt::format("shape [{}] repeats a storage of {} bytes",
                                   fmt::join(t.shape, ", "), storage.size()));
  check_extent({t.dtype, t.shape, t.strides, t.offset, t.storage, storage.size()}, item, where);
  const auto bytes = static_cast<std::size_t>(count) * item;
  if (is_contiguous(t)) {
    dense.bytes = storage.substr(static_cast<std::size_t>(t.offset) * item, bytes);
    return dense;
  }
  dense.bytes.resize(bytes);
  std::vector<std::int64_t> index(t.shape.size(), 0);
  std::int64_t from = t.offset;
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(&dense.bytes[static_cast<std::size_t>(i) * item],
                &storage[static_cast<std::size_t>(from) * item], item);
    for (std::size_t d = index.size(); d-- > 0;) {
      from += t.strides[d];
      if (++index[d] < t.shape[d]) break;
      from -= t.strides[d] * t.shape[d];
      index[d] = 0;
    }
  }
  return dense;
}

}  // namespace glowvox::pytorch
