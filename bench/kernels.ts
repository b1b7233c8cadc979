/** Kernels by themselves: their time, what they achieve, and which share that is of what the adapter can do. */
import { jit, LangevinError, type Tensor } from '../engine/index.ts';
import type { Ceilings } from './ceilings.ts';
import { timePerCall } from './clock.ts';
import { disposeAll } from './workload.ts';

export interface KernelCase {
  readonly name: string;
  /** Floating-point operations of a product or a convolution; otherwise the bytes that go in and come out, once each. */
  readonly work: { readonly flops: number } | { readonly bytes: number };
  readonly operands: () => readonly Tensor[];
  readonly f: (...operands: readonly Tensor[]) => readonly Tensor[];
}

export type KernelResult = { readonly name: string } & (
  | KernelFigures
  /** Why it did not run. */
  | { readonly failure: string }
);

export interface KernelFigures {
  readonly ms: number;
  /** GFLOP/s of a product or a convolution; GB/s read and written for the rest. */
  readonly rate: number;
  /** Of the arithmetic ceiling, or of that of memory. */
  readonly share: number;
}

export async function timeKernels(
  cases: readonly KernelCase[],
  ceilings: Ceilings,
  log: (line: string) => void,
): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  for (const { name, ...rest } of cases) {
    log(`  ${name}`);
    try {
      results.push({ name, ...(await timeKernel(rest, ceilings)) });
    } catch (error) {
      if (!(error instanceof LangevinError)) throw error;
      results.push({ name, failure: `${error.code}: ${error.message}` });
    }
  }
  return results;
}

async function timeKernel(
  { work, operands, f }: Omit<KernelCase, 'name'>,
  ceilings: Ceilings,
): Promise<KernelFigures> {
  const values = operands();
  const kernel = jit(f);
  try {
    const ms = await timePerCall(() => kernel(...values), 3);
    const [amount, ceiling] =
      'flops' in work ? [work.flops, ceilings.arithmetic.rate] : [work.bytes, ceilings.memory.rate];
    const rate = amount / ms / 1e6;
    return { ms, rate, share: rate / ceiling };
  } finally {
    kernel.dispose();
    disposeAll(values);
  }
}
