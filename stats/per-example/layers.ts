/** Statistics by parameter, and by layer: the parameters whose paths agree up to the last part. */

/** One entry per path, in the order of the parameters. */
export type ByPath<T> = Readonly<Record<string, T>>;

/** `dense0` of `dense0/weight`; a parameter at the root is a layer of its own. */
export function layerOfPath(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? path : path.slice(0, end);
}

/** What the tensors of every layer have, added up. */
export function byLayer<T>(perTensor: ByPath<T>, add: (a: T, b: T) => T): ByPath<T> {
  const layers: Record<string, T> = {};
  for (const [path, value] of Object.entries(perTensor)) {
    const layer = layerOfPath(path);
    const before = layers[layer];
    layers[layer] = before === undefined ? value : add(before, value);
  }
  return layers;
}
