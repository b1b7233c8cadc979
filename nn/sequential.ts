/**
 * Layers one after the other. Every layer has a name, its kind and its number among layers of that kind
 * (`dense0`, `dense1`) or one of its own (`named`), and draws from a key folded from that name. So a layer's
 * initial parameters depend on nothing but the model's key and its own path: appending a layer, or putting an
 * activation anywhere, leaves all others as they were.
 */
import { LangevinError, random, tree, type Tree } from '../engine/index.ts';
import { labelLayer } from './labels.ts';
import { joinPath, type Layer } from './layer.ts';

/** The parameters of the layers that have any, by name. */
export type SequentialParams = { readonly [layer: string]: Tree };

interface Entry {
  readonly name: string;
  readonly layer: Layer;
}

const explicit = new WeakSet<Layer>();

/** `layer` under a name of its own: `named('head', dense(10))` keeps its parameters in `head`. */
export function named<P extends Tree>(name: string, layer: Layer<P>): Layer<P> {
  const result = { ...layer, name };
  explicit.add(result);
  return result;
}

/**
 * The composition of `layers`, first to last.
 * @throws LAYER if two layers have one name
 */
export function sequential(...layers: readonly Layer[]): Layer<SequentialParams> {
  const entries = nameLayers(layers);
  return {
    name: 'sequential',
    init(key, inputShape) {
      let shape = inputShape;
      const params: Record<string, Tree> = {};
      for (const { name, layer } of entries) {
        const initialized = layer.init(random.foldIn(key, hash(name)), shape);
        shape = initialized.outputShape;
        if (hasParams(initialized.params)) params[name] = initialized.params;
      }
      return { params, outputShape: shape };
    },
    apply(params, x, context = {}) {
      return entries.reduce((input, { name, layer }) => {
        const path = joinPath(context.path, name);
        const output = layer.apply(params[name] ?? {}, input, { ...context, path });
        labelLayer(path, input, output);
        return output;
      }, x);
    },
  };
}

function nameLayers(layers: readonly Layer[]): Entry[] {
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

function hasParams(params: Tree): boolean {
  return tree.leaves(params).length > 0;
}

/** FNV-1a over UTF-16 units, 32 bits: a number that stands for a name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) value = Math.imul(value ^ text.charCodeAt(k), 0x01000193);
  return value >>> 0;
}
