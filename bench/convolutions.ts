/** Convolution by itself: one layer that is compared with other engines, and those of C1 in the three directions. */
import { conv2d, jit, vjp, type Tensor } from '../engine/index.ts';
import { C1_CONVOLUTIONS, productsOf, type ConvolutionLayer } from './c1.ts';
import type { KernelCase } from './kernels.ts';
import { noise } from './tensors.ts';
import type { Workload } from './workload.ts';

const BATCH = 16;

const convolve = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, { padding: 'same' });

/** Images [B, S, S, C], filters [3, 3, C, O] and a cotangent of the output [B, S, S, O]. */
function operands(
  batch: number,
  { side, inputs, outputs }: ConvolutionLayer,
): [x: Tensor, w: Tensor, ct: Tensor] {
  return [
    noise([batch, side, side, inputs], 0),
    noise([3, 3, inputs, outputs], 1),
    noise([batch, side, side, outputs], 2),
  ];
}

/** The layer of 64 → 64 channels at 32 × 32: the output alone, or with the gradients of images and filters. */
export function convolution(batch: number, differentiate: boolean): Workload {
  const layer: ConvolutionLayer = { side: 32, inputs: 64, outputs: 64, count: 1 };
  return {
    title: `convolution ${batch}×32×32, 64 → 64: forward${differentiate ? ', both gradients' : ''}`,
    targets: differentiate ? { tensorflow: 4, jax: 3 } : { tensorflow: 2, jax: 3 },
    flops: (differentiate ? 6 : 2) * batch * productsOf(layer),
    start() {
      const [x, w, ct] = operands(batch, layer);
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

const PASSES: readonly {
  readonly name: string;
  readonly f: (x: Tensor, w: Tensor, ct: Tensor) => Tensor;
}[] = [
  { name: 'forward', f: convolve },
  {
    name: 'input gradient',
    f: (x, w, ct) => vjp((images: Tensor) => convolve(images, w), x)[1](ct)[0],
  },
  {
    name: 'filter gradient',
    f: (x, w, ct) => vjp((filters: Tensor) => convolve(x, filters), w)[1](ct)[0],
  },
];

/** Every shape of C1's convolutions, in the three directions. */
export const CONVOLUTION_CASES: readonly KernelCase[] = C1_CONVOLUTIONS.flatMap((layer) =>
  PASSES.map(({ name, f }) => ({
    name: `${layer.inputs} → ${layer.outputs}, ${BATCH} × ${layer.side} × ${layer.side}: ${name}`,
    work: { flops: 2 * BATCH * productsOf(layer) },
    operands: () => operands(BATCH, layer),
    f: (...values) => {
      const [x, w, ct] = values as [Tensor, Tensor, Tensor];
      return [f(x, w, ct)];
    },
  })),
);
