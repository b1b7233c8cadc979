/** Finding room for the name of a reference: as far from the data as possible. Distances are shares of the frame. */
import type { FigureSection, Point, ReferenceCurve } from '../report.ts';
import { finitePoints, type Scale } from './scales.ts';

export interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

/** The frame is about twice as wide as high, and letters run along x: a distance along x counts for less. */
const ALONG_X = 0.5;

/** How far a place is from the nearest end of an error bar or point of the data. */
function clearance(x: number, y: number, { series }: FigureSection, scales: Scales): number {
  let least = Infinity;
  for (const point of series.flatMap((each) => finitePoints(each.points, scales)))
    for (const end of [point.y - (point.error ?? 0), point.y, point.y + (point.error ?? 0)])
      least = Math.min(
        least,
        Math.hypot(ALONG_X * (scales.x.fraction(point.x) - x), scales.y.fraction(end) - y) || 0,
      );
  return least;
}

/** Whether the name of a horizontal line at `value` has more room at the left end than at the right. */
export function isLeftEmptier(value: number, figure: FigureSection, scales: Scales): boolean {
  const height = scales.y.fraction(value) + 0.03; // the middle of the letters
  const room = (places: readonly number[]): number =>
    Math.min(...places.map((x) => clearance(x, height, figure, scales)));
  return room([0.02, 0.12, 0.22]) > room([0.78, 0.88, 0.98]);
}

/** The point of a curve at which its name, ending there and standing above, has the most room. */
export function nameablePoint(
  { points }: ReferenceCurve,
  figure: FigureSection,
  scales: Scales,
): Point | undefined {
  const candidates = finitePoints(points, scales).filter(
    ({ x, y }) => scales.x.contains(x) && scales.y.contains(y) && scales.x.fraction(x) > 0.25,
  );
  const room = ({ x, y }: Point): number => {
    const [right, height] = [scales.x.fraction(x), scales.y.fraction(y) + 0.05];
    const places = [right, right - 0.07, right - 0.14];
    return Math.min(1 - height, ...places.map((place) => clearance(place, height, figure, scales)));
  };
  return candidates.reduce<Point | undefined>(
    (best, point) => (best === undefined || room(point) > room(best) ? point : best),
    undefined,
  );
}
