import { askProgram, type ProgramAnswer } from './ask-page.ts';

const storageKey = 'smartproxy-admin-token';

/** The token that changes need: until this tab is closed, and nowhere else. Where the browser stores nothing, until the page is. */
export class AdminToken {
  #value = readStored();

  get isKnown(): boolean {
    return this.#value !== null;
  }

  take(token: string): void {
    this.#value = token;
    store((storage) => storage.setItem(storageKey, token));
  }

  forget(): void {
    this.#value = null;
    store((storage) => storage.removeItem(storageKey));
  }

  /** Asks for a change with the token; one that is refused for it is forgotten. */
  async change(method: 'DELETE' | 'PUT', path: string): Promise<ProgramAnswer> {
    const answer = await askProgram(path, { method, headers: { authorization: `Bearer ${this.#value ?? ''}` } });
    if (answer.kind === 'refused' && (answer.status === 401 || answer.status === 403)) this.forget();
    return answer;
  }
}

function store(change: (storage: Storage) => void): void {
  try {
    change(sessionStorage);
  } catch {
    // Storage can be forbidden; the token holds for this page then.
  }
}

function readStored(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}
