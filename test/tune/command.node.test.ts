/** What `langevin tune kernels` refuses before it measures anything. */
import { expect, test } from 'vitest';
import { say } from './say.ts';

test('a network or a batch that makes no sense is a mistake of usage', async () => {
  expect(await say('tune', 'kernels', '--model', 'c1')).toMatchObject({
    code: 2,
    stderr: "langevin: there is no network 'c1'; did you mean C1? [USAGE]\n",
  });
  expect(await say('tune', 'kernels', '--batch', '0')).toMatchObject({ code: 2 });
  expect(await say('tune', 'kernels', 'C1')).toMatchObject({ code: 2 });
});

test('the help names the networks and says when what was measured is used', async () => {
  const { code, stdout } = await say('tune', 'kernels', '--help');
  expect(code).toBe(0);
  expect(stdout).toContain('784-64-10, F1, C1');
  expect(stdout).toContain('LANGEVIN_TUNE');
});
