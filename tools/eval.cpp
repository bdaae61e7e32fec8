// glowvox eval: objective metrics of copy synthesis, or of anybody's sounds.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <set>

#include "audio/resample.hpp"
#include "audio/wav.hpp"
#include "commands.hpp"
#include "core/atomic_file.hpp"
#include "core/progress_bar.hpp"
#include "engine_options.hpp"
#include "eval/evaluation.hpp"
#include "eval/griffin_lim.hpp"
#include "eval_result.hpp"
#include "glowvox/error.hpp"
#include "interrupt.hpp"
#include "model/model_file.hpp"
#include "signals.hpp"
#include "sound.hpp"
#include "torch_threads.hpp"

namespace glowvox::tools {

namespace fs = std::filesystem;

namespace {

constexpr int kIterations = 60;  // of Griffin and Lim's

struct Options {
  EngineOptions engine;
  std::string list, ref, report, write;
  std::vector<std::string> outs, baselines;
  std::vector<double> sigmas;
  int limit = 0, clips = 3;
  bool json = false;
};

struct Item {
  std::string path;
  int rate_hz = 0;
  std::vector<float> samples;
};

// One way of making a file's sound again.
struct System {
  std::string name;
  std::function<std::vector<float>(const Item&)> make;
};

using Baseline = std::vector<float> (*)(const std::vector<float>& magnitudes, const MelSpec& spec,
                                        std::int64_t samples, std::uint64_t seed);

// What a baseline makes from the tacotron2 mel of a recording.
std::vector<float> from_mel(const Item& item, Baseline baseline, std::uint64_t seed) {
  const MelSpec spec = mel_preset("tacotron2");
  const std::vector<float> x =
      item.rate_hz == spec.sample_rate_hz
          ? item.samples
          : audio::resample(item.samples, item.rate_hz, spec.sample_rate_hz);
  const std::vector<float> made =
      baseline(eval::mel_to_magnitudes(mel_of_sound(item.path, x, spec), spec), spec,
               static_cast<std::int64_t>(x.size()), seed);
  return item.rate_hz == spec.sample_rate_hz
             ? made
             : audio::resample(made, spec.sample_rate_hz, item.rate_hz);
}

const std::map<std::string, Baseline>& baselines() {
  static const std::map<std::string, Baseline> all = {
      {"griffin-lim",
       [](const std::vector<float>& magnitudes, const MelSpec& spec, std::int64_t samples,
          std::uint64_t seed) {
         return eval::griffin_lim(magnitudes, spec, samples, kIterations, seed);
       }},
      {"noise", eval::shaped_noise}};
  return all;
}

const char* const kLatents = "latents";

// The model at every temperature, and its own latents where they are asked for.
std::vector<System> systems_of_model(const Options& o, const std::shared_ptr<Vocoder>& vocoder,
                                     const std::shared_ptr<model::FlowVocoder>& flow) {
  std::vector<System> systems;
  std::vector<double> sigmas = o.sigmas;
  if (sigmas.empty()) sigmas.push_back(o.engine.sigma);
  for (const double sigma : sigmas) {
    SynthesisOptions options = o.engine.synthesis();
    options.sigma = sigma;
    systems.push_back({fmt::format("sigma {:g}", sigma), [vocoder, options](const Item& item) {
                         return vocoder->synthesize(
                             mel_of_sound(item.path, item.samples, vocoder->mel()), options);
                       }});
  }
  if (std::count(o.baselines.begin(), o.baselines.end(), kLatents) > 0)
    systems.push_back({kLatents, [flow](const Item& item) {
                         const torch::NoGradGuard no_grad;
                         const train::Recording r =
                             train::as_recording(item.samples, flow->config(), item.path);
                         return to_vector(flow->decode(flow->encode(r.audio, r.mel).z, r.mel)[0]);
                       }});
  return systems;
}

// The file of `folder` with the name of `path`, whatever its extension.
std::string counterpart(const std::string& path, const std::string& root,
                        const std::string& folder) {
  const fs::path stem = fs::path(folder) / fs::relative(path, root).replace_extension();
  for (const char* extension : {".wav", ".flac", ".ogg"}) {
    const std::string candidate = stem.string() + extension;
    if (fs::exists(candidate)) return candidate;
  }
  throw Error(stem.string(), "expected a .wav, .flac or .ogg of this name, for " + path);
}

void check(const Options& o) {
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
  for (const double sigma : o.sigmas)
    if (!(sigma >= 0.0))
      throw UsageError("--sigma", fmt::format("expected 0 or more, got {}", sigma));
  for (const std::string& name : o.baselines) {
    if (baselines().count(name) == 0 && name != kLatents)
      throw UsageError("--baseline", "expected griffin-lim, noise or latents, got '" + name + "'");
    if (name == kLatents && !model) throw UsageError("--baseline", "latents need --model");
  }
}

// Where --write puts a file of one system.
fs::path written_path(const Options& o, const std::string& system, const std::string& path) {
  std::string folder = system;
  std::replace_if(
      folder.begin(), folder.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
  return fs::path(o.write) / folder / (fs::path(path).stem().string() + ".wav");
}

// What would only be found out at the end.
void check_outputs(const Options& o, const std::vector<std::string>& files) {
  const fs::path folder = fs::path(o.report).parent_path();
  if (!o.report.empty() && !folder.empty() && !fs::is_directory(folder))
    throw Error(o.report, "its folder does not exist");
  std::set<fs::path> names;
  if (o.write.empty()) return;
  for (const std::string& file : files)
    if (!names.insert(written_path(o, "", file)).second)
      throw Error(file, "would overwrite another file of this name below " + o.write);
}

void write_sounds(const Options& o, const std::vector<System>& systems, const Item& item,
                  const std::vector<std::vector<float>>& sounds) {
  for (std::size_t s = 0; s < systems.size(); ++s) {
    const fs::path path = written_path(o, systems[s].name, item.path);
    fs::create_directories(path.parent_path());
    refuse_overwriting(item.path, path.string());
    audio::write_audio(path.string(), sounds[s], item.rate_hz);
  }
}

// Adds one file to the evaluation; every system's metrics in a thread of its own.
void add(const Item& item, const std::vector<System>& systems, const Options& o, Evaluation* e) {
  std::vector<std::vector<float>> sounds;
  for (const System& s : systems) sounds.push_back(s.make(item));
  if (!o.write.empty()) write_sounds(o, systems, item, sounds);
  std::vector<std::future<std::vector<double>>> values;
  for (const auto& sound : sounds)
    values.push_back(std::async(std::launch::async, [&item, &sound] {
      return eval::measure(item.samples, sound, item.rate_hz);
    }));
  const bool keep = !o.report.empty() && e->references.size() < static_cast<std::size_t>(o.clips);
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

int run(const Options& o) {
  check(o);
  const std::atomic<bool>& interrupted = catch_interrupts();
  use_threads(o.engine.threads);
  Evaluation e;
  std::vector<System> systems;
  std::shared_ptr<model::FlowVocoder> flow;
  std::unique_ptr<train::Corpus> corpus;
  if (!o.engine.model.empty()) {
    const auto vocoder = std::make_shared<Vocoder>(o.engine.load());
    flow = model::load_model(o.engine.model);
    e.title = vocoder->name();
    e.rate_hz = vocoder->mel().sample_rate_hz;
    systems = systems_of_model(o, vocoder, flow);
    corpus = std::make_unique<train::Corpus>(o.list, e.rate_hz, say);
    e.files = train::list_recordings(o.list);
  } else {
    e.title = o.outs.front();
    for (const std::string& out : o.outs)
      systems.push_back({out, [&o, out](const Item& item) {
                           return read_sound(counterpart(item.path, o.ref, out), item.rate_hz);
                         }});
    e.files = train::list_recordings(o.ref);
    e.rate_hz = audio::probe(e.files.front()).sample_rate_hz;
  }
  for (const std::string& name : o.baselines)
    if (const auto found = baselines().find(name); found != baselines().end())
      systems.push_back({name, [baseline = found->second, &o](const Item& item) {
                           return from_mel(item, baseline, o.engine.seed);
                         }});
  if (o.limit > 0) e.files.resize(std::min(e.files.size(), static_cast<std::size_t>(o.limit)));
  check_outputs(o, e.files);
  for (const System& s : systems) e.systems.push_back({s.name, {}, {}, {}});

  ProgressBar bar;
  for (std::size_t f = 0; f < e.files.size(); ++f) {
    if (interrupted) {
      bar.clear();
      say("stopped");
      return kInterruptedStatus;
    }
    bar.show(static_cast<double>(f) / static_cast<double>(e.files.size()), e.files[f]);
    add({e.files[f], e.rate_hz, read_sound(e.files[f], e.rate_hz)}, systems, o, &e);
    if (flow) e.likelihoods.push_back(train::likelihood(*flow, held_out(*corpus, f, *flow)));
  }
  bar.clear();
  if (!o.report.empty()) write_file(o.report, page_of(e));
  if (o.json)
    fmt::print("{}\n", to_json(e).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    print(e);
  return 0;
}

}  // namespace

std::function<int()> setup_eval(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->engine.add_to(app);
  app.get_option("--model")->required(false);
  app.add_option("--list", o->list, "Recordings that the model copies: a list or a folder");
  app.add_option("--sigma", o->sigmas, "Temperature; may be given several times (default: 0.7)");
  app.add_option("--seed", o->engine.seed, "Random seed")->capture_default_str();
  o->engine.add_finishing_to(app);
  app.add_option("--ref", o->ref, "Recordings whose synthesis is there already: a folder");
  app.add_option("--out", o->outs,
                 "Synthesized files of the same names; may be given several times");
  app.add_option("--baseline", o->baselines,
                 "griffin-lim (60 fast iterations), noise (shaped by the mel alone), latents (the "
                 "model's own, decoded again: perfect); may be given several times");
  app.add_option("--limit", o->limit, "Only the first N files")->check(CLI::PositiveNumber);
  app.add_option("--report", o->report,
                 "HTML page: the table, spectrograms side by side with players, every file");
  app.add_option("--clips", o->clips, "Files that the page plays")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--write", o->write, "Folder for the synthesized files, one below it each system");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
