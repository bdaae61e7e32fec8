// SPDX-License-Identifier: MIT
#include "glowvox/vocoder.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <thread>
#include <tuple>

#include "arrays.hpp"
#include "glowvox/error.hpp"

namespace glowvox::python {

namespace {

Precision precision_of(const std::string& name) {
  if (name == "auto") return Precision::kAuto;
  if (name == "fp32") return Precision::kFloat32;
  if (name == "bf16") return Precision::kBfloat16;
  if (name == "auto-stream") return Precision::kAutoStream;
  if (name == "int8") return Precision::kInt8;
  throw Error("precision", "expected auto, auto-stream, fp32, bf16 or int8, got '" + name + "'");
}

Memory memory_of(const std::string& name) {
  if (name == "fast") return Memory::kFast;
  if (name == "small") return Memory::kSmall;
  throw Error("memory", "expected fast or small, got '" + name + "'");
}

// As the engine counts them for a whole utterance.
int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Ctrl-C, and whatever else Python has a handler for.
void check_signals() {
  const nb::gil_scoped_acquire acquire;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

// Vocoder::synthesize, reading the frames where they are and stopping where Python wants it.
NumpySignal synthesize(const Vocoder& vocoder, const Matrix& mel, SynthesisOptions options) {
  const auto frames = static_cast<std::int64_t>(mel.shape(0));
  if (frames < 1) throw Error("mel", "expected one frame or more, got 0");
  std::vector<float> samples;
  {
    const nb::gil_scoped_release release;
    if (options.threads == 0) options.threads = available_cores();
    const int block = vocoder.block_frames(frames, options.threads);
    Stream stream(vocoder, options, block);
    samples.reserve(static_cast<std::size_t>(frames * vocoder.mel().hop_samples));
    const auto take = [&](const Samples& s) {
      samples.insert(samples.end(), s.data, s.data + s.count);
    };
    for (std::int64_t done = 0; done < frames; done += block) {
      if (done > 0) check_signals();
      take(stream.push(mel.data() + done * static_cast<std::int64_t>(mel.shape(1)),
                       std::min<std::int64_t>(block, frames - done)));
    }
    take(stream.finish());
  }
  return to_signal(std::move(samples));
}

NumpySignal decode(const Vocoder& vocoder, const Matrix& mel, const Matrix& latents, int threads) {
  std::vector<float> samples;
  {
    const nb::gil_scoped_release release;
    SynthesisOptions options;
    options.threads = threads;
    samples = vocoder.decode(
        to_mel(mel), std::vector<float>(latents.data(), latents.data() + latents.size()), options);
  }
  return to_signal(std::move(samples));
}

// (mel, latents, log_likelihood, samples, frame_log_likelihoods)
std::tuple<NumpyMatrix, NumpyMatrix, double, std::int64_t, NumpyVector<double>> encode(
    const Vocoder& vocoder, const Signal& audio, const std::optional<Matrix>& given, int threads) {
  const auto count = static_cast<std::int64_t>(audio.size());
  Mel mel;
  Encoding e;
  {
    const nb::gil_scoped_release release;
    mel = given ? to_mel(*given) : vocoder.mel_of(audio.data(), count);
    e = vocoder.encode(mel, audio.data(), count, threads);
  }
  return {to_matrix(std::move(mel)),
          to_matrix(std::move(e.latents), static_cast<std::size_t>(vocoder.channels())),
          e.log_likelihood, e.samples, to_vector(std::move(e.frame_log_likelihoods))};
}

// A stream that two Python threads may reach: one waits for the other.
class SharedStream {
 public:
  SharedStream(const Vocoder& vocoder, const SynthesisOptions& options, int most_frames)
      : stream_(Stream(vocoder, options, most_frames)) {}

  NumpySignal push(const Matrix& frames) {
    return run([&](Stream& s) {
      return s.push(frames.data(), static_cast<std::int64_t>(frames.shape(0)));
    });
  }
  NumpySignal finish() {
    return run([](Stream& s) { return s.finish(); });
  }
  void close() {
    const nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(mutex_);
    stream_.reset();
  }

 private:
  template <typename F>
  NumpySignal run(const F& work) {
    std::vector<float> samples;
    {
      const nb::gil_scoped_release release;
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!stream_) throw Error("stream", "it has been closed", "start another one");
      const Samples s = work(*stream_);
      samples.assign(s.data, s.data + s.count);
    }
    return to_signal(std::move(samples));
  }

  std::mutex mutex_;
  std::optional<Stream> stream_;
};

}  // namespace

void bind_vocoder(nb::module_& m) {
  nb::class_<SynthesisOptions>(m, "Options")
      .def(
          "__init__",
          [](SynthesisOptions* self, double sigma, std::uint64_t seed, int threads,
             std::optional<double> denoise, std::optional<int> corrections) {
            new (self) SynthesisOptions{sigma, seed, threads, denoise, corrections};
          },
          nb::arg("sigma"), nb::arg("seed"), nb::arg("threads"), nb::arg("denoise").none(),
          nb::arg("corrections").none());

  nb::class_<Vocoder>(m, "Vocoder")
      .def_static(
          "load",
          [](const std::string& path, const std::string& precision, const std::string& memory) {
            const Precision p = precision_of(precision);
            const Memory m = memory_of(memory);
            const nb::gil_scoped_release release;
            return Vocoder::load(path, p, m);
          },
          nb::arg("path"), nb::arg("precision"), nb::arg("memory"))
      .def_prop_ro("mel_spec", &Vocoder::mel, nb::rv_policy::copy)
      .def_prop_ro("name", &Vocoder::name)
      .def_prop_ro("precision",
                   [](const Vocoder& v) {
                     if (v.precision() == Precision::kInt8) return "int8";
                     return v.precision() == Precision::kBfloat16 ? "bf16" : "fp32";
                   })
      .def_prop_ro(
          "mel_means", [](const Vocoder& v) { return to_signal(v.mel_means()); },
          nb::rv_policy::automatic)
      .def_prop_ro(
          "mel_deviations", [](const Vocoder& v) { return to_signal(v.mel_deviations()); },
          nb::rv_policy::automatic)
      .def_prop_ro("channels", &Vocoder::channels)
      .def_prop_ro("rows_per_frame", &Vocoder::rows_per_frame)
      .def_prop_ro("look_ahead_samples", &Vocoder::look_ahead_samples)
      .def_prop_ro("overlap_samples", &Vocoder::overlap_samples)
      .def_prop_ro("denoise", &Vocoder::denoise)
      .def_prop_ro("denoise_delay_samples", &Vocoder::denoise_delay_samples)
      .def_prop_ro("corrections", &Vocoder::corrections)
      .def_prop_ro("live_corrections", &Vocoder::live_corrections)
      .def("correction_delay_samples", &Vocoder::correction_delay_samples, nb::arg("corrections"))
      .def("synthesize", &synthesize, nb::arg("mel").noconvert(), nb::arg("options"))
      .def("decode", &decode, nb::arg("mel").noconvert(), nb::arg("latents").noconvert(),
           nb::arg("threads"))
      .def("encode", &encode, nb::arg("audio").noconvert(), nb::arg("mel").noconvert().none(),
           nb::arg("threads"));

  nb::class_<SharedStream>(m, "Stream")
      .def(nb::init<const Vocoder&, const SynthesisOptions&, int>(), nb::arg("vocoder"),
           nb::arg("options"), nb::arg("most_frames"), nb::call_guard<nb::gil_scoped_release>())
      .def("push", &SharedStream::push, nb::arg("frames").noconvert())
      .def("finish", &SharedStream::finish)
      .def("close", &SharedStream::close);
}

}  // namespace glowvox::python
