// SPDX-License-Identifier: MIT
#include "jack_shutdown.hpp"

#include <dlfcn.h>
#include <jack/jack.h>

#include <atomic>

#include "glowvox/export.h"

// PortAudio 19.6 cannot part from a JACK server that has died: it waits ten minutes for an answer,
// and takes the failure of every further call for a fault of its own, which ends the program. The
// functions here stand, in this program, before libjack's of the same names and do what those do,
// but remember PortAudio's own shutdown callback, and report success once the server is dead.

namespace {

std::atomic<JackShutdownCallback> client_callback{nullptr};
std::atomic<void*> client_argument{nullptr};
std::atomic<bool> server_died{false};

void on_shutdown(void* argument) {
  server_died = true;
  if (const JackShutdownCallback callback = client_callback) callback(argument);
}

template <typename Function>
Function in_libjack(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

GLOWVOX_API void jack_on_shutdown(jack_client_t* client, JackShutdownCallback callback,
                                  void* argument) {
  static const auto original = in_libjack<decltype(&jack_on_shutdown)>("jack_on_shutdown");
  client_callback = callback;
  client_argument = argument;
  server_died = false;
  original(client, on_shutdown, argument);
}

GLOWVOX_API int jack_port_unregister(jack_client_t* client, jack_port_t* port) {
  static const auto original = in_libjack<decltype(&jack_port_unregister)>("jack_port_unregister");
  const int status = original(client, port);
  return server_died ? 0 : status;
}

GLOWVOX_API int jack_deactivate(jack_client_t* client) {
  static const auto original = in_libjack<decltype(&jack_deactivate)>("jack_deactivate");
  const int status = original(client);
  return server_died ? 0 : status;
}

GLOWVOX_API int jack_client_close(jack_client_t* client) {
  static const auto original = in_libjack<decltype(&jack_client_close)>("jack_client_close");
  const int status = original(client);
  return server_died ? 0 : status;
}

}  // extern "C"

namespace glowvox::tools {

void repeat_jack_shutdown() {
  const JackShutdownCallback callback = client_callback;
  if (server_died && callback != nullptr) callback(client_argument);
}

}  // namespace glowvox::tools
