/** The functions of shaders/math.wgsl, with what each of them calls, so that a kernel carries only what it uses. */
import { fail } from '../graph/errors.ts';
import { shaderTable, type ShaderInfo } from '../generated/shaders.ts';

interface Declaration {
  readonly text: string;
  readonly calls: readonly string[];
}

let declarations: ReadonlyMap<string, Declaration> | undefined;

/** Top-level functions and constants by name. A declaration starts at the left margin and ends before the next. */
function parse(source: string): Map<string, Declaration> {
  const bare = source.replace(/\/\/.*$/gm, '');
  const starts = [...bare.matchAll(/^(?:fn|const)\s+(\w+)/gm)];
  const names = starts.map((match) => match[1] as string);
  return new Map(
    starts.map((match, k) => {
      const text = bare
        .slice(match.index, starts[k + 1]?.index ?? bare.length)
        .replace(/^(override|@compute|@group)[\s\S]*/m, '');
      const name = names[k] as string;
      const words = new Set(text.match(/\w+/g));
      return [
        name,
        { text: text.trim(), calls: names.filter((other) => other !== name && words.has(other)) },
      ];
    }),
  );
}

/** WGSL for `names` and everything they call, in the order of the file. */
export function libraryText(names: ReadonlySet<string>): string {
  const table = (declarations ??= parse(
    (shaderTable as Readonly<Record<string, ShaderInfo>>)['math']?.source ?? '',
  ));
  const needed = new Set<string>();
  const visit = (name: string): void => {
    const declaration =
      table.get(name) ?? fail('SHADER', `shaders/math.wgsl has no '${name}', which a primitive uses.`);
    if (needed.has(name)) return;
    needed.add(name);
    declaration.calls.forEach(visit);
  };
  names.forEach(visit);
  return [...table].flatMap(([name, { text }]) => (needed.has(name) ? [text] : [])).join('\n');
}
