import { useViewport, ViewportPortal } from "@xyflow/react";

import { number } from "../format";
import type { LaneBox } from "../layout";
import { laneTitle } from "../model/zones";
import { Icon } from "../ui/icons";
import { useActions } from "./actions";
import type { Size } from "./viewport";

/** In pixels of the screen: a header, the room that those above take, and one beside its lane. */
const LEAST = 28;
const TOP = 34;
const ASIDE = 116;
const BESIDE = 0.5;

/** Behind the cards: where each lane lies. */
export function LaneGrounds({ lanes }: { lanes: readonly LaneBox[] }) {
  return (
    <ViewportPortal>
      <div className="grounds" aria-hidden="true">
        {lanes.map(({ lane, box }) => (
          <div
            key={lane}
            className="ground"
            data-zone={lane}
            style={{ transform: `translate(${box.x}px, ${box.y}px)`, width: box.width, height: box.height }}
          />
        ))}
      </div>
    </ViewportPortal>
  );
}

/** The names of the lanes, which stay in sight: above those side by side, at the edge of those below. */
export function LaneHeaders({ lanes, size }: { lanes: readonly LaneBox[]; size: Size }) {
  const { x, y: down, zoom } = useViewport();
  return (
    <div className="lane-headers">
      {lanes.map((each) => {
        const start = each.box.x * zoom + x;
        const end = start + each.box.width * zoom;
        if (each.across) {
          const from = Math.max(start, 0);
          const width = Math.min(end, size.width) - from;
          return (
            width >= LEAST && (
              <Header key={each.lane} lane={each} style={{ transform: `translateX(${from}px)`, width }} />
            )
          );
        }
        const top = each.box.y * zoom + down;
        const bottom = top + each.box.height * zoom;
        if (bottom < LEAST || top > size.height || end < LEAST || start > size.width) return null;
        // From afar there is no room above a lane that lies below others: its name stands beside it.
        const [at, above] = zoom < BESIDE ? [start - ASIDE, top] : [start, top - LEAST];
        const y = Math.min(Math.max(above, TOP), Math.max(bottom - LEAST, TOP));
        return (
          <Header
            key={each.lane}
            lane={each}
            style={{ transform: `translate(${Math.max(at, 0)}px, ${y}px)` }}
          />
        );
      })}
    </div>
  );
}

function Header({ lane, style }: { lane: LaneBox; style: React.CSSProperties }) {
  const { fold } = useActions();
  const title = laneTitle(lane.lane);
  return (
    <button
      type="button"
      className="lane-header"
      data-zone={lane.lane}
      data-across={lane.across || undefined}
      style={style}
      title={`Fold ${title}`}
      aria-label={`${title}, ${number(lane.count)} shown: fold or unfold`}
      onClick={() => fold(lane.lane)}
    >
      <span>{title}</span>
      <span className="lane-count">{number(lane.count)}</span>
      <Icon name="down" />
    </button>
  );
}
