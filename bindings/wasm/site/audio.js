// SPDX-License-Identifier: MIT
// In the audio thread: a player of samples that arrive in pieces, and an ear that gives them.

const REPORT_SECONDS = 0.05;

/**
 * Plays what its port, or the port that it is given, brings: {samples}, and {end} after the last ones.
 * It begins with `ahead` samples. Where it has none before the end it plays silence and counts an
 * underrun, once until samples come again. Reports {played, waiting, underruns, ended}.
 */
class Player extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.ahead = processorOptions.ahead;
    this.clear();
    this.sinceReport = 0;
    this.over = false;
    this.port.onmessage = ({ data }) => {
      if (data.close) this.over = true;
      else if (data.port) {
        data.port.onmessage = (message) => this.take(message.data);
      } else this.take(data);
    };
  }

  clear() {
    this.pieces = [];
    this.at = 0; // in the first piece
    this.waiting = 0;
    this.played = 0;
    this.underruns = 0;
    this.playing = false;
    this.dry = false;
    this.ending = false;
    this.ended = false;
  }

  take({ samples, end }) {
    if (samples) {
      this.pieces.push(samples);
      this.waiting += samples.length;
    }
    if (end) this.ending = true;
  }

  process(_, [channels]) {
    const out = channels[0];
    if (!this.playing && (this.waiting >= this.ahead || this.ending)) this.playing = true;
    let made = 0;
    while (this.playing && made < out.length && this.pieces.length > 0) {
      const piece = this.pieces[0];
      const count = Math.min(out.length - made, piece.length - this.at);
      out.set(piece.subarray(this.at, this.at + count), made);
      made += count;
      this.at += count;
      if (this.at === piece.length) {
        this.pieces.shift();
        this.at = 0;
      }
    }
    this.waiting -= made;
    this.played += made;
    for (let i = 0; i < out.length; ++i) out[i] = Math.max(-1, Math.min(1, out[i]));
    if (made === out.length) this.dry = false;
    else if (this.playing && this.ending) this.ended = true;
    else if (this.playing && !this.dry) {
      this.dry = true;
      ++this.underruns;
    }
    for (const channel of channels.slice(1)) channel.set(out);
    this.sinceReport += out.length;
    if (this.ended || this.sinceReport >= REPORT_SECONDS * sampleRate) {
      this.sinceReport = 0;
      const { played, waiting, underruns, ended } = this;
      this.port.postMessage({ played, waiting, underruns, ended });
    }
    return !this.over && !this.ended;
  }
}

/** Gives its input, mixed to one channel, to the port that it is given, `size` samples at a time. */
class Ear extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.size = processorOptions.size;
    this.piece = new Float32Array(this.size);
    this.filled = 0;
    this.over = false;
    this.port.onmessage = ({ data }) => {
      if (data.port) this.out = data.port;
      if (data.close) {
        this.over = true;
        this.out?.postMessage({ samples: this.piece.slice(0, this.filled), end: true });
      }
    };
  }

  process([channels]) {
    if (this.over) return false;
    if (!this.out || channels.length === 0) return true;
    for (let i = 0; i < channels[0].length; ++i) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.piece[this.filled++] = sum / channels.length;
      if (this.filled === this.size) {
        this.out.postMessage({ samples: this.piece });
        this.piece = new Float32Array(this.size);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("glowvox-player", Player);
registerProcessor("glowvox-ear", Ear);
