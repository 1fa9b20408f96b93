/** Keeps Tab within an element. */
const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), video[controls], summary, [tabindex="0"]';

export function keepFocusWithin(root: HTMLElement, event: KeyboardEvent): void {
  const targets = [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((target) => target.checkVisibility());
  const [first, last] = [targets[0], targets.at(-1)];
  if (!first || !last) {
    event.preventDefault();
    return;
  }
  const focused = document.activeElement;
  const isOutside = !root.contains(focused) || focused === root;
  if (event.shiftKey ? isOutside || focused === first : isOutside || focused === last) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}
