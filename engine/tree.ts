/** Functions on trees of tensors. */
export { leaves, map, paths, structure, unflatten } from './graph/tree.ts';
export { ravel } from './ops/ravel.ts';
