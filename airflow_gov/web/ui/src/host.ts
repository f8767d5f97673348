/** Airflow's window around us, by way of static/host.js: the only script that touches it. */

export interface Host {
  inside: boolean;
  language(): string;
  timeZone(): string;
  readState(): Record<string, string>;
  writeState(state: Record<string, string>): void;
  visit(href: string): void;
  pageHref(page: string): string;
  onChange(listener: () => void): () => void;
}

declare global {
  interface Window {
    governanceHost: Host;
  }
}

export function host(): Host {
  return window.governanceHost;
}

const encode = encodeURIComponent;

/** Addresses of Airflow's own pages, relative to ours. */
export const airflow = {
  dag: (dag: string) => `../dags/${encode(dag)}`,
  run: (dag: string, run: string) => `../dags/${encode(dag)}/runs/${encode(run)}`,
  task: (dag: string, task: string) => `../dags/${encode(dag)}/tasks/${encode(task)}`,
  /** The task instance's logs; a try that is not the last one is named. */
  instance(dag: string, run: string, task: string, mapIndex?: number | null, tryNumber?: number | null) {
    const mapped = mapIndex !== null && mapIndex !== undefined && mapIndex >= 0 ? `/mapped/${mapIndex}` : "";
    const query = tryNumber ? `?try_number=${tryNumber}` : "";
    return `../dags/${encode(dag)}/runs/${encode(run)}/tasks/${encode(task)}${mapped}${query}`;
  },
};
