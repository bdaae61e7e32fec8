// SPDX-License-Identifier: MIT
#include "arrays/array_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "arrays/npy_file.hpp"
#include "core/atomic_file.hpp"
#include "core/mapped_file.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "core/streams.hpp"
#include "core/text.hpp"
#include "core/zip_archive.hpp"
#include "glowvox/error.hpp"
#include "pytorch/torch_file.hpp"
#include "safetensors/floats.hpp"

namespace glowvox::arrays {

namespace {

using Kind = pytorch::PickleValue::Kind;

constexpr std::uint64_t kMostEntryBytes = std::uint64_t{1} << 36;
constexpr std::size_t kMostNamesListed = 12;

bool starts(const char* data, std::size_t size, const std::string& magic) {
  return size >= magic.size() && std::memcmp(data, magic.data(), magic.size()) == 0;
}

// All values at hand.
class HeldArray : public ArrayFile {
 public:
  HeldArray(std::string path, std::vector<std::int64_t> shape, bool fortran_order,
            std::vector<float> values, bool raw)
      : ArrayFile(std::move(path)), values_(std::move(values)) {
    set_shape(std::move(shape), fortran_order);
    raw_ = raw;
  }
  void read(std::int64_t first, std::int64_t count, float* out) const override {
    std::copy_n(values_.begin() + first, count, out);
  }

 private:
  std::vector<float> values_;
};

std::unique_ptr<ArrayFile> held(const std::string& path, const std::string& name,
                                safetensors::Tensor tensor) {
  const std::string where = path + (name.empty() ? "" : ": array '" + name + "'");
  if (tensor.dtype[0] == 'I' || tensor.dtype[0] == 'U' || tensor.dtype == "BOOL")
    throw Error(where, "has type " + tensor.dtype + ", expected F16, BF16, F32 or F64",
                "save mel.to(torch.float32)");
  std::vector<float> values =
      safetensors::to_floats(tensor.dtype, tensor.bytes.data(), tensor.bytes.size(), where);
  return std::make_unique<HeldArray>(path, std::move(tensor.shape), false, std::move(values),
                                     false);
}

[[noreturn]] void refuse_choice(const std::string& path, const ArrayOptions& options,
                                std::vector<std::string> names) {
  const std::string& name = options.name;
  const std::size_t all = names.size();
  if (all > kMostNamesListed) names.resize(kMostNamesListed);
  const std::string list =
      fmt::format("{}{}", fmt::join(names, ", "), all > names.size() ? ", ..." : "");
  if (name.empty())
    throw Error(path, fmt::format("holds {} arrays, expected one: {}", all, list), options.hint);
  throw Error(path, "has no array '" + name + "'", all > 0 ? "it has " + list : "it has none");
}

std::unique_ptr<ArrayFile> open_npz(const ZipReader& zip, const std::string& path,
                                    const ArrayOptions& options) {
  const std::string& name = options.name;
  std::vector<std::string> names;
  for (const std::string& entry : zip.names())
    if (ends_with(entry, ".npy")) names.push_back(entry.substr(0, entry.size() - 4));
  if (names.empty())
    throw Error(path, "is a zip archive that holds neither arrays (npz) nor a PyTorch file");
  const auto found = name.empty() ? names.begin() : std::find(names.begin(), names.end(), name);
  if (found == names.end()) refuse_choice(path, options, names);
  return std::make_unique<NpyFile>(zip.read(*found + ".npy", kMostEntryBytes),
                                   path + ": array '" + *found + "'");
}

std::unique_ptr<ArrayFile> open_torch(const pytorch::TorchFile& file, const ArrayOptions& options) {
  const std::string& name = options.name;
  const pytorch::PickleValue& root = file.root();
  if (const auto only = file.tensor(root))
    return held(file.path(), "", file.dense(*only, "tensor"));
  std::map<std::string, pytorch::TorchTensor> named;
  for (const auto& [key, value] : root.entries)
    if (const auto tensor = file.tensor(*value)) named[key->text] = *tensor;
  for (std::size_t i = 0; i < root.items.size(); ++i)
    if (const auto tensor = file.tensor(*root.items[i])) named[std::to_string(i)] = *tensor;
  const auto found = name.empty() && named.size() == 1 ? named.begin() : named.find(name);
  if (found == named.end()) {
    std::vector<std::string> names;
    for (const auto& item : named) names.push_back(item.first);
    if (names.empty()) throw Error(file.path(), "holds no tensor at its top");
    refuse_choice(file.path(), options, names);
  }
  return held(file.path(), found->first, file.dense(found->second, found->first));
}

std::unique_ptr<ArrayFile> open_safetensors(const std::string& path, const ArrayOptions& options) {
  const std::string& name = options.name;
  const safetensors::MappedSafetensors file(path);
  const auto& all = file.tensors();
  const auto found = name.empty() && all.size() == 1 ? all.begin() : all.find(name);
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const auto& item : all) names.push_back(item.first);
    refuse_choice(path, options, names);
  }
  const safetensors::TensorView& view = found->second;
  return held(path, found->first, {view.dtype, view.shape, std::string(view.data, view.bytes)});
}

std::unique_ptr<ArrayFile> open_raw(const char* data, std::size_t size, const std::string& path,
                                    const RawLayout& raw) {
  const std::size_t row = static_cast<std::size_t>(raw.columns) * sizeof(float);
  if (size == 0) throw Error(path, "holds no values");
  if (size % row != 0)
    throw Error(path, fmt::format("{} bytes are no whole number of frames of {} float32 values: {} "
                                  "bytes are left over",
                                  size, raw.columns, size % row));
  const auto rows = static_cast<std::int64_t>(size / row);
  return std::make_unique<HeldArray>(path, std::vector<std::int64_t>{rows, raw.columns},
                                     raw.column_major,
                                     safetensors::to_floats("F32", data, size, path), true);
}

// Of bytes at hand; npy is left to its own reader where it is a file.
std::unique_ptr<ArrayFile> open_bytes(const char* data, std::size_t size, const std::string& path,
                                      const ArrayOptions& options, bool may_be_raw) {
  if (starts(data, size, "PK\x03\x04")) {
    const ZipReader zip(data, size, path);
    const auto torch = [](const std::string& entry) { return ends_with(entry, "/data.pkl"); };
    if (!std::any_of(zip.names().begin(), zip.names().end(), torch))
      return open_npz(zip, path, options);
  }
  if (pytorch::TorchFile::recognizes(data, size))
    return open_torch(pytorch::TorchFile(data, size, path), options);
  if (may_be_raw && options.raw.columns > 0) return open_raw(data, size, path, options.raw);
  if (may_be_raw)
    throw Error(path, "not an npy, npz, PyTorch or safetensors file",
                "raw float32 values need the number of bands");
  throw Error(path, "not an npy, npz, PyTorch or safetensors file",
              "save it with numpy.save, or as raw float32 values in a file that ends in .f32");
}

}  // namespace

void ArrayFile::set_shape(std::vector<std::int64_t> shape, bool fortran_order) {
  shape_ = std::move(shape);
  strides_.assign(shape_.size(), 1);
  const bool empty = std::find(shape_.begin(), shape_.end(), 0) != shape_.end();
  count_ = empty ? 0 : 1;
  for (std::size_t i = 0; i < shape_.size() && !empty; ++i) {
    const std::size_t axis = fortran_order ? i : shape_.size() - 1 - i;
    strides_[axis] = count_;
    count_ *= shape_[axis];
  }
}

bool names_raw_values(const std::string& path) {
  const std::string extension = extension_of(path);
  return extension == ".f32" || extension == ".raw";
}

std::unique_ptr<ArrayFile> open_array(const std::string& path, const ArrayOptions& options) {
  std::error_code unknown;
  const bool standard_input = is_standard(path);
  const bool regular = !standard_input && std::filesystem::is_regular_file(path_of(path), unknown);
  if (!regular) {
    const std::string label = input_name(path);
    std::string content =
        standard_input ? read_descriptor(platform::kInput, label) : read_file(path);
    if (NpyFile::recognizes(content.data(), content.size()))
      return std::make_unique<NpyFile>(std::move(content), label);
    if (safetensors::MappedSafetensors::recognizes(content.data(), content.size()))
      throw Error(label, "a safetensors file has to be a regular file", "name it instead");
    return open_bytes(content.data(), content.size(), label, options, true);
  }
  const MappedFile file(path);
  if (NpyFile::recognizes(file.data(), file.size())) return std::make_unique<NpyFile>(path);
  if (safetensors::MappedSafetensors::recognizes(file.data(), file.size()))
    return open_safetensors(path, options);
  return open_bytes(file.data(), file.size(), path, options, names_raw_values(path));
}

}  // namespace glowvox::arrays
