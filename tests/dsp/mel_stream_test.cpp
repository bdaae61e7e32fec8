// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "audio/sound_file.hpp"
#include "glowvox/mel.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

Mel streamed(const std::vector<float>& audio, const MelSpec& spec, std::size_t chunk) {
  MelStream stream(spec);
  Mel all{0, spec.bands, {}};
  const auto take = [&all](const Mel& mel) {
    all.frames += mel.frames;
    all.values.insert(all.values.end(), mel.values.begin(), mel.values.end());
  };
  for (std::size_t at = 0; at < audio.size(); at += chunk)
    take(stream.push(audio.data() + at, std::min(chunk, audio.size() - at)));
  take(stream.finish());
  return all;
}

}  // namespace

TEST_CASE("a mel in pieces is the mel of the whole, bit for bit") {
  std::vector<float> audio =
      audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  audio.resize(20011);
  std::vector<MelSpec> specs;
  for (const std::string& name : mel_preset_names()) specs.push_back(mel_preset(name));
  for (const MelPadding padding : {MelPadding::kZero, MelPadding::kNone}) {
    specs.push_back(mel_preset("tacotron2"));
    specs.back().padding = padding;
  }
  for (const MelSpec& spec : specs) {
    CAPTURE(describe(spec));
    const Mel whole = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
    for (const std::size_t chunk :
         {std::size_t{1}, std::size_t{256}, std::size_t{1000}, audio.size()}) {
      CAPTURE(chunk);
      const Mel pieces = streamed(audio, spec, chunk);
      CHECK(pieces.frames == whole.frames);
      CHECK(pieces.bands == whole.bands);
      CHECK(pieces.values == whole.values);
    }
  }
}

TEST_CASE("short audio: as the whole, or refused as the whole") {
  for (const char* preset : {"tacotron2", "hifigan"}) {
    MelSpec spec = mel_preset(preset);
    for (const MelPadding padding : {spec.padding, MelPadding::kZero, MelPadding::kNone}) {
      spec.padding = padding;
      for (const std::size_t length : {1, 300, 385, 512, 513, 1023, 1024, 1100}) {
        CAPTURE(describe(spec));
        CAPTURE(length);
        const std::vector<float> audio(length, 0.25F);
        Mel whole;
        const std::string refused = test::error_of(
            [&] { whole = log_mel(audio.data(), static_cast<std::int64_t>(length), spec); });
        Mel pieces;
        CHECK(test::error_of([&] { pieces = streamed(audio, spec, 100); }) == refused);
        CHECK(pieces.values == whole.values);
      }
    }
  }
}
