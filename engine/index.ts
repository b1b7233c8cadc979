/** langevin: tensors, automatic differentiation, and the device that runs them. */
export { counters, currentDevice, init, realize, scope, type InitOptions } from './init.ts';
export type { Counters } from './gpu/counters.ts';
export {
  profile,
  type Profile,
  type ProfiledDispatch,
  type ProfiledProgram,
  type ProfileOptions,
  type TimedKernel,
} from './gpu/profile.ts';
export type { Phase, PhaseName } from './graph/phases.ts';
export type { Binding, BufferRef, Dispatch, Lifetime, Program } from './compile/program.ts';
export type { Operation } from './compile/operations.ts';
export { tune, tuningSummary, type TunedClass, type TuneOptions } from './tune/tune.ts';
export type { TuneMode, TuningSummary } from './tune/tuning.ts';
export { jit, type Jitted, type JitOptions } from './jit.ts';
export { LangevinError } from './graph/errors.ts';
export type { DType, HostArray } from './graph/dtype.ts';
export type { Shape } from './graph/shape.ts';
export { Tensor } from './graph/tensor.ts';
export type { Tree } from './graph/tree.ts';
export * as tree from './tree.ts';
export * as random from './random/index.ts';
export { tensor } from './ops/create.ts';
export { full, ones, onesLike, zeros, zerosLike, type TensorLike } from './ops/broadcast.ts';
export * from './ops/functions.ts';
export type { Conv2dOptions, Padding, WindowOptions } from './ops/convolution-geometry.ts';
export type { PoolOptions } from './ops/pooling.ts';
import './ops/fluent.ts';
export { vjp } from './autodiff/vjp.ts';
export { jvp } from './autodiff/jvp.ts';
export { vmap, type VmapOptions } from './autodiff/vmap.ts';
export { grad, hessian, hvp, valueAndGrad } from './autodiff/grad.ts';
