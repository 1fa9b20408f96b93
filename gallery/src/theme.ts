/** Dark or light: as the system has it, until the user chooses. */
import { read, write } from "./storage";

const KEY = "theme";
type Theme = "dark" | "light";

function show(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

export function restoreTheme(): void {
  const theme = read(KEY);
  if (theme === "dark" || theme === "light") show(theme);
}

export function toggleTheme(): void {
  const isSystemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = document.documentElement.dataset.theme ?? (isSystemDark ? "dark" : "light");
  const theme = shown === "dark" ? "light" : "dark";
  show(theme);
  write(KEY, theme);
}
