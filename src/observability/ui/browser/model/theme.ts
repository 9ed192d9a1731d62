/** `auto`: as the system has it. */
export type Theme = 'auto' | 'light' | 'dark';

const themes: readonly Theme[] = ['auto', 'light', 'dark'];
const storageKey = 'smartproxy-theme';

/** The chosen theme, kept by the browser for this address. */
export function currentTheme(): Theme {
  const stored = readStored();
  return themes.find((theme) => theme === stored) ?? 'auto';
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

/** Takes the next theme and keeps it. */
export function switchTheme(): Theme {
  const next = themes[(themes.indexOf(currentTheme()) + 1) % themes.length] ?? 'auto';
  try {
    localStorage.setItem(storageKey, next);
  } catch {
    // Storage can be forbidden; the theme holds for this page then.
  }
  applyTheme(next);
  return next;
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return document.documentElement.dataset.theme ?? null;
  }
}
