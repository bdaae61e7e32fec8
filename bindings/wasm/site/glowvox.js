// SPDX-License-Identifier: MIT
// glowvox for browsers and Node.js: mel spectrograms to sound, and back.
//
//   import { load } from "./glowvox.js";
//   const vocoder = await load(new Uint8Array(await (await fetch("model.safetensors")).arrayBuffer()));
//   const samples = vocoder.synthesize(vocoder.melOf(recording, 22050), { sigma: 0.7, seed: 1 });
//
// Mels are Float32Arrays [frames][bands], sounds Float32Arrays at `sampleRate`. Every call computes in
// the thread that makes it: a page does well to make them in a worker. What fails throws an Error that
// says what is wrong and what to do.
import createEngine from "./glowvox-engine.js";
import { isPacked, unpack } from "./packed-model.js";

// A module of a single instruction that adds vectors: what a browser without SIMD refuses.
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** Whether this browser runs the module: WebAssembly with SIMD. */
export function supported() {
  return typeof WebAssembly === "object" && WebAssembly.validate(SIMD);
}

/**
 * Loads a model: a .safetensors file's bytes, or those that `pack-model.mjs` made of one.
 * wasm: the bytes of glowvox-engine.wasm, where it does not lie beside this file.
 */
export async function load(bytes, { wasm } = {}) {
  if (!supported()) {
    throw new Error("this browser has no WebAssembly SIMD: use a later one (Chrome 91, Firefox 89, Safari 16.4)");
  }
  let model = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (isPacked(model)) model = unpack(model);
  return new Vocoder(await createEngine(wasm ? { wasmBinary: wasm } : {}), model);
}

// Values in the engine's memory for the length of one call.
function lend(engine, values, body) {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const pointer = engine._malloc(Math.max(1, bytes.length));
  if (pointer === 0) throw new Error("there is not enough memory");
  try {
    engine.HEAPU8.set(bytes, pointer);
    return body(pointer);
  } finally {
    engine._free(pointer);
  }
}

function checked(engine, made) {
  if (!made) throw new Error(engine.UTF8ToString(engine._glowvox_js_error()));
  return made;
}

function floats(engine) {
  const first = engine._glowvox_js_floats() / 4;
  return engine.HEAPF32.slice(first, first + engine._glowvox_js_float_count());
}

function doubles(engine) {
  const first = engine._glowvox_js_doubles() / 8;
  return engine.HEAPF64.slice(first, first + engine._glowvox_js_double_count());
}

function asFloats(values, what) {
  if (values instanceof Float32Array) return values;
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) throw new Error(`${what}: expected a Float32Array`);
  return Float32Array.from(values);
}

// sigma: temperature, 0.7. seed: 1; the same one gives the same sound. corrections, denoise: what the
// model file asks for where they are left out.
function options({ sigma = 0.7, seed = 1, corrections = -1, denoise = -1 } = {}) {
  return [sigma, seed, corrections, denoise];
}

export class Vocoder {
  #engine;
  #pointer;

  constructor(engine, model) {
    this.#engine = engine;
    this.#pointer = lend(engine, model, (bytes) => checked(engine, engine._glowvox_js_load(bytes, model.length)));
    checked(engine, engine._glowvox_js_info(this.#pointer));
    /** name, sampleRate, hop, bands, mel (in words), channels, rowsPerFrame, corrections, delaySamples, ... */
    this.info = Object.freeze(JSON.parse(engine.UTF8ToString(engine._glowvox_js_text())));
  }

  #framesOf(mel) {
    const frames = mel.length / this.info.bands;
    if (!Number.isInteger(frames) || frames === 0) {
      throw new Error(`mel: expected frames of ${this.info.bands} values, got ${mel.length} values`);
    }
    return frames;
  }

  #call(name, ...numbers) {
    checked(this.#engine, this.#engine[`_glowvox_js_${name}`](this.#pointer, ...numbers));
  }

  /** The mel of a recording, as synthesis takes it. rate: must be the model's. */
  melOf(samples, rate = this.info.sampleRate) {
    if (rate !== this.info.sampleRate) {
      throw new Error(`sound: expected ${this.info.sampleRate} samples a second, got ${rate}: resample it`);
    }
    const audio = asFloats(samples, "sound");
    lend(this.#engine, audio, (a) => this.#call("mel", a, audio.length));
    return floats(this.#engine);
  }

  /** Mel to sound: a hop of samples for each frame. They may lie outside [-1, 1]. */
  synthesize(mel, choice) {
    const values = asFloats(mel, "mel");
    const frames = this.#framesOf(values);
    lend(this.#engine, values, (m) => this.#call("synthesize", m, frames, ...options(choice)));
    return floats(this.#engine);
  }

  /**
   * Sound to latents [rows][channels], the exact inverse of decode, with its log-likelihood in nats: of
   * all scored samples, and of every mel frame's. mel: the sound's own where it is left out.
   */
  encode(samples, mel) {
    const audio = asFloats(samples, "sound");
    if (mel === undefined) {
      lend(this.#engine, audio, (a) => this.#call("encode", a, audio.length, 0, 0));
    } else {
      const values = asFloats(mel, "mel");
      const frames = this.#framesOf(values);
      lend(this.#engine, audio, (a) =>
        lend(this.#engine, values, (m) => this.#call("encode", a, audio.length, m, frames)));
    }
    const [logLikelihood, scored, ...frameLogLikelihoods] = doubles(this.#engine);
    return { latents: floats(this.#engine), logLikelihood, samples: scored, frameLogLikelihoods };
  }

  /** Latents back to sound, with the mel that they were encoded with, or another. */
  decode(mel, latents) {
    const values = asFloats(mel, "mel");
    const z = asFloats(latents, "latents");
    const frames = this.#framesOf(values);
    lend(this.#engine, values, (m) => lend(this.#engine, z, (l) => this.#call("decode", m, frames, l, z.length)));
    return floats(this.#engine);
  }

  /** A stream: frames in, samples out. mostFrames: how many one push usually brings. */
  stream(choice, mostFrames = 1) {
    const pointer = this.#engine._glowvox_js_stream(this.#pointer, ...options(choice), mostFrames);
    return new Pieces(this.#engine, "stream", checked(this.#engine, pointer), this.info.bands);
  }

  /** The mel of sound that arrives in pieces: samples in, frames out. */
  melStream() {
    const pointer = this.#engine._glowvox_js_mel_stream(this.#pointer);
    return new Pieces(this.#engine, "mel_stream", checked(this.#engine, pointer), 1);
  }

  /** Bytes of the module's memory, the model's and its streams' included. It grows and does not shrink. */
  get memoryBytes() {
    return this.#engine.HEAPU8.length;
  }

  /** Gives the model's memory back; nothing can be called any more. */
  free() {
    this.#engine._glowvox_js_free(this.#pointer);
    this.#pointer = 0;
  }
}

/** What takes values in pieces and gives what has become final: push as often as wanted, then flush. */
class Pieces {
  #engine;
  #name;
  #pointer;
  #size;

  constructor(engine, name, pointer, size) {
    this.#engine = engine;
    this.#name = `_glowvox_js_${name}`;
    this.#pointer = pointer;
    this.#size = size;
  }

  push(values) {
    const items = asFloats(values, "values");
    if (items.length % this.#size !== 0) {
      throw new Error(`mel: expected frames of ${this.#size} values, got ${items.length} values`);
    }
    lend(this.#engine, items, (v) =>
      checked(this.#engine, this.#engine[`${this.#name}_push`](this.#pointer, v, items.length / this.#size)));
    return floats(this.#engine);
  }

  flush() {
    checked(this.#engine, this.#engine[`${this.#name}_finish`](this.#pointer));
    return floats(this.#engine);
  }

  /** Gives its memory back. */
  free() {
    this.#engine[`${this.#name}_free`](this.#pointer);
    this.#pointer = 0;
  }
}
