import { Actions } from './actions.ts';
import { fillQuestion } from './components/explain-form.ts';
import { linkBanner, pageHeader, viewLinks } from './components/page-frame.ts';
import { ofAnotherVersion, viewHead } from './components/pieces.ts';
import { type Child, element } from './dom/element.ts';
import { morphChildren } from './dom/morph.ts';
import { AdminToken } from './model/admin-token.ts';
import { Course } from './model/course.ts';
import { placeOf } from './model/location.ts';
import { noteTotals } from './model/note-totals.ts';
import { Pages } from './model/pages.ts';
import { Rates } from './model/rates.ts';
import { Tap } from './model/tap.ts';
import { applyTheme, currentTheme } from './model/theme.ts';
import type { View, ViewContext } from './view.ts';
import { certificatesView } from './views/certificates-view.ts';
import { connectionsView } from './views/connections-view.ts';
import { endingsView } from './views/endings-view.ts';
import { explainView } from './views/explain-view.ts';
import { overviewView } from './views/overview-view.ts';
import { problemsView } from './views/problems-view.ts';
import { routesView } from './views/routes-view.ts';
import { tapQuery, tapView } from './views/tap-view.ts';

const views: readonly View[] = [
  overviewView,
  routesView,
  explainView,
  tapView,
  connectionsView,
  endingsView,
  certificatesView,
  problemsView,
];
const statusPath = '/debug/status';
const version = document.querySelector('meta[name="program-version"]')?.getAttribute('content') ?? '';

/** The page: what is asked for, what is shown of it, and what people do with it. */
class App {
  readonly #token = new AdminToken();
  readonly #rates = new Rates();
  readonly #course = new Course();
  readonly #tap = new Tap(() => this.#render());
  readonly #expanded = new Set<string>();
  #view: View = overviewView;
  #query = new URLSearchParams();
  readonly #pages = new Pages({ wanted: () => [statusPath, ...this.#view.pages(this.#context)], onAnswer: (path) => this.#answered(path) });

  start(): void {
    applyTheme(currentTheme());
    this.#arrive();
    window.addEventListener('hashchange', () => this.#went());
    new Actions({
      pages: this.#pages,
      token: this.#token,
      tap: this.#tap,
      expanded: this.#expanded,
      place: () => ({ view: this.#view.id, query: this.#query }),
      changed: () => {
        this.#arrive();
        this.#pages.askNow();
      },
    }).listen();
    this.#pages.askNow();
  }

  get #context(): ViewContext {
    return {
      query: this.#query,
      pages: this.#pages,
      rates: this.#rates,
      course: this.#course,
      expanded: this.#expanded,
      tap: this.#tap,
      canChange: this.#token.isKnown && this.#pages.data(statusPath)?.admin.canChange === true,
      nowMs: Date.now(),
    };
  }

  /** Somebody followed a link: what is read aloud, and where Tab goes on, is the head of the new view. */
  #went(): void {
    const before = this.#view;
    if (!this.#arrive()) return;
    this.#pages.askNow();
    if (this.#view === before) return;
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus();
  }

  /** Takes what the address says. False: it says an element of the page. */
  #arrive(): boolean {
    const place = placeOf(location.hash);
    if (place === undefined) return false;
    this.#view = views.find(({ id }) => id === place.view) ?? overviewView;
    this.#query = place.query;
    this.#tap.want(this.#view === tapView ? tapQuery(this.#query) : undefined);
    this.#render();
    this.#fillFields();
    return true;
  }

  #answered(path: string): void {
    noteTotals(path, this.#pages, this.#rates, this.#course);
    this.#render();
  }

  #render(): void {
    this.#renderFrame();
    show('main', [element('div', { 'data-key': this.#view.id, class: 'view' }, ...this.#content())]);
  }

  /** What the view shows; pages of another version may have anything within. */
  #content(): readonly Child[] {
    try {
      return this.#view.render(this.#context);
    } catch (error) {
      console.error(error);
      return [
        viewHead(this.#view.title, undefined),
        ofAnotherVersion('What the program says cannot be shown: it is of another version than this web UI. '),
      ];
    }
  }

  #renderFrame(): void {
    const status = this.#pages.data(statusPath);
    const { lost } = this.#pages;
    const answer = this.#pages.answer(statusPath);
    document.title = `${this.#view.title} · smartproxy-ingress`;
    document.body.classList.toggle('lost', lost !== undefined);
    show('header', pageHeader({ status, answer, isLost: lost !== undefined, theme: currentTheme(), hasToken: this.#token.isKnown }));
    show('views', [viewLinks(views, this.#view, status)]);
    show('banner', linkBanner({ lost, status, answer, version }));
  }

  /** Fields show what the address says: somebody may have gone back. Not the one that is being typed into. */
  #fillFields(): void {
    for (const field of document.querySelectorAll<HTMLInputElement>('input[data-query]')) {
      if (field !== document.activeElement) field.value = this.#query.get(field.dataset.query ?? '') ?? '';
    }
    const form = document.querySelector<HTMLFormElement>('form[data-form="explain"]');
    if (form !== null) fillQuestion(form, this.#query);
  }
}

function show(id: string, children: readonly Child[]): void {
  const place = document.getElementById(id);
  if (place !== null) morphChildren(place, [...element('div', {}, ...children).childNodes]);
}

new App().start();
