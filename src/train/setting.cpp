// SPDX-License-Identifier: MIT
#include "train/setting.hpp"

#include <fmt/format.h>

#include "glowvox/error.hpp"

namespace glowvox::train {

namespace {

torch::Device device_of(const std::string& name, const std::optional<RankPlace>& place) {
  torch::Device device = torch::kCPU;
  try {
    device = torch::Device(name);
  } catch (const std::exception&) {
    throw Error("--device", "expected cpu, cuda or cuda:N, got '" + name + "'");
  }
  if (device.is_cpu()) return device;
  if (!device.is_cuda())
    throw Error("--device", "expected cpu, cuda or cuda:N, got '" + name + "'");
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  if (gpus == 0)
    throw Error("--device", "this LibTorch sees no CUDA device",
                "use --device cpu, or a LibTorch built with CUDA and a driver for it");
  if (!device.has_index()) {
    const int local = place ? place->local_rank : 0;
    device = torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(local % gpus));
  }
  if (device.index() >= gpus)
    throw Error("--device", fmt::format("expected a GPU below {}, got '{}'", gpus, name));
  return device;
}

}  // namespace

Setting make_setting(const std::string& device, const std::optional<RankPlace>& place,
                     Products products) {
  Setting setting;
  setting.products = products;
  setting.device = device_of(device, place);
  if (place) setting.ranks = std::make_shared<Ranks>(*place, setting.device);
  return setting;
}

}  // namespace glowvox::train
