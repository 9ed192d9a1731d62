import { type Child, element } from '../dom/element.ts';

export interface DialogOptions {
  readonly title: string;
  readonly text: readonly Child[];
  /** Of the button that does it. */
  readonly confirm: string;
  readonly isDangerous?: boolean;
  /** A secret that is asked for. */
  readonly secret?: string;
}

/** Asks in front of everything else. Resolves to the secret, or '' when none was asked for; undefined: it was not confirmed. */
export function askInDialog({ title, text, confirm, isDangerous, secret }: DialogOptions): Promise<string | undefined> {
  const cancel = element('button', { type: 'button' }, 'Cancel');
  const input = element('input', { type: 'password', name: 'secret', autocomplete: 'off', required: true }) as HTMLInputElement;
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'dialog-title' },
    element(
      'form',
      { method: 'dialog' },
      element('h2', { id: 'dialog-title' }, title),
      element('p', {}, ...text),
      secret !== undefined && element('label', {}, element('span', {}, secret), input),
      element(
        'div',
        { class: 'dialog-buttons' },
        // Not one that submits: Enter in the field would press it.
        cancel,
        element('button', { type: 'submit', value: 'confirm', class: isDangerous === true ? 'danger' : 'primary' }, confirm),
      ),
    ),
  ) as HTMLDialogElement;
  cancel.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'confirm' ? input.value : undefined);
    });
  });
}
