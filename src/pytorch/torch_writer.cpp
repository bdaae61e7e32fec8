// SPDX-License-Identifier: MIT
#include "pytorch/torch_writer.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "core/atomic_file.hpp"
#include "core/zip_archive.hpp"
#include "glowvox/error.hpp"

namespace glowvox::pytorch {

namespace {

constexpr std::pair<const char*, const char*> kStorages[] = {{"F32", "FloatStorage"},
                                                             {"F16", "HalfStorage"},
                                                             {"BF16", "BFloat16Storage"},
                                                             {"F64", "DoubleStorage"},
                                                             {"I64", "LongStorage"}};

// Instructions of protocol 2 (pickletools documents them).
class PickleWriter {
 public:
  explicit PickleWriter(const std::string& path) : path_(path) { text_ = "\x80\x02"; }

  std::string state_dict(const std::map<std::string, safetensors::Tensor>& tensors) {
    call("collections", "OrderedDict");
    text_ += ")R(";  // no arguments, REDUCE; a mark for the items
    int key = 0;
    for (const auto& [name, tensor] : tensors) {
      unicode(name);
      this->tensor(tensor, std::to_string(key++));
    }
    text_ += "u.";  // SETITEMS, STOP
    return std::move(text_);
  }

 private:
  void call(const std::string& module, const std::string& name) {
    text_ += "c" + module + "\n" + name + "\n";
  }
  void little_endian(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>((value >> (8 * i)) & 255);
  }
  void unicode(const std::string& text) {
    text_ += 'X';
    little_endian(text.size(), 4);
    text_ += text;
  }
  void integer(std::int64_t value) {
    text_ += "\x8a\x08";  // LONG1 of 8 bytes
    little_endian(static_cast<std::uint64_t>(value), 8);
  }
  void integers(const std::vector<std::int64_t>& values) {
    text_ += '(';
    for (const std::int64_t value : values) integer(value);
    text_ += 't';
  }
  // _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())
  void tensor(const safetensors::Tensor& tensor, const std::string& key) {
    std::int64_t count = 1;
    std::vector<std::int64_t> strides(tensor.shape.size());
    for (std::size_t d = strides.size(); d-- > 0;) {
      strides[d] = count;
      count *= tensor.shape[d];
    }
    call("torch._utils", "_rebuild_tensor_v2");
    text_ += "((";
    unicode("storage");
    call("torch", storage_of(tensor));
    unicode(key);
    unicode("cpu");
    integer(count);
    text_ += "tQ";  // the identification, BINPERSID
    integer(0);
    integers(tensor.shape);
    integers(strides);
    text_ += '\x89';  // False
    call("collections", "OrderedDict");
    text_ += ")RtR";
  }
  const char* storage_of(const safetensors::Tensor& tensor) const {
    for (const auto& [dtype, storage] : kStorages)
      if (tensor.dtype == dtype) return storage;
    throw Error(path_, "a tensor of type " + tensor.dtype + " cannot be written");
  }

  const std::string& path_;
  std::string text_;
};

}  // namespace

void write_state_dict(const std::string& path,
                      const std::map<std::string, safetensors::Tensor>& tensors) {
  std::vector<ZipEntry> entries;
  const std::string pickled = PickleWriter(path).state_dict(tensors);
  entries.push_back({"archive/data.pkl", pickled});
  int key = 0;
  for (const auto& item : tensors)
    entries.push_back({"archive/data/" + std::to_string(key++), item.second.bytes});
  entries.push_back({"archive/version", "3\n"});
  write_file(path, make_zip(entries, path));
}

}  // namespace glowvox::pytorch
