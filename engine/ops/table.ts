/** The table of primitives. Read as one, it is the engine. */
import type { Primitive } from '../graph/primitive.ts';
import * as arithmetic from './arithmetic.ts';
import * as compare from './compare.ts';
import { concatPrimitive, flipPrimitive } from './concat.ts';
import { matmulPrimitive } from './contraction.ts';
import {
  conv2dFilterGradientPrimitive,
  conv2dInputGradientPrimitive,
  conv2dPrimitive,
} from './convolution.ts';
import { gatherPrimitive, iotaPrimitive, placePrimitive, scatterAddPrimitive } from './indexing.ts';
import { broadcastPrimitive, reshapePrimitive, transposePrimitive } from './movement.ts';
import { randomBitsPrimitive } from './random-bits.ts';
import { argmaxPrimitive, cumsumPrimitive, maxPrimitive, minPrimitive, sumPrimitive } from './reduction.ts';
import { poolArgmaxPrimitive, poolGatherPrimitive, poolScatterPrimitive } from './pooling.ts';
import { padPrimitive, slicePrimitive } from './slice.ts';
import { argsortPrimitive } from './sort.ts';
import * as transcendental from './transcendental.ts';

function records(module: Readonly<Record<string, unknown>>): Primitive[] {
  return Object.entries(module).flatMap(([name, value]) =>
    name.endsWith('Primitive') ? [value as Primitive] : [],
  );
}

export const primitives: readonly Primitive[] = [
  ...records(arithmetic),
  ...records(transcendental),
  ...records(compare),
  reshapePrimitive,
  transposePrimitive,
  broadcastPrimitive,
  slicePrimitive,
  padPrimitive,
  concatPrimitive,
  flipPrimitive,
  gatherPrimitive,
  scatterAddPrimitive,
  placePrimitive,
  iotaPrimitive,
  sumPrimitive,
  maxPrimitive,
  minPrimitive,
  argmaxPrimitive,
  cumsumPrimitive,
  matmulPrimitive,
  conv2dPrimitive,
  conv2dInputGradientPrimitive,
  conv2dFilterGradientPrimitive,
  poolArgmaxPrimitive,
  poolGatherPrimitive,
  poolScatterPrimitive,
  argsortPrimitive,
  randomBitsPrimitive,
] as readonly Primitive[];
