/**
 * A report as data: an ordered list of texts, tables and figures. `text-table.ts` prints tables on a terminal,
 * `node/figure.ts` draws figures, `node/html.ts` makes a page of everything.
 */

export interface ReportData {
  readonly title: string;
  /** One paragraph: what was asked, what is shown, and how to read it. */
  readonly lead: string;
  readonly sections: readonly Section[];
}

export type Section = TextSection | TableSection | FigureSection;

export interface TextSection {
  readonly kind: 'text';
  readonly heading?: string;
  /** Plain text; an empty line separates paragraphs. */
  readonly text: string;
}

/** What stands in one place of a table: `null` is an absent value, an `error` a standard error. */
export type Cell = string | number | boolean | null | { readonly value: number; readonly error: number };

export interface Column {
  /** The field of the rows. */
  readonly key: string;
  readonly label: string;
  /** Default: `left` for text, `right` otherwise. */
  readonly align?: 'left' | 'right';
  /** Default: `text`. `percent` multiplies by 100. */
  readonly format?: 'text' | 'integer' | 'number' | 'percent';
  /** Digits after the decimal point of `number` and `percent`. Default 2. */
  readonly digits?: number;
}

export interface TableSection {
  readonly kind: 'table';
  readonly heading: string;
  /** What the table says, and where its published numbers come from. */
  readonly caption?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** Whether `langevin run` prints it at the end. */
  readonly terminal?: boolean;
}

export interface Axis {
  readonly label: string;
  /** Default `linear`. A `log` axis leaves out points that are not positive. */
  readonly scale?: 'linear' | 'log';
  /** Default: what the data need. */
  readonly domain?: readonly [number, number];
  /** Where the marks stand. Default: chosen for the domain. */
  readonly ticks?: readonly number[];
  /** Shown as a percentage. */
  readonly percent?: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Half the length of the error bar: one standard error. */
  readonly error?: number;
}

export interface Series {
  /** Named in the legend; a series of the same label in another figure has the same place, so the same colour. */
  readonly label: string;
  readonly points: readonly Point[];
  /** Default `both`. */
  readonly style?: 'line' | 'dots' | 'both';
}

/** A theoretical curve or published values, drawn thin and dashed, named at its end. */
export interface ReferenceCurve {
  readonly label: string;
  readonly points: readonly Point[];
}

/** A straight line at a value of one axis. */
export interface ReferenceLine {
  readonly axis: 'x' | 'y';
  readonly value: number;
  readonly label: string;
}

export interface FigureSection {
  readonly kind: 'figure';
  /** File name without `.svg`: lower-case words and hyphens, unique in the report. */
  readonly id: string;
  readonly heading: string;
  readonly caption: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly curves?: readonly ReferenceCurve[];
  readonly lines?: readonly ReferenceLine[];
}
