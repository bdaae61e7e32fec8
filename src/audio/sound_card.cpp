// SPDX-License-Identifier: MIT
#include "audio/sound_card.hpp"

#include <fmt/format.h>
#include <portaudio.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/text.hpp"

namespace glowvox::audio {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRatesHz[] = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000};
constexpr std::chrono::milliseconds kSilentDevice(2000);  // without a callback: it is gone
constexpr std::chrono::milliseconds kClosing(2000);       // longer than any driver needs
constexpr std::chrono::milliseconds kPoke(20);
constexpr int kMostOutputs = 2;  // channels: mono goes to both ears

std::atomic<void (*)()> wake_driver{nullptr};

// A stream that would not close is left behind, and the system with it.
std::atomic<bool> abandoned{false};

std::string reason(PaError error) {
  if (error != paUnanticipatedHostError) return Pa_GetErrorText(error);
  const PaHostErrorInfo* info = Pa_GetLastHostErrorInfo();
  return info != nullptr && info->errorText[0] != '\0' ? info->errorText : Pa_GetErrorText(error);
}

enum class Side { kInput, kOutput };

PaStreamParameters parameters_of(const Device& device, Side side, double latency_ms) {
  const int channels = side == Side::kOutput ? std::min(device.outputs, kMostOutputs) : 1;
  return {device.index, channels, paFloat32, latency_ms * 1e-3, nullptr};
}

bool takes(const Device& device, Side side, double rate_hz) {
  const bool output = side == Side::kOutput;
  const PaStreamParameters parameters =
      parameters_of(device, side, output ? device.high_output_ms : device.high_input_ms);
  return Pa_IsFormatSupported(output ? nullptr : &parameters, output ? &parameters : nullptr,
                              rate_hz) == paFormatIsSupported;
}

int rate_of(const Device& device, Side side, int wanted_hz) {
  return takes(device, side, wanted_hz) ? wanted_hz : static_cast<int>(std::lround(device.rate_hz));
}

bool is_jack(PaHostApiIndex api) { return Pa_GetHostApiInfo(api)->type == paJACK; }

// Stops and closes a stream, at once or when everything that the device holds has been played.
// Whether that was done within `limit`: a driver that hangs is left to itself, and what its
// callback uses must then stay.
bool close(PaStream* stream, bool at_once, Clock::duration limit) {
  struct Closing {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const auto closing = std::make_shared<Closing>();
  std::thread([closing, stream, at_once] {
    at_once ? Pa_AbortStream(stream) : Pa_StopStream(stream);
    Pa_CloseStream(stream);
    const std::lock_guard<std::mutex> lock(closing->mutex);
    closing->done = true;
    closing->changed.notify_all();
  }).detach();
  const auto until = Clock::now() + limit;
  std::unique_lock<std::mutex> lock(closing->mutex);
  while (!closing->done && Clock::now() < until) {
    closing->changed.wait_until(lock, std::min(until, Clock::now() + kPoke));
    if (closing->done) break;
    lock.unlock();
    if (const auto wake = wake_driver.load()) wake();
    lock.lock();
  }
  if (!closing->done) abandoned = true;
  return closing->done;
}

// A running PortAudio stream and when its callback was last called.
class Running {
 public:
  Running(const Device& device, Side side, double rate_hz, double latency_ms,
          PaStreamCallback* callback, void* user)
      : where_(device.host_api + ": " + device.name),
        jack_(is_jack(Pa_GetDeviceInfo(device.index)->hostApi)) {
    const PaStreamParameters parameters = parameters_of(device, side, latency_ms);
    const bool output = side == Side::kOutput;
    const PaError opened =
        Pa_OpenStream(&stream_, output ? nullptr : &parameters, output ? &parameters : nullptr,
                      rate_hz, paFramesPerBufferUnspecified, paDitherOff, callback, user);
    if (opened != paNoError) throw Error(where_, "cannot be opened: " + reason(opened));
    last_callbacks_at_ = Clock::now();
    const PaError started = Pa_StartStream(stream_);
    if (started == paNoError) return;
    const std::string why = reason(started);
    close(true, kClosing);
    throw Error(where_, "cannot be started: " + why);
  }
  // As the function above. A JACK server is always told: it would wait for a client that just goes.
  bool close(bool at_once, Clock::duration limit) {
    PaStream* stream = stream_;
    stream_ = nullptr;
    if (stream == nullptr) return true;
    return audio::close(stream, at_once,
                        jack_ ? std::max<Clock::duration>(limit, kClosing) : limit);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  PaStream* stream() const { return stream_; }
  std::string problem(std::int64_t callbacks) {
    const auto now = Clock::now();
    if (callbacks != last_callbacks_) {
      last_callbacks_ = callbacks;
      last_callbacks_at_ = now;
    }
    if (Pa_IsStreamActive(stream_) != 1) return "the device is gone";
    return now - last_callbacks_at_ > kSilentDevice ? "the device has stopped answering" : "";
  }

 private:
  std::string where_;
  bool jack_;
  PaStream* stream_ = nullptr;
  std::int64_t last_callbacks_ = 0;
  Clock::time_point last_callbacks_at_;
};

bool same_letters(const std::string& text, const std::string& part) {
  return lowercase(text).find(lowercase(part)) != std::string::npos;
}

Device choose(const std::vector<Device>& all, const std::string& choice, Side side) {
  const bool output = side == Side::kOutput;
  std::vector<Device> usable, found;
  for (const Device& d : all)
    if ((output ? d.outputs : d.inputs) > 0) usable.push_back(d);
  const std::string where = output ? "output device" : "input device";
  const std::string hint = "glowvox devices lists them";
  if (usable.empty()) throw Error(where, "there is none", hint);
  for (const Device& d : usable) {
    const std::string full = d.host_api + ": " + d.name;
    if (choice == std::to_string(d.index) || choice == d.name || choice == full) return d;
    if (choice == "default" && (output ? d.default_output : d.default_input)) return d;
    if (same_letters(full, choice)) found.push_back(d);
  }
  if (choice == "default") return usable.front();
  if (found.size() == 1) return found.front();
  std::string names;
  for (const Device& d : found) names += (names.empty() ? "" : ", ") + d.host_api + ": " + d.name;
  throw Error(
      where,
      found.empty() ? "none is called '" + choice + "'" : "'" + choice + "' fits several: " + names,
      hint);
}

}  // namespace

void while_closing(void (*wake)()) { wake_driver = wake; }

SoundSystem::SoundSystem() {
  const PaError error = abandoned ? paDeviceUnavailable : Pa_Initialize();
  if (error != paNoError) throw Error("sound system", "cannot be started: " + reason(error));
}

SoundSystem::~SoundSystem() {
  if (!abandoned && !left_) Pa_Terminate();
}

void SoundSystem::leave() {
  bool jack = false;
  for (PaHostApiIndex api = 0; api < Pa_GetHostApiCount(); ++api)
    jack = jack || (is_jack(api) && Pa_GetHostApiInfo(api)->deviceCount > 0);
  if (jack && !abandoned) Pa_Terminate();
  left_ = true;
}

std::vector<Device> SoundSystem::devices() const {
  std::vector<Device> all;
  for (int i = 0; i < Pa_GetDeviceCount(); ++i) {
    const PaDeviceInfo& d = *Pa_GetDeviceInfo(i);
    all.push_back({i, d.name, Pa_GetHostApiInfo(d.hostApi)->name, d.maxInputChannels,
                   d.maxOutputChannels, i == Pa_GetDefaultInputDevice(),
                   i == Pa_GetDefaultOutputDevice(), d.defaultSampleRate,
                   1e3 * d.defaultLowInputLatency, 1e3 * d.defaultHighInputLatency,
                   1e3 * d.defaultLowOutputLatency, 1e3 * d.defaultHighOutputLatency});
  }
  return all;
}

Device SoundSystem::output(const std::string& choice) const {
  return choose(devices(), choice, Side::kOutput);
}

Device SoundSystem::input(const std::string& choice) const {
  return choose(devices(), choice, Side::kInput);
}

std::vector<int> SoundSystem::rates_hz(const Device& device) const {
  std::vector<int> rates;
  for (const int rate : kRatesHz)
    if (takes(device, device.outputs > 0 ? Side::kOutput : Side::kInput, rate))
      rates.push_back(rate);
  return rates;
}

struct OutputStream::State {
  State(const Device& device, double latency_ms, std::shared_ptr<Playout> p)
      : playout(std::move(p)),
        channels(std::min(device.outputs, kMostOutputs)),
        running(device, Side::kOutput, playout->rate_hz(), latency_ms, &State::callback, this) {}
  static int callback(const void* /*in*/, void* out, unsigned long frames,
                      const PaStreamCallbackTimeInfo* /*time*/, PaStreamCallbackFlags flags,
                      void* user) {
    State& s = *static_cast<State*>(user);
    if ((flags & paOutputUnderflow) != 0) s.playout->driver_underrun();
    s.playout->render(static_cast<float*>(out), frames, s.channels);
    return paContinue;
  }

  std::shared_ptr<Playout> playout;
  int channels;
  Running running;
};

OutputStream::OutputStream(const Device& device, double latency_ms,
                           std::shared_ptr<Playout> playout)
    : state_(
          std::make_unique<State>(device,
                                  std::clamp(latency_ms, device.low_output_ms,
                                             std::max(device.low_output_ms, device.high_output_ms)),
                                  std::move(playout))) {}

OutputStream::~OutputStream() { finish(true, kClosing); }

double OutputStream::latency_ms() const {
  const PaStreamInfo* info = Pa_GetStreamInfo(state_->running.stream());
  return info != nullptr ? 1e3 * info->outputLatency : 0.0;
}

std::string OutputStream::problem() {
  return state_->running.problem(state_->playout->counts().callbacks);
}

void OutputStream::finish(std::chrono::milliseconds limit) { finish(false, limit); }

void OutputStream::finish(bool at_once, std::chrono::milliseconds limit) {
  if (state_ && !state_->running.close(at_once, limit)) static_cast<void>(state_.release());
  state_.reset();
}

int OutputStream::rate_for(const Device& device, int wanted_hz) {
  return rate_of(device, Side::kOutput, wanted_hz);
}

struct InputStream::State {
  State(const Device& device, int rate_hz, double latency_ms, std::shared_ptr<SampleRing> r)
      : ring(std::move(r)),
        running(device, Side::kInput, rate_hz, latency_ms, &State::callback, this) {}
  static int callback(const void* in, void* /*out*/, unsigned long frames,
                      const PaStreamCallbackTimeInfo* /*time*/, PaStreamCallbackFlags flags,
                      void* user) {
    State& s = *static_cast<State*>(user);
    const std::size_t taken = s.ring->write(static_cast<const float*>(in), frames);
    if (taken < frames || (flags & paInputOverflow) != 0)
      s.losses.fetch_add(1, std::memory_order_relaxed);
    s.callbacks.fetch_add(1, std::memory_order_relaxed);
    return paContinue;
  }

  std::shared_ptr<SampleRing> ring;
  std::atomic<std::int64_t> losses{0}, callbacks{0};
  Running running;
};

InputStream::InputStream(const Device& device, int rate_hz, double latency_ms,
                         std::shared_ptr<SampleRing> ring)
    : state_(
          std::make_unique<State>(device, rate_hz,
                                  std::clamp(latency_ms, device.low_input_ms,
                                             std::max(device.low_input_ms, device.high_input_ms)),
                                  std::move(ring))) {}

InputStream::~InputStream() {
  if (!state_->running.close(true, kClosing)) static_cast<void>(state_.release());
}

std::int64_t InputStream::losses() const { return state_->losses; }

std::string InputStream::problem() { return state_->running.problem(state_->callbacks); }

int InputStream::rate_for(const Device& device, int wanted_hz) {
  return rate_of(device, Side::kInput, wanted_hz);
}

}  // namespace glowvox::audio
