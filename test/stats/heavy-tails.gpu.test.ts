/** Stable random numbers on the device are those of float64 for the same keys. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { init, random } from '../../engine/index.ts';
import { sampleStable, stableStream } from '../../stats/index.ts';

const ALPHAS = [0.4, 1, 1.5, 2];
const draw = async (): Promise<Float64Array[]> =>
  Promise.all(
    ALPHAS.map(async (alpha) => Float64Array.from(await sampleStable(random.key(9), [4096], alpha).data())),
  );

beforeAll(() => init());
afterAll(() => init());

it('the same keys give the same stable numbers as float64, to 1e-5 in the tails too', async () => {
  const found = await draw();
  const key = await random.key(9).data();
  found.forEach((numbers, k) => {
    const at = stableStream(key, ALPHAS[k]!);
    numbers.forEach((x, i) =>
      expect(Math.abs(x / at(i) - 1), `alpha ${ALPHAS[k]}, number ${i}`).toBeLessThan(1e-5),
    );
  });
  await init({ backend: 'reference' });
  const exact = await draw();
  exact.forEach((numbers, k) =>
    numbers.forEach((x, i) =>
      expect(Math.abs(found[k]![i]! - x), `alpha ${ALPHAS[k]}: ${found[k]![i]} for ${x}`).toBeLessThan(
        1e-5 * Math.abs(x),
      ),
    ),
  );
});
