// SPDX-License-Identifier: MIT
// Clips in sound files; the one place where training decodes them.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "audio/wav.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"
#include "train/clip_source.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr float kFullScale = 32768.0f;

struct Listed {
  fs::path base;  // what the names are relative to
  std::vector<std::string> names;
};

std::vector<std::string> names_below(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string extension = entry.path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (entry.is_regular_file() &&
        (extension == ".wav" || extension == ".flac" || extension == ".ogg"))
      names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream lines(read_file(list));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line[0] != '#') names.push_back(line);
  }
  return names;
}

Listed listed_in(const std::string& list_or_folder) {
  const bool folder = fs::is_directory(list_or_folder);
  Listed listed = folder ? Listed{list_or_folder, names_below(list_or_folder)}
                         : Listed{fs::path(list_or_folder).parent_path(), names_in(list_or_folder)};
  if (listed.names.empty())
    throw Error(list_or_folder, folder
                                    ? "expected wav, flac or ogg files in this folder, found none"
                                    : "expected a path on each line, found none");
  return listed;
}

class FileClips : public ClipSource {
 public:
  FileClips(const std::string& list_or_folder, int sample_rate_hz, SpeakerRule speakers,
            const Notify& notify)
      : sample_rate_hz_(sample_rate_hz) {
    const Listed listed = listed_in(list_or_folder);
    lists_ = {{list_or_folder, 1.0}};
    int resampled = 0, mixed = 0;
    for (const std::string& name : listed.names) {
      const std::string path = (listed.base / name).string();
      const audio::FileInfo info = audio::probe(path);
      resampled += info.sample_rate_hz != sample_rate_hz;
      mixed += info.channels != 1;
      const std::int64_t from = info.sample_rate_hz;
      // What resampling makes of the length in the header.
      const std::int64_t samples = (info.frames * sample_rate_hz + from - 1) / from;
      clips_.push_back({path, name, speaker_of(name, speakers), samples, 0});
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
    const std::vector<float> audio = audio::load_mono(info.path, sample_rate_hz_, nullptr);
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
};

}  // namespace

std::vector<std::string> list_recordings(const std::string& list_or_folder) {
  const Listed listed = listed_in(list_or_folder);
  std::vector<std::string> paths;
  for (const std::string& name : listed.names) paths.push_back((listed.base / name).string());
  return paths;
}

std::unique_ptr<ClipSource> open_files(const std::string& list_or_folder, int sample_rate_hz,
                                       SpeakerRule speakers, const Notify& notify) {
  return std::make_unique<FileClips>(list_or_folder, sample_rate_hz, speakers, notify);
}

}  // namespace glowvox::train
