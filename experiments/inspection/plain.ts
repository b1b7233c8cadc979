/** A profile as plain data, for `--json` and `profile.json`: what a reader of other tools needs, without the shaders' text. */
import type { Profile } from '../../engine/index.ts';
import type { Json } from '../types.ts';
import { figuresOf } from './figures.ts';
import { distinctPrograms } from './listing.ts';
import { memoryOf } from './memory.ts';

export function plainProfile(profile: Profile): { readonly [key: string]: Json } {
  const { dispatches, flops, bytes, ms } = figuresOf(profile);
  const { programs, untimed, repeats, firstMs, stepMs, spanMs } = profile;
  const distinct = distinctPrograms(programs);
  return {
    ...(untimed !== undefined && { untimed }),
    repeats,
    step: {
      dispatches: dispatches.length,
      flops,
      bytes,
      ms: ms ?? null,
      spanMs: spanMs ?? null,
      stepMs,
      firstMs,
    },
    programs: programs.map(({ program }) => distinct.indexOf(program)),
    memory: distinct.map((program) => {
      const { slots, lifetimes, planned, bound, inputs, outputs } = memoryOf(program);
      return { slots, lifetimes: lifetimes.map((each) => ({ ...each })), planned, bound, inputs, outputs };
    }),
    dispatches: profile.dispatches.map(
      ({ dispatch, program, index, bytesRead, bytesWritten, flops: own }, k) => ({
        number: k + 1,
        program: distinct.indexOf((programs[program] as Profile['programs'][number]).program),
        index,
        label: dispatch.label,
        shader: dispatch.shader,
        workgroups: [...dispatch.groups],
        operations: dispatch.operations.map(({ name, output, inputs, flops: each }) => ({
          name,
          output: describe(output),
          inputs: inputs.map(describe),
          flops: each,
        })),
        bindings: dispatch.bindings.map(({ buffer, bytes: size, access }) => ({
          ...buffer,
          bytes: size,
          access,
        })),
        flops: own,
        bytesRead,
        bytesWritten,
        ms: dispatches[k]?.ms ?? null,
        share: dispatches[k]?.share ?? null,
      }),
    ),
  };
}

function describe({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype}[${shape.join(', ')}]`;
}
