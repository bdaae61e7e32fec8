// SPDX-License-Identifier: MIT
// The graphs in ONNX Runtime as a C++ program uses it, against the engine.
#include <doctest/doctest.h>

#ifdef GLOWVOX_ONNXRUNTIME
#include <onnxruntime_cxx_api.h>
#endif

#include <algorithm>
#include <array>
#include <cmath>

#include "arrays/mel_file.hpp"
#include "engine/signals.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using namespace glowvox::test;

#ifndef GLOWVOX_ONNXRUNTIME

TEST_CASE("ONNX Runtime in C++ makes of graphs what the engine does") {
  MESSAGE("skipped: ONNX Runtime's C++ library is not installed (Debian 13: libonnxruntime-dev)");
}

#else

namespace {

constexpr double kLargestDifference = 1e-4;  // of audio in [-1, 1]

class Graph {
 public:
  explicit Graph(const std::string& path) : session_(environment(), path.c_str(), options()) {}

  std::int64_t number(const char* key) const {
    Ort::AllocatorWithDefaultOptions allocator;
    const Ort::ModelMetadata metadata = session_.GetModelMetadata();
    return std::stoll(metadata.LookupCustomMetadataMapAllocated(key, allocator).get());
  }

  struct Input {
    const char* name;
    std::vector<std::int64_t> shape;
    std::vector<float>* values;
  };
  // The outputs' values.
  std::vector<std::vector<float> > run(const std::vector<Input>& inputs,
                                       const std::vector<const char*>& outputs) {
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::vector<const char*> names;
    std::vector<Ort::Value> values;
    for (const Input& input : inputs) {
      names.push_back(input.name);
      values.push_back(Ort::Value::CreateTensor<float>(memory, input.values->data(),
                                                       input.values->size(), input.shape.data(),
                                                       input.shape.size()));
    }
    std::vector<std::vector<float> > made;
    for (const Ort::Value& value : session_.Run(Ort::RunOptions(), names.data(), values.data(),
                                                values.size(), outputs.data(), outputs.size())) {
      const float* data = value.GetTensorData<float>();
      made.emplace_back(data, data + value.GetTensorTypeAndShapeInfo().GetElementCount());
    }
    return made;
  }

 private:
  static Ort::Env& environment() {
    static Ort::Env env(ORT_LOGGING_LEVEL_ERROR, "glowvox");
    return env;
  }
  static Ort::SessionOptions options() {
    Ort::SessionOptions o;
    o.SetIntraOpNumThreads(1);
    return o;
  }

  Ort::Session session_;
};

// Columns [first, first + count) of [rows][columns].
std::vector<float> columns(const std::vector<float>& x, std::int64_t rows, std::int64_t first,
                           std::int64_t count) {
  const auto all = static_cast<std::int64_t>(x.size()) / rows;
  std::vector<float> part;
  for (std::int64_t r = 0; r < rows; ++r)
    part.insert(part.end(), x.begin() + r * all + first, x.begin() + r * all + first + count);
  return part;
}

// [columns][rows].
std::vector<float> turned(const std::vector<float>& x, std::int64_t columns) {
  const auto rows = static_cast<std::int64_t>(x.size()) / columns;
  std::vector<float> result(x.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      result[static_cast<std::size_t>(c * rows + r)] = x[static_cast<std::size_t>(r * columns + c)];
  return result;
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - b[i]));
  return most;
}

// A mel and a latent, as the graphs take them.
struct Case {
  std::int64_t bands, frames, channels, rows_per_frame;
  std::vector<float> mel, noise;

  std::vector<float> whole(Graph& graph) {
    std::vector<float> temperature{1.0F};
    return graph.run({{"mel", {1, bands, frames}, &mel},
                      {"noise", {1, channels, frames * rows_per_frame}, &noise},
                      {"temperature", {1}, &temperature}},
                     {"audio"})[0];
  }

  std::vector<float> streamed(Graph& graph, std::int64_t chunk) const {
    const std::int64_t size = graph.number("state_size");
    const auto overlap = static_cast<std::ptrdiff_t>(graph.number("overlap_samples"));
    std::vector<float> all, state(static_cast<std::size_t>(size)), temperature{1.0F};
    for (std::int64_t done = 0; done < frames; done += chunk) {
      const std::int64_t count = std::min(chunk, frames - done), rows = count * rows_per_frame;
      std::vector<float> new_mel = columns(mel, bands, done, count);
      std::vector<float> new_noise = columns(noise, channels, done * rows_per_frame, rows);
      auto made = graph.run({{"mel", {1, bands, count}, &new_mel},
                             {"noise", {1, channels, rows}, &new_noise},
                             {"temperature", {1}, &temperature},
                             {"state", {1, size}, &state}},
                            {"audio", "next_state"});
      all.insert(all.end(), made[0].begin(), made[0].end());
      state = std::move(made[1]);
    }
    all.erase(all.begin(), all.begin() + overlap);
    all.insert(all.end(), state.end() - overlap, state.end());
    return all;
  }
};

// Exports the model and runs its graphs on a mel and a random latent.
void check(const std::string& model, const Mel& mel) {
  CAPTURE(model);
  const TemporaryDirectory folder;
  succeeds(folder, "export " + model + " --onnx -o " + folder.file("voice.onnx"));
  const Vocoder vocoder = Vocoder::load(model, Precision::kFloat32);
  const std::int64_t rows = mel.frames * vocoder.rows_per_frame(), channels = vocoder.channels();
  std::vector<float> z(static_cast<std::size_t>(rows * channels));
  fill_normal(5, 0, 0, 0, rows * channels, z.data(), 1);
  for (float& value : z) value *= 0.7F;
  const std::vector<float> expected = vocoder.decode(mel, z);
  const double most = kLargestDifference * std::max(1.0, largest(expected));
  CHECK(largest(expected) > 1e-3);

  Case inputs{mel.bands,
              mel.frames,
              channels,
              vocoder.rows_per_frame(),
              turned(mel.values, mel.bands),
              turned(z, channels)};
  Graph offline(folder.file("voice.onnx"));
  CHECK(offline.number("sample_rate") == vocoder.mel().sample_rate_hz);
  const double whole = difference(inputs.whole(offline), expected);
  CHECK(whole < most);
  if (vocoder.look_ahead_samples() > 0) {
    MESSAGE(model << ": whole within " << whole);
    return;
  }
  Graph streaming(folder.file("voice-streaming.onnx"));
  double streams = 0.0;
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{7}, mel.frames})
    streams = std::max(streams, difference(inputs.streamed(streaming, chunk), expected));
  CHECK(streams < most);
  MESSAGE(model << ": whole within " << whole << ", streams within " << streams);
}

}  // namespace

TEST_CASE("ONNX Runtime in C++ makes of graphs what the engine does") {
  check(kShippedModel, arrays::read_mel(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy", 80));
  for (const char* name : {"waveglow", "squeezewave"}) {
    const std::string model = golden_model(name);
    check(model, speech_like_mel(Vocoder::load(model).mel(), 21, 2));
  }
}

#endif  // GLOWVOX_ONNXRUNTIME
