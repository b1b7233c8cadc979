/**
 * The networks of the study as plain data: stages of 3x3 convolutions, each stage ending in a 2x2 max pooling, then
 * dense layers. F1 has no stages; C1 is three stages of three convolutions; C2 has one more stage and a hidden layer.
 */
import { exampleCost as generalExampleCost, type ExampleCost, type ImageShape } from '../../training/cost.ts';
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

export type NamedShape = NetworkShape & { readonly initializer?: InitializerName };

/** As it is known to whatever trains any network. */
export function networkSpecOf({
  stages = [],
  ghost = 0,
  hidden,
  initializer = 'glorotUniform',
}: NamedShape): NetworkSpec {
  return stages.length === 0
    ? { kind: 'mlp', hidden, initializer }
    : { kind: 'convolutions', stages, norm: ghost, hidden, initializer };
}

export function networkOf(shape: NamedShape, classes: number): Network {
  return generalNetworkOf(networkSpecOf(shape), classes);
}

export function exampleCost(shape: NetworkShape, image: ImageShape, classes: number): ExampleCost {
  return generalExampleCost(networkSpecOf(shape), image, classes);
}
