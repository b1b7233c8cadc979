/** Convolution by itself: one layer that is compared with other engines, and those of C1 beside matrix products. */
import { conv2d, jit, tensor, vjp, type Shape, type Tensor } from '../engine/index.ts';
import { C1_CONVOLUTIONS, productsOf, type ConvolutionLayer } from './c1.ts';
import { timePerCall } from './clock.ts';
import { fill, symmetric } from './hash.ts';
import { timeProduct, type Product } from './kernels.ts';
import { disposeAll, type Workload } from './workload.ts';

const BATCH = 16;

const convolve = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, { padding: 'same' });

/** Images [B, S, S, C], filters [3, 3, C, O] and a cotangent of the output [B, S, S, O]. */
function operands({ side, inputs, outputs }: ConvolutionLayer): [x: Tensor, w: Tensor, ct: Tensor] {
  return [
    noise([BATCH, side, side, inputs], 0),
    noise([3, 3, inputs, outputs], 1 << 24),
    noise([BATCH, side, side, outputs], 2 << 24),
  ];
}

function noise(shape: Shape, seed: number): Tensor {
  return tensor(
    fill(
      shape.reduce((product, extent) => product * extent, 1),
      seed,
      symmetric,
    ),
    shape,
  );
}

/** The layer of 64 → 64 channels at 32 × 32: the output alone, or with the gradients of images and filters. */
export function convolution(title: string, target: number, differentiate: boolean): Workload {
  const layer: ConvolutionLayer = { side: 32, inputs: 64, outputs: 64, count: 1 };
  return {
    title,
    target,
    flops: (differentiate ? 6 : 2) * BATCH * productsOf(layer),
    start() {
      const [x, w, ct] = operands(layer);
      const recorded = jit((images: Tensor, filters: Tensor, cotangent: Tensor): readonly Tensor[] => {
        if (!differentiate) return [convolve(images, filters)];
        const [output, pullback] = vjp(convolve, images, filters);
        return [output, ...pullback(cotangent)];
      });
      return {
        parameters: w.size,
        step: () => recorded(x, w, ct),
        dispose: () => recorded.dispose(),
      };
    },
  };
}

const PASSES = ['forward', 'input gradient', 'filter gradient'] as const;

export interface ConvolutionResult {
  readonly name: string;
  /** GFLOP of one pass. */
  readonly gflop: number;
  readonly passes: readonly {
    readonly name: (typeof PASSES)[number];
    readonly ms: number;
    /** GFLOP/s. */
    readonly rate: number;
    /** GFLOP/s of the matrix product of the same size, on operands that lie in memory. */
    readonly matmul: number;
  }[];
}

/** Times of single calls differ by little in comparison with the rest here, and calls are long: a few will do. */
const TIMED_BATCHES = 3;

/** Every shape of C1's convolutions, in the three directions. */
export async function timeConvolutions(): Promise<ConvolutionResult[]> {
  const results: ConvolutionResult[] = [];
  for (const layer of C1_CONVOLUTIONS) {
    const { side, inputs, outputs } = layer;
    const [x, w, ct] = operands(layer);
    const kernels = [
      jit((images: Tensor, filters: Tensor): Tensor => convolve(images, filters)),
      jit((images: Tensor, filters: Tensor, cotangent: Tensor): Tensor => {
        const [, pullback] = vjp((primal: Tensor) => convolve(primal, filters), images);
        return pullback(cotangent)[0];
      }),
      jit((images: Tensor, filters: Tensor, cotangent: Tensor): Tensor => {
        const [, pullback] = vjp((primal: Tensor) => convolve(images, primal), filters);
        return pullback(cotangent)[0];
      }),
    ] as const;
    const flops = 2 * BATCH * productsOf(layer);
    const passes: ConvolutionResult['passes'][number][] = [];
    for (const [k, name] of PASSES.entries()) {
      const kernel = kernels[k] as (typeof kernels)[1];
      const ms = await timePerCall(() => [kernel(x, w, ct)], TIMED_BATCHES);
      kernel.dispose();
      const product = await timeProduct(equalProduct(name, layer), TIMED_BATCHES);
      passes.push({ name, ms, rate: flops / ms / 1e6, matmul: product.rate });
    }
    disposeAll([x, w, ct]);
    results.push({
      name: `${inputs} → ${outputs}, ${side} × ${side}`,
      gflop: flops / 1e9,
      passes,
    });
  }
  return results;
}

/** The product that a convolution is once the pixels under every filter have been gathered. */
function equalProduct(pass: (typeof PASSES)[number], { side, inputs, outputs }: ConvolutionLayer): Product {
  const pixels = BATCH * side * side;
  switch (pass) {
    case 'forward':
      return { name: pass, a: [pixels, 9 * inputs], b: [9 * inputs, outputs] };
    case 'input gradient':
      return { name: pass, a: [pixels, 9 * outputs], b: [9 * outputs, inputs] };
    case 'filter gradient':
      return { name: pass, a: [pixels, 9 * inputs], b: [pixels, outputs], transposed: 'a' };
  }
}
