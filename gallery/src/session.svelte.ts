/** Who uses the page, and what they may do. */
import { getJson, messageOf, sendJson } from "./api";

interface Session {
  needs_key: boolean;
  signed_in: boolean;
  read_only: boolean;
  actions: string[];
}

export type Permission = "read" | "write" | "delete";

const RETRY_MS = 5000;

class SessionState {
  #value = $state.raw<Session | null>(null);
  /** Why it is not known yet. */
  error = $state<string | null>(null);
  readonly isSignedIn = $derived(this.#value?.signed_in ?? false);
  readonly mustSignIn = $derived(this.#value !== null && this.#value.needs_key && !this.#value.signed_in);
  /** The server answers requests for photos. */
  readonly isOpen = $derived(this.#value !== null && !this.mustSignIn);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Loads the session, for as long as the server cannot be reached. */
  async start(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.load();
    } catch (error) {
      this.error = messageOf(error);
      this.#timer = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  async load(): Promise<void> {
    this.#value = await getJson<Session>("/api/session");
    this.error = null;
  }

  async signOut(): Promise<void> {
    await sendJson("DELETE", "/api/session");
    location.assign(location.pathname); // nothing of what was shown stays in the page
  }

  may(action: Permission): boolean {
    const value = this.#value;
    return value !== null && value.actions.includes(action) && (action === "read" || !value.read_only);
  }
}

export const session = new SessionState();
