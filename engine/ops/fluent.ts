/**
 * Fluent methods: `a.matmul(b).add(c).relu()` is `relu(add(matmul(a, b), c))`. Every public operation whose
 * first operand is a tensor is a method too.
 */
import { Tensor } from '../graph/tensor.ts';
import * as functions from './functions.ts';

/** Operations whose first operand is not the tensor that one would call them on. */
const free = ['arange', 'concat', 'iota', 'scatterAdd', 'stack', 'where'] as const;

type Functions = Omit<typeof functions, (typeof free)[number]>;

/** The function without its first parameter. */
type Method<F> = F extends (x: never, ...rest: infer Rest) => infer R ? (...rest: Rest) => R : never;

export type FluentMethods = { readonly [Name in keyof Functions]: Method<Functions[Name]> };

declare module '../graph/tensor.ts' {
  interface Tensor extends FluentMethods {}
}

for (const [name, f] of Object.entries(functions)) {
  if ((free as readonly string[]).includes(name)) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return (f as (...operands: unknown[]) => unknown)(this, ...rest);
    },
  });
}
