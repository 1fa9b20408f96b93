import { expect, it } from "vitest";
import { absence, type AssetFile } from "../../src/viewer/details";

const file = (state: AssetFile["state"]): AssetFile => ({
  ...{ path: "/photos/a.jpg", root: "/photos", folder: "", name: "a.jpg" },
  ...{ size: 1, state, checksum: null },
});

it("tells of a photo whose file cannot be read", () => {
  expect(absence({ files: [file("missing"), file("present")] })).toBeNull();
  expect(absence({ files: [file("missing"), file("offline")] })).toBe("Its drive or folder is offline");
  expect(absence({ files: [file("missing")] })).toBe("Its file is missing");
  expect(absence({ files: [] })).toBeNull();
});
