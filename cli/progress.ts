/**
 * Progress for the one who waits: a single line drawn over itself on a terminal, a plain line now and then elsewhere.
 * Rate and time left come from the last half minute, since the parts of a run differ in speed.
 */
import { formatSeconds } from '../experiments/duration.ts';
import type { Progress } from '../experiments/types.ts';
import type { Terminal } from './world.ts';

const REDRAW = 100; // milliseconds between two drawings of the line
const PLAIN = 10_000; // milliseconds between two plain lines
const WINDOW = 30_000; // milliseconds over which the rate is measured

/**
 * What begins with small parts, or has programs to compile, is slow at first: nothing is said of the time left before a
 * share of all was done under way, or before milliseconds enough have passed.
 */
const TELLING = { share: 0.05, time: 30_000 };

/** How fast it goes, as far as that can be said. */
export interface Pace {
  /** Units per second. */
  readonly rate?: number;
  /** Seconds left. */
  readonly left?: number;
}

/** How progress is put into words, at most `width` characters. */
export type Describe = (progress: Progress, pace: Pace, width: number) => string;

export interface ProgressLine {
  update(progress: Progress): void;
  /** A line above the progress. */
  print(text: string): void;
  /** Takes the line away. */
  end(): void;
}

/**
 * @param now milliseconds, never going back
 * @param window milliseconds over which the rate is measured
 */
export function progressLine(
  terminal: Terminal,
  now: () => number = () => performance.now(),
  describe: Describe = describeUnits,
  window: number = WINDOW,
): ProgressLine {
  let samples: Sample[] = [];
  let began: Sample | undefined;
  let unit: string | undefined;
  let drawn: number | undefined;
  let length = 0;

  const clear = (): void => {
    if (length > 0) terminal.write(`\r${' '.repeat(length)}\r`);
    length = 0;
  };
  return {
    update(progress) {
      const time = now();
      drawn ??= terminal.redraws ? -Infinity : time;
      // Another unit, or a count that starts again: a new measurement.
      if (progress.unit !== unit || progress.done < (samples.at(-1)?.done ?? 0)) samples = [];
      unit = progress.unit;
      if (samples.length === 0) began = { time, done: progress.done };
      const due = time - drawn >= (terminal.redraws ? REDRAW : PLAIN);
      if (!due && samples.length > 0) return;
      samples = [...samples.filter((sample) => time - sample.time <= window), { time, done: progress.done }];
      if (!due) return;
      drawn = time;
      const pace = paceOf(progress, samples, began);
      const text = describe(progress, pace, terminal.redraws ? terminal.width - 1 : Infinity);
      if (!terminal.redraws) return terminal.print(text);
      terminal.write(`\r${text.padEnd(length)}`);
      length = text.length;
    },
    print(text) {
      clear();
      terminal.print(text);
    },
    end: clear,
  };
}

interface Sample {
  readonly time: number;
  readonly done: number;
}

/** Over the samples; @param began the first since the unit is what it is */
function paceOf({ done, total }: Progress, samples: readonly Sample[], began: Sample | undefined): Pace {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || !began || last.time - first.time < 200) return {};
  const rate = (1000 * (last.done - first.done)) / (last.time - first.time);
  const telling = last.time - began.time >= TELLING.time || last.done - began.done >= TELLING.share * total;
  return { rate, ...(telling && rate > 0 && { left: (total - done) / rate }) };
}

/** The parts that fit into `width`, the most telling first. */
function describeUnits({ done, total, unit, note }: Progress, { rate, left }: Pace, width: number): string {
  return fitting(
    shareAndTime({ done, total }, left),
    [
      `${done}/${total} ${unit}`,
      ...(rate === undefined ? [] : [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} ${unit}/s`]),
      ...(note === undefined ? [] : [note]),
    ],
    width,
  );
}

/** `42 %`, and the seconds left when something can be said of them. */
export function shareAndTime(
  { done, total }: Pick<Progress, 'done' | 'total'>,
  left: number | undefined,
): string[] {
  const share = `${total > 0 ? Math.floor((100 * done) / total) : 0} %`;
  return left === undefined ? [share] : [share, `${formatSeconds(left)} left`];
}

/** The parts, and as many of the rest as there is room for. */
export function fitting(first: readonly string[], rest: readonly string[], width: number): string {
  const parts = [...first];
  for (const part of rest) if ([...parts, part].join('  ').length <= width) parts.push(part);
  return parts.join('  ').slice(0, Math.max(0, width));
}
