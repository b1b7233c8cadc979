/** Throughput of single kernels: matrix products in the shapes of F1's training step, and traffic of memory. */
import { add, jit, matmul, mul, relu, sum, tensor, transpose, type Tensor } from '../engine/index.ts';
import { timePerCall } from './clock.ts';
import { fill } from './steps.ts';

export interface KernelResult {
  readonly name: string;
  readonly ms: number;
  /** GFLOP/s of a product; GB/s read and written for the rest. */
  readonly rate: number;
}

/** [rows, columns] as stored; a transposed operand is read across. */
interface Product {
  readonly name: string;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly transposed?: 'a' | 'b';
}

const PRODUCTS: readonly Product[] = [
  { name: 'forward, first layer: X·W', a: [256, 784], b: [784, 500] },
  { name: 'forward, hidden layer: X·W', a: [256, 500], b: [500, 500] },
  { name: 'gradient of the input: dY·Wᵀ', a: [256, 500], b: [500, 500], transposed: 'b' },
  { name: 'gradient of the weight: Xᵀ·dY', a: [256, 500], b: [256, 500], transposed: 'a' },
  { name: 'logits: X·W', a: [256, 500], b: [500, 10] },
  { name: 'small model: X·W', a: [32, 784], b: [784, 64] },
  { name: 'square', a: [512, 512], b: [512, 512] },
];

export async function timeProducts(): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  for (const { name, a, b, transposed } of PRODUCTS) {
    const left = noise(a);
    const right = noise(b);
    const product = jit((x: Tensor, y: Tensor) =>
      matmul(transposed === 'a' ? transpose(x) : x, transposed === 'b' ? transpose(y) : y),
    );
    const inner = transposed === 'a' ? a[0] : a[1];
    const flops = 2 * inner * (transposed === 'a' ? a[1] : a[0]) * (transposed === 'b' ? b[0] : b[1]);
    const ms = await timePerCall(() => product(left, right));
    results.push({ name: `${name}, ${shapes(a, b, transposed)}`, ms, rate: flops / ms / 1e6 });
    product.dispose();
    for (const operand of [left, right]) operand.dispose();
  }
  return results;
}

function shapes(a: Product['a'], b: Product['b'], transposed: Product['transposed']): string {
  return `[${a.join(', ')}]${transposed === 'a' ? 'ᵀ' : ''} · [${b.join(', ')}]${transposed === 'b' ? 'ᵀ' : ''}`;
}

const SIDE = 2048;

/** `arrays`: how many arrays of SIDE² f32 pass through memory, reads and writes together. */
const STREAMS: readonly { name: string; arrays: number; f: (x: Tensor, y: Tensor) => Tensor }[] = [
  { name: 'add: x + y', arrays: 3, f: (x, y) => add(x, y) },
  { name: 'fused chain: relu(2x + y)·y', arrays: 3, f: (x, y) => mul(relu(add(mul(x, 2), y)), y) },
  { name: 'sum of all', arrays: 1, f: (x) => sum(x) },
  { name: 'sum of each row', arrays: 1, f: (x) => sum(x, 1) },
  { name: 'sum of each column', arrays: 1, f: (x) => sum(x, 0) },
];

export async function timeStreams(): Promise<KernelResult[]> {
  const x = noise([SIDE, SIDE]);
  const y = noise([SIDE, SIDE]);
  const results: KernelResult[] = [];
  for (const { name, arrays, f } of STREAMS) {
    const kernel = jit(f);
    const ms = await timePerCall(() => kernel(x, y));
    results.push({ name: `${name}, [${SIDE}, ${SIDE}]`, ms, rate: (4 * arrays * SIDE * SIDE) / ms / 1e6 });
    kernel.dispose();
  }
  for (const operand of [x, y]) operand.dispose();
  return results;
}

function noise(shape: readonly [number, number]): Tensor {
  return tensor(
    fill(shape[0] * shape[1], 1, (u) => 2 * u - 1),
    shape,
  );
}
