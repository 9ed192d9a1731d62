import type { Child } from './dom/element.ts';
import type { Course } from './model/course.ts';
import type { Pages } from './model/pages.ts';
import type { Rates } from './model/rates.ts';
import type { Tap } from './model/tap.ts';

/** What views are made of. */
export interface ViewContext {
  /** Of the address. */
  readonly query: URLSearchParams;
  readonly pages: Pages;
  readonly rates: Rates;
  readonly course: Course;
  /** Keys of rows that are open. */
  readonly expanded: ReadonlySet<string>;
  readonly tap: Tap;
  /** Whether something may be changed: the program allows it to those with the token, and it was typed in. */
  readonly canChange: boolean;
  readonly nowMs: number;
}

/** One of the things that can be looked at. It is made anew whenever it may be another; only what differs is changed on the page. */
export interface View {
  /** In the address. */
  readonly id: string;
  readonly title: string;
  /** What it asks the program for, beside the status: paths with queries. */
  readonly pages: (context: Pick<ViewContext, 'pages' | 'query' | 'expanded'>) => readonly string[];
  readonly render: (context: ViewContext) => readonly Child[];
}
