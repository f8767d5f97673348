import { number } from "../format";
import { JOB_STATES, stateShown } from "../model/states";
import { laneTitle, ZONES } from "../model/zones";
import { Button, Popover } from "../ui/controls";
import { useView } from "../view/context";
import { filtered, START, toggled } from "../view/view";

export function Filters() {
  const { view, update } = useView();
  const used = filtered(view);
  return (
    <Popover icon="filter" label="Filters" badge={used ? number(used) : null}>
      {() => (
        <>
          <fieldset>
            <legend>Zones</legend>
            {ZONES.map((zone) => (
              <Check
                key={zone}
                label={laneTitle(zone)}
                checked={!view.hidden.includes(zone)}
                onChange={() => update({ hidden: toggled(view.hidden, zone) })}
              />
            ))}
            <Check
              label="Outside of the zones"
              checked={view.outside}
              onChange={() => update({ outside: !view.outside })}
            />
          </fieldset>
          <fieldset>
            <legend>Jobs in state</legend>
            {JOB_STATES.map((state) => (
              <Check
                key={state}
                label={stateShown(state).label}
                checked={view.states.includes(state)}
                onChange={() => update({ states: toggled(view.states, state) })}
              />
            ))}
            <p className="muted">None chosen: all.</p>
          </fieldset>
          <fieldset>
            <legend>Data</legend>
            <Check
              label="Only personal data"
              checked={view.personal}
              onChange={() => update({ personal: !view.personal })}
            />
          </fieldset>
          <Button
            label="Show everything"
            disabled={!used}
            onClick={() =>
              update({ hidden: START.hidden, states: START.states, outside: true, personal: false })
            }
          />
        </>
      )}
    </Popover>
  );
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: () => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={onChange} />
      {label}
    </label>
  );
}
