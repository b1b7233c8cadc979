/** Throughput of single kernels: matrix products in the shapes of F1's training step, and traffic of memory. */
import {
  add,
  jit,
  matmul,
  maxPool2d,
  mul,
  relu,
  sum,
  tensor,
  transpose,
  vjp,
  type Shape,
  type Tensor,
} from '../engine/index.ts';
import { ghostBatchNorm } from '../nn/index.ts';
import { timePerCall } from './clock.ts';
import { fill, symmetric } from './hash.ts';
import { disposeAll } from './workload.ts';

export interface KernelResult {
  readonly name: string;
  readonly ms: number;
  /** GFLOP/s of a product; GB/s read and written for the rest. */
  readonly rate: number;
}

/** [rows, columns] as stored; a transposed operand is read across. */
export interface Product {
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
  for (const product of PRODUCTS) results.push(await timeProduct(product));
  return results;
}

export async function timeProduct(
  { name, a, b, transposed }: Product,
  batches?: number,
): Promise<KernelResult> {
  const left = noise(a, 1);
  const right = noise(b, 2);
  const product = jit((x: Tensor, y: Tensor) =>
    matmul(transposed === 'a' ? transpose(x) : x, transposed === 'b' ? transpose(y) : y),
  );
  const inner = transposed === 'a' ? a[0] : a[1];
  const flops = 2 * inner * (transposed === 'a' ? a[1] : a[0]) * (transposed === 'b' ? b[0] : b[1]);
  const ms = await timePerCall(() => [product(left, right)], batches);
  product.dispose();
  disposeAll([left, right]);
  return { name: `${name}, ${shapes(a, b, transposed)}`, ms, rate: flops / ms / 1e6 };
}

function shapes(a: Product['a'], b: Product['b'], transposed: Product['transposed']): string {
  return `[${a.join(', ')}]${transposed === 'a' ? 'ᵀ' : ''} · [${b.join(', ')}]${transposed === 'b' ? 'ᵀ' : ''}`;
}

interface Stream {
  readonly name: string;
  readonly shapes: readonly Shape[];
  /** How often an array of the first shape passes through memory, reads and writes together. */
  readonly arrays: number;
  readonly f: (...operands: readonly Tensor[]) => readonly Tensor[];
}

const SQUARE: Shape = [2048, 2048];
/** What follows a convolution of C1's first stage at B = 32. */
const IMAGES: Shape = [32, 32, 32, 64];
const POOLED: Shape = [32, 16, 16, 64];
const CHANNELS: Shape = [64];

const pool = (x: Tensor): Tensor => maxPool2d(x, { size: 2 });

const ghost = ghostBatchNorm({ groupSize: IMAGES[0] as number });
const normalize = (x: Tensor, scale: Tensor, offset: Tensor): Tensor =>
  ghost.apply({ scale, offset }, x, { training: true });

const binary = (f: (x: Tensor, y: Tensor) => Tensor): Stream['f'] => {
  return (...operands) => [f(...(operands as [Tensor, Tensor]))];
};

const STREAMS: readonly Stream[] = [
  { name: 'add: x + y', shapes: [SQUARE, SQUARE], arrays: 3, f: binary(add) },
  {
    name: 'fused chain: relu(2x + y)·y',
    shapes: [SQUARE, SQUARE],
    arrays: 3,
    f: binary((x, y) => mul(relu(add(mul(x, 2), y)), y)),
  },
  { name: 'sum of all', shapes: [SQUARE], arrays: 1, f: binary((x) => sum(x)) },
  { name: 'sum of each row', shapes: [SQUARE], arrays: 1, f: binary((x) => sum(x, 1)) },
  { name: 'sum of each column', shapes: [SQUARE], arrays: 1, f: binary((x) => sum(x, 0)) },
  { name: 'max pooling 2 × 2', shapes: [IMAGES], arrays: 1.25, f: binary((x) => pool(x)) },
  {
    name: 'gradient of max pooling',
    shapes: [IMAGES, POOLED],
    arrays: 2.25,
    f: binary((x, ct) => vjp(pool, x)[1](ct)[0]),
  },
  {
    name: 'batch normalisation in training',
    shapes: [IMAGES, CHANNELS, CHANNELS],
    arrays: 2,
    f: (...operands) => [normalize(...(operands as [Tensor, Tensor, Tensor]))],
  },
  {
    name: 'gradients of batch normalisation',
    shapes: [IMAGES, CHANNELS, CHANNELS, IMAGES],
    arrays: 3,
    f: (...operands) => {
      const [x, scale, offset, ct] = operands as [Tensor, Tensor, Tensor, Tensor];
      return vjp(normalize, x, scale, offset)[1](ct);
    },
  },
];

/** Every array that goes in or comes out counts once, however often the kernels read it. */
export async function timeStreams(): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  for (const { name, shapes: operandShapes, arrays, f } of STREAMS) {
    const operands = operandShapes.map((shape, k) => noise(shape, k + 1));
    const kernel = jit(f);
    const ms = await timePerCall(() => kernel(...operands));
    const [shape] = operandShapes as [Shape];
    const bytes = 4 * arrays * shape.reduce((product, extent) => product * extent, 1);
    results.push({ name: `${name}, [${shape.join(', ')}]`, ms, rate: bytes / ms / 1e6 });
    kernel.dispose();
    disposeAll(operands);
  }
  return results;
}

function noise(shape: Shape, layer: number): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor(fill(size, layer << 24, symmetric), shape);
}
