import { expect, test } from 'vitest';
import { progressLine } from '../../cli/progress.ts';
import { terminalOf } from '../../cli/world.ts';

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

test('NO_COLOR turns colours off, and a terminal has them otherwise', () => {
  const stream = { isTTY: true, write: () => true };
  expect(terminalOf(stream, {}).bold('x')).toBe('\u001b[1mx\u001b[0m');
  expect(terminalOf(stream, { NO_COLOR: '1' }).bold('x')).toBe('x');
  expect(terminalOf({ write: () => true }, {}).bold('x')).toBe('x');
});
