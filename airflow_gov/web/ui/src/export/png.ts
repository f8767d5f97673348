import type { Picture, Shape } from "./picture";

/** Browsers refuse canvases beyond this. */
const LONGEST = 16384;
const LARGEST = 120_000_000;

/** How much larger than life: twice, or what still fits. */
export function scale(width: number, height: number): number {
  return Math.min(2, LONGEST / Math.max(width, height, 1), Math.sqrt(LARGEST / Math.max(width * height, 1)));
}

/**
 * A picture as PNG. It is painted, not loaded as an image: the page's policy lets no data or blob address
 * be an image.
 */
export async function png({ bounds, background, shapes }: Picture, font: string): Promise<Blob> {
  const canvas = document.createElement("canvas");
  const by = scale(bounds.width, bounds.height);
  canvas.width = Math.max(1, Math.round(bounds.width * by));
  canvas.height = Math.max(1, Math.round(bounds.height * by));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("The browser gives no canvas to paint on.");
  pen.fillStyle = background;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(by, 0, 0, by, -bounds.x * by, -bounds.y * by);
  for (const shape of shapes) paint(pen, shape, font);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large for the browser."))),
      "image/png",
    );
  });
}

function paint(pen: CanvasRenderingContext2D, shape: Shape, font: string): void {
  pen.setLineDash("dashed" in shape && shape.dashed ? [5, 4] : []);
  if (shape.kind === "rect") {
    const { x, y, width, height } = shape.box;
    pen.beginPath();
    pen.roundRect(x, y, width, height, shape.radius ?? 0);
    pen.fillStyle = shape.fill;
    pen.fill();
    if (shape.stroke) {
      pen.strokeStyle = shape.stroke;
      pen.lineWidth = 1;
      pen.stroke();
    }
  } else if (shape.kind === "path") {
    pen.strokeStyle = shape.stroke;
    pen.lineWidth = shape.width;
    pen.stroke(new Path2D(shape.d));
    if (shape.arrow) {
      const { x, y } = shape.arrow;
      pen.setLineDash([]);
      pen.stroke(new Path2D(`M${x - 6},${y - 3}L${x},${y}L${x - 6},${y + 3}`));
    }
  } else {
    pen.font = `${shape.bold ? 600 : 400} ${shape.size}px ${font}`;
    pen.textAlign = shape.end ? "right" : "left";
    pen.fillStyle = shape.fill;
    pen.fillText(shape.text, shape.x, shape.y);
  }
}
