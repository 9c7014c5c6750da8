import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openAllowed } from "./open-allowed.ts";

let root: string;
let allowed: string;
let home: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "larder-imports-"));
	allowed = join(root, "dumps");
	home = join(allowed, "agent");
	mkdirSync(home, { recursive: true });
	writeFileSync(join(allowed, "dump.rdb"), "dump");
	writeFileSync(join(root, "secret"), "secret");
	writeFileSync(join(home, "identity.json"), "password");
});
afterEach(() => rmSync(root, { recursive: true }));

const read = async (path: string, directories = [allowed]) => {
	const file = await openAllowed(path, { hostName: "host-b", directories, homeDir: home });
	const text = await file.readFile("utf8");
	await file.close();
	return text;
};

it("reads files below the directories that the operator names, also through links to them", async () => {
	expect(await read(join(allowed, "dump.rdb"))).toBe("dump");
	symlinkSync(allowed, join(root, "link"));
	expect(await read(join(root, "link", "dump.rdb"), [join(root, "link")])).toBe("dump");
	expect(await read(join(allowed, "dump.rdb"), [join(root, "link")])).toBe("dump");
});

it.each([
	["without any directory", () => read(join(allowed, "dump.rdb"), []), /no directory is allowed/],
	["a file elsewhere", () => read(join(root, "secret")), /only files below .*dumps are allowed/],
	["a way out by its name", () => read(join(allowed, "..", "secret")), /may not read/],
	["a directory whose name begins alike", () => read(`${allowed}-2/x`), /may not read/],
	["the agent's own files", () => read(join(home, "identity.json")), /may not read/],
])("refuses %s, and names the setting", async (_, attempt, message) => {
	await expect(attempt()).rejects.toThrow(message);
	await expect(attempt()).rejects.toThrow(/LARDER_IMPORT_DIRECTORIES/);
});

it("refuses links that lead out, what isn't a file, and what isn't there", async () => {
	symlinkSync(join(root, "secret"), join(allowed, "out.rdb"));
	await expect(read(join(allowed, "out.rdb"))).rejects.toThrow(/LARDER_IMPORT_DIRECTORIES/);
	await expect(read(home)).rejects.toThrow(/isn't a file/);
	await expect(read(join(allowed, "no.rdb"))).rejects.toThrow(
		/host-b can't read .*no.rdb. There is no such file./i,
	);
});
