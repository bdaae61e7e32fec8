#pragma once

namespace glowvox::audio {

// PortAudio 19.6 waits ten minutes for a JACK server that has died when a stream is stopped or
// closed. It is woken by being told of the server's death once more, which this does where a JACK
// client has been told already; elsewhere it does nothing.
void repeat_jack_shutdown();

}  // namespace glowvox::audio
