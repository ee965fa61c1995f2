/** Work that may wait: done in small slices when the page has nothing better to do. */

type Task = () => void;

const SLICE_MS = 6;
const queue: Task[] = [];
let scheduled = false;

/** Runs `task` soon, never in the middle of a frame's work. Answers how to call it off. */
export function whenIdle(task: Task): () => void {
  queue.push(task);
  schedule();
  return () => {
    const at = queue.indexOf(task);
    if (at >= 0) queue.splice(at, 1);
  };
}

function schedule(): void {
  if (scheduled || queue.length === 0) return;
  scheduled = true;
  // WebKitGTK has no requestIdleCallback.
  if (typeof window.requestIdleCallback === 'function') window.requestIdleCallback(run, { timeout: 200 });
  else setTimeout(run, 16);
}

function run(): void {
  scheduled = false;
  const end = performance.now() + SLICE_MS;
  do queue.shift()?.();
  while (queue.length > 0 && performance.now() < end);
  schedule();
}
