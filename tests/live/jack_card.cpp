// SPDX-License-Identifier: MIT
#include "live/jack_card.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace glowvox::test {

namespace {

constexpr std::size_t kMostSamples = 10 * 192000;
constexpr double kPatience = 5.0;  // seconds

void be_silent(const char* /*text*/) {}

}  // namespace

struct JackCard::Client {
  ~Client() {
    if (client != nullptr) jack_client_close(client);
  }
  static int process(jack_nframes_t frames, void* argument) {
    Client& c = *static_cast<Client*>(argument);
    const auto* in = static_cast<const float*>(jack_port_get_buffer(c.in, frames));
    auto* out = static_cast<float*>(jack_port_get_buffer(c.out, frames));
    const std::size_t at = c.recorded;
    const std::size_t count = std::min<std::size_t>(frames, kMostSamples - at);
    std::copy_n(in, count, c.record.begin() + static_cast<std::ptrdiff_t>(at));
    c.recorded = at + count;
    std::fill_n(out, frames, 0.0F);
    if (!c.speaking) return 0;
    const std::size_t more = std::min<std::size_t>(frames, c.speech.size() - c.spoken);
    std::copy_n(c.speech.begin() + static_cast<std::ptrdiff_t>(c.spoken), more, out);
    c.spoken += more;
    return 0;
  }

  jack_client_t* client = nullptr;
  jack_port_t *in = nullptr, *out = nullptr;
  std::vector<float> record = std::vector<float>(kMostSamples), speech;
  std::atomic<std::size_t> recorded{0};
  std::atomic<bool> speaking{false};
  std::size_t spoken = 0;
};

JackCard::JackCard(int rate_hz, int block)
    : rate_hz_(rate_hz), block_(block), name_("glowvox-test-" + std::to_string(::getpid())) {
  if (std::system("command -v jackd >/dev/null") != 0) {
    missing_ = "there is no jackd (Debian's jackd2)";
    return;
  }
  jack_set_error_function(be_silent);
  jack_set_info_function(be_silent);
  start_server();
  client_ = std::make_unique<Client>();
  if (!eventually(kPatience, [this] {
        client_->client = jack_client_open(
            "recorder", static_cast<jack_options_t>(JackNoStartServer | JackServerName), nullptr,
            name_.c_str());
        return client_->client != nullptr;
      })) {
    missing_ = "jackd does not start: " + server_->err();
    return;
  }
  Client& c = *client_;
  c.in = jack_port_register(c.client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  c.out = jack_port_register(c.client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  jack_set_process_callback(c.client, Client::process, client_.get());
  REQUIRE(jack_activate(c.client) == 0);
}

JackCard::~JackCard() {
  client_.reset();
  if (!server_) return;
  server_->signal(SIGTERM);
  server_->wait(kPatience);
}

// In synchronous mode, where the server waits for its clients: a machine that is busy makes the
// clock late instead of losing a block.
void JackCard::start_server() {
  server_ = std::make_unique<Child>(
      std::vector<std::string>{"jackd", "--no-realtime", "-S", "-t", "5000", "-n", name_, "-d",
                               "dummy", "-r", std::to_string(rate_hz_), "-p",
                               std::to_string(block_)},
      Variables{{"JACK_NO_AUDIO_RESERVATION", "1"}});
}

void JackCard::kill_server() {
  client_.reset();
  server_.reset();
}

Variables JackCard::environment() const {
  return {{"JACK_DEFAULT_SERVER", name_}, {"JACK_NO_START_SERVER", "1"}};
}

bool JackCard::listen() {
  return eventually(kPatience, [this] {
    const int status = jack_connect(client_->client, "PortAudio:out_0", "recorder:in");
    return status == 0 || status == EEXIST;
  });
}

bool JackCard::speak(const std::vector<float>& samples) {
  client_->speech = samples;
  const bool connected = eventually(kPatience, [this] {
    const int status = jack_connect(client_->client, "recorder:out", "PortAudio:in_0");
    return status == 0 || status == EEXIST;
  });
  client_->speaking = true;
  return connected;
}

std::vector<float> JackCard::heard() const {
  return {client_->record.begin(),
          client_->record.begin() + static_cast<std::ptrdiff_t>(client_->recorded.load())};
}

}  // namespace glowvox::test
