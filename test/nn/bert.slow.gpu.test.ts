/** A small BERT on the device against loops over numbers in float64. */
import { beforeAll, expect, it } from 'vitest';
import { init, random, tensor } from '../../engine/index.ts';
import { bert, withBertWeights } from '../../nn/index.ts';
import { drawnWeights, logitsOf, small, texts } from './bert-helpers.ts';
import { relativeDistance, values } from './helpers.ts';

beforeAll(() => init());

it('BERT on the device has the logits of float64 to 1e-5', async () => {
  const model = bert(small);
  const arrays = drawnWeights('bert.', true);
  const params = withBertWeights(model.init(random.key(1), [3, 5]).params, arrays);
  const logits = await values(model.apply(params, tensor(texts, [2, 3, 5])));
  const expected = [0, 1].flatMap((k) => logitsOf(arrays, 'bert.', texts.subarray(15 * k), 5));
  expect(relativeDistance(logits, expected)).toBeLessThan(1e-5);
});
