/**
 * What was measured, as text: one document for an adapter with all that its figures hold for. A document that is not
 * wholly understood, or is of another adapter, driver, version or set of shaders, is not used, and says why; measuring
 * again replaces it.
 */
import { fail, LangevinError } from '../graph/errors.ts';
import type { Finding } from './contest.ts';

/** What figures depend on beside the shape. When any of it changes they are not used. */
export interface TuningKey {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** The driver is in here: `llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)`. */
  readonly description: string;
  /** What runs WebGPU: Dawn's version, or the browser. */
  readonly runtime: string;
  readonly langevin: string;
  /** Fingerprint of all shaders. */
  readonly shaders: string;
}

/** The outcome for one class of shapes. */
export interface Measured {
  /** The operands that were measured, as text: `f32[256, 784] f32[784, 500]`. */
  readonly on: string;
  /** The variant to take. */
  readonly best: string;
  /** In the order of the launch rule, whose own choice comes first. */
  readonly findings: readonly Finding[];
}

/** By class of shapes. */
export type Classes = ReadonlyMap<string, Measured>;

const SCHEMA = 1;

/** The document, readable and with its classes in order. */
export function formatTuning(key: TuningKey, classes: Classes): string {
  const sorted = [...classes].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ schema: SCHEMA, key, classes: Object.fromEntries(sorted) }, null, 1)}\n`;
}

/**
 * The classes of a document.
 *
 * @throws TUNING_CACHE if it is not a document of this key, saying what is wrong with it
 */
export function parseTuning(text: string, key: TuningKey): Map<string, Measured> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return refuse('it is not JSON');
  }
  if (!isRecord(document)) return refuse('it is not an object');
  if (document['schema'] !== SCHEMA)
    return refuse(`its schema is ${JSON.stringify(document['schema'])}, not ${SCHEMA}`);
  const { key: theirs, classes } = document;
  if (!isRecord(theirs)) return refuse('it does not say what it was measured on');
  for (const [name, value] of Object.entries(key))
    if (theirs[name] !== value)
      return refuse(
        `it was measured with ${name} ${JSON.stringify(theirs[name])}, and this is ${JSON.stringify(value)}`,
      );
  if (!isRecord(classes)) return refuse('it has no classes');
  return new Map(
    Object.entries(classes).map(([shapeClass, measured]) =>
      isMeasured(measured) ? [shapeClass, measured] : refuse(`its entry '${shapeClass}' is damaged`),
    ),
  );
}

/** The classes of a document, or why it is not used. */
export function readTuning(
  text: string | undefined,
  key: TuningKey,
): { readonly classes: Map<string, Measured>; readonly reason?: string } {
  if (text === undefined) return { classes: new Map() };
  try {
    return { classes: parseTuning(text, key) };
  } catch (error) {
    if (!(error instanceof LangevinError)) throw error;
    return { classes: new Map(), reason: error.message };
  }
}

function refuse(what: string): never {
  return fail('TUNING_CACHE', `The kernel measurements in the cache are not used: ${what}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMeasured(value: unknown): value is Measured {
  if (!isRecord(value)) return false;
  const { on, best, findings } = value;
  return (
    typeof on === 'string' &&
    typeof best === 'string' &&
    Array.isArray(findings) &&
    findings.every(isFinding) &&
    findings.some((finding) => finding.name === best && 'ms' in finding)
  );
}

function isFinding(value: unknown): value is Finding {
  if (!isRecord(value) || typeof value['name'] !== 'string') return false;
  const { ms, refused } = value;
  return typeof ms === 'number' ? Number.isFinite(ms) && ms >= 0 : typeof refused === 'string';
}
