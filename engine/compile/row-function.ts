/**
 * The code of a kernel that goes along rows: `fn row(o)`, loop after loop. A reduction that depends on others runs in a later loop
 * than they do; all that is ready at the same time shares a loop, and an element of the output is stored in the first loop that can.
 * What is the same for the whole row is computed between the loops, once.
 */
import { fibre } from '../graph/position.ts';
import type { Index } from '../graph/primitive.ts';
import { Emitter, type Surroundings } from './emit.ts';
import { elements, type Node } from './node.ts';
import { rowCount, type Rows } from './rows.ts';

/** A stored value, and the name of its buffer. */
export interface RowOutput {
  readonly root: Node;
  readonly buffer: string;
}

/** @param inMemory whether a value is read from memory rather than computed here */
export function rowFunction(
  rows: Rows,
  outputs: readonly RowOutput[],
  around: Surroundings,
  inMemory: (node: Node) => boolean,
): string {
  const loopOf = loops(rows, inMemory);
  const count = rowCount(rows);
  const totals = new Map<Node, string>(rows.reductions.map((node, k) => [node, `total${k}`]));
  // A stretched row value inside of a loop is the row's own, which is computed outside of it.
  const ofRow = new Emitter(around, (node) => totals.get(node), 'v');
  const rowIndex = ({ aval: { shape } }: Node): Index => ({ shape, linear: 'o' });
  const { shape, coordinates, linear } = fibre(rows.shape, rows.axes, 'o', 'r');

  const loop = (number: number): string[] => {
    const inLoop = new Emitter(
      around,
      (node) =>
        node.kind === 'operation' &&
        node.primitive.name === 'broadcast' &&
        elements(node.inputs[0] as Node) === count &&
        elements(node) !== count &&
        loopOf(node) > 0
          ? ofRow.value(node.inputs[0] as Node, rowIndex(node.inputs[0] as Node))
          : undefined,
      'w',
    );
    const at: Index =
      linear === undefined ? { shape, coordinates } : { shape, coordinates, linear: inLoop.bind(linear) };
    const reduced = rows.reductions.filter((node) => loopOf(node) === number + 1);
    const updates = reduced.map((node) => {
      const [total, name] = [totals.get(node) as string, node.primitive.name];
      return `${total} = combine_${name}(${total}, ${inLoop.value(node.inputs[0] as Node, at)}); // ${name}`;
    });
    const stored = outputs.filter(({ root }) => elements(root) !== count && loopOf(root) === number);
    const stores = stored.map(({ root, buffer }) => {
      const value = inLoop.value(root, at);
      return `${buffer}[${inLoop.linear(at)}] = ${value};`;
    });
    if (reduced.length + stored.length === 0) return [];
    return [
      ...reduced.map((node) => `var ${totals.get(node)} = identity_${node.primitive.name}();`),
      'for (var r = 0u; r < LENGTH; r++) {',
      ...[...inLoop.lines, ...updates, ...stores].map((line) => `  ${line}`),
      '}',
    ];
  };

  const lines: string[] = [];
  let written = 0;
  const last = Math.max(...rows.reductions.map(loopOf));
  for (let number = 0; number <= last; number++) {
    const text = loop(number);
    lines.push(...ofRow.lines.slice(written), ...text);
    written = ofRow.lines.length;
  }
  // All are computed before the first is written, since an output may lie over an input.
  const ofRows = outputs.filter(({ root }) => elements(root) === count);
  const values = ofRows.map(({ root }) => ofRow.bind(ofRow.value(root, rowIndex(root))));
  lines.push(...ofRow.lines.slice(written), ...ofRows.map(({ buffer }, k) => `${buffer}[o] = ${values[k]};`));
  return `fn row(o: u32) {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

/** For a node, how many loops must have run before its value can be known; a reduction counts the one it runs in. */
function loops({ reductions }: Rows, inMemory: (node: Node) => boolean): (node: Node) => number {
  const own = new Set<Node>(reductions);
  const known = new Map<Node, number>();
  const visit = (node: Node): number => {
    let depth = known.get(node);
    if (depth === undefined) {
      depth =
        node.kind === 'operation' && !inMemory(node)
          ? Math.max(0, ...node.inputs.map(visit)) + Number(own.has(node))
          : 0;
      known.set(node, depth);
    }
    return depth;
  };
  return visit;
}
