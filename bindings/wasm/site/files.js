// SPDX-License-Identifier: MIT
// Files that come in and go out: npy mels, sounds, wavs.

const MOST_SECONDS = 60;

/** The mel in an npy file of float32 or float64, [frames][bands] or [bands][frames]. */
export function readMel(bytes, bands, name) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (bytes.length < 12 || magic !== "\x93NUMPY") throw new Error(`${name}: not an npy file`);
  const wide = bytes[6] > 1;
  const begin = wide ? 12 : 10;
  const end = begin + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(begin, end));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1].split(",").filter((n) => n.trim() !== "").map(Number);
  const columns = /'fortran_order':\s*True/.test(header);
  if (!["<f4", "<f8"].includes(type)) throw new Error(`${name}: expected float32 or float64 values, got ${type}`);
  const kept = shape?.filter((n) => n !== 1) ?? [];
  if (shape?.length === 2 && shape.includes(bands)) kept.splice(0, kept.length, ...shape);
  if (kept.length !== 2 || !kept.includes(bands)) {
    throw new Error(`${name}: expected a mel of ${bands} bands, got an array of shape (${shape?.join(", ")})`);
  }
  const size = type === "<f4" ? 4 : 8;
  const count = kept[0] * kept[1];
  if (bytes.length < end + count * size) throw new Error(`${name}: the file is cut off`);
  const at = (i) => (size === 4 ? view.getFloat32(end + 4 * i, true) : view.getFloat64(end + 8 * i, true));
  const framesFirst = kept[1] === bands;
  const frames = framesFirst ? kept[0] : kept[1];
  const mel = new Float32Array(count);
  for (let t = 0; t < frames; ++t) {
    for (let b = 0; b < bands; ++b) {
      const value = at(framesFirst !== columns ? t * bands + b : b * frames + t);
      if (!Number.isFinite(value)) throw new Error(`${name}: frame ${t} has a value that is not finite`);
      mel[t * bands + b] = value;
    }
  }
  return mel;
}

/** A sound file, whatever the browser decodes, as one channel at `rate`. */
export async function readSound(bytes, rate, name) {
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.slice().buffer);
  } catch {
    throw new Error(`${name}: not a sound that this browser can read, nor an npy mel; try a wav`);
  }
  if (decoded.duration > MOST_SECONDS) {
    throw new Error(`${name}: ${Math.round(decoded.duration)} s long; this page takes up to ${MOST_SECONDS} s`);
  }
  const samples = new Float32Array(decoded.length);
  for (let c = 0; c < decoded.numberOfChannels; ++c) {
    decoded.getChannelData(c).forEach((v, i) => (samples[i] += v / decoded.numberOfChannels));
  }
  return samples;
}

/** A wav file of 16 bits. */
export function wavOf(samples, rate) {
  const file = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((c, i) => file.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true); // PCM
  file.setUint16(22, 1, true); // channel
  file.setUint32(24, rate, true);
  file.setUint32(28, 2 * rate, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  text(36, "data");
  file.setUint32(40, 2 * samples.length, true);
  samples.forEach((v, i) => file.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, v)) * 32767), true));
  return new Blob([file.buffer], { type: "audio/wav" });
}
