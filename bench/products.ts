/** Matrix products: those that are compared with other engines, those of F1's training step, and every layout. */
import { jit, matmul, transpose, type Tensor } from '../engine/index.ts';
import type { KernelCase } from './kernels.ts';
import { noise } from './tensors.ts';
import type { Targets, Workload } from './workload.ts';

/** [rows, columns] as stored; a transposed operand is read across. */
export interface Product {
  readonly name: string;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly transposed?: 'a' | 'b' | 'both';
}

const PRODUCTS: readonly Product[] = [
  { name: 'forward, first layer: X·W', a: [256, 784], b: [784, 500] },
  { name: 'forward, hidden layer: X·W', a: [256, 500], b: [500, 500] },
  { name: 'gradient of the input: dY·Wᵀ', a: [256, 500], b: [500, 500], transposed: 'b' },
  { name: 'gradient of the weight: Xᵀ·dY', a: [256, 500], b: [256, 500], transposed: 'a' },
  { name: 'logits: X·W', a: [256, 500], b: [500, 10] },
  { name: 'small model: X·W', a: [32, 784], b: [784, 64] },
  ...[512, 1024].flatMap((size): Product[] => {
    const square = { name: 'square', a: [size, size], b: [size, size] } as const;
    return [
      square,
      { ...square, transposed: 'a' },
      { ...square, transposed: 'b' },
      { ...square, transposed: 'both' },
    ];
  }),
];

const reads = (transposed: Product['transposed'], operand: 'a' | 'b'): boolean =>
  transposed === operand || transposed === 'both';

function multiply({ transposed }: Product, x: Tensor, y: Tensor): Tensor {
  return matmul(reads(transposed, 'a') ? transpose(x) : x, reads(transposed, 'b') ? transpose(y) : y);
}

function flopsOf({ a, b, transposed }: Product): number {
  const [rows, inner] = reads(transposed, 'a') ? [a[1], a[0]] : a;
  return 2 * rows * inner * (reads(transposed, 'b') ? b[0] : b[1]);
}

function titleOf({ name, a, b, transposed }: Product): string {
  const mark = (operand: 'a' | 'b'): string => (reads(transposed, operand) ? 'ᵀ' : '');
  return `${name}, [${a.join(', ')}]${mark('a')} · [${b.join(', ')}]${mark('b')}`;
}

/** A product that is compared with other engines. */
export function product(description: Product, targets: Targets): Workload {
  const { a, b } = description;
  return {
    title: titleOf(description),
    flops: flopsOf(description),
    targets,
    start() {
      const [left, right] = [noise(a, 1), noise(b, 2)];
      const recorded = jit((x: Tensor, y: Tensor): readonly Tensor[] => [multiply(description, x, y)]);
      return {
        parameters: right.size,
        step: () => recorded(left, right),
        dispose: () => recorded.dispose(),
      };
    },
  };
}

export const PRODUCT_CASES: readonly KernelCase[] = PRODUCTS.map((description) => ({
  name: titleOf(description),
  work: { flops: flopsOf(description) },
  operands: () => [noise(description.a, 1), noise(description.b, 2)],
  f: (...operands) => {
    const [x, y] = operands as [Tensor, Tensor];
    return [multiply(description, x, y)];
  },
}));
