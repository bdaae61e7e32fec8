// SPDX-License-Identifier: MIT
#include "live/stream_server.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <thread>

#include "glowvox/error.hpp"
#include "live/frame_check.hpp"
#include "live/listener.hpp"

namespace glowvox::live {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMs = 50;  // Ctrl-C and time-outs are seen in between
constexpr std::size_t kReadBytes = 1 << 16;
constexpr int kTurnedAwayNotices = 3;  // then they are only counted
// What comes from many clients is taken together: a turn looks at all of them.
constexpr std::chrono::microseconds kNapPerClient(20), kLongestNap(1000);

// A connection.
struct Client {
  Client(int descriptor, std::int64_t n, const std::optional<arrays::MelConversion>& c)
      : socket(descriptor), number(n), conversion(c) {}
  Descriptor socket;
  std::int64_t number;
  std::optional<arrays::MelConversion> conversion;
  std::vector<char> part;  // of a frame
  std::shared_ptr<ClientUtterance> utterance;
  std::int64_t frames = 0;
  bool input_ended = false, done = false;
  std::vector<char> bytes;  // taken to be sent
  std::size_t sent = 0;     // of them
  Clock::time_point active = Clock::now();
};

class Server {
 public:
  Server(const Vocoder& vocoder, const ServerOptions& options,
         const std::function<void(const std::string&)>& notice,
         const std::atomic<bool>& interrupted)
      : options_(options),
        notice_(notice),
        interrupted_(interrupted),
        bands_(static_cast<std::size_t>(options.mel_input.specification(vocoder.mel()).bands)),
        check_(vocoder.mel()),
        listener_(options.address, options.anybody),
        made_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        buffer_(kReadBytes),
        steps_(vocoder, step_options(vocoder, options), [this] { signal_made(); }) {
    if (made_.get() < 0) throw Error("listen", std::string("no eventfd: ") + std::strerror(errno));
    if (options.mel_input.converts())
      conversion_.emplace(options.mel_input, vocoder.mel(), listener_.address());
  }

  ServerReport run(const std::function<void(const std::string&)>& ready) {
    ready(listener_.address());
    while (!interrupted_ && !(options_.once && report_.clients > 0 && clients_.empty())) turn();
    report_.interrupted = interrupted_;
    report_.work = steps_.stop();
    return report_;
  }

 private:
  static StepThreads::Options step_options(const Vocoder& vocoder, const ServerOptions& o) {
    const std::size_t sample = o.reply == RawFormat::kF32 ? 4 : 2;
    const auto hop = static_cast<std::size_t>(vocoder.mel().hop_samples);
    return {o.synthesis,
            o.threads,
            o.most_clients,
            o.reply,
            static_cast<std::size_t>(o.most_frames) * hop * sample,
            o.batch_wait_ms};
  }

  void signal_made() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(made_.get(), &one, sizeof one));
  }

  void turn() {
    polled_.clear();
    polled_.push_back({made_.get(), POLLIN, 0});
    polled_.push_back({listener_.descriptor(), POLLIN, 0});
    for (const auto& c : clients_) polled_.push_back({c->socket.get(), events_of(*c), 0});
    const std::size_t there = clients_.size();
    if (::poll(polled_.data(), polled_.size(), kTickMs) < 0 && errno != EINTR)
      throw Error(listener_.address(), std::string("cannot wait: ") + std::strerror(errno));
    std::uint64_t count = 0;
    if ((polled_[0].revents & POLLIN) != 0)
      static_cast<void>(!::read(made_.get(), &count, sizeof count));
    std::this_thread::sleep_for(
        std::min<std::chrono::microseconds>(kLongestNap, kNapPerClient * static_cast<int>(there)));
    const auto now = Clock::now();
    for (std::size_t i = 0; i < there; ++i)
      serve_client(clients_[i].get(), polled_[i + 2].revents, now);
    clients_.erase(std::remove_if(clients_.begin(), clients_.end(),
                                  [](const auto& c) { return c->socket.get() < 0; }),
                   clients_.end());
    if ((polled_[1].revents & POLLIN) != 0) accept();
  }

  short events_of(const Client& c) {
    short events = 0;
    if (!c.input_ended && has_room(c)) events |= POLLIN;
    if (c.sent < c.bytes.size()) events |= POLLOUT;
    return events;
  }

  bool has_room(const Client& c) { return room_of(c) > 0; }

  // Frames that it may send.
  std::size_t room_of(const Client& c) {
    const auto most = static_cast<std::size_t>(options_.most_frames);
    const std::size_t waiting = c.utterance ? steps_.waiting(*c.utterance) : 0;
    return most - std::min(most, waiting);
  }

  void accept() {
    const int descriptor = listener_.accept(true);
    if (descriptor < 0) return;
    if (clients_.size() >= static_cast<std::size_t>(options_.most_clients)) {
      ::close(descriptor);
      if (++report_.turned_away <= kTurnedAwayNotices)
        notice_(fmt::format("a client was turned away: there are {} already (--clients)",
                            clients_.size()));
      return;
    }
    clients_.push_back(std::make_unique<Client>(descriptor, ++accepted_, conversion_));
    report_.most_at_once =
        std::max(report_.most_at_once, static_cast<std::int64_t>(clients_.size()));
  }

  void serve_client(Client* c, short revents, Clock::time_point now) {
    if ((revents & POLLIN) != 0) read(c, now);
    // Both sides are closed: nobody is there any more to take samples.
    if (c->socket.get() >= 0 && (revents & (POLLHUP | POLLERR)) != 0) return gone(c);
    if (c->socket.get() >= 0) send(c, now);
    if (c->socket.get() >= 0) watch(c, now);
  }

  void gone(Client* c) {
    if (c->utterance || !c->part.empty()) return drop(c, "went away");
    c->socket.reset(-1);  // it only looked whether anybody listens
  }

  void read(Client* c, Clock::time_point now) {
    const std::size_t frame_bytes = bands_ * sizeof(float);
    const std::size_t room = room_of(*c) * frame_bytes - c->part.size();
    const ssize_t got = ::recv(c->socket.get(), buffer_.data(), std::min(buffer_.size(), room), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return drop(c, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) return end_input(c);
    c->part.insert(c->part.end(), buffer_.begin(), buffer_.begin() + got);
    std::size_t begin = 0;
    for (; c->part.size() - begin >= frame_bytes; begin += frame_bytes) {
      std::vector<float> frame(bands_);
      std::memcpy(frame.data(), c->part.data() + begin, frame_bytes);
      if (!take_frame(c, std::move(frame))) return;
      c->active = now;
    }
    c->part.erase(c->part.begin(), c->part.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  // Whether the client is still there.
  bool take_frame(Client* c, std::vector<float> frame) {
    if (!c->utterance) {
      c->utterance = steps_.begin();
      ++report_.clients;
    }
    ++c->frames;
    for (std::size_t band = 0; band < bands_; ++band)
      if (!std::isfinite(frame[band])) {
        drop(c, fmt::format("frame {}: band {} is not finite", c->frames - 1, band));
        return false;
      }
    if (!c->conversion) return push(c, std::move(frame));
    return push_all(c,
                    c->conversion->push({1, static_cast<std::int64_t>(bands_), std::move(frame)}));
  }

  bool push_all(Client* c, const Mel& mel) {
    for (std::int64_t t = 0; t < mel.frames; ++t) {
      const auto from = mel.values.begin() + t * mel.bands;
      if (!push(c, {from, from + mel.bands})) return false;
    }
    return true;
  }

  bool push(Client* c, std::vector<float> frame) {
    const std::string problem = options_.force ? "" : check_.problem(frame.data());
    if (!problem.empty()) {
      drop(c, fmt::format("frame {}: {}", c->frames - 1, problem));
      return false;
    }
    steps_.push(c->utterance.get(), std::move(frame));
    return true;
  }

  void end_input(Client* c) {
    c->input_ended = true;
    if (!c->part.empty())
      return drop(c, fmt::format("ended within frame {}: {} of {} bytes", c->frames, c->part.size(),
                                 bands_ * sizeof(float)));
    if (!c->utterance) return gone(c);
    if (c->conversion && !push_all(c, c->conversion->finish())) return;
    steps_.end(c->utterance.get());
  }

  void send(Client* c, Clock::time_point now) {
    if (!c->utterance) return;
    if (c->sent == c->bytes.size()) {
      c->bytes.clear();
      c->sent = 0;
      c->done = steps_.take(c->utterance.get(), &c->bytes);
    }
    while (c->sent < c->bytes.size()) {
      const ssize_t written = ::send(c->socket.get(), c->bytes.data() + c->sent,
                                     c->bytes.size() - c->sent, MSG_NOSIGNAL);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EAGAIN) return;
      if (written < 0) return drop(c, std::string("takes no samples: ") + std::strerror(errno));
      c->sent += static_cast<std::size_t>(written);
      c->active = now;
    }
    if (!c->done) return;
    ++report_.completed;
    steps_.drop(c->utterance);
    c->socket.reset(-1);
  }

  // Idle is who keeps us waiting: frames that wait for the vocoder are not the client's fault.
  void watch(Client* c, Clock::time_point now) {
    if (std::chrono::duration<double>(now - c->active).count() < options_.idle_seconds) return;
    if (c->sent < c->bytes.size())
      return drop(c, fmt::format("took no samples for {:g} s", options_.idle_seconds));
    if (!c->input_ended && has_room(*c))
      return drop(c, fmt::format("sent no frame for {:g} s", options_.idle_seconds));
  }

  void drop(Client* c, const std::string& why) {
    ++report_.dropped;
    notice_(fmt::format("client {} was dropped: {}", c->number, why));
    if (c->utterance) steps_.drop(c->utterance);
    c->socket.reset(-1);
  }

  const ServerOptions& options_;
  const std::function<void(const std::string&)>& notice_;
  const std::atomic<bool>& interrupted_;
  const std::size_t bands_;  // as they come
  const FrameCheck check_;
  Listener listener_;
  Descriptor made_;                                  // counts when there are new samples
  std::optional<arrays::MelConversion> conversion_;  // of a client that begins
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<pollfd> polled_;
  std::vector<char> buffer_;
  std::int64_t accepted_ = 0;
  ServerReport report_;
  StepThreads steps_;  // ends first
};

}  // namespace

ServerReport serve(const Vocoder& vocoder, const ServerOptions& options,
                   const std::function<void(const std::string&)>& ready,
                   const std::function<void(const std::string&)>& notice,
                   const std::atomic<bool>& interrupted) {
  return Server(vocoder, options, notice, interrupted).run(ready);
}

}  // namespace glowvox::live
