/** What the page shows is in its address; where each entry of the history was scrolled to, in the entry's state. */
import type { Anchor } from "./timeline/grid";
import { viewOf, viewParams, type View } from "./view";

export type { Anchor };

export interface Route {
  show: "photos" | "folders";
  view: View;
  /** The photo that is open in the viewer. */
  photo: string | null;
}

interface EntryState {
  anchor?: Anchor | undefined;
  /** The entry before this one is the timeline that the photo was opened from. */
  opened?: boolean;
}

function routeOf(address: Location): Route {
  const params = new URLSearchParams(address.search);
  return {
    show: params.get("show") === "folders" ? "folders" : "photos",
    view: viewOf(params),
    photo: params.get("photo"),
  };
}

export function href(route: Partial<Route>): string {
  const params = viewParams(route.view ?? {});
  if (route.show === "folders") params.set("show", "folders");
  if (route.photo) params.set("photo", route.photo);
  const query = params.toString();
  return query ? `?${query}` : location.pathname;
}

function entry(): EntryState {
  return (history.state as EntryState | null) ?? {};
}

class Router {
  route = $state.raw<Route>(routeOf(location));
  /** Called before the present entry is left for a new one. */
  onleave: () => void = () => {};

  constructor() {
    history.scrollRestoration = "manual";
    addEventListener("popstate", () => (this.route = routeOf(location)));
  }

  /** Where the timeline of the present entry was, if it was left before. */
  get anchor(): Anchor | null {
    return entry().anchor ?? null;
  }

  keepAnchor(anchor: Anchor): void {
    history.replaceState({ ...entry(), anchor }, "");
  }

  go(route: Partial<Route>): void {
    const next: Route = { show: "photos", view: {}, photo: null, ...route };
    if (href(next) === href(this.route)) return;
    this.onleave();
    history.pushState({}, "", href(next));
    this.route = next;
  }

  open(photo: string): void {
    const next = { ...this.route, photo };
    this.onleave();
    history.pushState({ anchor: entry().anchor, opened: true }, "", href(next));
    this.route = next;
  }

  /** Another photo in the viewer: no entry of its own, so that Back leads to the timeline. */
  turnTo(photo: string): void {
    const next = { ...this.route, photo };
    history.replaceState(entry(), "", href(next));
    this.route = next;
  }

  /** Leaves the viewer. anchor: where the timeline is now; null: where it was. */
  close(anchor: Anchor | null): void {
    if (this.route.photo === null) return;
    const next = { ...this.route, photo: null };
    if (entry().opened) {
      this.route = next; // at once: history.back() is not
      if (anchor) addEventListener("popstate", () => this.keepAnchor(anchor), { once: true });
      history.back();
    } else {
      history.replaceState({ anchor: anchor ?? entry().anchor }, "", href(next));
      this.route = next;
    }
  }
}

export const router = new Router();

/** Follows a link inside the page, unless it is to be opened elsewhere. */
export function follow(event: MouseEvent, route: Partial<Route>): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
  event.preventDefault();
  router.go(route);
}
