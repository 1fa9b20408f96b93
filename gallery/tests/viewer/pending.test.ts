import { expect, it } from "vitest";
import { PendingEdits } from "../../src/viewer/pending";

const saved = { rating: 1, is_favorite: false };

it("shows the latest edit, whichever is saved first", () => {
  const pending = new PendingEdits();
  const three = pending.add("a", { rating: 3 }, saved);
  const five = pending.add("a", { rating: 5 }, { rating: 3 });
  expect(pending.of("a")).toEqual({ rating: 5 });
  expect(three(true).rating).toBe(5);
  expect(pending.of("a")).toEqual({ rating: 5 });
  expect(five(true)).toEqual({ rating: 5, is_favorite: false });
  expect(pending.has("a")).toBe(false);
});

it("takes back only what failed", () => {
  const pending = new PendingEdits();
  const rating = pending.add("a", { rating: 5 }, saved);
  const favorite = pending.add("a", { is_favorite: true }, saved);
  expect(rating(false)).toEqual({ rating: 1, is_favorite: true });
  expect(pending.of("a")).toEqual({ is_favorite: true });
  expect(favorite(true)).toEqual({ rating: 1, is_favorite: true });

  const first = pending.add("a", { rating: 4 }, saved);
  const second = pending.add("a", { rating: 2 }, saved);
  first(true);
  expect(second(false).rating).toBe(4);
});

it("tells the same edit of two assets apart", () => {
  const pending = new PendingEdits();
  const values = { rating: 5 };
  const [first, second] = [pending.add("a", values, saved), pending.add("b", values, saved)];
  first(false);
  expect(pending.of("b")).toEqual(values);
  expect(second(true).rating).toBe(5);
});
