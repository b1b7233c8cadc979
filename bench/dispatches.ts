/** How many kernels per second the device takes from us: a recorded chain of kernels with next to nothing to do. */
import { jit, matmul, type Tensor } from '../engine/index.ts';
import { timePerCall } from './clock.ts';
import { noise } from './tensors.ts';
import { dispatchesOf, disposeAll } from './workload.ts';

/** Products are never fused with each other, and each waits for the one before. */
const CHAIN = 200;

export interface DispatchResult {
  readonly dispatches: number;
  /** Dispatches per second, from the call until the device is done. */
  readonly rate: number;
}

export async function timeDispatches(): Promise<DispatchResult> {
  const [x, w] = [noise([4, 4], 1), noise([4, 4], 2)];
  const chain = jit((values: Tensor, weights: Tensor): readonly Tensor[] => {
    let next = values;
    for (let k = 0; k < CHAIN; k++) next = matmul(next, weights);
    return [next];
  });
  const ms = await timePerCall(() => chain(x, w));
  const dispatches = dispatchesOf(() => disposeAll(chain(x, w)));
  chain.dispose();
  disposeAll([x, w]);
  return { dispatches, rate: (1000 * dispatches) / ms };
}
