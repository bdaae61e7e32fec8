// SPDX-License-Identifier: MIT
// Streams, threads and batches against whole utterances; other people's numbers. No LibTorch here,
// so that the thread sanitizer sees only our own threads.
#include <doctest/doctest.h>

#include <map>
#include <thread>

#include "allocations.hpp"
#include "config/receptive_field.hpp"
#include "emulated.hpp"
#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

std::vector<std::string> models() {
  return {kShippedModel, golden_model("waveglow"), golden_model("squeezewave")};
}

void take(const Samples& samples, std::vector<float>* to) {
  to->insert(to->end(), samples.data, samples.data + samples.count);
}

// chunk 0: sizes drawn at random from 1 to 16.
std::vector<float> streamed(const Vocoder& vocoder, const Mel& mel, const SynthesisOptions& options,
                            int chunk, int most_frames) {
  Stream stream(vocoder, options, most_frames);
  std::vector<float> samples;
  for (std::int64_t done = 0; done < mel.frames;) {
    const auto drawn =
        static_cast<std::int64_t>(16.0 * uniform_at(1, 9, static_cast<std::uint64_t>(done)) + 1.0);
    const std::int64_t count = std::min(mel.frames - done, chunk > 0 ? chunk : drawn);
    take(stream.push(mel.values.data() + done * mel.bands, count), &samples);
    done += count;
  }
  take(stream.finish(), &samples);
  return samples;
}

}  // namespace

TEST_CASE("a stream gives what the whole utterance gives, bit for bit, in any chunks") {
  const int frames = emulated_or(18, 48, "frames");
  // Frames pushed at once, and in a pass.
  std::vector<std::pair<int, int>> chunks = {{1, 1},  {0, 16},  {2, 16}, {3, 1},
                                             {7, 16}, {16, 16}, {0, 1}};
  chunks.resize(emulated_or<std::size_t>(2, chunks.size(), "sizes of chunks"));
  for (const std::string& path : models()) {
    for (const Precision precision : precisions_here()) {
      const Vocoder vocoder = Vocoder::load(path, precision);
      CHECK(vocoder.precision() == precision);
      const Mel mel = speech_like_mel(vocoder.mel(), frames, 1);
      // What the model asks for, the flow alone, one frame corrected, as many together as there can
      // be.
      for (const std::optional<int> corrections : {std::optional<int>(), {0}, {1}, {16}}) {
        const SynthesisOptions options{0.7, 11, 1, std::nullopt, corrections};
        const auto whole = vocoder.synthesize(mel, options);
        CHECK(largest(whole) > 1e-3);
        for (const auto& [chunk, most] : chunks) {
          CAPTURE(path);
          CAPTURE(chunk);
          CHECK(streamed(vocoder, mel, options, chunk, most) == whole);
        }
      }
    }
  }
}

TEST_CASE("any number of threads gives the same bits, offline and in a stream") {
  const int frames = emulated_or(16, 40, "frames");
  for (const std::string& path : models()) {
    for (const Precision precision : precisions_here()) {
      const Vocoder vocoder = Vocoder::load(path, precision);
      const Mel mel = speech_like_mel(vocoder.mel(), frames, 2);
      for (const std::optional<int> corrections : {std::optional<int>(), {0}, {1}, {16}}) {
        const auto with = [&](int threads) {
          return SynthesisOptions{0.7, 3, threads, std::nullopt, corrections};
        };
        const auto one = vocoder.synthesize(mel, with(1));
        for (const int threads : {2, 3, 4}) {
          CAPTURE(path);
          CAPTURE(threads);
          CHECK(vocoder.synthesize(mel, with(threads)) == one);
          CHECK(streamed(vocoder, mel, with(threads), 7, 7) == one);
        }
      }
    }
  }
}

TEST_CASE("a batch and several threads of an application give what each gives alone") {
  for (const Precision precision : precisions_here()) {
    const Vocoder vocoder = Vocoder::load(kShippedModel, precision);
    std::vector<Mel> mels;
    for (int i = 0; i < 3; ++i) mels.push_back(speech_like_mel(vocoder.mel(), 20 + 7 * i, i));
    const auto batch = vocoder.synthesize(mels, {0.7, 5, 2});
    std::vector<std::vector<float>> apart(mels.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < mels.size(); ++i)
      threads.emplace_back([&, i] { apart[i] = vocoder.synthesize(mels[i], {0.7, 5, 1}); });
    for (std::thread& thread : threads) thread.join();
    CHECK(batch == apart);
  }
}

TEST_CASE("8 bits a weight are near float32, and are not it") {
  const Vocoder in_float = Vocoder::load(kShippedModel, Precision::kFloat32);
  const Mel mel = speech_like_mel(in_float.mel(), 100, 4);
  const double snr = eval::snr_db(
      in_float.synthesize(mel, uncorrected(0.7, 1, 1)),
      Vocoder::load(kShippedModel, Precision::kInt8).synthesize(mel, uncorrected(0.7, 1, 1)));
  CHECK(snr > 20.0);
  CHECK(snr < 60.0);
}

TEST_CASE("after the first push nothing is allocated") {
  for (const std::string& path : models()) {
    const Vocoder vocoder = Vocoder::load(path);
    const Mel mel = speech_like_mel(vocoder.mel(), 120, 6);
    Stream stream(vocoder, {0.7, 1, 1}, 4);
    stream.push(mel.values.data(), 4);
    const std::int64_t before = allocations();
    for (std::int64_t done = 4; done + 4 <= mel.frames; done += 1 + done % 4)
      stream.push(mel.values.data() + done * mel.bands, 1 + done % 4);
    CHECK(allocations() == before);
  }
}

TEST_CASE("a causal model gives every frame's samples at once, less the overlap") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  CHECK(vocoder.look_ahead_samples() == 0);
  CHECK(vocoder.overlap_samples() == 256);
  const Mel mel = speech_like_mel(vocoder.mel(), 10, 1);
  Stream stream(vocoder, uncorrected(0.7, 1, 1));
  // Half a hop belongs before the audio's start and half a hop awaits the next frame.
  CHECK(stream.push(mel.values.data(), 1).count == 0);
  for (int i = 1; i < 10; ++i) CHECK(stream.push(&mel.values[i * 80], 1).count == 256);
  CHECK(stream.finish().count == 256);
}

TEST_CASE("a model with look-ahead is as late as its receptive field says") {
  const Vocoder vocoder = Vocoder::load(golden_model("waveglow"));
  const Mel mel = speech_like_mel(vocoder.mel(), 200, 1);
  Stream stream(vocoder, {0.7, 1, 1}, 200);
  const std::size_t early = stream.push(mel.values.data(), 200).count;
  CHECK(early + vocoder.look_ahead_samples() == 200u * 256u);
  CHECK(stream.finish().count == static_cast<std::size_t>(vocoder.look_ahead_samples()));
}

TEST_CASE("a change in one mel frame is heard where the receptive field says, and nowhere else") {
  for (const std::string& path : models()) {
    CAPTURE(path);
    const Vocoder vocoder = Vocoder::load(path, Precision::kFloat32);
    Mel mel = speech_like_mel(vocoder.mel(), 120, 1);
    const auto before = vocoder.synthesize(mel, uncorrected(0.7, 1, 1));
    for (int band = 0; band < vocoder.mel().bands; ++band)
      mel.values[static_cast<std::size_t>(60 * mel.bands + band)] += 0.5F;
    const auto after = vocoder.synthesize(mel, uncorrected(0.7, 1, 1));
    std::int64_t first = -1;
    for (std::size_t i = 0; i < before.size() && first < 0; ++i)
      if (before[i] != after[i]) first = static_cast<std::int64_t>(i);
    // The lapped transform's frame begins half a hop before its hop, and the shipped model hears
    // frames half a hop early. The far ends of a look-ahead are too faint to change a float.
    const std::int64_t at = 60 * 256 - vocoder.overlap_samples();
    CHECK(first >= at - vocoder.look_ahead_samples());
    CHECK(first < at + 32 - vocoder.look_ahead_samples() / 8);
  }
}

TEST_CASE("the audio of NVIDIA's WaveGlow and of SqueezeWave, from their noise") {
  struct Golden {
    const char* name;
    const char* audio;
    float sigma;
  };
  for (const Golden& golden : {Golden{"waveglow", "infer_audio_sigma0.7", 0.7F},
                               {"squeezewave", "infer_audio_sigma1", 1.0F}}) {
    CAPTURE(golden.name);
    std::map<std::string, arrays::Array> io;
    for (const char* name :
         {"mel", "infer_noise_0", "infer_noise_1", "infer_noise_2", golden.audio})
      io[name] = golden_array(golden.name, name);
    const auto value = [&](const std::string& name, std::int64_t at) {
      return io.at(name).values[static_cast<std::size_t>(at)];
    };
    const Vocoder vocoder = Vocoder::load(golden_model(golden.name), Precision::kFloat32);
    const std::int64_t frames = io.at("mel").shape[2], bands = vocoder.mel().bands;
    const std::int64_t rows = frames * vocoder.rows_per_frame();
    for (std::int64_t clip = 0; clip < 2; ++clip) {
      Mel mel{frames, bands, std::vector<float>(static_cast<std::size_t>(frames * bands))};
      for (std::int64_t b = 0; b < bands; ++b)
        for (std::int64_t t = 0; t < frames; ++t)
          mel.values[static_cast<std::size_t>(t * bands + b)] =
              value("mel", (clip * bands + b) * frames + t);
      // Inference draws the remaining channels first, then the early outputs from the last one to
      // the first; a latent has the early outputs first.
      std::vector<float> z(static_cast<std::size_t>(rows * vocoder.channels()));
      std::int64_t channel = 0;
      for (const char* part : {"infer_noise_2", "infer_noise_1", "infer_noise_0"}) {
        const std::int64_t channels = io.at(part).shape[1];
        for (std::int64_t c = 0; c < channels; ++c, ++channel)
          for (std::int64_t t = 0; t < rows; ++t)
            z[static_cast<std::size_t>(t * vocoder.channels() + channel)] =
                golden.sigma * value(part, (clip * channels + c) * rows + t);
      }
      const auto audio = vocoder.decode(mel, z);
      double most = 0.0;
      for (std::size_t i = 0; i < audio.size(); ++i)
        most = std::max(
            most, std::fabs(static_cast<double>(audio[i]) -
                            value(golden.audio, clip * static_cast<std::int64_t>(audio.size()) +
                                                    static_cast<std::int64_t>(i))));
      CHECK(most < 1e-4);
    }
  }
}

TEST_CASE("what cannot be synthesized is refused") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  Mel mel = speech_like_mel(vocoder.mel(), 4, 1);
  const auto refused = [&](const Mel& m, const SynthesisOptions& options) {
    return error_of([&] { vocoder.synthesize(m, options); });
  };
  CHECK(contains(refused({1, 79, std::vector<float>(79)}, {}), "mel: expected 80 bands, got 79"));
  CHECK(contains(refused({0, 80, {}}, {}), "mel: expected one frame or more"));
  CHECK(contains(refused({2, 80, std::vector<float>(80)}, {}), "expected 160 values"));
  CHECK(contains(refused(mel, {-1.0, 1, 1}), "sigma: expected a number from 0 to 100"));
  CHECK(contains(refused(mel, {0.7, 1, -2}), "threads: expected a number"));
  CHECK(contains(error_of([&] { vocoder.decode(mel, {1.0F}); }), "latent: expected 1024 values"));
  CHECK(contains(error_of([&] { vocoder.decode(mel, std::vector<float>(1024, std::nanf(""))); }),
                 "latent: value 0 is not finite"));
  mel.values[85] = std::nanf("");
  CHECK(contains(refused(mel, {}), "mel: value 5 of frame 1 is not finite"));
  CHECK(contains(error_of([&] { Stream(vocoder, {}, 0); }), "most_frames"));
  Stream stream(vocoder);
  CHECK(contains(error_of([&] { stream.push(mel.values.data(), 4); }), "not finite"));
  CHECK(stream.finish().count == 0);
  CHECK(contains(error_of([&] { stream.push(mel.values.data(), 1); }), "has been finished"));
  CHECK(contains(error_of([] { Vocoder::load("/nowhere/m.safetensors"); }), "no such file"));
}

TEST_CASE("receptive fields are those of the papers") {
  const auto reach = [](const std::string& name) {
    return config::reach_of(
        config::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml"));
  };
  CHECK(reach("waveglow-256").future_samples == 24480);
  CHECK(reach("waveglow-256").past_samples == 24480 + 768);
  CHECK(reach("mdct-causal").future_samples == 0);
  CHECK(reach("mdct-causal").overlap_samples == 256);
  CHECK(reach("mdct-causal").past_samples == 8 * 12 * 256 + 4 * 256);
}
