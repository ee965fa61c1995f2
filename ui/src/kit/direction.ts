/** Which way text runs at an element: 1 to the right, -1 to the left. For the few places where styles cannot say it. */
export function forward(element: Element): 1 | -1 {
  return getComputedStyle(element).direction === 'rtl' ? -1 : 1;
}
