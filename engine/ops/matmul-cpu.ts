/** Which kernel a matrix product takes on a driver that runs shaders on the CPU: docs/kernels.md has the measurements. */
import type { AdapterTraits } from '../graph/primitive.ts';
import { tiles, type MatmulSizes, type Variant } from './matmul-variants.ts';

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;

/** The variants that can run, the one to take first. */
export function cpuVariants({ lanes }: AdapterTraits, { batch, m, n, k }: MatmulSizes): readonly Variant[] {
  const small: Variant = { shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] };
  const registers: Variant = { shader: 'matmul_registers', groups: tiles(m, n, 64, 64) };
  const tiled = lanes === 4 || lanes === 8 ? [subgroup(lanes, m, n), registers] : [registers];
  return batch * m * n * k <= SMALL || m === 1 ? [small, ...tiled] : [...tiled, small];
}

function subgroup(lanes: number, m: number, n: number): Variant {
  return { shader: 'matmul_subgroup', groups: tiles(m, n, 32, 64), extra: { LANES: lanes } };
}
