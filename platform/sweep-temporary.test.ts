import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFileAtomic } from "./atomic-file.ts";
import { sweepTemporary } from "./sweep-temporary.ts";

test("what unfinished writes left is removed, and nothing else", async () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-sweep-"));
	try {
		await writeFileAtomic(join(directory, "state.json"), "{}");
		for (const name of ["state.json.0123456789ab.tmp", "temp-1234.rdb", "notes.tmp"]) {
			writeFileSync(join(directory, name), "x");
		}
		await sweepTemporary(directory);
		expect(readdirSync(directory).sort()).toEqual(["notes.tmp", "state.json", "temp-1234.rdb"]);
		await sweepTemporary(directory, /^temp-.*\.rdb$/);
		expect(readdirSync(directory).sort()).toEqual(["notes.tmp", "state.json"]);
		await sweepTemporary(join(directory, "none"));
	} finally {
		rmSync(directory, { recursive: true });
	}
});
