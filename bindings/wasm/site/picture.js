// SPDX-License-Identifier: MIT
// The mel of what plays as a picture, and a curve under it.

// Dark to light, through blue, red and yellow (a few points of a map with even lightness).
const COLORS = [[8, 6, 28], [53, 16, 96], [114, 31, 109], [177, 50, 90], [229, 92, 48], [251, 164, 28], [252, 244, 150]];
const LOUD = 1.5; // ln of the loudest that has a colour of its own; the floor has the darkest

function colorOf(share) {
  const at = Math.max(0, Math.min(0.9999, share)) * (COLORS.length - 1);
  const i = Math.floor(at);
  return COLORS[i].map((c, k) => c + (COLORS[i + 1][k] - c) * (at - i));
}
const TABLE = Uint8ClampedArray.from(Array.from({ length: 256 }, (_, i) => colorOf(i / 255)).flat());

export class Picture {
  #canvas;
  #cursor;
  #floor;
  #bands;
  #pixels = null; // a pixel for each value of the mel
  #frames = 0;
  #width = 0;

  constructor(canvas, cursor, { bands, melFloor }) {
    this.#canvas = canvas;
    this.#cursor = cursor;
    this.#bands = bands;
    this.#floor = melFloor;
    canvas.height = bands;
  }

  /** frames: how many are to come; a stream that goes on has a window of so many. */
  begin(frames) {
    this.#width = Math.max(2, frames);
    this.#frames = 0;
    this.#canvas.width = this.#width;
    this.#canvas.height = this.#bands;
    this.#pixels = this.#canvas.getContext("2d");
    this.#pixels.fillStyle = `rgb(${COLORS[0].join(" ")})`;
    this.#pixels.fillRect(0, 0, this.#width, this.#bands);
    this.at(0);
  }

  add(mel) {
    const count = mel.length / this.#bands;
    for (let t = 0; t < count; ++t) {
      if (this.#frames >= this.#width) this.#pixels.drawImage(this.#canvas, -1, 0);
      const column = this.#pixels.createImageData(1, this.#bands);
      for (let b = 0; b < this.#bands; ++b) {
        const value = mel[t * this.#bands + b];
        const share = (value - this.#floor) / (LOUD - this.#floor);
        const color = Math.max(0, Math.min(255, Math.round(share * 255)));
        const pixel = 4 * (this.#bands - 1 - b);
        column.data.set(TABLE.subarray(3 * color, 3 * color + 3), pixel);
        column.data[pixel + 3] = 255;
      }
      this.#pixels.putImageData(column, Math.min(this.#frames, this.#width - 1), 0);
      ++this.#frames;
    }
  }

  get frames() {
    return this.#frames;
  }

  /** share: where the sound is, 0 to 1; hidden at both ends. */
  at(share) {
    this.#cursor.style.left = `${100 * share}%`;
    this.#cursor.hidden = share <= 0 || share >= 1;
  }
}

const SVG = "http://www.w3.org/2000/svg";
const LEAST_NATS = -2; // below which the axis does not go
const SMOOTH = 4; // frames to both sides

/** Curves of nats per sample, in an svg of 100 x 100 units. curves: [{values, name}]. */
export function drawCurves(svg, curves) {
  svg.replaceChildren();
  const shown = curves.filter((c) => c && c.values.length > 1).map((c) => ({ ...c, values: smoothed(c.values) }));
  if (shown.length === 0) return null;
  const all = shown.flatMap((c) => [...c.values]);
  const low = Math.max(LEAST_NATS, Math.floor(Math.min(...all)));
  const high = Math.max(low + 1, Math.ceil(Math.max(...all)));
  for (const { values, name } of shown) {
    const points = Array.from(values, (v, i) => {
      const y = 100 - (100 * (Math.max(low, v) - low)) / (high - low);
      return `${((100 * i) / (values.length - 1)).toFixed(2)},${y.toFixed(2)}`;
    });
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", points.join(" "));
    line.setAttribute("class", name);
    svg.append(line);
  }
  return { low, high };
}

function smoothed(values) {
  return values.map((_, i) => {
    const near = values.subarray(Math.max(0, i - SMOOTH), i + SMOOTH + 1);
    return near.reduce((sum, v) => sum + v, 0) / near.length;
  });
}
