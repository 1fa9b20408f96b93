import { expect, it } from "vitest";
import { absence, namesOf, type AssetFile, type AssetRecord } from "../../src/viewer/details";

const file = (state: AssetFile["state"]): AssetFile => ({
  ...{ path: "/photos/a.jpg", root: "/photos", folder: "", name: "a.jpg" },
  ...{ size: 1, state, checksum: null },
});

it("tells of a photo whose file cannot be read", () => {
  expect(absence({ files: [file("missing"), file("present")] })).toBeNull();
  expect(absence({ files: [file("missing"), file("offline")] })).toBe("Its drive or folder is offline");
  expect(absence({ files: [file("missing")] })).toBe("Its file is missing");
  expect(absence({ files: [] })).toBe("Its file is missing");
});

it("names a photo as its file is called now, and as it was when that has changed", () => {
  const asset = { original_file_name: "new03.jpg" } as AssetRecord;
  const files = ["harbor.jpg", "copy.jpg"].map((name) => ({ name }) as AssetFile);
  expect(namesOf({ asset, files })).toEqual({ name: "harbor.jpg", former: "new03.jpg" });
  expect(namesOf({ asset, files: [{ name: "new03.jpg" } as AssetFile] })).toEqual({ name: "new03.jpg", former: null });
  expect(namesOf({ asset, files: [] })).toEqual({ name: "new03.jpg", former: null });
});
