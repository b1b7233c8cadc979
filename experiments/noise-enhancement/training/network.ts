/**
 * The networks of the study as plain data: stages of 3x3 convolutions, each stage ending in a 2x2 max pooling, then
 * dense layers. F1 has no stages; C1 is three stages of three convolutions; C2 has one more stage and a hidden layer.
 */
import { networkOf as generalNetworkOf, type Network } from '../../training/network.ts';
import type { InitializerName, NetworkSpec } from '../../training/settings.ts';

export interface NetworkShape {
  /** Channels of the convolutions of each stage; each is followed by ghost batch normalisation and ReLU. Default none. */
  readonly stages?: readonly (readonly number[])[];
  /** Examples per group of the ghost batch normalisation; 0, the default, for a network without convolutions. */
  readonly ghost?: number;
  /** Units of the hidden layers; the output is one logit per class. */
  readonly hidden: readonly number[];
}

/** Of one image: [height, width, channels]. */
export type ImageShape = readonly [height: number, width: number, channels: number];

export type NamedShape = NetworkShape & { readonly initializer: InitializerName };

/** As it is known to whatever trains any network. */
export function networkSpecOf({ stages = [], ghost = 0, hidden, initializer }: NamedShape): NetworkSpec {
  return stages.length === 0
    ? { kind: 'mlp', hidden, initializer }
    : { kind: 'convolutions', stages, norm: ghost, hidden, initializer };
}

export function networkOf(shape: NamedShape, classes: number): Network {
  return generalNetworkOf(networkSpecOf(shape), classes);
}

/** What one example costs. */
export interface ExampleCost {
  /** Multiply-adds of the forward pass; a gradient takes about three times as many. */
  readonly multiplyAdds: number;
  /** Numbers that leave a convolution or a dense layer. */
  readonly activations: number;
  /** The most of them that leave one layer. */
  readonly widest: number;
}

/** Counted as in papers.md, section 0: contractions only. */
export function exampleCost(
  { stages = [], hidden }: NetworkShape,
  [height, width, channels]: ImageShape,
  classes: number,
): ExampleCost {
  let [h, w, c] = [height, width, channels];
  let multiplyAdds = 0;
  const activations: number[] = [];
  for (const stage of stages) {
    for (const next of stage) {
      multiplyAdds += h * w * 9 * c * next;
      activations.push(h * w * next);
      c = next;
    }
    [h, w] = [Math.floor(h / 2), Math.floor(w / 2)];
  }
  let inputs = h * w * c;
  for (const units of [...hidden, classes]) {
    multiplyAdds += inputs * units;
    activations.push(units);
    inputs = units;
  }
  return {
    multiplyAdds,
    activations: activations.reduce((sum, count) => sum + count, 0),
    widest: Math.max(...activations),
  };
}
