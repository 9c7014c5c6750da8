import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseIndexTargets, parsePrintedUris, rankMirrors } from "./apt-mirror.ts";
import { parseDependencyNames } from "./apt-tree.ts";
import { listBundles, publishManifest, readBundle } from "./engine-store.ts";
import { compareVersions, upstreamVersion, versionFits } from "./engine-version.ts";

let store: string;
beforeEach(() => {
	store = mkdtempSync(join(tmpdir(), "larder-store-test-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

async function putBundle(version: string, name = `valkey-${version}-amd64`): Promise<string> {
	const directory = join(store, name);
	mkdirSync(join(directory, "bin"), { recursive: true });
	writeFileSync(join(directory, "bin", "valkey-server"), "program");
	await publishManifest({
		...{ format: 1, engine: "valkey", version, packageVersion: `${version}-1`, suite: "forky" },
		...{ architecture: "amd64", directory, server: "bin/valkey-server", client: null },
		createdAt: new Date().toISOString(),
		files: [{ path: "bin/valkey-server", sizeBytes: 7, sha256: "0".repeat(64) }],
	});
	return directory;
}

test("bundles are listed newest first", async () => {
	for (const version of ["9.1.2", "9.1.10", "8.0.1"]) await putBundle(version);
	const versions = (await listBundles(store)).map((bundle) => bundle.version);
	expect(versions).toEqual(["9.1.10", "9.1.2", "8.0.1"]);
});

test("what is half written counts for nothing", async () => {
	const noManifest = await putBundle("9.1.1");
	rmSync(join(noManifest, "bundle.json"));
	const cutManifest = await putBundle("9.1.2");
	writeFileSync(join(cutManifest, "bundle.json"), '{"format": 1, "engine": "val');
	const cutProgram = await putBundle("9.1.3");
	writeFileSync(join(cutProgram, "bin", "valkey-server"), "pro");
	const lostProgram = await putBundle("9.1.4");
	rmSync(join(lostProgram, "bin", "valkey-server"));
	await putBundle("9.1.5", "build-x1y2z3");
	writeFileSync(join(store, "store.lock"), "{}");
	expect(await listBundles(store)).toEqual([]);
});

test("a bundle that was moved counts for nothing, since its programs name their old place", async () => {
	const directory = await putBundle("9.1.2");
	const { renameSync } = await import("node:fs");
	renameSync(directory, join(store, "moved"));
	expect(await readBundle(join(store, "moved"))).toBeNull();
});

test("a store that isn't there is empty", async () => {
	expect(await listBundles(join(store, "absent"))).toEqual([]);
});

test("a prefix names whole parts of a version", () => {
	expect(versionFits("9.1.2", "9")).toBe(true);
	expect(versionFits("9.1.2", "9.1")).toBe(true);
	expect(versionFits("9.10.0", "9.1")).toBe(false);
	expect(versionFits("9.1.2", "9.1.2")).toBe(true);
	expect(compareVersions("9.1.10", "9.1.2")).toBeGreaterThan(0);
	expect(upstreamVersion("5:9.1.2+dfsg-1~bpo12+1")).toBe("9.1.2");
});

test("the mirror is the one that serves the machine's own release", () => {
	const targets = parseIndexTargets(
		"http://a.test/other|stable\nhttp://m.test/debian|bookworm\nhttp://m.test/debian/|bookworm-updates\nhttp://s.test/debian-security|bookworm-security\n",
	);
	expect(rankMirrors(targets, "bookworm")).toEqual(["http://m.test/debian"]);
	expect(rankMirrors(targets, "trixie")).toEqual(["http://a.test/other", "http://m.test/debian"]);
	const printed = parsePrintedUris(
		"'http://m.test/debian/dists/bookworm/InRelease' m.test_InRelease 0 \n'http://m.test/debian/dists/bookworm/main/binary-amd64/Packages.xz' x 0 \n",
	);
	expect(printed).toEqual([{ site: "http://m.test/debian", suite: "bookworm" }]);
});

test("dependencies are names, alternatives included", () => {
	expect(parseDependencyNames("libc6 (>= 2.38), systemd | opensysusers, zlib1g:any")).toEqual([
		...["libc6", "systemd", "opensysusers", "zlib1g"],
	]);
	expect(parseDependencyNames("")).toEqual([]);
});
