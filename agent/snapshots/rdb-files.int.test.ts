import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { filterRdb } from "../../platform/rdb/filter-rdb.ts";
import { RdbError } from "../../platform/rdb/rdb-error.ts";
import { selectSlots } from "../../platform/rdb/rdb-tasks.ts";
import { walkRdb } from "../../platform/rdb/walk-rdb.ts";
import {
	fillRichly,
	librariesOf,
	loadLibrary,
	readRichly,
} from "../../platform/testing/rich-data.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import { type BareEngine, startBareEngine } from "../testing/bare-engine.ts";
import { CopyRefused, copyData } from "./replica-stream.ts";

const PLAIN_KEYS = 300;
const directory = makeUglyDirectory("larder-rdb-test");
const running: BareEngine[] = [];
const signal = new AbortController().signal;

afterAll(async () => {
	for (const engine of running) await engine.stop();
	rmSync(directory, { recursive: true, force: true });
});

async function start(
	engine: "valkey" | "redis",
	version: string,
	name: string,
	...settings: string[]
) {
	const path = join(directory, name);
	await mkdir(path, { recursive: true });
	const started = await startBareEngine(engine, version, path, settings);
	running.push(started);
	return started;
}

async function copyOf({ port, client }: BareEngine, path: string) {
	await client.call("ACL", "SETUSER", "copier", "on", ">secret", "+sync", "+replconf");
	let begun = 0;
	const login = { host: "127.0.0.1", port, username: "copier", password: "secret" };
	const copied = await copyData(login, path, {
		...{ signal, onBegin: () => (begun += 1), onProgress: () => undefined },
	});
	expect(begun).toBe(1);
	return copied;
}

describe.each([
	["redis", "7"],
	["valkey", "8"],
	["valkey", "9"],
] as const)("the data of %s %s", (name, version) => {
	const source = join(directory, `${name}-${version}.rdb`);
	const kinds = [
		["rdbcompression", "yes"],
		["hash-max-listpack-entries", "4"],
	] as const;

	test("is copied as of one moment, counted, and split by slots without any change", async () => {
		const engine = await start(
			name,
			version,
			`${name}-${version}`,
			...kinds.flatMap(([k, v]) => [`--${k}`, v]),
		);
		await fillRichly(engine.client, PLAIN_KEYS);
		await loadLibrary(engine.client);
		if (version === "9") {
			await engine.client.hset("hash:fields", "a", "1", "b", "2");
			await engine.client.call(
				"HPEXPIREAT",
				"hash:fields",
				Date.now() + 3_600_000,
				"FIELDS",
				"1",
				"a",
			);
		}
		await engine.client.select(3);
		await engine.client.set("elsewhere", "in database 3");
		await engine.client.select(0);
		const { bytes, sha256, content } = await copyOf(engine, source);
		expect(readFileSync(source)).toHaveLength(bytes);
		expect(createHash("sha256").update(readFileSync(source)).digest("hex")).toBe(sha256);
		expect(walkRdb(source)).toEqual(content);
		const before = await readRichly(engine.client);
		expect(content.producer).toMatch(`${name} ${version}`);
		expect(content).toMatchObject({
			functions: 1,
			lastDatabase: 3,
			expiringKeys: expect.any(Number),
		});
		expect(content.keys - before.size).toBeOneOf([1, 2]);

		const after = new Map<string, string>();
		let keys = 0;
		for (const [index, slots] of [
			[{ first: 0, last: 5_000 }],
			[
				{ first: 5_001, last: 10_922 },
				{ first: 16_000, last: 16_383 },
			],
			[{ first: 10_923, last: 15_999 }],
		].entries()) {
			const part = `part-${name}-${version}-${index}`;
			await mkdir(join(directory, part));
			const target = join(directory, part, "dump.rdb");
			const sources = [{ path: source, sha256 }];
			keys += (await selectSlots({ sources, slots, target }, signal)).keys;
			const restored = await start(name, version, part);
			for (const [key, text] of await readRichly(restored.client)) {
				expect(after.has(key)).toBe(false);
				after.set(key, text);
			}
			expect(await librariesOf(restored.client)).toBe(await librariesOf(engine.client));
		}
		expect(keys).toBe(content.keys);
		expect(after).toEqual(before);
		const changed = { sources: [{ path: source, sha256: "0".repeat(64) }], slots: null };
		const refused = join(directory, "changed.rdb");
		await expect(selectSlots({ ...changed, target: refused }, signal)).rejects.toThrow("checksum");

		// And together again, in one shard.
		const parts = [0, 1, 2].map((index) => ({
			path: join(directory, `part-${name}-${version}-${index}`, "dump.rdb"),
			sha256: null,
		}));
		await mkdir(join(directory, `whole-${name}-${version}`));
		filterRdb(parts, null, join(directory, `whole-${name}-${version}`, "dump.rdb"));
		const whole = await start(name, version, `whole-${name}-${version}`);
		expect(await readRichly(whole.client)).toEqual(before);
	});

	test("that is cut off anywhere or has a wrong beginning is refused", () => {
		const bytes = readFileSync(source);
		const damaged = join(directory, "damaged.rdb");
		for (const part of [0, 5, 9, 200, bytes.length >> 1, bytes.length - 9, bytes.length - 1]) {
			writeFileSync(damaged, bytes.subarray(0, part));
			expect(() => walkRdb(damaged)).toThrow(RdbError);
		}
		writeFileSync(damaged, Buffer.concat([bytes, Buffer.alloc(1)]));
		expect(() => walkRdb(damaged)).toThrow("continues after its end");
		writeFileSync(damaged, Buffer.concat([Buffer.from("REDIS0012"), bytes.subarray(9)]));
		expect(() => walkRdb(damaged)).toThrow("RDB 12");
	});
});

test("a copy that the engine refuses, or that is no longer wanted, says so", async () => {
	const engine = await start("valkey", "9", "refusing");
	const login = { host: "127.0.0.1", port: engine.port, username: "copier", password: "wrong" };
	const options = { signal, onBegin: () => undefined, onProgress: () => undefined };
	const path = join(directory, "refused.rdb");
	await expect(copyData(login, path, options)).rejects.toThrow(CopyRefused);
	await expect(copyData(login, path, options)).rejects.toThrow("WRONGPASS");
	await expect(
		copyData(login, path, { ...options, signal: AbortSignal.abort(new CopyRefused("stopped")) }),
	).rejects.toThrow("stopped");
});
