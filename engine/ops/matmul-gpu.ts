/** Which kernel a matrix product takes on a GPU. None has been measured on one yet. */
import { tiles, type MatmulSizes, type Variant } from './matmul-variants.ts';

/** Multiply-adds below which compiling a tiled kernel costs more than it ever saves. */
const SMALL = 1 << 16;

/** The variants that can run, the one to take first. */
export function gpuVariants({ batch, m, n, k }: MatmulSizes): readonly Variant[] {
  const small: Variant = { shader: 'matmul_small', groups: [Math.ceil((m * n) / 64), 1] };
  const tiled: Variant = { shader: 'matmul_tiled', groups: tiles(m, n, 64, 64) };
  return batch * m * n * k <= SMALL ? [small, tiled] : [tiled, small];
}
