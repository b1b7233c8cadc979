/** How a scatter-add runs (shaders/scatter_add.wgsl). */
import type { Call, Launch } from '../graph/primitive.ts';

export function scatterLaunches(_call: Call<{ readonly axis: number; readonly extent: number }>): Launch[] {
  return [];
}
