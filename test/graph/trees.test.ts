/** Trees of tensors: structure, paths, mapping, vectors, refusals. */
import { beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../property.ts';
import { init, tensor, tree, zeros, type Tensor, type Tree } from '../../engine/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const [a, b, c] = [zeros([2]), zeros([3]), zeros([])];

describe('a tree', () => {
  test('is a tensor, or arrays and plain objects of trees', () => {
    expect(tree.leaves(a)).toEqual([a]);
    expect(tree.leaves({ x: [a, { y: b }], z: c })).toEqual([a, b, c]);
    expect(tree.leaves([])).toEqual([]);
    expect(tree.leaves({})).toEqual([]);
  });

  test('visits objects in the order of their sorted keys, however they were built', () => {
    expect(tree.leaves({ z: a, a: b })).toEqual([b, a]);
    expect(tree.structure({ z: a, a: b })).toBe(tree.structure({ a, z: b }));
  });

  test('names its leaves by stable paths', () => {
    const paths = tree.paths({ layers: [{ weight: a, bias: b }], scale: c });
    expect(paths.map(({ path }) => path)).toEqual(['layers/0/bias', 'layers/0/weight', 'scale']);
    expect(tree.paths(a)).toEqual([{ path: '', leaf: a }]);
  });

  test('has a structure that tells arrays, objects and keys apart', () => {
    const trees: Tree[] = [
      a,
      [a],
      [a, a],
      [[a]],
      { x: a },
      { y: a },
      { x: [a] },
      [],
      {},
      { 'x:*': a },
      { x: a, y: a },
    ];
    const structures = trees.map(tree.structure);
    expect(new Set(structures).size).toBe(trees.length);
  });

  test('keeps keys that a prototype has', () => {
    const odd = JSON.parse('{"__proto__": 0, "constructor": 1}') as Record<string, Tree>;
    const built = Object.fromEntries(Object.keys(odd).map((key) => [key, a]));
    const copy = tree.map((x) => x, built);
    expect(Object.keys(copy).sort()).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test.each([
    ['a number', { x: [3] }, "'x/0' is number 3"],
    ['null', { x: null }, "'x' is object null"],
    ['a function', () => a, 'its root is function'],
    ['a map', { x: new Map() }, "'x' is a Map"],
    ['a typed array', [new Float32Array(2)], "'0' is a Float32Array"],
  ])('refuses %s, and says where', (_what, value, place) => {
    const call = (): unknown => tree.leaves(value as unknown as Tree);
    expect(call).toThrow(expect.objectContaining({ code: 'TREE' }));
    expect(call).toThrow(place);
  });
});

describe('unflatten', () => {
  test('is the inverse of leaves, for any tree', () => {
    const { node } = fc.letrec<{ node: Tree }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(a, b, c),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('node'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(node, (value) => {
        const copy = tree.unflatten(value, tree.leaves(value));
        expect(tree.structure(copy)).toBe(tree.structure(value));
        expect(tree.leaves(copy)).toEqual(tree.leaves(value));
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  test('refuses too few and too many leaves', () => {
    expect(() => tree.unflatten([a, b], [a])).toThrow(expect.objectContaining({ code: 'TREE' }));
    expect(() => tree.unflatten([a], [a, b])).toThrow('the tree has 1 leaves, but 2 were given');
  });
});

describe('map', () => {
  test('applies to corresponding leaves', async () => {
    const sum = tree.map(
      (x, y) => x.add(y),
      { p: tensor([1, 2]), q: [tensor(3)] },
      { p: tensor([10, 20]), q: [tensor(30)] },
    );
    expect([...(await sum.p.data())]).toEqual([11, 22]);
    expect(await (sum.q[0] as Tensor).item()).toBe(33);
  });

  test('refuses trees of different structure', () => {
    expect(() => tree.map((x) => x, { p: a }, [a] as Tree)).toThrow('{"p":*} and [*]');
  });
});

describe('ravel', () => {
  test('is one vector of all leaves, and the way back', async () => {
    const value = {
      w: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: tensor(5),
    };
    const [vector, unravel] = tree.ravel(value);
    expect([...(await vector.data())]).toEqual([5, 1, 2, 3, 4]);
    const back = unravel(vector.mul(2));
    expect([back.w.shape, [...(await back.w.data())], await back.b.item()]).toEqual([
      [2, 2],
      [2, 4, 6, 8],
      10,
    ]);
  });

  test('takes leaves without elements', async () => {
    const [vector, unravel] = tree.ravel([zeros([0, 3]), tensor([7])]);
    expect([...(await vector.data())]).toEqual([7]);
    expect(unravel(vector)[0]?.shape).toEqual([0, 3]);
  });
});
