// SPDX-License-Identifier: MIT
#include "pytorch/torch_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/text.hpp"
#include "glowvox/error.hpp"
#include "pytorch/torch_tensor.hpp"

namespace glowvox::pytorch {

namespace {

using Kind = PickleValue::Kind;

// Far more than any vocoder's: the pickle holds names and shapes, not values.
constexpr std::size_t kMostPickleBytes = 8 << 20;
constexpr const char kZipMagic[] = "PK\x03\x04";
// The number that the legacy format starts with, 0x1950a86a20f9469cfc6c, as its pickle holds it.
constexpr const char kLegacyMagic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr const char kLegacyStart[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

}  // namespace

bool TorchFile::recognizes(const char* data, std::size_t size) {
  const auto starts = [&](const char* magic, std::size_t length) {
    return size >= length && std::memcmp(data, magic, length) == 0;
  };
  return starts(kZipMagic, sizeof kZipMagic - 1) || starts(kLegacyStart, sizeof kLegacyStart - 1);
}

TorchFile::TorchFile(const std::string& path)
    : path_(path), file_(std::make_unique<MappedFile>(path)) {
  open(file_->data(), file_->size());
}

TorchFile::TorchFile(const char* data, std::size_t size, const std::string& path) : path_(path) {
  open(data, size);
}

void TorchFile::open(const char* data, std::size_t size) {
  if (!recognizes(data, size))
    throw Error(path_, "not a PyTorch file", "expected what torch.save writes");
  data_ = data;
  if (data[0] == 'P')
    open_zip(data, size);
  else
    open_legacy(data, size);
}

void TorchFile::open_zip(const char* data, std::size_t size) {
  zip_ = std::make_unique<ZipReader>(data, size, path_);
  for (const std::string& name : zip_->names()) {
    if (ends_with(name, "/constants.pkl"))
      throw Error(path_, "holds a TorchScript program, expected tensors",
                  "save the state dict of the model it was made from");
    if (ends_with(name, "/data.pkl")) zip_folder_ = name.substr(0, name.size() - 8);
  }
  if (zip_folder_.empty()) throw Error(path_, "not a PyTorch file: the archive has no data.pkl");
  const std::string order = zip_folder_ + "byteorder";
  if (zip_->has(order) && zip_->read(order, 16) == "big")
    throw Error(path_, "was written on a big-endian machine", "save it again on another one");
  const std::string pickled = zip_->read(zip_folder_ + "data.pkl", kMostPickleBytes);
  pickle_ = std::make_unique<Pickle>(pickled.data(), pickled.size(), path_);
}

void TorchFile::open_legacy(const char* data, std::size_t size) {
  std::size_t at = 0;
  const auto next = [&] {
    auto pickle = std::make_unique<Pickle>(data + at, std::min(size - at, kMostPickleBytes), path_);
    at += pickle->size();
    return pickle;
  };
  const auto magic = next();
  if (magic->root().text != std::string(kLegacyMagic, sizeof kLegacyMagic - 1))
    throw Error(path_, "not a PyTorch file: its first number is another one");
  next();  // the version of the format, 1001 always
  {
    const auto system = next();
    const PickleValue* little = system->root().find("little_endian");
    if (little != nullptr && little->is(Kind::kBool) && little->integer == 0)
      throw Error(path_, "was written on a big-endian machine", "save it again on another one");
  }
  pickle_ = next();
  find_storages(data, size, at);
}

// After the pickles: a list of keys, then for every key the number of values (8 bytes) and values.
void TorchFile::find_storages(const char* data, std::size_t size, std::size_t at) {
  std::map<std::string, std::uint64_t> item_bytes;
  for (const PickleValue& value : pickle_->values()) {
    if (!value.is(Kind::kPersistent) || !value.named().empty()) continue;
    const TorchStorage storage = torch_storage(value, path_);
    item_bytes[storage.key] = storage.item_bytes;
  }
  const Pickle keys(data + at, std::min(size - at, kMostPickleBytes), path_);
  at += keys.size();
  for (const PickleValue* key : keys.root().items) {
    const auto known = item_bytes.find(key->text);
    if (known == item_bytes.end())
      throw Error(path_, "storage '" + key->text + "' belongs to no tensor", "the file is damaged");
    std::uint64_t count = 0;
    if (size - at < sizeof count) throw Error(path_, "is cut short before its values");
    std::memcpy(&count, data + at, sizeof count);
    at += sizeof count;
    if (count > (size - at) / known->second)
      throw Error(path_, fmt::format("storage '{}' of {} values is cut short", key->text, count));
    spans_[key->text] = {at, count * known->second};
    at += count * known->second;
  }
}

std::optional<TorchTensor> TorchFile::tensor(const PickleValue& value) const {
  return torch_tensor(value, path_);
}

const std::string& TorchFile::storage(const TorchTensor& tensor) const {
  if (held_key_ == tensor.storage && !held_.empty()) return held_;
  if (zip_) {
    held_ = zip_->read(zip_folder_ + "data/" + tensor.storage, tensor.storage_bytes);
  } else {
    const auto span = spans_.find(tensor.storage);
    if (span == spans_.end())
      throw Error(path_, "storage '" + tensor.storage + "' is missing", "the file is damaged");
    held_.assign(data_ + span->second.begin, span->second.bytes);
  }
  held_key_ = tensor.storage;
  if (held_.size() < tensor.storage_bytes)
    throw Error(path_, fmt::format("storage '{}' has {} bytes, expected {}", tensor.storage,
                                   held_.size(), tensor.storage_bytes));
  return held_;
}

safetensors::Tensor TorchFile::dense(const TorchTensor& tensor, const std::string& name) const {
  return gather(tensor, storage(tensor), path_ + ": tensor '" + name + "'");
}

}  // namespace glowvox::pytorch
