/**
 * Colours of figures and pages, for a light and a dark background. Everything refers to them as CSS variables, so one
 * drawing serves both; a figure that stands alone brings the definitions with it.
 */

interface Theme {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly paper: string;
  readonly panel: string;
  /** Told apart by people with the common colour-vision deficiencies, and at least 3:1 against the background. */
  readonly series: readonly string[];
}

const light: Theme = {
  ink: '#1b1f27',
  muted: '#5d6675',
  line: '#dde1e8',
  paper: '#ffffff',
  panel: '#f6f7f9',
  series: ['#2f62c9', '#c2570c', '#0f8a6a', '#a3359c', '#8a6d00', '#ba2547', '#2a7f9e', '#6b5bd2'],
};

const dark: Theme = {
  ink: '#e6e9ef',
  muted: '#9aa3b2',
  line: '#323844',
  paper: '#14171c',
  panel: '#1c2027',
  series: ['#7ea6ff', '#f59a56', '#4cc9a4', '#dd86d6', '#d6b84a', '#f2798f', '#6cc3e0', '#aca0ff'],
};

function declarations({ series, ...colours }: Theme): string {
  return [
    ...Object.entries(colours).map(([name, colour]: [string, string]) => `--${name}:${colour}`),
    ...series.map((colour, k) => `--series-${k}:${colour}`),
  ].join(';');
}

/** CSS that defines the variables on `selector`, following the reader's preference. */
export function themeCss(selector: string): string {
  return (
    `${selector}{${declarations(light)}}` +
    `@media (prefers-color-scheme: dark){${selector}{${declarations(dark)}}}`
  );
}

/** The colour of the k-th series; they repeat after eight, and symbols then still differ. */
export function seriesColour(k: number): string {
  return `var(--series-${k % light.series.length})`;
}

/** Fonts of every system, the better first. */
export const FONT = `ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif`;
