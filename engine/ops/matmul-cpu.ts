/** Which kernel a matrix product takes on a driver that runs shaders on the CPU: docs/kernels.md has the measurements. */
import type { AdapterTraits } from '../graph/primitive.ts';
import { tiles, type MatmulSizes, type Variant } from './matmul-variants.ts';

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;

/** The variants that can run, the one to take first. */
export function cpuVariants({ lanes }: AdapterTraits, { batch, m, n, k }: MatmulSizes): readonly Variant[] {
  const small: Variant = { shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] };
  const registers: Variant = { shader: 'matmul_registers', groups: tiles(m, n, 64, 64) };
  const tiled = lanes === 4 || lanes === 8 ? [...subgroups(lanes, m, n), registers] : [registers];
  return batch * m * n * k <= SMALL || m === 1 ? [small, ...tiled] : [...tiled, small];
}

/**
 * A workgroup is eight threads in one or two parts, each of which owns 32 rows and four columns for every lane. Where there
 * are few columns the parts stand beneath each other, or the second would have none.
 */
function subgroups(lanes: 4 | 8, m: number, n: number): Variant[] {
  const beside: Variant = {
    shader: 'matmul_subgroup',
    groups: tiles(m, n, 32, 32),
    extra: { LANES: lanes, HALVES: 0, ACROSS: lanes === 8 ? 1 : 2 },
  };
  const beneath: Variant = {
    shader: 'matmul_subgroup',
    groups: tiles(m, n, 64, 16),
    extra: { LANES: 4, HALVES: Number(lanes === 8), ACROSS: 1 },
  };
  if (n > 16) return [beside];
  return m > 32 ? [beneath, beside] : [beside, beneath];
}
