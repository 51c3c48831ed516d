import { number } from "../format";

const MOST = 6;
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

/** A number beside an axis, where there is room for few digits. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  return size >= 1e5 && size < 1e15 ? SHORT.format(value).replace("-", "−") : number(value);
}

/** Where the ticks of a logarithmic axis are: at powers of ten, at some of these, or between them where there are few. */
export function logTicks(min: number, max: number): number[] {
  const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const every = Math.max(1, Math.ceil((last - first) / MOST));
  for (const digits of [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
    const ticks: number[] = [];
    for (let power = Math.ceil(first / every) * every; power <= last; power += every) {
      ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)).filter((each) => each >= min && each <= max));
    }
    if (ticks.length >= 3 || (digits.length > 1 && every > 1)) return ticks;
  }
  const step = (max - min) / 4;
  return [0, 1, 2, 3, 4].map((at) => min + at * step);
}
