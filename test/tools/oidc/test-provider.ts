import { type ChildProcess, fork } from 'node:child_process';

export interface TestProviderOptions {
  readonly redirectUris: readonly string[];
  readonly afterLogout: readonly string[];
  /** How long access tokens are good. */
  readonly accessSeconds?: number;
}

/** What a test may change about a provider while it runs. */
export interface ProviderChange {
  readonly account?: string;
  readonly refuses?: boolean;
  readonly isDown?: boolean;
}

/** A real OpenID provider on 127.0.0.1 (`oidc-provider`), in a process of its own. Client `shop` gets refresh tokens, `short` does not. */
export class TestProvider implements AsyncDisposable {
  readonly issuer: string;
  readonly clientSecret = 'client-secret-of-the-tests';
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, issuer: string) {
    this.#child = child;
    this.issuer = issuer;
  }

  static async start({ redirectUris, afterLogout, accessSeconds = 3600 }: TestProviderOptions): Promise<TestProvider> {
    const args = [JSON.stringify([redirectUris, afterLogout, accessSeconds])];
    const child = fork(`${import.meta.dirname}/provider-main.mjs`, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const { issuer } = await new Promise<{ readonly issuer: string }>((resolve, reject) => {
      child.once('message', (message) => resolve(message as { readonly issuer: string }));
      child.once('exit', () => reject(new Error(`Cannot start the OpenID provider: ${errors}`)));
    });
    return new TestProvider(child, issuer);
  }

  /** Resolves to how many refresh tokens were used so far. */
  async change(change: ProviderChange): Promise<number> {
    const answered = new Promise<{ readonly changed: number }>((resolve) => {
      this.#child.once('message', (message) => resolve(message as { readonly changed: number }));
    });
    this.#child.send(change);
    return (await answered).changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGKILL');
    await exited;
  }
}
