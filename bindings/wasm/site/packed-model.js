// SPDX-License-Identifier: MIT
// A model with its large matrices in `bits` bits a weight, for a short way to the browser.
//
// 8 bytes "GLOWVOXP", the length of a JSON header in 4 bytes, the header, and the values of all tensors:
//   whole:  of tensors that are small, as the safetensors file has them
//   scales: of the others, a float for each row of the first dimension
//   high:   the upper 8 bits of each weight, signed
//   low:    the lower bits - 8 bits, packed from the lowest bit of each byte up
// weight = (high * 2^(bits - 8) + low) * scale. High bits lie apart because only they compress.

const MAGIC = "GLOWVOXP";

export function isPacked(bytes) {
  return bytes.length > 12 && String.fromCharCode(...bytes.subarray(0, 8)) === MAGIC;
}

const elements = (shape) => shape.reduce((product, size) => product * size, 1);
const rowsOf = (shape) => (shape.length > 0 ? shape[0] : 1);

function damaged() {
  return new Error("the packed model is damaged: load it again");
}

// The bytes of a safetensors file of these tensors.
function safetensors(metadata, tensors) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32);
  padded.set(text);
  const file = new Uint8Array(8 + padded.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded.length), true);
  file.set(padded, 8);
  let at = 8 + padded.length;
  for (const { bytes } of tensors) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/** The safetensors file that these bytes of a packed model stand for. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(8, true);
  if (12 + length > bytes.length) throw damaged();
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length)));
  } catch {
    throw damaged();
  }
  const { bits, metadata, tensors } = header;
  const packed = tensors.filter((t) => t.packed);
  const weights = packed.reduce((sum, t) => sum + elements(t.shape), 0);
  const lowBits = bits - 8;
  let at = 12 + length;
  const take = (count) => {
    if (at + count > bytes.length) throw damaged();
    at += count;
    return bytes.subarray(at - count, at);
  };
  const whole = new Map(tensors.filter((t) => !t.packed).map((t) => [t.name, take(t.bytes)]));
  const scaleBytes = take(4 * packed.reduce((sum, t) => sum + rowsOf(t.shape), 0));
  const scales = new Float32Array(scaleBytes.slice().buffer);
  const highBytes = take(weights);
  const high = new Int8Array(highBytes.buffer, highBytes.byteOffset, weights);
  const low = take(Math.ceil((weights * lowBits) / 8));
  if (at !== bytes.length) throw damaged();
  const perByte = lowBits > 0 ? 8 / lowBits : 1;
  const mask = (1 << lowBits) - 1;

  let weight = 0;
  let row = 0;
  const made = tensors.map(({ name, dtype, shape, packed: isOne }) => {
    if (!isOne) return { name, dtype, shape, bytes: whole.get(name) };
    const values = new Float32Array(elements(shape));
    const width = values.length / rowsOf(shape);
    for (let i = 0; i < values.length; ++row) {
      const scale = scales[row];
      for (const end = i + width; i < end; ++i, ++weight) {
        const fine = lowBits > 0 ? (low[(weight / perByte) | 0] >> ((weight % perByte) * lowBits)) & mask : 0;
        values[i] = (high[weight] * (1 << lowBits) + fine) * scale;
      }
    }
    return { name, dtype: "F32", shape, bytes: new Uint8Array(values.buffer) };
  });
  return safetensors(metadata, made);
}
