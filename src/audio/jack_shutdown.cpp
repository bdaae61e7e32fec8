#include "audio/jack_shutdown.hpp"

#include <dlfcn.h>
#include <jack/jack.h>

#include <atomic>

namespace {

std::atomic<JackShutdownCallback> client_callback{nullptr};
std::atomic<void*> client_argument{nullptr};
std::atomic<bool> server_died{false};

void on_shutdown(void* argument) {
  server_died = true;
  if (const JackShutdownCallback callback = client_callback) callback(argument);
}

}  // namespace

// Stands before libjack's, so that PortAudio's callback is known here.
extern "C" void jack_on_shutdown(jack_client_t* client, JackShutdownCallback callback,
                                 void* argument) {
  using Original = void (*)(jack_client_t*, JackShutdownCallback, void*);
  static const auto original = reinterpret_cast<Original>(dlsym(RTLD_NEXT, "jack_on_shutdown"));
  client_callback = callback;
  client_argument = argument;
  server_died = false;
  if (original != nullptr) original(client, on_shutdown, argument);
}

namespace glowvox::audio {

void repeat_jack_shutdown() {
  const JackShutdownCallback callback = client_callback;
  if (server_died && callback != nullptr) callback(client_argument);
}

}  // namespace glowvox::audio
