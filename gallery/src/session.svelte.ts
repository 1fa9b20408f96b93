/** Who uses the page, and what they may do. */
import { getJson, sendJson } from "./api";

interface Session {
  needs_key: boolean;
  signed_in: boolean;
  read_only: boolean;
  actions: string[];
}

class SessionState {
  value = $state.raw<Session | null>(null);

  async load(): Promise<void> {
    this.value = await getJson<Session>("/api/session");
  }

  async signOut(): Promise<void> {
    await sendJson("DELETE", "/api/session");
    location.assign(location.pathname); // nothing of what was shown stays in the page
  }

  get mustSignIn(): boolean {
    return this.value !== null && this.value.needs_key && !this.value.signed_in;
  }

  may(action: "read" | "write" | "delete"): boolean {
    const value = this.value;
    return value !== null && value.actions.includes(action) && (action === "read" || !value.read_only);
  }
}

export const session = new SessionState();
