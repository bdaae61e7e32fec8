const inside = at => Math.min(1, Math.max(0, at));
const pointed = (plot, event) => {
  const box = plot.getBoundingClientRect();
  return inside((event.clientX - box.left) / box.width);
};
const move_cursor = (plot, at) => {
  for (const end of ['x1', 'x2']) plot.querySelector('.cursor').setAttribute(end, `${100 * at}%`);
};

// A chart says its values under the pointer or, with the arrow keys, under its cursor.
for (const plot of document.querySelectorAll('.chart .plot')) {
  if (!plot.querySelector('.cursor')) continue;
  const {from, to, curves} = JSON.parse(plot.dataset.readings);
  const output = plot.parentElement.querySelector('output');
  const nearest = (curve, x) => curve.x.reduce((best, v, i) => curve.y[i] === null ||
    best >= 0 && Math.abs(v - x) >= Math.abs(curve.x[best] - x) ? best : i, -1);
  let at = 1;
  const show = () => {
    move_cursor(plot, at);
    output.textContent = curves.map(curve => [curve, nearest(curve, from + at * (to - from))])
      .filter(([, i]) => i >= 0)
      .map(([curve, i]) => `${curve.name} ${Number(curve.y[i].toPrecision(5))} at ${Math.round(curve.x[i])}`)
      .join('  ·  ');
  };
  for (const kind of ['pointermove', 'pointerdown'])
    plot.addEventListener(kind, event => { at = pointed(plot, event); show(); });
  plot.addEventListener('focus', show);
  plot.addEventListener('keydown', event => {
    const step = {ArrowLeft: -0.01, ArrowRight: 0.01, Home: -1, End: 1}[event.key];
    if (!step) return;
    at = inside(at + step);
    show();
    event.preventDefault();
  });
}

// A spectrogram shows where its player is, and plays from where it is clicked; one sound at a time.
for (const sound of document.querySelectorAll('.sound')) {
  const plot = sound.querySelector('.plot'), audio = sound.querySelector('audio');
  const follow = () => {
    move_cursor(plot, audio.currentTime / audio.duration);
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener('play', () => {
    for (const other of document.querySelectorAll('audio')) if (other !== audio) other.pause();
    follow();
  });
  audio.addEventListener('seeked', follow);
  plot.addEventListener('click', event => {
    audio.currentTime = pointed(plot, event) * audio.duration;
    audio.play();
  });
}
