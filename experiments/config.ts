/**
 * `--set key=value`: changes of a configuration by dotted path, held to the types the configuration already has. The
 * preset is the schema: a field that is a number stays one, and a field that is not there cannot be made.
 */
import { fail, nearest } from '../engine/graph/errors.ts';
import type { Json } from './types.ts';

/**
 * A copy of `config` with every `key=value` applied in order.
 * @throws `SETTING_SYNTAX` without `=`, `SETTING_UNKNOWN` for a path that is not there, with the nearest one,
 *   `SETTING_TYPE` for a value of another type
 */
export function applySettings<Config extends object>(config: Config, settings: readonly string[]): Config {
  return settings.reduce((changed, setting) => applySetting(changed, setting), structuredCloneOf(config));
}

/** Every path that can be set, `optimizer.momentum` and the like, in the order of the configuration. */
export function settingPaths(config: object): string[] {
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) =>
    isRecord(value) ? settingPaths(value).map((rest) => `${key}.${rest}`) : [key],
  );
}

function applySetting<Config extends object>(config: Config, setting: string): Config {
  const at = setting.indexOf('=');
  if (at < 1)
    fail('SETTING_SYNTAX', `--set ${setting}: expected key=value, such as --set ${exampleOf(config)}.`);
  const path = setting.slice(0, at).trim();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let owner: Record<string, unknown> = config as Record<string, unknown>;
  for (const key of keys) owner = fieldsOf(owner, key) ?? unknownPath(config, path);
  if (!Object.hasOwn(owner, last)) unknownPath(config, path);
  owner[last] = parseLike(owner[last], setting.slice(at + 1).trim(), path);
  return config;
}

function fieldsOf(owner: Record<string, unknown>, key: string): Record<string, unknown> | undefined {
  const value = Object.hasOwn(owner, key) ? owner[key] : undefined;
  return isRecord(value) ? value : undefined;
}

function unknownPath(config: object, path: string): never {
  const known = settingPaths(config);
  const guess = nearest(path, known);
  return fail(
    'SETTING_UNKNOWN',
    `--set ${path}: the configuration has no such key; ` +
      (guess ? `did you mean ${guess}?` : `it has ${known.join(', ')}.`),
  );
}

/** The value that `text` stands for, of the type of `old`. */
function parseLike(old: unknown, text: string, path: string): Json {
  switch (typeof old) {
    case 'number': {
      const value = text === '' ? NaN : Number(text);
      return Number.isNaN(value) ? wrongType(path, 'a number', text) : value;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : wrongType(path, 'true or false', text);
    case 'string':
      return text;
    default:
      return Array.isArray(old) ? parseArray(old, text, path) : parseOther(old, text, path);
  }
}

/** `1,1.5,2` or `[1, 1.5, 2]`; the elements have the type of those that stand there. */
function parseArray(old: readonly unknown[], text: string, path: string): Json[] {
  const example: unknown = old[0];
  if (text.startsWith('[')) {
    const value = parseJson(text, path);
    if (!Array.isArray(value)) return wrongType(path, 'an array', text);
    for (const element of value as Json[])
      if (example !== undefined && kindOf(element) !== kindOf(example))
        wrongType(path, `an array whose elements are each ${kindOf(example)}`, text);
    return value as Json[];
  }
  if (text === '') return [];
  if (typeof example === 'object') return wrongType(path, 'an array in JSON, such as [[1, 2], [3]]', text);
  // An empty array tells nothing about its elements; numbers are the common case.
  return text.split(',').map((part) => parseLike(example ?? 0, part.trim(), path));
}

/** Objects and nulls, which only JSON can express. */
function parseOther(old: unknown, text: string, path: string): Json {
  if (isRecord(old))
    return wrongType(path, `one of its fields to be set: ${prefixed(path, settingPaths(old))}`, text);
  return parseJson(text, path);
}

function prefixed(path: string, fields: readonly string[]): string {
  return fields.map((field) => `${path}.${field}`).join(', ');
}

function parseJson(text: string, path: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return wrongType(path, 'JSON', text);
  }
}

function wrongType(path: string, expected: string, text: string): never {
  return fail('SETTING_TYPE', `--set ${path}=${text}: expected ${expected}, found '${text}'.`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function exampleOf(config: object): string {
  const path = settingPaths(config)[0];
  return path === undefined ? 'steps=100' : `${path}=…`;
}

/** `structuredClone` is no part of the language; a configuration is plain data, so this is enough. */
function structuredCloneOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map((element: unknown) => structuredCloneOf(element)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, structuredCloneOf(v)])) as T;
}
