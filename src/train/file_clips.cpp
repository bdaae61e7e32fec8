// SPDX-License-Identifier: MIT
// Clips in sound files; the one place where training decodes them.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <future>
#include <utility>

#include "audio/sound_file.hpp"
#include "core/cpu.hpp"
#include "glowvox/error.hpp"
#include "train/clip_source.hpp"
#include "train/sound_list.hpp"

namespace glowvox::train {

namespace {

constexpr float kFullScale = 32768.0f;
constexpr std::size_t kMostNamed = 20;  // unreadable files that are listed

// What is wrong with each sound, or nothing; decoded by all cores.
std::vector<std::string> faults_of(const std::vector<ListedSound>& sounds) {
  std::vector<std::string> faults(sounds.size());
  std::atomic<std::size_t> next{0};
  const auto decode = [&] {
    for (std::size_t i = next++; i < sounds.size(); i = next++) {
      try {
        audio::read_audio(sounds[i].path);
      } catch (const Error& e) {
        faults[i] = e.what();
      }
    }
  };
  std::vector<std::future<void>> threads;
  for (int t = 0; t < available_cores(); ++t)
    threads.push_back(std::async(std::launch::async, decode));
  for (auto& thread : threads) thread.get();
  return faults;
}

// Leaves out what cannot be decoded, and says what that is.
void skip_unreadable(SoundList* list, const Notify& notify) {
  const std::vector<std::string> faults = faults_of(list->sounds);
  std::vector<ListedSound> readable;
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i].empty())
      readable.push_back(list->sounds[i]);
    else
      reasons.push_back(faults[i]);
  }
  if (reasons.empty()) return;
  if (readable.empty())
    throw Error(list->path, fmt::format("none of its {} recordings can be read, the first: {}",
                                        reasons.size(), reasons.front()));
  notify(fmt::format("{}: {} of {} recordings cannot be read and are left out:", list->path,
                     reasons.size(), faults.size()));
  for (std::size_t i = 0; i < std::min(kMostNamed, reasons.size()); ++i) notify("  " + reasons[i]);
  if (reasons.size() > kMostNamed)
    notify(fmt::format("  and {} more; train --dry-run --json lists them all",
                       reasons.size() - kMostNamed));
  list->sounds = std::move(readable);
}

// What action returns; its error with the place in the list and the way on.
template <typename Action>
auto from_list(const std::string& list, std::size_t line, const Action& action) {
  try {
    return action();
  } catch (const Error& e) {
    const std::string place = line > 0 ? fmt::format("it is in line {} of {}; ", line, list) : "";
    throw Error(e.where(), e.problem(), place + "--skip-unreadable goes on without such files");
  }
}

class FileClips : public ClipSource {
 public:
  FileClips(const std::string& list_or_folder, int sample_rate_hz, const DataOptions& options,
            const Notify& notify)
      : sample_rate_hz_(sample_rate_hz) {
    SoundList listed = read_sound_list(list_or_folder);
    if (!listed.form.empty()) notify(fmt::format("{}: {}", list_or_folder, listed.form));
    if (options.skip_unreadable) skip_unreadable(&listed, notify);
    lists_ = {{list_or_folder, 1.0}};
    int resampled = 0, mixed = 0;
    for (const ListedSound& sound : listed.sounds) {
      const audio::FileInfo info =
          from_list(list_or_folder, sound.line, [&] { return audio::probe(sound.path); });
      resampled += info.sample_rate_hz != sample_rate_hz;
      mixed += info.channels != 1;
      const std::int64_t from = info.sample_rate_hz;
      // What resampling makes of the length in the header.
      const std::int64_t samples = (info.frames * sample_rate_hz + from - 1) / from;
      clips_.push_back({sound.path, sound.name, speaker_of(sound.name, options.speakers), sound.mel,
                        samples, 0});
      lines_.push_back(sound.line);
    }
    const auto tell = [&](int files, const std::string& what) {
      if (files > 0)
        notify(
            fmt::format("{}: {} of {} files are {}", list_or_folder, files, clips_.size(), what));
    };
    tell(resampled, fmt::format("resampled to {} Hz", sample_rate_hz));
    tell(mixed, "mixed down to mono");
  }

  Samples read(std::size_t clip) const override {
    const ClipInfo& info = clips_[clip];
    const std::vector<float> audio = from_list(lists_.front().path, lines_[clip], [&] {
      return audio::load_mono(info.path, sample_rate_hz_, nullptr);
    });
    if (static_cast<std::int64_t>(audio.size()) != info.samples)
      throw Error(info.path, fmt::format("expected {} samples as its header says, got {}",
                                         info.samples, audio.size()));
    const auto samples = std::make_shared<std::vector<std::int16_t>>(audio.size());
    std::transform(audio.begin(), audio.end(), samples->begin(), [](float v) {
      return static_cast<std::int16_t>(
          std::lrint(std::clamp(v * kFullScale, -kFullScale, kFullScale - 1)));
    });
    return {samples, samples->data()};
  }

  bool in_memory() const override { return false; }

 private:
  int sample_rate_hz_;
  std::vector<std::size_t> lines_;  // of the list, clip by clip
};

}  // namespace

std::vector<std::string> list_recordings(const std::string& list_or_folder) {
  std::vector<std::string> paths;
  for (const ListedSound& sound : read_sound_list(list_or_folder).sounds)
    paths.push_back(sound.path);
  return paths;
}

std::vector<std::string> readable_recordings(const std::string& list_or_folder,
                                             const Notify& notify) {
  SoundList listed = read_sound_list(list_or_folder);
  skip_unreadable(&listed, notify);
  std::vector<std::string> paths;
  for (const ListedSound& sound : listed.sounds) paths.push_back(sound.path);
  return paths;
}

std::unique_ptr<ClipSource> open_files(const std::string& list_or_folder, int sample_rate_hz,
                                       const DataOptions& options, const Notify& notify) {
  return std::make_unique<FileClips>(list_or_folder, sample_rate_hz, options, notify);
}

}  // namespace glowvox::train
