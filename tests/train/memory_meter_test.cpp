// SPDX-License-Identifier: MIT
#include "train/memory_meter.hpp"

#include <doctest/doctest.h>
#include <torch/torch.h>

#include <new>

#include "core/messages.hpp"
#include "temporary.hpp"

using namespace glowvox;

TEST_CASE("the memory of tensors is counted while they are held") {
  const train::MemoryMeter& meter = train::MemoryMeter::install();
  const std::int64_t before = meter.held_bytes();
  {
    const torch::Tensor tensor = torch::empty({1000});
    CHECK(meter.held_bytes() - before == 4000);
  }
  CHECK(meter.held_bytes() == before);
}

TEST_CASE("more memory than there is: one exception for it, and one sentence") {
  const train::MemoryMeter& meter = train::MemoryMeter::install();
  const std::int64_t before = meter.held_bytes();
  std::string said;
  try {
    static_cast<void>(torch::empty({std::int64_t{1} << 50}));
  } catch (const std::bad_alloc& e) {
    said = message_of(e);
  }
  CHECK(test::contains(said, "not enough memory"));
  CHECK(meter.held_bytes() == before);
}
