import { afterEach } from 'vitest';

// happy-dom lacks what floating panels measure with; a page of fixed size is enough for behaviour.
class QuietObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= QuietObserver as unknown as typeof ResizeObserver;
globalThis.IntersectionObserver ??= QuietObserver as unknown as typeof IntersectionObserver;
Element.prototype.scrollIntoView ??= () => {};
Element.prototype.animate ??= (() => ({ finished: Promise.resolve(), cancel() {} })) as unknown as Element['animate'];
Element.prototype.getAnimations ??= () => [];

// What one test has the page remember, such as a draft, is not there for the next.
afterEach(() => localStorage.clear());
