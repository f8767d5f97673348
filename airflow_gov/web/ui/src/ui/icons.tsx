/** Paths on a square of 16, stroked: the same hand as the icons of the other Governance pages. */
export const ICONS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  dash: "M4 8h8",
  plus: "M8 3.5v9M3.5 8h9",
  tilde: "M3 9.5c1.6-3 3.4-3 5-1.5s3.4 1.5 5-1.5",
  running: "M13 8a5 5 0 1 1-5-5",
  retry: "M12.5 5A5.5 5.5 0 1 0 13.5 8.5M13 2v3.5H9.5",
  clock: "M8 4.5V8l2.5 1.8M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  skip: "M3.5 4l5 4-5 4zM12 4v8",
  upstream: "M8 13V4M4.5 7.5L8 4l3.5 3.5",
  waived: "M3 13V3.5c3-1.8 5 1.6 10-.3v6c-5 1.9-7-1.5-10 .3",
  review:
    "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2",
  dataset:
    "M3 4.5C3 3.4 5.2 2.5 8 2.5s5 .9 5 2-2.2 2-5 2-5-.9-5-2zM3 4.5v7c0 1.1 2.2 2 5 2s5-.9 5-2v-7M3 8c0 1.1 2.2 2 5 2s5-.9 5-2",
  job: "M8 5.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6L5 5M11 11l1.4 1.4M3.6 12.4L5 11M11 5l1.4-1.4",
  columns: "M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4l3.3 3.3",
  filter: "M2.5 3.5h11L9.5 8.3v4.2l-3 1V8.3z",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  export: "M8 2.5v7.5M5 7l3 3 3-3M2.8 11v2.5h10.4V11",
  graph:
    "M2.5 4.5h4v3h-4zM9.5 2.5h4v3h-4zM9.5 10.5h4v3h-4zM6.5 6h1.5c1 0 0-2 1.5-2M6.5 6.5c2.5 0 .8 5.5 3 5.5",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M6.5 6.3V13",
  help: "M6 6.2a2 2 0 1 1 3 1.7c-.7.4-1 .8-1 1.6M8 11.7v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
  previous: "M10 3.5L5.5 8l4.5 4.5",
  next: "M6 3.5L10.5 8 6 12.5",
  down: "M3.5 6L8 10.5 12.5 6",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  focus: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5V4M8 12v2.5M1.5 8H4M12 8h2.5",
  path: "M4 13.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM12 5.9a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM5.7 11.8h4.5a2 2 0 0 0 0-4H6.5a2 2 0 0 1 0-4h3.8",
  external: "M9.5 2.5h4v4M13.5 2.5L7.5 8.5M11.5 9.5v4h-9v-9h4",
  warning: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.3v.1",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name, title }: { name: IconName; title?: string }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      focusable="false"
      {...(title ? { role: "img", "aria-label": title } : { "aria-hidden": true })}
    >
      <path d={ICONS[name]} />
    </svg>
  );
}
