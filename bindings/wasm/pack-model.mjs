// SPDX-License-Identifier: MIT
// Packs a model for the browser (see site/packed-model.js for the format) and compresses it.
// Usage: node pack-model.mjs MODEL.safetensors OUT [BITS]; BITS: 8, 9, 10 or 12 for each weight, 10
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [input, output, bitsText = "10"] = process.argv.slice(2);
const bits = Number(bitsText);
if (!output || ![8, 9, 10, 12].includes(bits)) {
  console.error("usage: node pack-model.mjs MODEL.safetensors OUT [8|9|10|12]");
  process.exit(2);
}

const LEAST_PACKED = 4096; // weights of a tensor that is worth it

function halfToFloat(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function values(dtype, data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === "F16") return Float32Array.from({ length: data.length / 2 }, (_, i) => halfToFloat(view.getUint16(2 * i, true)));
  if (dtype === "F32") return Float32Array.from({ length: data.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return null;
}

const file = readFileSync(input);
const headerLength = Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.subarray(8, 8 + headerLength).toString());
const payload = file.subarray(8 + headerLength);
const metadata = header.__metadata__ ?? {};
delete header.__metadata__;

const most = 2 ** (bits - 1) - 1;
const lowBits = bits - 8;
const tensors = [];
const whole = [];
const scales = [];
const numbers = [];
for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(header)) {
  const data = payload.subarray(begin, end);
  const weights = shape.length >= 2 ? values(dtype, data) : null;
  if (!weights || weights.length < LEAST_PACKED) {
    tensors.push({ name, dtype, shape, bytes: data.length });
    whole.push(data);
    continue;
  }
  tensors.push({ name, shape, packed: true });
  const width = weights.length / shape[0];
  for (let first = 0; first < weights.length; first += width) {
    const row = weights.subarray(first, first + width);
    const scale = Math.fround(row.reduce((size, w) => Math.max(size, Math.abs(w)), 0) / most);
    scales.push(scale);
    for (const w of row) numbers.push(scale > 0 ? Math.max(-most, Math.min(most, Math.round(w / scale))) : 0);
  }
}

const high = Buffer.from(Int8Array.from(numbers, (n) => n >> lowBits).buffer);
const low = Buffer.alloc(Math.ceil((numbers.length * lowBits) / 8));
numbers.forEach((n, i) => {
  if (lowBits > 0) low[Math.floor((i * lowBits) / 8)] |= (n & ((1 << lowBits) - 1)) << ((i * lowBits) % 8);
});
const text = Buffer.from(JSON.stringify({ bits, metadata, tensors }));
const length = Buffer.alloc(4);
length.writeUInt32LE(text.length);
const packed = Buffer.concat([Buffer.from("GLOWVOXP"), length, text, ...whole,
  Buffer.from(Float32Array.from(scales).buffer), high, low]);
writeFileSync(output, gzipSync(packed, { level: 9 }));
