// SPDX-License-Identifier: MIT
// Everything that computes, in a thread of its own, so that the page stays responsive.
//
// Requests are {id, type, ...}; each is answered by {id, value} or {id, error}. What a sound is made of
// comes meanwhile as {event: "piece", speech, samples, mel}; samples go to the player's port as well.
import { load, supported } from "./glowvox.js";

const FIRST_FRAMES = 16; // of a sound, so that it begins soon; then
const BLOCK_FRAMES = 64; // at once
const LIVE_SECONDS = 120; // of a live stream that are kept for its likelihood and download

let vocoder = null;
let last = null; // {mel, samples}: what was made last
let speech = 0; // that is being made; another number ends it
const clips = new Map(); // by name: {mel, latents}

/** Bytes of a file, decompressed where it is gzip's; tells how much of it has come. */
async function fetched(url, tell) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the server answered ${answer.status}`);
  const total = Number(answer.headers.get("content-length")) || 0;
  let got = 0;
  const counted = answer.body.pipeThrough(
    new TransformStream({
      transform(piece, out) {
        got += piece.length;
        tell(got, total);
        out.enqueue(piece);
      },
    }),
  );
  const bytes = new Uint8Array(await new Response(counted).arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

// Lets messages in between two pieces of work.
const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => waiting.shift()();
function breathe() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
}

function joined(pieces) {
  const all = new Float32Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Gives pieces to the player and, with the mel of what is heard, to the page. */
class Outlet {
  constructor(number, port) {
    this.number = number;
    this.port = port;
    this.ear = vocoder.melStream();
    this.pieces = [];
    this.samples = 0;
  }

  give(samples) {
    if (samples.length === 0) return;
    this.pieces.push(samples);
    this.samples += samples.length;
    this.port?.postMessage({ samples });
    postMessage({ event: "piece", speech: this.number, samples, mel: this.ear.push(samples) });
  }

  end() {
    this.port?.postMessage({ end: true });
    let mel = new Float32Array(0);
    try {
      mel = this.ear.flush();
    } catch {
      // Shorter than a window: there is no mel of it.
    }
    postMessage({ event: "piece", speech: this.number, samples: new Float32Array(0), mel });
    this.ear.free();
  }
}

// Frames to sound in blocks, the first one small.
async function speakMel(number, outlet, mel, options) {
  const { bands } = vocoder.info;
  const frames = mel.length / bands;
  const stream = vocoder.stream(options, BLOCK_FRAMES);
  let spent = 0;
  try {
    for (let done = 0; done < frames && speech === number; ) {
      const count = Math.min(done === 0 ? FIRST_FRAMES : BLOCK_FRAMES, frames - done);
      const before = performance.now();
      const samples = stream.push(mel.subarray(done * bands, (done + count) * bands));
      spent += performance.now() - before;
      outlet.give(samples);
      done += count;
      await breathe();
    }
    if (speech === number) {
      const before = performance.now();
      const samples = stream.flush();
      spent += performance.now() - before;
      outlet.give(samples);
    }
  } finally {
    stream.free();
  }
  return spent;
}

function summary(outlet, spent) {
  const seconds = outlet.samples / vocoder.info.sampleRate;
  return { seconds, computeSeconds: spent / 1000, realTime: spent > 0 ? (seconds * 1000) / spent : 0 };
}

// A live stream: samples from the port in, samples to the player out, until it is stopped.
function speakLive(number, outlet, input, options) {
  const { bands, hop } = vocoder.info;
  const ear = vocoder.melStream();
  let stream = vocoder.stream(options, 1);
  const mels = [];
  let spent = 0;
  let frames = 0;
  let stop = null;
  const take = (mel) => {
    if (mel.length === 0) return;
    outlet.give(stream.push(mel));
    frames += mel.length / bands;
    mels.push(mel);
    if (frames * hop > LIVE_SECONDS * vocoder.info.sampleRate) stop("live streams end here after two minutes");
  };
  return new Promise((resolve, reject) => {
    stop = (why) => {
      if (!live) return;
      live = null;
      input.onmessage = null;
      try {
        outlet.give(stream.flush());
        stream.free();
        ear.free();
        if (frames > 0) {
          const mel = joined(mels);
          last = { mel, samples: joined(outlet.pieces).subarray(0, frames * hop) };
        }
        outlet.end();
        resolve({ ...summary(outlet, spent), why });
      } catch (error) {
        reject(error);
      }
    };
    live = {
      stop: () => stop(""),
      change: (other) => {
        outlet.give(stream.flush());
        stream.free();
        stream = vocoder.stream(other, 1);
      },
    };
    input.onmessage = ({ data }) => {
      try {
        const before = performance.now();
        take(ear.push(data.samples));
        spent += performance.now() - before;
        if (data.end) stop("");
      } catch (error) {
        live = null;
        reject(error);
      }
    };
  });
}
let live = null;

// Every frame's nats for each of its samples.
function perSample(frameLogLikelihoods) {
  return Float32Array.from(frameLogLikelihoods, (nats) => nats / vocoder.info.hop);
}

const handlers = {
  async load({ url, wasm }) {
    if (!supported()) throw new Error("this browser has no WebAssembly SIMD: use a later one (Chrome 91, Firefox 89, Safari 16.4)");
    const model = await fetched(url, (got, total) => postMessage({ event: "loading", got, total }));
    vocoder = await load(model, { wasm });
    // Compilers of browsers make fast code after the first calls only.
    vocoder.synthesize(new Float32Array(vocoder.info.bands * 8).fill(vocoder.info.melFloor));
    return vocoder.info;
  },

  melOf: ({ samples }) => vocoder.melOf(samples),

  // Keeps what is made for likelihood().
  async speak({ mel, options, port, number }) {
    speech = number;
    const outlet = new Outlet(number, port);
    const spent = await speakMel(number, outlet, mel, options);
    last = { mel, samples: joined(outlet.pieces) };
    if (speech !== number) last = null;
    outlet.end();
    return { ...summary(outlet, spent), ended: speech === number };
  },

  // amount 0 to 1: on the circle between two clips' latents, on the line between their mels.
  async blend({ from, to, amount, port, number }) {
    speech = number;
    const a = clips.get(from);
    const b = clips.get(to);
    const { bands, channels, rowsPerFrame } = vocoder.info;
    const frames = Math.min(a.mel.length, b.mel.length) / bands;
    const before = performance.now();
    const angle = (amount * Math.PI) / 2;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const mel = a.mel.slice(0, frames * bands).map((v, i) => v * (1 - amount) + b.mel[i] * amount);
    const latents = a.latents.slice(0, frames * rowsPerFrame * channels).map((v, i) => v * c + b.latents[i] * s);
    const samples = vocoder.decode(mel, latents);
    const spent = performance.now() - before;
    const outlet = new Outlet(number, port);
    outlet.give(samples);
    last = { mel, samples };
    outlet.end();
    return { ...summary(outlet, spent), ended: true };
  },

  // A clip for blend().
  keepClip({ name, samples }) {
    const mel = vocoder.melOf(samples);
    const { latents } = vocoder.encode(samples.subarray(0, (mel.length / vocoder.info.bands) * vocoder.info.hop), mel);
    clips.set(name, { mel, latents });
    return true;
  },

  live({ port, input, options, number }) {
    speech = number;
    return speakLive(number, new Outlet(number, port), input, options);
  },

  changeLive: ({ options }) => live?.change(options),

  stop() {
    speech = 0;
    live?.stop();
  },

  // Of a recording with its own mel, or of what was made last with the mel that it was made of.
  likelihood({ samples }) {
    if (samples) {
      const { frameLogLikelihoods, logLikelihood, samples: scored } = vocoder.encode(samples);
      return { curve: perSample(frameLogLikelihoods), mean: logLikelihood / scored };
    }
    if (!last) return null;
    const { frameLogLikelihoods, logLikelihood, samples: scored } = vocoder.encode(last.samples, last.mel);
    return { curve: perSample(frameLogLikelihoods), mean: logLikelihood / scored };
  },
};

onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, value: await handlers[data.type](data) });
  } catch (error) {
    postMessage({ id: data.id, error: error?.message ?? String(error) });
  }
};
