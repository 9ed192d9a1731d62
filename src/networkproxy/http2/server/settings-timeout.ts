import { Deadline } from '../../../timer-wheel.ts';

/** The connection that waits. */
export interface SettingsOwner {
  /** Our SETTINGS have not been acknowledged for as long as a header may take. */
  onSettingsTimeout(): void;
}

/** The deadline for the client's acknowledgement of our SETTINGS (RFC 9113 section 6.5.3). */
export class SettingsTimeout extends Deadline {
  readonly #owner: SettingsOwner;

  constructor(owner: SettingsOwner) {
    super();
    this.#owner = owner;
  }

  override onTimeout(): void {
    this.#owner.onSettingsTimeout();
  }
}
