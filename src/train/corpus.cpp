#include "train/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "audio/wav.hpp"
#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr float kFullScale = 32768.0f;

std::vector<std::string> recordings_below(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string extension = entry.path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (entry.is_regular_file() &&
        (extension == ".wav" || extension == ".flac" || extension == ".ogg"))
      paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<std::string> list_recordings(const std::string& list_or_folder) {
  std::vector<std::string> paths;
  if (fs::is_directory(list_or_folder)) {
    paths = recordings_below(list_or_folder);
    if (paths.empty())
      throw Error(list_or_folder, "expected wav, flac or ogg files in this folder, found none");
    return paths;
  }
  const fs::path base = fs::path(list_or_folder).parent_path();
  std::istringstream lines(read_file(list_or_folder));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    paths.push_back((base / line).string());
  }
  if (paths.empty()) throw Error(list_or_folder, "expected a path on each line, found none");
  return paths;
}

Corpus::Corpus(const std::string& list_or_folder, int sample_rate_hz, const Notify& notify,
               std::int64_t cache_bytes)
    : sample_rate_hz_(sample_rate_hz), cache_bytes_(cache_bytes) {
  int resampled = 0, mixed = 0;
  for (const std::string& path : list_recordings(list_or_folder)) {
    const audio::FileInfo info = audio::probe(path);
    resampled += info.sample_rate_hz != sample_rate_hz;
    mixed += info.channels != 1;
    const std::int64_t from = info.sample_rate_hz;
    clips_.push_back({path, (info.frames * sample_rate_hz + from - 1) / from});
  }
  cache_.resize(clips_.size());
  if (resampled > 0)
    notify(fmt::format("{}: {} of {} files are resampled to {} Hz", list_or_folder, resampled,
                       clips_.size(), sample_rate_hz));
  if (mixed > 0)
    notify(fmt::format("{}: {} of {} files are mixed down to mono", list_or_folder, mixed,
                       clips_.size()));
}

std::int64_t Corpus::bytes_to_come() const {
  std::int64_t all = 0;
  for (const Clip& clip : clips_)
    all += clip.samples * static_cast<std::int64_t>(sizeof(std::int16_t));
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::min(all, cache_bytes_) - cached_bytes_;
}

double Corpus::seconds() const {
  double samples = 0.0;
  for (const Clip& clip : clips_) samples += static_cast<double>(clip.samples);
  return samples / sample_rate_hz_;
}

Corpus::Samples Corpus::decoded(std::size_t clip) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cache_[clip]) return cache_[clip];
  }
  const std::vector<float> audio = audio::load_mono(clips_[clip].path, sample_rate_hz_, nullptr);
  if (static_cast<std::int64_t>(audio.size()) != clips_[clip].samples)
    throw Error(clips_[clip].path, fmt::format("expected {} samples as its header says, got {}",
                                               clips_[clip].samples, audio.size()));
  std::vector<std::int16_t> samples(audio.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::int16_t>(
        std::lrint(std::clamp(audio[i] * kFullScale, -kFullScale, kFullScale - 1)));
  auto shared = std::make_shared<const std::vector<std::int16_t>>(std::move(samples));
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::int64_t bytes = clips_[clip].samples * static_cast<std::int64_t>(sizeof(std::int16_t));
  if (!cache_[clip] && cached_bytes_ + bytes <= cache_bytes_) {
    cache_[clip] = shared;
    cached_bytes_ += bytes;
  }
  return shared;
}

std::vector<float> Corpus::load(std::size_t clip) const {
  return range(clip, 0, clips_[clip].samples);
}

std::vector<float> Corpus::range(std::size_t clip, std::int64_t first, std::int64_t count) const {
  const Samples samples = decoded(clip);
  std::vector<float> out(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    out[static_cast<std::size_t>(i)] = (*samples)[static_cast<std::size_t>(first + i)] / kFullScale;
  return out;
}

}  // namespace glowvox::train
