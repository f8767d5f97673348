/** The one place that asks the server. Addresses are relative to the page's own. */

const BASE = "api/v1/lineage/";

export type ProblemKind = "session" | "forbidden" | "missing" | "store" | "request" | "network";

/** An answer that is no answer; the message is written for people. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly lastEventAt: string | null;

  constructor(kind: ProblemKind, message: string, lastEventAt: string | null = null) {
    super(message);
    this.name = "Problem";
    this.kind = kind;
    this.lastEventAt = lastEventAt;
  }
}

type Parameter = string | number | boolean | null | undefined;
/** A list is given once for each of its items. */
export type Parameters = Record<string, Parameter | readonly string[]>;

/** Absent and empty parameters are left out. */
export function address(path: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of Array.isArray(given) ? (given as readonly string[]) : [given as Parameter]) {
      if (value !== null && value !== undefined && value !== "") search.append(name, String(value));
    }
  }
  const query = search.toString();
  return BASE + path + (query && `?${query}`);
}

export async function getJson<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
  return (await get(path, parameters, "application/json", signal)).json() as Promise<T>;
}

export async function getText(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<string> {
  return (await get(path, parameters, "*/*", signal)).text();
}

async function get(
  path: string,
  parameters: Parameters | undefined,
  accept: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path, parameters), {
      headers: { Accept: accept },
      credentials: "same-origin",
      ...(signal && { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("network", "Airflow's API server does not answer.");
  }
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response: Response): Promise<Problem> {
  const body = await said(response);
  switch (response.status) {
    case 401:
      return new Problem("session", "Your session in Airflow has ended.");
    case 403:
      return new Problem("forbidden", "Your role in Airflow does not include what this page shows.");
    case 404:
      return new Problem("missing", body.detail ?? "There is nothing by that name.");
    case 502:
    case 503:
    case 504:
      return new Problem(
        "store",
        body.detail ?? "The governance store cannot be read.",
        body.lastEventAt ?? null,
      );
    default:
      return new Problem("request", body.detail ?? `The server answered with ${response.status}.`);
  }
}

async function said(response: Response): Promise<{ detail?: string; lastEventAt?: string | null }> {
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null) return {};
    const { detail, lastEventAt } = body as Record<string, unknown>;
    return {
      ...(typeof detail === "string" && { detail }),
      ...(typeof lastEventAt === "string" && { lastEventAt }),
    };
  } catch {
    return {};
  }
}
