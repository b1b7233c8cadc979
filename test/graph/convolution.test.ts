/**
 * Convolution and pooling by their definitions, in float64: against the product with gathered windows, and against slices.
 */
/* oxlint-disable vitest/expect-expect -- the helpers assert */
import { beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../property.ts';
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { distinct, uniform } from '../conformance/draw.ts';
import { geometries, type Geometry } from '../conformance/geometries.ts';

beforeAll(() => lv.init({ backend: 'reference' }));

const RUNS = { seed: 20_261_121, numRuns: Number(process.env['FC_RUNS'] ?? 60) };

function draw(name: string, shape: readonly number[]): Tensor {
  return lv.tensor(uniform(name, shape).data, shape);
}

async function expectClose(x: Tensor, y: Tensor): Promise<void> {
  expect(x.shape).toEqual(y.shape);
  const [a, b] = [await x.data(), await y.data()];
  a.forEach((value, k) => expect(Math.abs(value - (b[k] as number))).toBeLessThanOrEqual(1e-11));
}

/** The product with all windows laid out as rows: [N·OH·OW, R·S·C/g] · [R·S·C/g, O/g] for each group. */
function byWindows(x: Tensor, w: Tensor, { stride, padding, dilation, groups, y }: Geometry): Tensor {
  const [examples, height, width, filters] = y;
  const [r, s, seen] = w.shape as readonly [number, number, number];
  const padded = lv.pad(x, [[0, 0], ...padding, [0, 0]]);
  const taps = Array.from({ length: r * s }, (_, k) => {
    const [top, left] = [Math.floor(k / s) * dilation[0], (k % s) * dilation[1]];
    const end = [top + (height - 1) * stride[0] + 1, left + (width - 1) * stride[1] + 1];
    return lv.slice(padded, [0, top, left, 0], [examples, ...end, x.shape[3] as number], [1, ...stride, 1]);
  });
  const rows = examples * height * width;
  const perGroup = Array.from({ length: groups }, (_, g) => {
    const window = taps.map((tap) =>
      lv.reshape(lv.slice(tap, [0, 0, 0, g * seen], [...tap.shape.slice(0, 3), (g + 1) * seen]), [
        rows,
        seen,
      ]),
    );
    const made = filters / groups;
    const weights = lv.slice(w, [0, 0, 0, g * made], [r, s, seen, (g + 1) * made]);
    return lv.matmul(lv.concat(window, 1), lv.reshape(weights, [r * s * seen, made]));
  });
  return lv.reshape(lv.concat(perGroup, 1), y);
}

function forGeometries(property: (geometry: Geometry) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(geometries(3), property), RUNS);
}

describe('conv2d', () => {
  test('is the product of the windows with the filters, for any stride, padding, dilation and groups', () =>
    forGeometries((g) => {
      const [x, w] = [draw('x', g.x), draw('w', g.w)];
      return expectClose(lv.conv2d(x, w, g), byWindows(x, w, g));
    }));

  test('has the derivatives of that product, first and second', () =>
    forGeometries(async (g) => {
      const primals: [Tensor, Tensor] = [draw('x', g.x), draw('w', g.w)];
      const cotangent = draw('y', g.y);
      const energy =
        (convolve: (x: Tensor, w: Tensor, g: Geometry) => Tensor) =>
        ([x, w]: readonly [Tensor, Tensor]): Tensor => {
          const y = convolve(x, w, g);
          return lv.sum(lv.mul(lv.mul(y, y), cotangent));
        };
      const direction: [Tensor, Tensor] = [draw('dx', g.x), draw('dw', g.w)];
      const [ours, theirs] = [lv.conv2d, byWindows].map((f) =>
        lv.tree.leaves([lv.grad(energy(f))(primals), lv.hvp(energy(f))(primals, direction)]),
      ) as [Tensor[], Tensor[]];
      for (const [k, value] of ours.entries()) await expectClose(value, theirs[k] as Tensor);
    }));

  test("'same' gives ceil(extent / stride), with the odd pixel of padding at the bottom and right", async () => {
    const x = draw('x', [1, 7, 8, 2]);
    const w = draw('w', [3, 2, 2, 3]);
    const same = lv.conv2d(x, w, { stride: [2, 3], padding: 'same' });
    expect(same.shape).toEqual([1, 4, 3, 3]);
    const explicit = lv.conv2d(x, w, { stride: [2, 3], padding: [[1, 1], [0, 0]] }); // prettier-ignore
    await expectClose(same, explicit);
    expect(lv.conv2d(x, w, { padding: 'same' }).shape).toEqual([1, 7, 8, 3]);
    await expectClose(
      lv.conv2d(x, w, { padding: 'same' }),
      lv.conv2d(x, w, { padding: [[1, 1], [0, 1]] }), // prettier-ignore
    );
  });

  test('a NaN in an image reaches the windows that see it, and no other', async () => {
    const x = draw('x', [1, 4, 4, 1]);
    const spoilt = lv.where(lv.equal(lv.reshape(lv.arange(16), [1, 4, 4, 1]), 0), NaN, x);
    const y = await lv.conv2d(spoilt, draw('w', [3, 3, 1, 1]), { padding: 'same' }).data();
    expect([...y].map(Number.isNaN)).toEqual(Array.from({ length: 16 }, (_, k) => [0, 1, 4, 5].includes(k)));
  });

  test.each([
    { what: 'a stride of 0', options: { stride: 0 }, code: 'CONVOLUTION' },
    { what: 'a dilation of 0', options: { dilation: [1, 0] as const }, code: 'CONVOLUTION' },
    { what: 'groups that do not divide', options: { groups: 2 }, code: 'CONVOLUTION' },
    { what: 'negative padding', options: { padding: -1 }, code: 'CONVOLUTION' },
  ])('$what is refused', ({ options, code }) => {
    expect(() => lv.conv2d(draw('x', [1, 4, 4, 3]), draw('w', [3, 3, 3, 3]), options)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('a filter that does not fit is named with the image and what to do', () => {
    expect(() => lv.conv2d(draw('x', [1, 4, 4, 3]), draw('w', [5, 5, 3, 3]))).toThrow(
      'conv2d: a window of [5, 5], [1, 1] apart, does not fit into an image of [4, 4] with padding [0, 0], [0, 0]: pad more, or take a smaller window.',
    );
  });
});

describe('pooling', () => {
  const windows = { size: [2, 3], stride: [2, 1], padding: [[1, 0], [1, 1]] } as const; // prettier-ignore

  /** The elements of every window side by side on a new last axis, `outside` where there is no pixel. */
  function elements(x: Tensor, outside: number): Tensor {
    const padded = lv.pad(x, [[0, 0], ...windows.padding, [0, 0]], outside);
    const [n, height, width, c] = lv.maxPool2d(x, windows).shape as readonly [number, number, number, number];
    return lv.stack(
      Array.from({ length: 6 }, (_, k) => {
        const [row, column] = [Math.floor(k / 3), k % 3];
        const end = [row + (height - 1) * 2 + 1, column + width];
        return lv.slice(padded, [0, row, column, 0], [n, ...end, c], [1, 2, 1, 1]);
      }),
      -1,
    );
  }

  test('maxPool2d and its derivatives are those of the maximum over slices', async () => {
    const shape = [2, 5, 4, 2];
    const x = lv.tensor(distinct('pool', shape).data, shape);
    await expectClose(lv.maxPool2d(x, windows), lv.max(elements(x, -1e9), -1));
    const energy = (pool: (x: Tensor) => Tensor) => (at: Tensor) => lv.sum(lv.exp(lv.mul(pool(at), 0.1)));
    const direction = draw('direction', shape);
    for (const transform of [
      (f: (x: Tensor) => Tensor) => lv.grad(f)(x),
      (f: (x: Tensor) => Tensor) => lv.hvp(f)(x, direction),
    ])
      await expectClose(
        transform(energy((at) => lv.maxPool2d(at, windows))),
        transform(energy((at) => lv.max(elements(at, -1e9), -1))),
      );
  });

  test('of equal elements the first in row-major order takes the gradient', async () => {
    const x = lv.tensor([[[[1], [2]], [[2], [2]]]]); // prettier-ignore
    const gradient = lv.grad((at: Tensor) => lv.sum(lv.maxPool2d(at, { size: 2 })))(x);
    expect([...(await gradient.data())]).toEqual([0, 1, 0, 0]);
  });

  test('padding is never the maximum, and a NaN always is', async () => {
    const below = lv.full([1, 2, 2, 1], -5);
    const pooled = await lv.maxPool2d(below, { size: 2, padding: 1 }).data();
    expect([...pooled]).toEqual([-5, -5, -5, -5]);
    const nan = lv.tensor([1, NaN, Infinity, 2], [1, 2, 2, 1]);
    expect(await lv.maxPool2d(nan, { size: 2 }).item()).toBeNaN();
  });

  test('averagePool2d is the mean over the pixels of the image in each window', async () => {
    const x = draw('x', [2, 5, 4, 2]);
    const inside = lv.sum(elements(lv.onesLike(x), 0), -1);
    const expected = lv.div(lv.sum(elements(x, 0), -1), inside);
    await expectClose(lv.averagePool2d(x, windows), expected);
    await expectClose(
      lv.averagePool2d(x, { size: [5, 4] }),
      lv.reshape(lv.globalAveragePool(x), [2, 1, 1, 2]),
    );
  });

  test.each([
    { what: 'images of rank 3', shape: [4, 4, 2], options: { size: 2 }, code: 'SHAPE' },
    { what: 'a window of 0', shape: [1, 4, 4, 2], options: { size: 0 }, code: 'CONVOLUTION' },
    {
      what: 'a window larger than the image',
      shape: [1, 4, 4, 2],
      options: { size: 5 },
      code: 'CONVOLUTION',
    },
    {
      what: 'windows that hold no pixel',
      shape: [1, 4, 4, 2],
      options: { size: 2, padding: 2 },
      code: 'CONVOLUTION',
    },
  ])('$what: both poolings refuse', ({ shape, options, code }) => {
    for (const pool of [lv.maxPool2d, lv.averagePool2d])
      expect(() => pool(draw('x', shape), options)).toThrow(expect.objectContaining({ code }));
  });
});
