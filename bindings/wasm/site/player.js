// SPDX-License-Identifier: MIT
// The page's side of worker and audio: requests with answers, and sounds that begin and end.

export class Engine {
  #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  #open = new Map();
  #next = 0;

  /** tell: takes the worker's events. */
  constructor(tell) {
    this.#worker.onmessage = ({ data }) => {
      if (data.event) return tell(data);
      const { resolve, reject } = this.#open.get(data.id);
      this.#open.delete(data.id);
      if (data.error !== undefined) reject(new Error(data.error));
      else resolve(data.value);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#open.values()) reject(new Error(event.message || "files of this page are missing, or this browser is too old for it"));
      this.#open.clear();
    };
  }

  ask(type, request = {}, transfer = []) {
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ id, type, ...request }, transfer);
    });
  }
}

/** Sound cards, at the model's rate. */
export class Audio {
  #context = null;
  #rate;
  #player = null;
  #ear = null;

  constructor(rate) {
    this.#rate = rate;
  }

  /** To be called from a click: browsers let a page sound after one only. */
  async #ready() {
    if (!this.#context) {
      this.#context = new AudioContext({ sampleRate: this.#rate, latencyHint: "interactive" });
      await this.#context.audioWorklet.addModule(new URL("./audio.js", import.meta.url));
    }
    if (this.#context.state !== "running") await this.#context.resume();
  }

  /** A player that begins with `ahead` samples; returns the port for them. tell: {played, waiting, underruns, ended}. */
  async play(ahead, tell) {
    await this.#ready();
    this.silence();
    const node = new AudioWorkletNode(this.#context, "glowvox-player", {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { ahead },
    });
    node.port.onmessage = ({ data }) => {
      if (data.ended) node.disconnect();
      if (this.#player === node) tell(data);
    };
    node.connect(this.#context.destination);
    this.#player = node;
    return this.#portOf(node);
  }

  silence() {
    this.#player?.port.postMessage({ close: true });
    this.#player?.disconnect();
    this.#player = null;
  }

  /** Listens to a microphone, or to a sound as if it came from one; returns the port of its samples. */
  async listen(sound, size, ended) {
    await this.#ready();
    const source = sound ? this.#source(sound) : await this.#microphone();
    const node = new AudioWorkletNode(this.#context, "glowvox-ear", {
      numberOfOutputs: 0,
      processorOptions: { size },
    });
    source.connect(node);
    const port = this.#portOf(node);
    if (sound) {
      source.onended = ended;
      source.start();
    }
    this.#ear = { source, node };
    return port;
  }

  stopListening() {
    if (!this.#ear) return;
    const { source, node } = this.#ear;
    this.#ear = null;
    node.port.postMessage({ close: true });
    source.disconnect();
    source.mediaStream?.getTracks().forEach((track) => track.stop());
    if (source.stop) {
      source.onended = null;
      source.stop();
    }
  }

  #source(sound) {
    const buffer = new AudioBuffer({ length: sound.length, sampleRate: this.#rate });
    buffer.copyToChannel(sound, 0);
    return new AudioBufferSourceNode(this.#context, { buffer });
  }

  async #microphone() {
    if (!navigator.mediaDevices) throw new Error("no microphone: browsers give it to pages from https or this computer only");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (error) {
      const refused = error.name === "NotAllowedError";
      throw new Error(refused ? "the microphone was not allowed" : `no microphone: ${error.message}`);
    }
    try {
      return this.#context.createMediaStreamSource(stream);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw new Error(`this browser cannot bring the microphone to ${this.#rate} Hz: ${error.message}`);
    }
  }

  #portOf(node) {
    const { port1, port2 } = new MessageChannel();
    node.port.postMessage({ port: port1 }, [port1]);
    return port2;
  }
}
