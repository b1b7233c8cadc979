/** The convolutions of C1, the CIFAR-10 network of the noise-enhancement study: all 3 × 3 with `same` padding. */

export interface ConvolutionLayer {
  /** Pixels along each side of the image. */
  readonly side: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Layers of this shape in C1. */
  readonly count: number;
}

export const C1_CONVOLUTIONS: readonly ConvolutionLayer[] = [
  { side: 32, inputs: 3, outputs: 64, count: 1 },
  { side: 32, inputs: 64, outputs: 64, count: 2 },
  { side: 16, inputs: 64, outputs: 128, count: 1 },
  { side: 16, inputs: 128, outputs: 128, count: 2 },
  { side: 8, inputs: 128, outputs: 256, count: 1 },
  { side: 8, inputs: 256, outputs: 256, count: 2 },
];

/** Multiplications of one example with the weights of a layer: nine per pixel, input and output. */
export function productsOf({ side, inputs, outputs }: ConvolutionLayer): number {
  return 9 * side * side * inputs * outputs;
}

/** Those of a forward pass of C1, with its dense layer of 4 · 4 · 256 inputs. */
export const C1_PRODUCTS: number =
  C1_CONVOLUTIONS.reduce((sum, layer) => sum + layer.count * productsOf(layer), 0) + 4096 * 10;
