import { queryOf } from '../../../../ask/explain/question-query.ts';
import { type Attributes, element } from '../dom/element.ts';

const fields = ['url', 'method', 'header', 'sni', 'client', 'listener'] as const;
const boxes = ['no-sni', 'httpVersion'] as const;

/** The question of an address as the query of the page: a header a line, what was left empty left out. */
export function questionQuery(query: URLSearchParams): string {
  const given = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  const headers = (query.get('header') ?? '').split('\n').filter((line) => line.trim() !== '');
  const serverName = query.has('no-sni') ? '' : given('sni');
  const httpVersion = query.get('httpVersion') === '2' ? '2' : '1.1';
  const [url = '', method = 'GET', client, listener] = [given('url'), given('method'), given('client'), given('listener')];
  return `?${queryOf({ url, method, headers, serverName, client, listener, httpVersion })}`;
}

/** The question of a form that was filled in, as the query of an address. */
export function filledQuestion(form: HTMLFormElement): URLSearchParams {
  const data = new FormData(form);
  return new URLSearchParams([...data].map(([name, value]) => [name, String(value)]));
}

/** Shows the question of an address in the form, whatever was typed there. */
export function fillQuestion(form: HTMLFormElement, query: URLSearchParams): void {
  for (const name of fields) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = query.get(name) ?? '';
  }
  for (const name of boxes) {
    const box = form.elements.namedItem(name);
    if (box instanceof HTMLInputElement) box.checked = query.has(name);
  }
}

/** What would be sent. */
export function explainForm(query: URLSearchParams): HTMLElement {
  const isOpen = ['header', 'sni', 'client', 'listener', ...boxes].some((name) => query.get(name));
  return element(
    'form',
    { class: 'question', 'data-form': 'explain' },
    field('URL', 'url', 'https://shop.example.com/cart', { class: 'url', required: true, 'aria-describedby': 'url-hint' }),
    field('Method', 'method', 'GET', { list: 'methods' }),
    element(
      'datalist',
      { id: 'methods' },
      ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((value) => element('option', { value })),
    ),
    element('button', { type: 'submit', class: 'primary' }, 'Explain'),
    element(
      'p',
      { id: 'url-hint', class: 'hint' },
      'http://, https://, ws:// or wss:// for requests; tls://NAME, tcp://any:PORT or udp://any:PORT for connections.',
    ),
    element(
      'details',
      { open: isOpen },
      element('summary', {}, 'Headers, server name, client, HTTP/2'),
      element(
        'div',
        { class: 'more-fields' },
        element(
          'label',
          { class: 'headers' },
          element('span', {}, 'Headers, one a line'),
          element('textarea', { name: 'header', rows: 3, placeholder: 'X-Canary: always', spellcheck: 'false', autocomplete: 'off' }),
        ),
        field('Server name (SNI)', 'sni', 'the host of the URL'),
        field('Client address', 'client', '192.0.2.7'),
        field('Listener', 'listener', 'that of the port of the URL'),
        box('The ClientHello has no server name', 'no-sni', 'on'),
        box('The request is HTTP/2, not 1.1', 'httpVersion', '2'),
      ),
    ),
  );
}

function field(label: string, name: string, placeholder: string, attributes: Attributes = {}): HTMLElement {
  const { class: kind, ...others } = attributes;
  return element(
    'label',
    { class: kind },
    element('span', {}, label),
    element('input', { name, placeholder, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', ...others }),
  );
}

function box(label: string, name: string, value: string): HTMLElement {
  return element('label', { class: 'check' }, element('input', { type: 'checkbox', name, value }), element('span', {}, label));
}
