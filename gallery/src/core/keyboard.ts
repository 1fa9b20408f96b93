/** Whether keys pressed there write text, so that they mean nothing else. */
export function isTextEntry(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !WITHOUT_TEXT.has(target.type);
  return target.isContentEditable || target.matches("textarea, select");
}

const WITHOUT_TEXT = new Set(["range", "checkbox", "radio", "button", "submit", "reset", "file", "color", "image"]);
