/**
 * Layers one after the other. Every layer has a name, its kind and its number among layers of that kind
 * (`dense0`, `dense1`) or one of its own (`named`), and draws from a key folded from that name. So a layer's
 * initial parameters depend on nothing but the model's key and its own path: appending a layer, or putting an
 * activation anywhere, leaves all others as they were.
 */
import { LangevinError, type Tree } from '../engine/index.ts';
import { forwardChild, initChild, type Child, type Children } from './child.ts';
import { stateful, type Layer } from './layer.ts';

/** The parameters of the layers that have any, by name. */
export type SequentialParams = Children;
/** The state of the layers that have any, by name. */
export type SequentialState = Children;

const explicit = new WeakSet<Layer>();

/** `layer` under a name of its own: `named('head', dense(10))` keeps its parameters in `head`. */
export function named<P extends Tree, S extends Tree>(name: string, layer: Layer<P, S>): Layer<P, S> {
  const result = { ...layer, name };
  explicit.add(result);
  return result;
}

/**
 * The composition of `layers`, first to last.
 * @throws LAYER if two layers have one name
 */
export function sequential(...layers: readonly Layer[]): Layer<SequentialParams, SequentialState> {
  const children = nameLayers(layers);
  return stateful<SequentialParams, SequentialState>(
    'sequential',
    (key, inputShape) => {
      const params: Record<string, Tree> = {};
      const state: Record<string, Tree> = {};
      const outputShape = children.reduce(
        (shape, child) => initChild(child, key, shape, params, state),
        inputShape,
      );
      return { params, state, outputShape };
    },
    (params, state, x, context) => {
      const next: Record<string, Tree> = {};
      const output = children.reduce(
        (input, child) => forwardChild(child, params, state, input, context, next),
        x,
      );
      return [output, next];
    },
  );
}

function nameLayers(layers: readonly Layer[]): Child[] {
  const counts = new Map<string, number>();
  const taken = new Set<string>();
  return layers.map((layer) => {
    const count = counts.get(layer.name) ?? 0;
    counts.set(layer.name, count + 1);
    const name = explicit.has(layer) ? layer.name : `${layer.name}${count}`;
    if (taken.has(name))
      throw new LangevinError(
        'LAYER',
        `sequential: two layers are named '${name}': rename one with named(…).`,
      );
    taken.add(name);
    return { name, layer };
  });
}
