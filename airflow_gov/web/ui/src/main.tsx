import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { Problem } from "./api/client";
import { App } from "./App";
import { forgetFormats } from "./format";
import { host } from "./host";
import { Live } from "./ui/live";
import { ViewProvider } from "./view/context";

import "@xyflow/react/dist/base.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/states.css";
import "./styles/toolbar.css";
import "./styles/graph.css";
import "./styles/cards.css";
import "./styles/lines.css";
import "./styles/panel.css";
import "./styles/table.css";
import "./styles/narrow.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // Only what may pass by itself is asked for again.
      retry: (failures, error) => failures < 1 && error instanceof Problem && error.kind === "network",
    },
  },
});

/** Numbers and dates are written anew when Airflow's language or time zone changes. */
function InLanguage() {
  const [figures, setFigures] = useState(writing);
  useEffect(
    () =>
      host().onChange(() => {
        forgetFormats();
        setFigures(writing());
      }),
    [],
  );
  return <App key={figures} />;
}

function writing(): string {
  return `${host().language()} ${host().timeZone()}`;
}

const place = document.getElementById("lineage");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Live>
          <ViewProvider>
            <InLanguage />
          </ViewProvider>
        </Live>
      </QueryClientProvider>
    </StrictMode>,
  );
}
