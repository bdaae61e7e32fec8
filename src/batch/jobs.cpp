// SPDX-License-Identifier: MIT
#include "batch/jobs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "audio/sound_file.hpp"
#include "core/messages.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::batch {

namespace fs = std::filesystem;

namespace {

// What can be read only once.
bool is_pipe(const std::string& path) {
  std::error_code unknown;
  return is_standard(path) || (fs::exists(path, unknown) && !fs::is_regular_file(path, unknown));
}

std::string output_of(const Job& job, const Target& target, bool folder) {
  fs::path path = target.path;
  if (folder) {
    const std::string stem =
        is_standard(job.input.path) ? "stdin" : fs::path(job.input.path).stem().string();
    path /= stem + "." + (target.format.empty() ? "wav" : target.format);
  }
  if (job.utterances > 1)
    path.replace_filename(fmt::format("{}-{:04}{}", path.stem().string(), job.utterance + 1,
                                      path.extension().string()));
  return path.string();
}

// How many utterances, and how long each is.
void look_at(const MelSpec& spec, const arrays::MelConversion& conversion, SharedMels* mels,
             Job* job) {
  if (job->input.sound) {
    if (is_pipe(job->input.path)) return;
    const audio::FileInfo info = audio::probe(job->input.path);
    job->seconds = static_cast<double>(info.frames) / info.sample_rate_hz;
    return;
  }
  const auto reader = mels->look(job->input.path);
  job->utterances = reader->utterances();
  job->seconds = static_cast<double>(conversion.samples_of(reader->frames())) / spec.sample_rate_hz;
}

void refuse_doubles(const std::vector<Job>& jobs) {
  std::set<std::string> outputs;
  for (const Job& job : jobs)
    if (job.failure.empty() && !outputs.insert(job.out).second)
      throw Error(job.input.path, "would overwrite another input's output, " + job.out,
                  "give inputs with different names");
}

void refuse_overwriting_inputs(const std::vector<Input>& inputs, const std::vector<Job>& jobs) {
  std::map<std::pair<dev_t, ino_t>, std::string> files;
  struct stat status {};
  for (const Input& input : inputs)
    if (::stat(input.path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
      files[{status.st_dev, status.st_ino}] = input.path;
  for (const Job& job : jobs) {
    if (::stat(job.out.c_str(), &status) != 0) continue;
    const auto found = files.find({status.st_dev, status.st_ino});
    if (found != files.end())
      throw Error(found->second, "would be overwritten", "choose another output");
  }
}

}  // namespace

std::string Job::name() const {
  const std::string path = input_name(input.path);
  return utterances == 1 ? path
                         : fmt::format("{}: utterance {} of {}", path, utterance + 1, utterances);
}

SharedMels::SharedMels(int bands, arrays::MelReadOptions options)
    : bands_(bands), options_(std::move(options)) {
  options_.several = true;
}

std::shared_ptr<const arrays::MelReader> SharedMels::look(const std::string& path) {
  auto reader = std::make_shared<const arrays::MelReader>(path, bands_, options_);
  if (is_pipe(path)) held_[path] = {reader, reader->utterances()};
  return reader;
}

std::shared_ptr<const arrays::MelReader> SharedMels::take(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Held& held = held_[path];
  if (!held.reader) {
    held.reader = std::make_shared<const arrays::MelReader>(path, bands_, options_);
    held.left = held.reader->utterances();
  }
  const std::shared_ptr<const arrays::MelReader> reader = held.reader;
  if (--held.left == 0) held_.erase(path);
  return reader;
}

bool names_folder(const std::string& out, std::size_t inputs) {
  return inputs > 1 || (!out.empty() && out.back() == '/') || fs::is_directory(out);
}

std::vector<Job> jobs_of(const std::vector<Input>& inputs, const Target& target,
                         const MelSpec& spec, const arrays::MelConversion& conversion,
                         SharedMels* mels) {
  const bool folder = names_folder(target.path, inputs.size());
  std::vector<Job> jobs;
  for (const Input& input : inputs) {
    Job job;
    job.input = input;
    try {
      look_at(spec, conversion, mels, &job);
    } catch (const std::exception& e) {
      if (inputs.size() == 1) throw;
      job.failure = message_of(e);
    }
    for (; job.utterance < job.utterances; ++job.utterance) {
      job.out = output_of(job, target, folder);
      jobs.push_back(job);
    }
  }
  refuse_doubles(jobs);
  refuse_overwriting_inputs(inputs, jobs);
  return jobs;
}

}  // namespace glowvox::batch
