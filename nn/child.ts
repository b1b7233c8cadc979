/**
 * Layers inside layers. A child has a name among its siblings. Its parameters and its state stand under that name, its
 * path is the parent's and the name, and its keys are folded from the name: so what it draws depends on the model's
 * key and its own path, and on no other layer.
 */
import { random, tree, type Shape, type Tensor, type Tree } from '../engine/index.ts';
import { labelLayer } from './labels.ts';
import type { Context, Layer } from './layer.ts';

/** Trees of the children that have any leaves, by name. */
export type Children = { readonly [name: string]: Tree };

export interface Child {
  readonly name: string;
  readonly layer: Layer;
}

/** Initialises a child, adds its trees to those of its siblings, and returns its output shape. */
export function initChild(
  { name, layer }: Child,
  key: Tensor,
  inputShape: Shape,
  params: Record<string, Tree>,
  state: Record<string, Tree>,
): Shape {
  const initialized = layer.init(random.foldIn(key, hash(name)), inputShape);
  keep(params, name, initialized.params);
  keep(state, name, initialized.state);
  return initialized.outputShape;
}

/** Runs a child, and adds its new state to those of its siblings. */
export function forwardChild(
  { name, layer }: Child,
  params: Children,
  state: Children,
  x: Tensor,
  context: Context,
  nextState: Record<string, Tree>,
): Tensor {
  const path = joinPath(context.path, name);
  const [output, next] = layer.forward(params[name] ?? {}, state[name] ?? {}, x, {
    ...context,
    path,
    ...(context.key && { key: random.foldIn(context.key, hash(name)) }),
  });
  labelLayer(path, x, output);
  keep(nextState, name, next);
  return output;
}

function keep(trees: Record<string, Tree>, name: string, child: Tree): void {
  if (tree.leaves(child).length > 0) trees[name] = child;
}

/** `parent/child`, where the parent may be the root. */
function joinPath(parent: string | undefined, child: string): string {
  return parent === undefined || parent === '' ? child : `${parent}/${child}`;
}

/** FNV-1a over UTF-16 units, 32 bits: a number that stands for a name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) value = Math.imul(value ^ text.charCodeAt(k), 0x01000193);
  return value >>> 0;
}
