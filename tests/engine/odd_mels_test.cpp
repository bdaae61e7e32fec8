// SPDX-License-Identifier: MIT
// That no choice of precision, instructions, chunks or threads loses anything, for mels that are as
// odd as they can be. Run once more with every instruction set.
#include "engine/odd_mels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "audio/sound_file.hpp"
#include "dsp/mel_judge.hpp"
#include "emulated.hpp"
#include "engine/pipeline.hpp"
#include "engine/signals.hpp"
#include "safetensors/model_metadata.hpp"

using namespace glowvox;
using namespace glowvox::engine;
using namespace glowvox::test;

namespace {

constexpr double kSigma = 0.7;
constexpr std::uint64_t kSeed = 5;

// The flow's own sound, in either precision on every processor: where it has no bfloat16
// instructions its products are done without.
class Flow {
 public:
  explicit Flow(DType dtype) : file_(kShippedModel) {
    const Weights weights(file_.tensors(), kShippedModel);
    model_ = std::make_shared<const PreparedModel>(
        prepare(weights, safetensors::model_config(file_.metadata(), kShippedModel), dtype));
  }
  std::vector<float> operator()(const Mel& mel, std::int64_t chunk, int threads) const {
    Pipeline pipeline(model_, {kSigma, kSeed, nullptr}, threads, static_cast<int>(chunk), true);
    std::vector<float> all;
    const auto take = [&all](const FlowOutput& made) {
      all.insert(all.end(), made.samples.begin(), made.samples.end());
    };
    for (std::int64_t done = 0; done < mel.frames; done += chunk)
      take(pipeline.push(mel.values.data() + done * mel.bands, std::min(chunk, mel.frames - done)));
    take(pipeline.finish());
    return all;
  }

 private:
  safetensors::MappedSafetensors file_;
  std::shared_ptr<const PreparedModel> model_;
};

std::vector<float> streamed(const Vocoder& vocoder, const Mel& mel, std::int64_t chunk,
                            int threads) {
  Stream stream(vocoder, {kSigma, kSeed, threads}, static_cast<int>(chunk));
  std::vector<float> all;
  const auto take = [&all](const Samples& s) { all.insert(all.end(), s.data, s.data + s.count); };
  for (std::int64_t done = 0; done < mel.frames; done += chunk)
    take(stream.push(mel.values.data() + done * mel.bands, std::min(chunk, mel.frames - done)));
  take(stream.finish());
  return all;
}

bool finite(const std::vector<float>& x) {
  return std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); });
}

// How many samples a sound file clamps.
std::int64_t clipped(const std::vector<float>& x, int rate_hz) {
  audio::AudioWriter writer(rate_hz);
  writer.write(x.data(), x.size());
  return writer.commit();
}

// With what the voice asks for by itself, in every precision that can be asked for here.
void check_defaults(std::int64_t frames, std::size_t every) {
  for (const Precision precision : test::precisions_here()) {
    const Vocoder vocoder = Vocoder::load(kShippedModel, precision);
    const std::vector<OddMel> mels = odd_mels(vocoder, frames);
    REQUIRE(mels.size() == 100);
    for (std::size_t i = 0; i < mels.size(); i += every) {
      const OddMel& odd = mels[i];
      CAPTURE(odd.name);
      const auto whole = vocoder.synthesize(odd.mel, {kSigma, kSeed, 1});
      CHECK(static_cast<std::int64_t>(whole.size()) == vocoder.sample_count(odd.mel.frames));
      CHECK(finite(whole));
      const auto outside =
          std::count_if(whole.begin(), whole.end(), [](float v) { return std::fabs(v) > 1.0F; });
      CHECK(clipped(whole, vocoder.mel().sample_rate_hz) == outside);
      if (odd.quiet) CHECK(outside == 0);
      CHECK(vocoder.synthesize(odd.mel, {kSigma, kSeed, 3}) == whole);
      CHECK(streamed(vocoder, odd.mel, 1, 1) == whole);
      CHECK(streamed(vocoder, odd.mel, 3, 2) == whole);
    }
  }
}

void check_flow(DType dtype, std::int64_t frames, std::size_t every) {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  const std::vector<OddMel> mels = odd_mels(vocoder, frames);
  const Flow flow(dtype);
  for (std::size_t i = 0; i < mels.size(); i += every) {
    CAPTURE(mels[i].name);
    const Mel& mel = mels[i].mel;
    const auto whole = flow(mel, mel.frames, 1);
    CHECK(finite(whole));
    CHECK(flow(mel, 1, 1) == whole);
    CHECK(flow(mel, 2, 2) == whole);
    CHECK(flow(mel, mel.frames, 3) == whole);
  }
}

}  // namespace

TEST_CASE("a hundred odd mels: finite, and one sound whatever the chunks and threads") {
  const std::size_t mels = emulated_or<std::size_t>(10, 100, "mels");
  check_defaults(5, 100 / mels);
}

TEST_CASE("odd mels in bfloat16, on processors that have it and on those that do not") {
  check_flow(DType::kBfloat16, 5, 9);
}

TEST_CASE("every odd mel, longer and in either precision" * doctest::skip()) {
  check_defaults(60, 1);
  check_flow(DType::kFloat32, 60, 1);
  check_flow(DType::kBfloat16, 60, 1);
}

TEST_CASE("what is larger than any mel is refused before it is made sound of") {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  for (const float value :
       {30.0F, 1e6F, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}) {
    CAPTURE(value);
    Mel mel{20, 80, std::vector<float>(20 * 80, value)};
    dsp::MelJudge judge(vocoder.mel(), vocoder.mel_means(), vocoder.mel_deviations());
    judge.add(mel);
    CHECK_FALSE(judge.verdict().refusal.empty());
    // Where that is not asked, what is no number does not become a sound file.
    const auto sound = vocoder.synthesize(mel, {kSigma, kSeed, 1});
    if (!finite(sound))
      CHECK(contains(error_of([&] { clipped(sound, vocoder.mel().sample_rate_hz); }),
                     "is not finite"));
  }
}

TEST_CASE("odd mels that are no numbers are refused, wherever they are") {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  const Mel good = odd_mels(vocoder, 6)[1].mel;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t place : {std::size_t{0}, std::size_t{37}, good.values.size() - 1}) {
      CAPTURE(place);
      Mel mel = good;
      mel.values[place] = bad;
      const std::string expected = "value " + std::to_string(place % 80) + " of frame " +
                                   std::to_string(place / 80) + " is not finite";
      CHECK(contains(error_of([&] { vocoder.synthesize(mel); }), expected));
      // A stream refuses the piece and goes on without it.
      Stream stream(vocoder, {kSigma, kSeed, 1}, 6);
      CHECK(contains(error_of([&] { stream.push(mel.values.data(), mel.frames); }), "not finite"));
      stream.push(good.values.data(), good.frames);
      stream.finish();
    }
  }
}
