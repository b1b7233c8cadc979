import type { Call, Launch } from '../graph/primitive.ts';
import type { MatmulAttributes } from './contraction.ts';

export function matmulLaunches(_call: Call<MatmulAttributes>): Launch[] {
  return [];
}
