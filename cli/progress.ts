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

/** How progress is put into words, at most `width` characters. */
export type Describe = (progress: Progress, rate: number | undefined, width: number) => string;

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
  let samples: { readonly time: number; readonly done: number }[] = [];
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
      const due = time - drawn >= (terminal.redraws ? REDRAW : PLAIN);
      if (!due && samples.length > 0) return;
      samples = [...samples.filter((sample) => time - sample.time <= window), { time, done: progress.done }];
      if (!due) return;
      drawn = time;
      const text = describe(progress, rateOf(samples), terminal.redraws ? terminal.width - 1 : Infinity);
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

/** Units per second over the samples, or undefined when nothing can be said yet. */
function rateOf(samples: readonly { readonly time: number; readonly done: number }[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.time - first.time < 200) return undefined;
  return (1000 * (last.done - first.done)) / (last.time - first.time);
}

/** The parts that fit into `width`, the most telling first. */
function describeUnits(
  { done, total, unit, note }: Progress,
  rate: number | undefined,
  width: number,
): string {
  return fitting(
    shareAndTime({ done, total }, rate),
    [
      `${done}/${total} ${unit}`,
      ...(rate === undefined ? [] : [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} ${unit}/s`]),
      ...(note === undefined ? [] : [note]),
    ],
    width,
  );
}

/** `42 %`, and the time left when something can be said of it. */
export function shareAndTime(
  { done, total }: Pick<Progress, 'done' | 'total'>,
  rate: number | undefined,
): string[] {
  const share = `${total > 0 ? Math.floor((100 * done) / total) : 0} %`;
  return rate !== undefined && rate > 0 ? [share, `${formatSeconds((total - done) / rate)} left`] : [share];
}

/** The parts, and as many of the rest as there is room for. */
export function fitting(first: readonly string[], rest: readonly string[], width: number): string {
  const parts = [...first];
  for (const part of rest) if ([...parts, part].join('  ').length <= width) parts.push(part);
  return parts.join('  ').slice(0, Math.max(0, width));
}
