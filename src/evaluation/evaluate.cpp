// SPDX-License-Identifier: MIT
#include "evaluation/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <set>

#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "core/interrupt.hpp"
#include "core/messages.hpp"
#include "core/progress_bar.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "eval/evaluation.hpp"
#include "evaluation/judging.hpp"
#include "evaluation/result.hpp"
#include "evaluation/speakers.hpp"
#include "evaluation/systems.hpp"
#include "flow/torch_threads.hpp"
#include "model/model_file.hpp"
#include "train/memory_meter.hpp"
#include "train/pack.hpp"
#include "train/score.hpp"

namespace glowvox::evaluation {

namespace fs = std::filesystem;

namespace {

void check(const EvaluationOptions& o) {
  const bool model = !o.engine.model.empty();
  if (model == !o.ref.empty())
    throw UsageError("--model or --ref",
                     "expected one of them: a model that is to synthesize, or "
                     "recordings whose synthesis is there already");
  if (model && o.list.empty()) throw UsageError("--list", "expected recordings, got none");
  if (!model && o.outs.empty())
    throw UsageError("--out", "expected the folder of synthesized files, got none");
  if (model && !o.outs.empty()) throw UsageError("--out", "belongs to --ref");
  if (!model && !o.list.empty()) throw UsageError("--list", "belongs to --model");
  if (!model && !o.sigmas.empty()) throw UsageError("--sigma", "belongs to --model");
  if (!model && o.as_if_predicted) throw UsageError("--as-if-predicted", "belongs to --model");
  for (const double sigma : o.sigmas)
    if (!(sigma >= 0.0))
      throw UsageError("--sigma", fmt::format("expected 0 or more, got {}", sigma));
  for (const std::string& name : o.baselines) {
    if (!is_baseline(name) && name != kLatents)
      throw UsageError("--baseline", "expected griffin-lim, noise or latents, got '" + name + "'");
    if (name == kLatents && !model) throw UsageError("--baseline", "latents need --model");
  }
}

// Where --write puts a file of one system.
fs::path written_path(const EvaluationOptions& o, const std::string& system,
                      const std::string& path) {
  std::string folder = system;
  std::replace_if(
      folder.begin(), folder.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
  return fs::path(o.write) / folder / (fs::path(path).stem().string() + ".wav");
}

// What would only be found out at the end.
void check_outputs(const EvaluationOptions& o, const std::vector<std::string>& files) {
  const fs::path folder = fs::path(o.report).parent_path();
  if (!o.report.empty() && !folder.empty() && !fs::is_directory(folder))
    throw Error(o.report, "its folder does not exist");
  std::set<fs::path> names;
  if (o.write.empty()) return;
  for (const std::string& file : files)
    if (!names.insert(written_path(o, "", file)).second)
      throw Error(file, "would overwrite another file of this name below " + o.write);
}

void write_sounds(const EvaluationOptions& o, const std::vector<System>& systems, const Item& item,
                  const std::vector<std::vector<float>>& sounds) {
  for (std::size_t s = 0; s < systems.size(); ++s) {
    const fs::path path = written_path(o, systems[s].name, item.path);
    fs::create_directories(path.parent_path());
    refuse_overwriting(item.path, path.string());
    audio::write_audio(path.string(), sounds[s], item.rate_hz);
  }
}

// Adds one file to the evaluation; every system's metrics in a thread of its own.
void add(const Item& item, const std::vector<System>& systems, const EvaluationOptions& o,
         Judging* judging, Evaluation* e) {
  std::vector<std::vector<float>> sounds;
  for (const System& s : systems) sounds.push_back(s.make(item));
  if (!o.write.empty()) write_sounds(o, systems, item, sounds);
  if (judging != nullptr) judging->add(item.samples, sounds, item.rate_hz);
  std::vector<std::future<std::vector<double>>> values;
  for (const auto& sound : sounds)
    values.push_back(std::async(std::launch::async, [&item, &sound] {
      return eval::measure(item.samples, sound, item.rate_hz);
    }));
  const std::size_t file = e->systems.front().values.size();
  const bool keep = std::count(e->shown.begin(), e->shown.end(), file) > 0;
  for (std::size_t s = 0; s < systems.size(); ++s) {
    try {
      e->systems[s].values.push_back(values[s].get());
    } catch (const Error& error) {
      throw Error(item.path, error.what());
    }
    e->systems[s].silence.add(item.samples, sounds[s]);
    if (keep) e->systems[s].clips.push_back(std::move(sounds[s]));
  }
  if (keep) e->references.push_back(item.samples);
}

// The judges, where they are asked for and there are any.
std::unique_ptr<Judging> judging_of(const EvaluationOptions& o, Evaluation* e) {
  if (!o.judges) return nullptr;
  auto judging = std::make_unique<Judging>(o.judging);
  e->notes = judging->available().skipped;
  for (const std::string& sentence : e->notes) say(sentence);
  if (judging->available().judges.empty()) return nullptr;
  return judging;
}

// The systems, and what is evaluated: its title, rate and files.
std::vector<System> systems_of(const EvaluationOptions& o, const std::shared_ptr<Vocoder>& vocoder,
                               const std::shared_ptr<model::FlowVocoder>& flow,
                               const train::Corpus* corpus, Evaluation* e) {
  std::vector<System> systems;
  if (vocoder) {
    e->title = vocoder->name();
    e->rate_hz = vocoder->mel().sample_rate_hz;
    systems = systems_of_model(o.engine, o.sigmas, o.as_if_predicted, vocoder);
    if (std::count(o.baselines.begin(), o.baselines.end(), kLatents) > 0)
      systems.push_back(latents_of(flow));
    // Systems read files; a packed corpus has none.
    if (train::is_packed(o.list)) train::list_recordings(o.list);
    for (std::size_t i = 0; i < corpus->size(); ++i) e->files.push_back(corpus->path(i));
  } else {
    e->title = o.outs.front();
    for (const std::string& out : o.outs) systems.push_back(files_of(out, o.ref));
    e->files =
        o.skip_unreadable ? train::readable_recordings(o.ref, say) : train::list_recordings(o.ref);
    e->rate_hz = audio::probe(e->files.front()).sample_rate_hz;
  }
  for (const std::string& name : o.baselines)
    if (is_baseline(name)) systems.push_back(baseline(name, o.engine.seed));
  if (o.limit > 0) e->files.resize(std::min(e->files.size(), static_cast<std::size_t>(o.limit)));
  for (const System& s : systems) e->systems.push_back({s.name, {}, {}, {}});
  return systems;
}

}  // namespace

int evaluate(const EvaluationOptions& o) {
  check(o);
  const std::atomic<bool>& interrupted = catch_interrupts();
  flow::use_threads(o.engine.threads);
  train::MemoryMeter::install();
  Evaluation e;
  std::shared_ptr<Vocoder> vocoder;
  std::shared_ptr<model::FlowVocoder> flow;
  std::unique_ptr<train::Corpus> corpus;
  if (!o.engine.model.empty()) {
    vocoder = std::make_shared<Vocoder>(o.engine.load());
    flow = model::load_model(o.engine.model);
    train::DataOptions data(o.list);
    data.skip_unreadable = o.skip_unreadable;
    corpus = std::make_unique<train::Corpus>(data, vocoder->mel().sample_rate_hz, say);
  }
  const std::vector<System> systems = systems_of(o, vocoder, flow, corpus.get(), &e);
  check_outputs(o, e.files);
  const std::unique_ptr<Judging> judging = judging_of(o, &e);
  // Where somebody judges, the page plays what was judged worst.
  if (!o.report.empty() && !judging)
    for (std::size_t f = 0; f < e.files.size() && static_cast<int>(f) < o.clips; ++f)
      e.shown.push_back(f);

  ProgressBar bar;
  const auto stopped = [&] {
    bar.clear();
    say("stopped");
    return kInterruptedStatus;
  };
  for (std::size_t f = 0; f < e.files.size(); ++f) {
    if (interrupted) return stopped();
    bar.show(static_cast<double>(f) / static_cast<double>(e.files.size()), e.files[f]);
    add({e.files[f], e.rate_hz, train::read_listed(e.files[f], e.rate_hz)}, systems, o,
        judging.get(), &e);
    if (flow) e.likelihoods.push_back(train::likelihood(*flow, held_out(*corpus, f, *flow)));
  }
  if (judging) bar.show(1.0, "judges");
  try {
    if (judging) add_verdicts(*judging, o.report.empty() ? 0 : o.clips, &e);
  } catch (const Error&) {
    if (interrupted) return stopped();
    throw;
  }
  bar.clear();
  if (!o.report.empty()) write_file(o.report, page_of(e));
  print_result(o.json, to_json(e), to_text(e, o.markdown));
  return 0;
}

}  // namespace glowvox::evaluation
