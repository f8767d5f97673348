import { useView } from "../view/context";
import { DEPTHS, type Depth } from "../view/view";

/** How many hops are shown on each side of the focus. */
export function Depths() {
  const { view, update } = useView();
  return (
    <div className="depths" role="group" aria-label="Depth">
      <Hops sign="↑" name="Hops upstream" value={view.up} onChange={(up) => update({ up })} />
      <Hops sign="↓" name="Hops downstream" value={view.down} onChange={(down) => update({ down })} />
    </div>
  );
}

function Hops({
  sign,
  name,
  value,
  onChange,
}: {
  sign: string;
  name: string;
  value: Depth;
  onChange: (depth: Depth) => void;
}) {
  return (
    <label title={name}>
      <span aria-hidden="true">{sign}</span>
      <select aria-label={name} value={value} onChange={(event) => onChange(event.target.value as Depth)}>
        {DEPTHS.map((depth) => (
          <option key={depth} value={depth}>
            {depth}
          </option>
        ))}
      </select>
    </label>
  );
}
