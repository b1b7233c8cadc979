/** Numbers of any size in tables: four digits, `1.234×10⁻⁷` where a plain number would be long. */
const SUPERSCRIPT = Array.from('⁻⁰¹²³⁴⁵⁶⁷⁸⁹');

export function short(value: number | undefined, digits = 4): string {
  if (value === undefined) return '–';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const plain = size >= 1e-3 && size < 1e5;
  const [mantissa = '', exponent] = (plain ? size.toPrecision(digits) : size.toExponential(digits - 1)).split(
    'e',
  );
  const power = (exponent ?? '')
    .replace('+', '')
    .replace(/./g, (c) => SUPERSCRIPT['-0123456789'.indexOf(c)] ?? c);
  return `${value < 0 ? '−' : ''}${mantissa}${exponent === undefined ? '' : `×10${power}`}`;
}

/** `1.234 ± 0.056`; the error to two digits. The value alone where nothing was estimated. */
export function withError([value, error]: readonly number[]): string {
  return error === undefined || error === 0 ? short(value) : `${short(value)} ± ${short(error, 2)}`;
}
