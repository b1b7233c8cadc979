/** The README's example on the device, where there is one: what it prints is rounded enough to be the same there. */
import { expect, test } from 'vitest';
import { init, LangevinError } from '../../engine/index.ts';
import { readDocument } from './markdown.ts';
import { loaderFor, run } from './run.ts';

test('the example of the README prints on the device what it claims', async ({ skip }) => {
  await init().catch((error: unknown) => {
    if (error instanceof LangevinError && error.code === 'NO_ADAPTER') skip(error.message);
    throw error;
  });
  for (const section of readDocument('README.md').sections)
    expect([...(await run(section, loaderFor('README.md')))]).toEqual([...section.prints]);
});
