import { host } from "./host";

/** Numbers and dates as the person's language writes them; formats are costly and kept. */
const formats = new Map<string, unknown>();

function kept<T>(key: string, make: () => T): T {
  if (!formats.has(key)) formats.set(key, make());
  return formats.get(key) as T;
}

export function forgetFormats(): void {
  formats.clear();
}

export function number(value: number): string {
  return kept("number", () => new Intl.NumberFormat(host().language())).format(value);
}

/** Short: 1.2M. */
export function compact(value: number): string {
  return kept(
    "compact",
    () => new Intl.NumberFormat(host().language(), { notation: "compact", maximumFractionDigits: 1 }),
  ).format(value);
}

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function size(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), SIZES.length - 1);
  const unit = SIZES[step] as string;
  return kept(
    unit,
    () =>
      new Intl.NumberFormat(host().language(), {
        style: "unit",
        unit,
        unitDisplay: step ? "short" : "narrow",
        maximumSignificantDigits: 3,
      }),
  ).format(bytes / 1000 ** step);
}

export function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const options = { dateStyle: "medium", timeStyle: "medium", timeZone: host().timeZone() } as const;
  return kept("moment", () => new Intl.DateTimeFormat(host().language(), options)).format(date);
}

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31557600],
  ["month", 2629800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return iso;
  const [unit, length] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? ["second", 1];
  const format = kept(
    "ago",
    () => new Intl.RelativeTimeFormat(host().language(), { numeric: "auto", style: "short" }),
  );
  return format.format(Math.round(seconds / length), unit);
}

/** 1 h 2 min, 3 min 4 s, 5.6 s. */
export function duration(seconds: number): string {
  if (seconds < 60) return unit("second", seconds, seconds < 10 ? 1 : 0);
  if (seconds < 3600)
    return `${unit("minute", Math.floor(seconds / 60))} ${unit("second", Math.floor(seconds % 60))}`;
  return `${unit("hour", Math.floor(seconds / 3600))} ${unit("minute", Math.floor((seconds % 3600) / 60))}`;
}

function unit(name: string, value: number, digits = 0): string {
  return kept(
    name + digits,
    () =>
      new Intl.NumberFormat(host().language(), {
        style: "unit",
        unit: name,
        unitDisplay: "narrow",
        maximumFractionDigits: digits,
      }),
  ).format(value);
}

const SEGMENTS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The middle left out: what tells names apart is at their ends. Signs of several code points stay whole. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const letters = Array.from(SEGMENTS.segment(text.slice(0, 4000)), ({ segment }) => segment);
  if (letters.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${letters.slice(0, length - 1 - end).join("")}…${letters.slice(letters.length - end).join("")}`;
}

/** Of several: `1 dataset`, `2 datasets`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}
