import { createContext, useCallback, useContext, useState, type ReactNode } from "react";

const Announce = createContext<(message: string) => void>(() => undefined);

/** Tells those who do not see the drawing what has changed in it. */
export function Live({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState("");
  // The same words twice are told twice: they differ by a space nobody hears.
  const announce = useCallback(
    (next: string) => setMessage((before) => (before === next ? `${next}\u00a0` : next)),
    [],
  );
  return (
    <Announce value={announce}>
      {children}
      <div className="unseen" role="status" aria-live="polite">
        {message}
      </div>
    </Announce>
  );
}

export function useAnnounce(): (message: string) => void {
  return useContext(Announce);
}
