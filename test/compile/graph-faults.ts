/** Random graphs run on the device and held against float64, within the bound that the records of the primitives give. */
import { setBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import { deviceBackend } from '../../engine/gpu/backend.ts';
import type { Device } from '../../engine/gpu/device.ts';
import * as lv from '../../engine/index.ts';
import { bounded } from '../conformance/bound.ts';
import { compare, failures } from '../conformance/checkers.ts';
import { randomGraph } from './random-graphs.ts';

/** One sentence for every value of graphs `from` … `to` - 1 that leaves its bound. */
export async function graphFaults(
  fusion: 'always' | 'none',
  from: number,
  to: number,
): Promise<readonly string[]> {
  await lv.init();
  const device = lv.currentDevice() as Device;
  if (fusion === 'none') setBackend(deviceBackend(device, device.traits, fusion));
  const faults: string[] = [];
  for (let number = from; number < to; number++) {
    const results = randomGraph(number);
    await lv.realize(...results);
    const data = await Promise.all(results.map((x) => x.data()));
    const deviations = randomGraph(number).map((y, k) => {
      const { shape, dtype } = y;
      const { value, allowed } = bounded(y);
      const result: NdArray = { shape, dtype, data: data[k] as NdArray['data'] };
      return compare(`graph ${number}, value ${k}`, value, result, allowed);
    });
    faults.push(...failures(deviations));
  }
  await lv.init();
  return faults;
}
