import { expect, it } from "vitest";
import { quoted } from "../src/view";

it.each([
  ["kyoto", "“kyoto”"],
  ['person:"Marie Curie"', 'person:"Marie Curie"'],
])("the title of the search %s is %s", (query, title) => {
  expect(quoted(query)).toBe(title);
});
