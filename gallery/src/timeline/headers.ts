/**
 * The headers of the groups in view. Each sticks to the view's top as long as its group is there. In the document each
 * comes before the rows of its group, as a row of the grid.
 */
import { UNDATED } from "../core/geometry";
import type { Layout } from "../core/layout";
import type { Library } from "../core/library";
import type { Selection } from "../core/selection";
import { groupTitle } from "../core/time";

interface HeaderView {
  group: number;
  /** As high as the group is. */
  element: HTMLElement;
  check: HTMLButtonElement;
  title: HTMLElement;
  place: HTMLElement;
}

/** Tiles of a large group whose places are counted. */
const SAMPLE = 300;
/** A narrower group has no room for a place beside its date, in CSS pixels. */
const PLACE = 210;
/** Maximum number of places named; others are counted. */
const NAMED = 2;

export class Headers {
  readonly #drawn = new Map<number, HeaderView>();
  readonly #free: HeaderView[] = [];
  #offset = 0;
  #isSelectable = false;
  #tabStop: HTMLButtonElement | null = null;

  constructor(
    readonly layer: HTMLElement,
    readonly library: Library,
    readonly selection: Selection,
    /** The first row that is drawn of a group. */
    readonly firstRow: (group: number) => Element | null,
    readonly oncheck: (group: number) => void,
  ) {}

  of(group: number): Element | null {
    return this.#drawn.get(group)?.element ?? null;
  }

  /** Draws those of the groups between the content positions. limit: the height of the layer. */
  draw(layout: Layout, from: number, to: number, offset: number, limit: number): void {
    const [first] = layout.groupBand(layout.groupAt(from));
    let last = first;
    while (last < layout.groups.keys.length && layout.groupTop[last]! < to) last++;
    for (const view of this.#drawn.values())
      if (view.group < first || view.group >= last) {
        view.element.remove();
        this.#drawn.delete(view.group);
        this.#free.push(view);
      }
    for (let group = first; group < last; group++) {
      if (layout.groups.keys[group] === "") continue;
      const isNew = !this.#drawn.has(group);
      const view = this.#drawn.get(group) ?? this.#take(group);
      if (isNew) this.#fill(layout, view);
      if (isNew || offset !== this.#offset) place(view.element, layout, group, offset, limit);
    }
    this.#offset = offset;
  }

  /** Names the places of groups whose tiles have come. */
  loaded(layout: Layout, start: number, stop: number): void {
    const { starts } = layout.groups;
    for (const view of this.#drawn.values())
      if (starts[view.group]! < stop && start < starts[view.group + 1]!) this.#showPlace(layout, view);
  }

  /** One heading takes part in the order of Tab: that of the first of these groups that is drawn. */
  setTabStop(...groups: number[]): void {
    const group = groups.find((group) => this.#drawn.has(group));
    const stop = group === undefined ? null : this.#drawn.get(group)!.check;
    if (stop === this.#tabStop) return;
    if (this.#tabStop) this.#tabStop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.#tabStop = stop;
  }

  setSelectable(isSelectable: boolean): void {
    this.#isSelectable = isSelectable;
    for (const { check } of [...this.#drawn.values(), ...this.#free]) check.hidden = !isSelectable;
  }

  selected(layout: Layout): void {
    for (const view of this.#drawn.values()) this.#showCheck(layout, view);
  }

  clear(): void {
    for (const { element } of this.#drawn.values()) element.remove();
    this.#free.push(...this.#drawn.values());
    this.#drawn.clear();
  }

  #take(group: number): HeaderView {
    const view = this.#free.pop() ?? this.#create();
    view.group = group;
    this.layer.insertBefore(view.element, this.firstRow(group));
    this.#drawn.set(group, view);
    return view;
  }

  #create(): HeaderView {
    const [element, header, heading] = [create("div", "tl-group"), create("div", "tl-header"), create("h2", "")];
    const [title, place, check] = [
      create("span", "tl-title"),
      create("span", "tl-place"),
      create("button", "tl-check"),
    ];
    element.setAttribute("role", "row");
    header.setAttribute("role", "rowheader");
    const view = { group: -1, element, check, title, place };
    check.type = "button";
    check.tabIndex = -1;
    check.setAttribute("role", "checkbox");
    check.hidden = !this.#isSelectable;
    check.onclick = () => this.oncheck(view.group);
    heading.append(title, place);
    header.append(check, heading);
    element.append(header);
    return view;
  }

  #fill(layout: Layout, view: HeaderView): void {
    const key = layout.groups.keys[view.group]!;
    view.element.ariaRowIndex = String(layout.ariaRow(layout.groupRow[view.group]!) - 1);
    view.title.textContent = groupTitle(key);
    view.element.classList.toggle("is-undated", key === UNDATED);
    view.check.ariaLabel = `Select ${groupTitle(key)}`;
    this.#showCheck(layout, view);
    this.#showPlace(layout, view);
  }

  #showCheck(layout: Layout, view: HeaderView): void {
    const { starts } = layout.groups;
    view.check.ariaChecked = String(this.selection.hasAll(starts[view.group]!, starts[view.group + 1]!));
  }

  #showPlace(layout: Layout, view: HeaderView): void {
    const { starts, keys } = layout.groups;
    const counts = new Map<string, number>();
    const start = starts[view.group]!;
    const stop = keys[view.group] === UNDATED ? start : Math.min(starts[view.group + 1]!, start + SAMPLE);
    for (let ordinal = start; ordinal < stop; ordinal++) {
      const place = this.library.tile(ordinal)?.place;
      if (place) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    if (layout.groupWidth[view.group]! < PLACE) counts.clear();
    const names = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
    view.place.textContent = names.slice(0, NAMED).join(" · ") + more;
  }
}

function create<K extends keyof HTMLElementTagNameMap>(name: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.className = className;
  return element;
}

/** Over its group, as far as that lies in the layer. */
function place(element: HTMLElement, layout: Layout, group: number, offset: number, limit: number): void {
  const top = Math.min(limit, Math.max(0, layout.groupTop[group]! - offset));
  const bottom = Math.min(limit, Math.max(0, layout.groupBottom[group]! - offset));
  const { style } = element;
  style.top = `${top}px`;
  style.height = `${bottom - top}px`;
  style.left = `${layout.groupLeft[group]!}px`;
  style.width = `${layout.groupWidth[group]!}px`;
}
