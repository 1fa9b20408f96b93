import { describe, expect, it } from "vitest";
import { completed, lastPiece, type Suggestion } from "../src/search/suggest";

const ada: Suggestion = { kind: "person", text: "Ada Lovelace", query: 'person:"Ada Lovelace"', count: 3 };

describe("the piece of a search that is being written", () => {
  it.each([
    ["", ""],
    ["kyo", "kyo"],
    ["beach kyo", "kyo"],
    ["beach person:ad", "person:ad"],
    ['beach person:"Ada Lo', 'person:"Ada Lo'],
    ['person:"Ada Lovelace" ', ""],
    ['-"old town', '"old town'],
  ])("of %j is %j", (text, piece) => expect(lastPiece(text)).toBe(piece));

  it("is what a suggestion replaces", () => {
    expect(completed("beach ad", ada)).toBe('beach person:"Ada Lovelace"');
    expect(completed("beach ", ada)).toBe('beach person:"Ada Lovelace"');
    expect(completed('beach person:"Ada L', ada)).toBe('beach person:"Ada Lovelace"');
  });
});
