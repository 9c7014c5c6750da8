import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseIndexTargets, parsePrintedUris, rankMirrors } from "./apt-mirror.ts";
import { parseDependencyNames } from "./apt-tree.ts";
import type { BundleName } from "./bundle-name.ts";
import { offersPrefix } from "./engine-catalog.ts";
import { listBundles, publishManifest, readBundle } from "./engine-store.ts";
import { compareVersions, upstreamVersion, versionFits } from "./engine-version.ts";
import { listPathEngines } from "./path-engine.ts";
import { StoreWatch } from "./store-watch.ts";

let store: string;
beforeEach(() => {
	store = mkdtempSync(join(tmpdir(), "larder-store-test-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

async function putBundle(
	version: string,
	{
		engine = "valkey",
		name = `${engine}-${version}-amd64`,
	}: { engine?: BundleName; name?: string } = {},
): Promise<string> {
	const directory = join(store, name);
	mkdirSync(join(directory, "bin"), { recursive: true });
	writeFileSync(join(directory, "bin", "server"), "program");
	await publishManifest({
		...{ format: 1, engine, version, packageVersion: `${version}-1`, suite: "forky" },
		...{ architecture: "amd64", directory, server: "bin/server", client: null },
		createdAt: new Date().toISOString(),
		files: [{ path: "bin/server", sizeBytes: 7, sha256: "0".repeat(64) }],
	});
	return directory;
}

test("bundles are listed newest first", async () => {
	for (const version of ["9.1.2", "9.1.10", "8.0.1"]) await putBundle(version);
	const versions = (await listBundles(store)).map((bundle) => bundle.version);
	expect(versions).toEqual(["9.1.10", "9.1.2", "8.0.1"]);
});

test("an engine that another process puts into the store is noticed once", async () => {
	await putBundle("9.1.2");
	let changes = 0;
	const watch = new StoreWatch(store, () => changes++);
	await watch.look();
	await watch.look();
	expect(changes).toBe(0);
	await putBundle("8.0.1");
	await watch.look();
	await watch.look();
	expect(changes).toBe(1);
});

test.each([
	["valkey", "9.1"],
	["redis", "7.0"],
	["memcached", "1.6"],
	["haproxy", "3.2"],
] as const)("a half-written bundle of %s is ignored", async (engine, minor) => {
	const noManifest = await putBundle(`${minor}.1`, { engine });
	rmSync(join(noManifest, "bundle.json"));
	const cutManifest = await putBundle(`${minor}.2`, { engine });
	writeFileSync(join(cutManifest, "bundle.json"), `{"format": 1, "engine": "${engine.slice(1)}`);
	const cutProgram = await putBundle(`${minor}.3`, { engine });
	writeFileSync(join(cutProgram, "bin", "server"), "pro");
	const lostProgram = await putBundle(`${minor}.4`, { engine });
	rmSync(join(lostProgram, "bin", "server"));
	await putBundle(`${minor}.5`, { engine, name: "build-x1y2z3" });
	writeFileSync(join(store, "store.lock"), "{}");
	expect(await listBundles(store)).toEqual([]);
});

test("versions that aren't offered aren't found, in the store or on PATH", async () => {
	await putBundle("7.0.15", { engine: "redis" });
	await putBundle("8.0.6", { engine: "redis" });
	await putBundle("1.5.22", { engine: "memcached" });
	const bundles = (await listBundles(store)).map(({ engine, version }) => [engine, version]);
	expect(bundles).toEqual([["redis", "7.0.15"]]);
	expect(await pathEngines({ "redis-server": "Redis server v=8.0.2 sha=0" })).toEqual([]);
	expect(await pathEngines({ "redis-server": "Redis server v=7.2.4 sha=0" })).toEqual([
		"redis 7.2.4",
	]);
	expect(offersPrefix("redis", "8")).toBe(false);
	expect(offersPrefix("redis", "7.0")).toBe(true);
	expect(offersPrefix("memcached", "1")).toBe(true);
});

test("the version of each server on PATH is found in that server's own way", async () => {
	const found = await pathEngines({
		"valkey-server": "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64",
		// Valkey's compatibility package installs it under this name.
		"redis-server": "Valkey server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64",
		memcached: "memcached 1.6.38",
		haproxy: "HAProxy version 3.0.11-1+deb13u1 2025/10/03 - https://haproxy.org/",
	});
	expect(found).toEqual(["valkey 8.1.1", "memcached 1.6.38", "haproxy 3.0.11"]);
});

/** The engines found among programs that give these answers to their version argument. */
async function pathEngines(answers: Readonly<Record<string, string>>): Promise<string[]> {
	const directory = mkdtempSync(join(store, "path-"));
	for (const [program, answer] of Object.entries(answers)) {
		const known = program === "haproxy" ? "-v" : "--version";
		const script = `#!/bin/sh\n[ "$1" = ${known} ] && echo '${answer}'\n`;
		writeFileSync(join(directory, program), script, { mode: 0o755 });
	}
	const found = await listPathEngines({ ...process.env, PATH: directory });
	// The machine's own HAProxy is in a directory that every search covers.
	const own = found.filter(({ server }) => server.startsWith(directory));
	return own.map(({ engine, version }) => `${engine} ${version}`);
}

test("a bundle that was moved is ignored, because its programs name their loader by its old path", async () => {
	const directory = await putBundle("9.1.2");
	const { renameSync } = await import("node:fs");
	renameSync(directory, join(store, "moved"));
	expect(await readBundle(join(store, "moved"))).toBeNull();
});

test("a missing store counts as empty", async () => {
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
