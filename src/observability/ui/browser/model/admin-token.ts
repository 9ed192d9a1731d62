import { askProgram, type PageAnswer } from './ask-page.ts';

const storageKey = 'smartproxy-admin-token';

/** The token that changes need: until this tab is closed, and nowhere else. */
export class AdminToken {
  get isKnown(): boolean {
    return this.#value !== null;
  }

  take(token: string): void {
    sessionStorage.setItem(storageKey, token);
  }

  forget(): void {
    sessionStorage.removeItem(storageKey);
  }

  /** Asks for a change with the token; one that is refused for it is forgotten. */
  async change(method: 'DELETE' | 'PUT', path: string): Promise<PageAnswer> {
    const answer = await askProgram(path, { method, headers: { authorization: `Bearer ${this.#value ?? ''}` } });
    if (answer.kind === 'refused' && (answer.status === 401 || answer.status === 403)) this.forget();
    return answer;
  }

  get #value(): string | null {
    return sessionStorage.getItem(storageKey);
  }
}
