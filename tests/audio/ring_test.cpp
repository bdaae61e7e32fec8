// SPDX-License-Identifier: MIT
#include "audio/ring.hpp"

#include <doctest/doctest.h>

#include <thread>

using glowvox::audio::SampleRing;

TEST_CASE("a ring gives what it was given, in order, and no more than fits") {
  SampleRing ring(100);
  CHECK(ring.capacity() == 128);
  std::vector<float> in(200), out(200);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i);
  CHECK(ring.read(out.data(), 10) == 0);
  CHECK(ring.write(in.data(), 200) == 128);
  CHECK(ring.write(in.data(), 1) == 0);
  CHECK(ring.filled() == 128);
  CHECK(ring.read(out.data(), 50) == 50);
  CHECK(ring.write(in.data() + 128, 72) == 50);  // across the end of the memory
  CHECK(ring.read(out.data() + 50, 200) == 128);
  CHECK(std::equal(in.begin(), in.begin() + 178, out.begin()));
}

TEST_CASE("a ring between two threads loses nothing") {
  constexpr std::size_t kCount = 400000;
  SampleRing ring(1000);
  std::thread writer([&ring] {
    std::vector<float> piece(300);
    for (std::size_t done = 0; done < kCount;) {
      const std::size_t size = std::min(1 + done % piece.size(), kCount - done);
      for (std::size_t i = 0; i < size; ++i) piece[i] = static_cast<float>(done + i);
      const std::size_t written = ring.write(piece.data(), size);
      if (written == 0) std::this_thread::yield();
      done += written;
    }
  });
  std::vector<float> piece(256);
  std::size_t wrong = 0;
  for (std::size_t done = 0; done < kCount;) {
    const std::size_t got = ring.read(piece.data(), 1 + done % piece.size());
    if (got == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < got; ++i) wrong += piece[i] != static_cast<float>(done + i);
    done += got;
  }
  writer.join();
  CHECK(wrong == 0);
  CHECK(ring.filled() == 0);
}
