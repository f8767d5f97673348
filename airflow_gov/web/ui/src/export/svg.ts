import type { Picture, Shape } from "./picture";

const FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif";
const DASH = "5 4";

/** A picture as SVG 1.1. Every text and every colour is escaped; nothing in it can run or load. */
export function svg({ bounds, background, shapes }: Picture): string {
  const { x, y, width, height } = bounds;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${[x, y, width, height].map(round).join(" ")}" width="${round(width)}" height="${round(height)}" font-family="${escaped(FONT)}">`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M1 1l6 3-6 3" fill="none" stroke="gray"/></marker></defs>`,
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${escaped(background)}"/>`,
    ...shapes.map(element),
    "</svg>\n",
  ].join("\n");
}

function element(shape: Shape): string {
  switch (shape.kind) {
    case "rect": {
      const { box, fill, stroke, radius = 0, dashed } = shape;
      const line = stroke ? ` stroke="${escaped(stroke)}"` : "";
      return `<rect x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}" rx="${radius}" fill="${escaped(fill)}"${line}${dashed && stroke ? ` stroke-dasharray="${DASH}"` : ""}/>`;
    }
    case "path":
      return `<path d="${escaped(shape.d)}" fill="none" stroke="${escaped(shape.stroke)}" stroke-width="${shape.width}"${shape.dashed ? ` stroke-dasharray="${DASH}"` : ""}${shape.arrow ? ' marker-end="url(#arrow)"' : ""}/>`;
    case "text":
      return `<text x="${round(shape.x)}" y="${round(shape.y)}" font-size="${shape.size}"${shape.bold ? ' font-weight="600"' : ""}${shape.end ? ' text-anchor="end"' : ""} fill="${escaped(shape.fill)}">${escaped(shape.text)}</text>`;
  }
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as XML takes it: what XML 1.0 does not allow at all (section 2.2) is replaced. */
export function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string)
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
