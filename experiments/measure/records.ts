/** The records of a measurement: how they are written, and how the report finds them. */
import type { Estimate } from '../../stats/index.ts';
import type { Json, RunRecord } from '../types.ts';

/** An estimate as plain data: [value, standard error]. */
export function estimate({ value, standardError }: Estimate): readonly [number, number] {
  return [value, standardError];
}

/** Numbers of the host as plain data. */
export function asJson(values: ArrayLike<number>): readonly number[] {
  return Array.from(values);
}

/** What a record's fields are read as; the writers are the other files of this folder. */
export type Fields = { readonly [field: string]: Json | undefined };

/** The first record of a name that has these fields. */
export function find(
  records: readonly RunRecord[],
  name: string,
  fields: Fields = {},
): RunRecord | undefined {
  return findAll(records, name, fields)[0];
}

/** All of them, in their order. */
export function findAll(
  records: readonly RunRecord[],
  name: string,
  fields: Fields = {},
): readonly RunRecord[] {
  return records.filter(
    (record) => record.name === name && Object.entries(fields).every(([key, value]) => record[key] === value),
  );
}

export function numbers(value: Json | undefined): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

export function rows(value: Json | undefined): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

/** A name or a count as text. */
export function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
}
