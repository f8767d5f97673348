import { useEffect, useRef } from "react";

import { Button } from "../ui/controls";

const KEYS: [string[], string][] = [
  [["←", "→"], "along an edge, upstream and downstream"],
  [["↑", "↓"], "to the next card of the same column"],
  [["Enter"], "details of the card"],
  [["Space"], "one hop further on both sides, and back"],
  [["C"], "open or close its columns"],
  [["Menu"], "everything that can be done with it"],
  [["/"], "jump to a dataset, column or job"],
  [["F"], "fit everything on the screen"],
  [["+", "−"], "zoom"],
  [["Esc"], "clear what is traced, then close the panel"],
  [["?"], "this help"],
];

export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog className="help" ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <header>
        <h2 id="help-title">Keyboard</h2>
        <Button bare icon="cross" label="Close help" onClick={() => dialog.current?.close()} />
      </header>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">
        Tab leads into the graph and out of it again. The table shows the same as the graph. Drawn with React
        Flow.
      </p>
    </dialog>
  );
}
