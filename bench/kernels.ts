/** Kernels by themselves: their time, what they achieve, and which share that is of what the adapter can do. */
import { jit, type Tensor } from '../engine/index.ts';
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

export interface KernelResult {
  readonly name: string;
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
  for (const { name, work, operands, f } of cases) {
    log(`  ${name}`);
    const values = operands();
    const kernel = jit(f);
    const ms = await timePerCall(() => kernel(...values), 3);
    kernel.dispose();
    disposeAll(values);
    const [amount, ceiling] =
      'flops' in work ? [work.flops, ceilings.arithmetic.rate] : [work.bytes, ceilings.memory.rate];
    const rate = amount / ms / 1e6;
    results.push({ name, ms, rate, share: rate / ceiling });
  }
  return results;
}
