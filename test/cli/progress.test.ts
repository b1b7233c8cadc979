import { expect, test } from 'vitest';
import { progressLine } from '../../cli/progress.ts';
import { sweepProgress } from '../../cli/sweep/progress.ts';
import { terminalOf } from '../../cli/world.ts';
import { toyGrid } from './toy-grid.ts';

/** A run of 1,000 steps at 50 per second, watched on a stream of this kind. */
function watch(
  stream: { isTTY?: boolean; columns?: number },
  environment: Record<string, string> = {},
): string {
  let text = '';
  let time = 0;
  const write = (more: string): void => void (text += more);
  const line = progressLine(terminalOf({ ...stream, write }, environment), () => time);
  for (let done = 1; done <= 1000; done++) {
    time += 20;
    line.update({ done, total: 1000, unit: 'steps', note: 'alpha 1.5, batch 100' });
    if (done === 500) line.print('halved');
  }
  line.end();
  return text;
}

test('on a terminal one line is drawn over itself, with rate and time left, and taken away at the end', () => {
  const text = watch({ isTTY: true, columns: 80 });
  const drawings = text.split('\r').filter((part) => part.trim() !== '');
  expect(drawings[0]).toContain('0 %');
  expect(drawings.at(-1)?.trimEnd()).toBe(
    '99 %  0.1 s left  996/1000 steps  50 steps/s  alpha 1.5, batch 100',
  );
  expect(drawings.length).toBeLessThanOrEqual(202);
  expect(text).toContain('\rhalved\n');
  expect(text).toMatch(/\r +\r$/);
});

test('on a terminal of 40 columns the line keeps what tells most and never wraps', () => {
  const drawings = watch({ isTTY: true, columns: 40 }).split(/[\r\n]/);
  expect(Math.max(...drawings.map((part) => part.length))).toBeLessThan(40);
  expect(drawings.findLast((part) => part.trim() !== '')).toContain('99 %  0.1 s left  996/1000 steps');
});

test.each([
  ['a file or a pipe', {}, {}],
  ['a dumb terminal', { isTTY: true, columns: 80 }, { TERM: 'dumb' }],
])('%s gets a plain line every ten seconds', (_which, stream, environment) => {
  expect(watch(stream, environment)).toBe(
    'halved\n50 %  10 s left  501/1000 steps  50 steps/s  alpha 1.5, batch 100\n',
  );
});

test('parts that are each shorter than the pause between plain lines do not keep them back', () => {
  let [text, time] = ['', 0];
  const line = progressLine(terminalOf({ write: (more) => (text += more) }, {}), () => time);
  for (let part = 0; part < 8; part++)
    for (let done = 1; done <= 4; done++) {
      time += 1000;
      line.update({ done, total: 4, unit: 'draws', note: `part ${part}` });
    }
  expect(text.trimEnd().split('\n')).toHaveLength(3);
});

test('nothing is said of the time left of a long work before a share of it, or half a minute, was under way', () => {
  const leftAfter = (seconds: number, rate: number): boolean => {
    let [text, time] = ['', 0];
    const terminal = terminalOf({ isTTY: true, columns: 80, write: (more) => (text = more) }, {});
    const line = progressLine(terminal, () => time);
    for (; time <= 1000 * seconds; time += 500)
      line.update({ done: 100 + (rate * time) / 1000, total: 1e5, unit: 'steps' });
    return text.includes('left');
  };
  expect(leftAfter(2, 1)).toBe(false);
  expect(leftAfter(29, 1)).toBe(false);
  expect(leftAfter(30, 1)).toBe(true);
  expect(leftAfter(4, 1000)).toBe(false);
  expect(leftAfter(5, 1000)).toBe(true);
});

test('NO_COLOR turns colours off, and a terminal has them otherwise', () => {
  const stream = { isTTY: true, write: () => true };
  expect(terminalOf(stream, {}).bold('x')).toBe('\u001b[1mx\u001b[0m');
  expect(terminalOf(stream, { NO_COLOR: '1' }).bold('x')).toBe('x');
  expect(terminalOf({ write: () => true }, {}).bold('x')).toBe('x');
});

test('progress over a grid counts cells and their cost, and the time left does not count what was done before', () => {
  let [text, time] = ['', 0];
  const terminal = terminalOf({ write: (more) => (text += more) }, {});
  const cells = toyGrid.cells({ ...toyGrid.presets.smoke, steps: 100, rates: [1, 2, 3, 4] }, 0, 'procedural');
  const [first, second, third] = cells;
  if (!first || !second || !third) throw new Error('there are four cells');
  const progress = sweepProgress(terminal, toyGrid, cells, new Set([first]), () => time);
  // The second cell goes on at its half; both then make a step every second.
  for (let done = 51; done <= 90; done++) {
    time += 1000;
    progress.update(second, { done, total: 100, unit: 'steps' });
    progress.update(third, { done: done - 50, total: 100, unit: 'steps' });
  }
  // After 31 s the first is done, 81 of 100 steps of the second and 30 of the third: 189 steps are left, at two per second.
  expect(text.split('\n').slice(2, 3)).toEqual(['52 %  1 min 35 s left  1/4 cells  rate 2 | rate 3']);
  progress.settle(second, true);
  time += 10_000;
  progress.update(third, { done: 41, total: 100, unit: 'steps' });
  expect(text.trimEnd().split('\n').at(-1)).toMatch(/^60 % {2}.* left {2}2\/4 cells {2}rate 3$/);
});
