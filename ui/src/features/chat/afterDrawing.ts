/** Work that can wait until what it belongs to is drawn: a little in each frame, what was asked for last goes first. */

/** Pieces of work in one frame: together they take it a few milliseconds. */
const AT_ONCE = 2;

const waiting: (() => void)[] = [];

/** Does this in one of the next frames; what it answers calls it off. */
export function afterDrawing(work: () => void): () => void {
  waiting.push(work);
  if (waiting.length === 1) nextFrame();
  return () => {
    const at = waiting.indexOf(work);
    if (at >= 0) waiting.splice(at, 1);
  };
}

function nextFrame(): void {
  // The task after a frame's painting.
  requestAnimationFrame(() => setTimeout(work));
}

function work(): void {
  const next = waiting.splice(-AT_ONCE).reverse();
  if (waiting.length > 0) nextFrame();
  for (const one of next) one();
}
