// SPDX-License-Identifier: MIT
#include "train/predicted_mels.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "arrays/mel_file.hpp"
#include "core/atomic_file.hpp"
#include "model/flow_vocoder.hpp"
#include "train/augment.hpp"
#include "train/segment_sampler.hpp"
#include "train/training.hpp"
#include "train/validation.hpp"

using namespace glowvox;

namespace {

Mel mel_of(const std::vector<float>& audio, const MelSpec& spec) {
  return log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
}

// Its frames [first, last).
Mel cut(const Mel& mel, std::int64_t first, std::int64_t last) {
  return {last - first,
          mel.bands,
          {mel.values.begin() + first * mel.bands, mel.values.begin() + last * mel.bands}};
}

// Two clips of speech, and the folder mels with the files that their mels are written to.
struct Data {
  Data() {
    all = test::speech();
    std::filesystem::create_directories(folder.file("wavs/deep"));
    std::filesystem::create_directories(folder.file("mels"));
    audio::write_audio(folder.file("wavs/a.wav"), {all.begin(), all.begin() + 20000}, 22050);
    audio::write_audio(folder.file("wavs/deep/b.wav"), {all.begin() + 20000, all.end()}, 22050);
    const train::Corpus corpus(folder.file("wavs"), 22050, test::ignore);
    for (std::size_t clip = 0; clip < 2; ++clip)
      mels.push_back(mel_of(corpus.load(clip), test::tiny().mel));
  }
  void write(const std::string& name, const Mel& mel) const {
    arrays::write_mel(folder.file("mels/" + name), mel);
  }
  train::DataOptions options() const {
    train::DataOptions data(folder.file("wavs"));
    data.mels = folder.file("mels");
    return data;
  }
  std::string said() const {
    std::string text;
    const train::Corpus corpus(options(), test::tiny().mel,
                               [&](const std::string& line) { text += line + "\n"; });
    return text;
  }

  test::TemporaryDirectory folder;
  std::vector<float> all;
  std::vector<Mel> mels;  // of a and b
};

// The sample of the clip that the segment begins with, or -1: that agrees within the noise of
// dequantisation.
std::int64_t place_of(const float* segment, const std::vector<float>& clip) {
  const auto same = [&](std::int64_t p) {
    for (int i = 0; i < 2000; ++i)
      if (!(std::abs(segment[i] - clip[static_cast<std::size_t>(p + i)]) <= 0.5001f / 32768.0f))
        return false;
    return true;
  };
  for (std::int64_t p = 0; p + 2000 < static_cast<std::int64_t>(clip.size()); ++p)
    if (same(p)) return p;
  return -1;
}

}  // namespace

TEST_CASE("predicted mels lie where their recordings' own do, in every alignment") {
  for (const auto alignment : {config::MelAlignment::kAsIs, config::MelAlignment::kHopCenter}) {
    for (const auto padding : {MelPadding::kReflect, MelPadding::kHop}) {
      config::ModelConfig config = test::tiny();
      config.alignment = alignment;
      config.mel.padding = padding;
      const Data data;
      const train::Corpus plain(data.folder.file("wavs"), 22050, test::ignore);
      // Told from the computed ones by a band that is not theirs.
      std::vector<Mel> written;
      for (std::size_t clip = 0; clip < 2; ++clip) {
        written.push_back(mel_of(plain.load(clip), config.mel));
        for (std::int64_t t = 0; t < written.back().frames; ++t)
          written.back().values[static_cast<std::size_t>(t * config.mel.bands)] = 1.0f;
      }
      data.write("a.npy", written[0]);
      data.write("b.npy", written[1]);
      const train::Corpus corpus(data.options(), config.mel, test::ignore);
      const std::int64_t margin = 32, shift = config::alignment_shift_samples(config);
      const train::SegmentSampler sampler(corpus, config, margin, 1, test::ignore);
      const train::Batch batch = sampler.batch(0);
      for (std::int64_t i = 0; i < config.train.batch; ++i) {
        const std::size_t clip = sampler.plan(static_cast<std::uint64_t>(i)).clip;
        const std::int64_t place =
            place_of(batch.audio[i].data_ptr<float>() + margin, corpus.load(clip));
        REQUIRE(place >= 0);
        REQUIRE((place + shift) % config.mel.hop_samples == 0);
        const std::int64_t frame = (place + shift) / config.mel.hop_samples;
        const Mel expected = cut(written[clip], frame, frame + config.train.segment_frames);
        CHECK(std::equal(expected.values.begin(), expected.values.end(),
                         batch.mel[i].data_ptr<float>()));
      }
    }
  }
}

TEST_CASE(
    "mels that padding has made longer or shorter are laid where they belong, and it is said") {
  const Data data;
  const MelSpec spec = test::tiny().mel;
  const Mel &a = data.mels[0], &b = data.mels[1];
  SUBCASE("frames without padding: two less at both ends") {
    data.write("a.npy", cut(a, 2, a.frames - 2));
    data.write("b.npy", cut(b, 2, b.frames - 2));
    const std::string said = data.said();
    CHECK(test::contains(said,
                         "predicted mels: 2 of 2 recordings have one (lengths beside their "
                         "own, 2: -4 frames)"));
    CHECK(test::contains(said, "their first frame is frame 2 of the recording's own"));
    const train::Corpus corpus(data.options(), spec, test::ignore);
    const Mel read = corpus.predicted()->read(0, 0, a.frames);
    CHECK(read.frames == a.frames);
    // What is missing repeats what is there.
    CHECK(cut(read, 0, 1).values == cut(a, 2, 3).values);
    CHECK(cut(read, 2, a.frames - 2).values == cut(a, 2, a.frames - 2).values);
    CHECK(cut(read, a.frames - 1, a.frames).values == cut(a, a.frames - 3, a.frames - 2).values);
  }
  SUBCASE("filled up to a multiple of four at the end, one of the two") {
    Mel longer = a;
    for (; longer.frames % 4 != 0; ++longer.frames)
      longer.values.insert(longer.values.end(), static_cast<std::size_t>(a.bands), -11.5f);
    data.write("a.npy", longer);
    data.write("b.npy", b);
    CHECK(test::contains(data.said(), "their first frame is frame 0 of the recording's own"));
  }
  SUBCASE("blurred ones, and only one of the two recordings") {
    data.write("b.npy", dsp::as_if_predicted(b, spec, 1));
    const std::string said = data.said();
    CHECK(test::contains(said, "1 of 2 recordings have one (lengths beside their own, 1: +0"));
    CHECK(test::contains(said, "their first frame is frame 0"));
    const train::Corpus corpus(data.options(), spec, test::ignore);
    CHECK(!corpus.predicted()->has(0));
    CHECK(corpus.predicted()->has(1));
    const train::SegmentSampler sampler(corpus, test::tiny(), 32, 1, test::ignore);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const train::SegmentPlan plan = sampler.plan(i);
      CHECK(plan.predicted == (plan.clip == 1));
    }
  }
}

TEST_CASE("mels that cannot be the recordings' are refused by name") {
  const Data data;
  const Mel &a = data.mels[0], &b = data.mels[1];
  const auto error = [&] { return test::error_of([&] { data.said(); }); };
  SUBCASE("of another length") {
    Mel longer = a;
    longer.frames += 9;
    longer.values.resize(longer.values.size() + static_cast<std::size_t>(9 * a.bands));
    data.write("a.npy", longer);
    const std::string said = error();
    CHECK(test::contains(
        said, "mels/a.npy: expected a mel of " + std::to_string(a.frames) + " frames for "));
    CHECK(test::contains(said, "got " + std::to_string(longer.frames)));
    CHECK(test::contains(said, "teacher forcing"));
  }
  SUBCASE("of another recording") {
    data.write("a.npy", cut(b, b.frames - a.frames, b.frames));
    CHECK(test::contains(error(), "predicted mels: are unlike their recordings' own"));
  }
  SUBCASE("made another way") {
    Mel decibels = a;
    for (float& v : decibels.values) v *= 8.6859f;
    data.write("a.npy", decibels);
    CHECK(test::contains(error(), "predicted mels: are unlike their recordings' own"));
  }
  SUBCASE("of another number of bands") {
    data.write("a.npy", {10, 13, std::vector<float>(130)});
    CHECK(test::contains(error(), "mels/a.npy: expected a mel of"));
  }
  SUBCASE("none of their names") {
    data.write("c.npy", a);
    CHECK(
        test::contains(error(), "mels: expected mels with the recordings' names (a.wav for one)"));
  }
  SUBCASE("no folder") {
    std::filesystem::remove(data.folder.file("mels"));
    CHECK(test::contains(error(), "mels: cannot be looked into"));
  }
  SUBCASE("no mels") { CHECK(test::contains(error(), "mels: expected mels (npy, npz")); }
  SUBCASE("two of a name") {
    std::filesystem::create_directories(data.folder.file("mels/x"));
    data.write("x/b.npy", b);
    data.write("b.npy", b);
    CHECK(test::contains(error(), "mels: has several mels of the name b"));
  }
}

TEST_CASE("a list may name a mel for each recording") {
  const Data data;
  data.write("one.npy", data.mels[0]);
  data.write("two.npy", data.mels[1]);
  for (const char* const lines :
       {"wavs/a.wav|mels/one.npy\nwavs/deep/b.wav|mels/two.npy\n",
        "mels/one.npy|wavs/a.wav\nmels/two.npy|wavs/deep/b.wav\n",
        "audio,mel\nwavs/a.wav,mels/one.npy\nwavs/deep/b.wav,mels/two.npy\n"}) {
    const std::string list = data.folder.file("list.csv");
    write_file(list, lines);
    std::string said;
    const train::Corpus corpus(list, test::tiny().mel,
                               [&](const std::string& line) { said += line + "\n"; });
    CHECK(test::contains(said, "mels in column"));
    REQUIRE(corpus.predicted() != nullptr);
    CHECK(corpus.predicted()->read(1, 0, data.mels[1].frames).values == data.mels[1].values);
  }
}

TEST_CASE("a text with more fields than the first row has is no mel") {
  const Data data;
  const std::string list = data.folder.file("list.txt");
  write_file(list, "wavs/a.wav|one\nwavs/deep/b.wav|two|more\n");
  const train::Corpus corpus(list, test::tiny().mel, test::ignore);
  CHECK(corpus.predicted() == nullptr);
}

TEST_CASE("a share of the segments takes the recordings' own mels") {
  const Data data;
  data.write("a.npy", data.mels[0]);
  data.write("b.npy", data.mels[1]);
  train::DataOptions options = data.options();
  options.real_share = 0.25;
  const train::Corpus corpus(options, test::tiny().mel, test::ignore);
  CHECK(test::contains(corpus.drawing(), "predicted mels of 2 clips (25% with their own)"));
  const train::SegmentSampler sampler(corpus, test::tiny(), 32, 1, test::ignore);
  int predicted = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) predicted += sampler.plan(i).predicted;
  CHECK(predicted > 1430);
  CHECK(predicted < 1570);
}

TEST_CASE("a share wants predicted mels that it goes without") {
  const Data data;
  train::DataOptions options(data.folder.file("wavs"));
  options.real_share = 0.5;
  CHECK(test::contains(
      test::error_of([&] { train::Corpus(options, test::tiny().mel, test::ignore); }),
      "--real-share: there are no predicted mels"));
}

TEST_CASE("a mel made louder is that of the louder sound") {
  for (const std::string& preset : mel_preset_names()) {
    MelSpec spec = mel_preset(preset);
    std::vector<float> audio = test::speech();
    Mel mel = mel_of(audio, spec);
    train::amplify_mel(-0.5, spec, &mel);
    for (float& v : audio) v *= 0.5f;
    const Mel expected = mel_of(audio, spec);
    double worst = 0.0;
    for (std::size_t i = 0; i < mel.values.size(); ++i)
      worst = std::max<double>(worst, std::abs(mel.values[i] - expected.values[i]));
    CAPTURE(preset);
    // An epsilon in the magnitude is left out of account.
    CHECK(worst < (spec.magnitude_epsilon > 0.0 ? 0.1 : 1e-3));
  }
}

TEST_CASE("held-out clips are conditioned by their predicted mels") {
  for (const auto alignment : {config::MelAlignment::kAsIs, config::MelAlignment::kHopCenter}) {
    config::ModelConfig config = test::tiny();
    config.alignment = alignment;
    const std::int64_t hop = config.mel.hop_samples;
    const std::int64_t frame = alignment == config::MelAlignment::kAsIs ? 0 : 1;
    const Data data;
    data.write("a.npy", data.mels[0]);
    model::FlowVocoder model(config);
    const train::Corpus corpus(data.options(), config.mel, test::ignore);
    const train::Corpus plain(data.folder.file("wavs"), 22050, test::ignore);
    const train::Recording got = train::held_out(corpus, 0, model);
    CHECK(got.audio.size(1) == got.mel.size(1) * hop);
    CHECK(place_of(got.audio.data_ptr<float>(), plain.load(0)) ==
          frame * hop - config::alignment_shift_samples(config));
    const Mel expected = cut(data.mels[0], frame, frame + got.mel.size(1));
    CHECK(std::equal(expected.values.begin(), expected.values.end(), got.mel.data_ptr<float>()));
    CHECK(
        torch::equal(train::held_out(corpus, 1, model).mel, train::held_out(plain, 1, model).mel));
  }
}
