/**
 * Arguments against a command's declaration. node:util's parseArgs cuts them into tokens; what is unknown, missing or
 * too much is refused here, with the nearest name.
 */
import { parseArgs } from 'node:util';
import { fail, nearest } from '../engine/graph/errors.ts';

export interface Option {
  /** The word after the name in the help; an option without one is a switch. */
  readonly value?: string;
  readonly about: string;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  readonly short?: string;
}

export interface Positional {
  /** In capitals, as the help shows it. */
  readonly name: string;
  readonly about: string;
}

/** What a command was given. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** The last value of an option. */
  value(option: string): string | undefined;
  /** All its values. */
  values(option: string): readonly string[];
  has(option: string): boolean;
}

/** @throws `UNKNOWN_OPTION`, `USAGE` */
export function parseArguments(
  argv: readonly string[],
  options: Readonly<Record<string, Option>>,
  positionals: readonly Positional[],
): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ),
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option') {
      checkOption(token.name, token.rawName, token.value, options);
      given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
    }
  }
  for (const [name, values] of given)
    if (values.length > 1 && options[name]?.value !== undefined && !options[name].multiple)
      fail('USAGE', `--${name} is given ${values.length} times; give it once.`);
  // `--help` asks for nothing else.
  if (!given.has('help')) checkPositionals(words, positionals);
  return {
    positionals: words,
    value: (name) => given.get(name)?.at(-1),
    values: (name) => given.get(name) ?? [],
    has: (name) => given.has(name),
  };
}

function checkOption(
  name: string,
  rawName: string,
  value: string | undefined,
  options: Readonly<Record<string, Option>>,
): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (!option) {
    const guess = nearest(name, Object.keys(options));
    fail('UNKNOWN_OPTION', `there is no option ${rawName}${guess ? `; did you mean --${guess}?` : '.'}`);
  }
  if (option.value === undefined && value !== undefined)
    fail('USAGE', `${rawName} takes no value, and was given '${value}'.`);
  if (option.value !== undefined && (value === undefined || value === ''))
    fail('USAGE', `${rawName} needs a value: --${name} ${option.value}.`);
}

function checkPositionals(words: readonly string[], positionals: readonly Positional[]): void {
  const missing = positionals[words.length];
  if (missing) fail('USAGE', `${missing.name} is missing: ${missing.about}.`);
  if (words.length > positionals.length)
    fail('USAGE', `'${words[positionals.length]}' is one argument too many.`);
}

/** A whole number from zero on. @throws `USAGE` */
export function parseCount(option: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value)
    ? value
    : fail('USAGE', `--${option} ${text}: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
}

/** One of `known`. @throws `code`, with the nearest */
export function parseChoice<T extends string>(
  what: string,
  text: string,
  known: readonly T[],
  code: string,
): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  const longer = known.filter((name) => text !== '' && name.startsWith(text));
  const guess = longer.length === 1 ? longer[0] : nearest(text, known);
  return fail(
    code,
    `there is no ${what} '${text}'; ${guess ? `did you mean ${guess}?` : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'}.`}`,
  );
}
