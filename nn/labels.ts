/**
 * Which layer a node of the graph belongs to, remembered beside the graph and never in it: a label changes no
 * program and no value. `firstNonFinite` reads the labels when it explains where a computation went wrong.
 */
import type { Tensor } from '../engine/index.ts';

const labels = new WeakMap<Tensor, string>();

/** The path of the layer that made `node`, if one did. */
export function layerOf(node: Tensor): string | undefined {
  return labels.get(node);
}

/** Marks with `path` what was built between `input` and `output`, except what is marked already. */
export function labelLayer(path: string, input: Tensor, output: Tensor): void {
  const pending = [output];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node === input || labels.has(node) || node.source.kind !== 'operation') continue;
    labels.set(node, path);
    pending.push(...node.source.inputs);
  }
}
