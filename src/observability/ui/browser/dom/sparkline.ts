import { drawn } from './element.ts';

/** A value at a moment, in milliseconds. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const [width, height] = [160, 36];
/** Two values alone make no course. */
const leastSpanMs = 30_000;

/** The course of a value as a small drawing, from 0 to its highest; the words beside it say what it means. */
export function sparkline(samples: readonly Sample[], nowMs: number): SVGElement {
  const spanMs = Math.max(leastSpanMs, nowMs - (samples[0]?.atMs ?? nowMs));
  const highest = Math.max(...samples.map(({ value }) => value), Number.EPSILON);
  const points = samples.map(({ atMs, value }) => {
    const x = width - ((nowMs - atMs) / spanMs) * width;
    const y = height - 2 - (value / highest) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [first, last] = [points[0]?.split(',')[0] ?? width, points.at(-1)?.split(',')[0] ?? width];
  return drawn(
    'svg',
    { class: 'sparkline', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
    drawn('line', { class: 'sparkline-base', x1: 0, x2: width, y1: height - 1, y2: height - 1 }),
    points.length > 1 &&
      drawn('polygon', { class: 'sparkline-area', points: `${first},${height - 1} ${points.join(' ')} ${last},${height - 1}` }),
    points.length > 1 && drawn('polyline', { class: 'sparkline-line', points: points.join(' ') }),
  );
}
