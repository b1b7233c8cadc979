/** Who wins, with kernels that are only clocks. */
import { expect, test } from 'vitest';
import { LangevinError } from '../../engine/index.ts';
import { contest, type Contestant } from '../../engine/tune/contest.ts';

/** A kernel whose n-th turn takes the time that `turns` says: the first two are those before the rounds. */
function kernel(name: string, turns: (n: number) => number): Contestant & { count: number } {
  const self = {
    name,
    count: 0,
    time: async () => turns(self.count++),
  };
  return self;
}

const steady = (name: string, ms: number): ReturnType<typeof kernel> => kernel(name, () => ms);

test('the fastest kernel wins, and every one has its median time, in the order of the rule', async () => {
  const { best, findings } = await contest([steady('rule', 3), steady('slow', 4), steady('fast', 2)]);
  expect(best).toBe('fast');
  expect(findings).toEqual([
    { name: 'rule', ms: 3 },
    { name: 'slow', ms: 4 },
    { name: 'fast', ms: 2 },
  ]);
});

test('the rule keeps its choice against a kernel that saves less than a twentieth', async () => {
  expect((await contest([steady('rule', 100), steady('other', 96)])).best).toBe('rule');
  expect((await contest([steady('rule', 100), steady('other', 94)])).best).toBe('other');
});

test('the rule keeps its choice against a kernel that is faster by its median but loses two rounds', async () => {
  const losing = (rounds: number) =>
    contest([steady('rule', 100), kernel('other', (n) => (n - 2 < rounds ? 110 : 50))]);
  expect((await losing(2)).best).toBe('rule');
  expect((await losing(1)).best).toBe('other');
});

test('load that comes and goes falls on neighbours alike and changes no verdict', async () => {
  let calls = 0;
  const load = (): number => (Math.floor(calls++ / 6) % 3 === 0 ? 10 : 1);
  const { best } = await contest([
    kernel('rule', () => 1.0 * load()),
    kernel('equal', () => 1.0 * load()),
    kernel('faster', () => 0.8 * load()),
  ]);
  expect(best).toBe('faster');
});

test('a kernel far behind has its first turn and no other; the choice of the rule has all', async () => {
  const [rule, quick, hopeless] = [steady('rule', 10), steady('quick', 1), steady('hopeless', 10)];
  const { best, findings } = await contest([rule, quick, hopeless]);
  expect(best).toBe('quick');
  expect([rule.count, quick.count, hopeless.count]).toEqual([11, 11, 2]);
  expect(findings[2]).toEqual({ name: 'hopeless', ms: 10 });
});

test('a choice of the rule that bad luck cannot explain has one turn too', async () => {
  const rule = steady('rule', 100);
  expect((await contest([rule, steady('quick', 1)])).best).toBe('quick');
  expect(rule.count).toBe(2);
});

test('what compiling takes counts for nobody', async () => {
  const compiling = kernel('compiling', (n) => (n === 0 ? 1e4 : 1));
  expect((await contest([steady('rule', 2), compiling])).best).toBe('compiling');
});

test('a kernel that cannot run is refused with its reason, be it the choice of the rule', async () => {
  const broken: Contestant = {
    name: 'broken',
    time: () => Promise.reject(new LangevinError('SHADER', 'It does not compile.')),
  };
  expect(await contest([broken, steady('other', 1)])).toEqual({
    best: 'other',
    findings: [
      { name: 'broken', refused: 'It does not compile.' },
      { name: 'other', ms: 1 },
    ],
  });
  expect((await contest([broken])).best).toBeUndefined();
});

test('an error that is no refusal ends the contest', async () => {
  const lost: Contestant = { name: 'lost', time: () => Promise.reject(new Error('mapAsync')) };
  await expect(contest([steady('rule', 1), lost])).rejects.toThrow('mapAsync');
});
