/** Requests to the API of the server that the page comes from. */

export class ApiError extends Error {
  /** status 0: the server could not be reached. */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Params = URLSearchParams | Record<string, string | number | undefined>;

export function url(path: string, params?: Params): string {
  const query =
    params instanceof URLSearchParams
      ? params
      : new URLSearchParams(
          Object.entries(params ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
        );
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Resolves for every status below 400; rejects with ApiError otherwise, and with AbortError when aborted. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The server cannot be reached. Is 'indexer serve' still running?");
  }
  if (response.status >= 400) throw new ApiError(response.status, await reason(response));
  return response;
}

export async function getJson<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return (await request(url(path, params), { signal: signal ?? null })).json() as Promise<T>;
}

/** The body of the answer; undefined where there is none. */
export async function sendJson<T>(
  method: "POST" | "PATCH" | "DELETE" | "PUT",
  path: string,
  body?: unknown,
): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await request(path, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function reason(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail: string | { msg: string }[] };
    return typeof detail === "string" ? detail : detail.map(({ msg }) => msg).join("; ");
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/** The address of one of an asset's files. `version` makes the browser keep it for ever. */
export function fileUrl(
  id: string,
  name: "thumbnail" | "preview" | "fullsize" | "original" | "motion",
  version?: string,
): string {
  return url(`/files/${id}/${name}`, version ? { v: version } : {});
}

export function downloadUrl(id: string): string {
  return url(`/files/${id}/original`, { download: "true" });
}
