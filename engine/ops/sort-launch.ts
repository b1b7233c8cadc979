import type { Call, Launch } from '../graph/primitive.ts';

export function sortLaunches(_call: Call<{ readonly axis: number }>): Launch[] {
  return [];
}
