import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cache, Endpoint } from "../../server/contract/cache-view.ts";
import {
	openClient,
	openClusterClient,
	passwordOf,
	requireEndpoint,
	useMemcached,
} from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const PASSPHRASE = "correct horse battery staple";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const run = (...args: string[]) =>
	runLarder(args, {
		LARDER_HOME: larder.home.root,
		LARDER_BACKUP_PASSPHRASE: PASSPHRASE,
	});

async function done(...args: string[]): Promise<string> {
	const { exitCode, stdout, stderr } = await run(...args);
	expect(stderr).toBe("");
	expect(exitCode).toBe(0);
	return stdout;
}

const nodesOf = (cache: Cache) => cache.shards.flatMap((shard) => shard.nodes);

/** Where a cache's nodes run, ordered by name. */
async function placesOf(name: string) {
	const nodes = nodesOf(await larder.waitForStatus(name, "available"));
	return nodes
		.sort((a, b) => a.id.localeCompare(b.id))
		.map(({ address: host, port, pid }) => ({ host, port, pid }));
}

/** Moves all nodes to other hosts, and then allows new ones again. */
async function emptyHost(name: string): Promise<void> {
	expect((await larder.rest("POST", `/hosts/${name}/drain`)).status).toBe(202);
	await waitUntil(`${name} to be empty`, async () => {
		const { body } = await larder.rest("GET", `/hosts/${name}`);
		return (body as { nodeCount?: number }).nodeCount === 0;
	});
	expect((await larder.rest("POST", `/hosts/${name}/uncordon`)).status).toBe(200);
}

function firstOf(cache: Cache) {
	const [node] = nodesOf(cache);
	if (node === undefined) throw new Error(`${cache.name} has no node`);
	return { host: node.address, port: node.port };
}

it("a control plane that lost its database is restored, and takes over all running engines without touching them", async () => {
	await larder.createCache({ name: "orders", replicasPerShard: 1 });
	await larder.createCache({ name: "carts", clusterMode: "enabled", shards: 3 });
	await larder.createCache({ name: "pages", engine: "memcached", nodes: 2 });
	await larder.createCache({ name: "deleted", replicasPerShard: 1 });
	const names = ["orders", "carts", "pages", "deleted"];
	const [orders, carts, pages] = await Promise.all(
		names.map((name) => larder.waitForStatus(name, "available", 90_000)),
	);
	if (orders === undefined || carts === undefined || pages === undefined)
		throw new Error("no cache");
	const passwords = await Promise.all(names.map((name) => passwordOf(larder, name)));
	await useMemcached(firstOf(pages), "kept", "here too");
	const client = startClient(requireEndpoint(orders, "primary"), passwords[0] ?? null);
	await client.writesAgain();

	const file = join(larder.home.root, "monday.backup");
	await done("backup", file);
	await larder.deleteCache("deleted");
	expect(statSync(file).mode & 0o777).toBe(0o600);
	// Nodes that move after the backup take their data to places that the backup doesn't know.
	const keys = Array.from({ length: 9 }, (_, index) => `cart:${index}`);
	const shopper = openClusterClient(requireEndpoint(carts, "configuration"), passwords[1] ?? null);
	for (const key of keys) await shopper.set(key, "full");
	shopper.disconnect();
	await emptyHost(nodesOf(orders).find(({ role }) => role === "replica")?.host ?? "");
	const moved = await Promise.all(names.slice(0, 3).map((name) => placesOf(name)));
	await larder.createCache({ name: "later", replicasPerShard: 1 });
	const later = await larder.waitForStatus("later", "available");
	const laterPassword = await passwordOf(larder, "later");
	const before = pidsOfEngines();

	const refused = await run("restore", file);
	expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("in use") });
	await larder.killControlPlane();
	rmSync(larder.home.databaseDir, { recursive: true });
	const restored = await done("restore", file);
	expect(restored).toContain("4 caches, 3 hosts");
	await larder.startControlPlane();

	for (const [index, name] of names.entries()) {
		await larder.waitForStatus(name, "available");
		expect(await passwordOf(larder, name)).toBe(passwords[index] ?? null);
	}
	expect(await larder.getCache("later")).toBeNull();
	await client.writesAgain();
	await waitUntil("the hosts to report what the backup doesn't know", async () => {
		const { body } = await larder.rest("GET", "/events?limit=100");
		return JSON.stringify(body).includes("node.set-aside");
	});

	// By now the hosts know the restored state, and have ended whatever they should end. The only engines that they
	// started again are those of the deleted cache.
	expect(pidsOfEngines()).toEqual(expect.arrayContaining(before));
	expect(pidsOfEngines().length).toBe(before.length + 2);
	expect(await client.stop()).toEqual({ errors: [], lost: [] });
	expect(await larder.getCache("orders")).toMatchObject({ lastFailover: null });
	const cluster = openClusterClient(requireEndpoint(carts, "configuration"), passwords[1] ?? null);
	for (const key of keys) expect(await cluster.get(key)).toBe("full");
	expect(await cluster.set("cart", "full")).toBe("OK");
	cluster.disconnect();
	expect(await Promise.all(names.slice(0, 3).map((name) => placesOf(name)))).toEqual(moved);
	const [page] = await placesOf("pages");
	expect(await useMemcached(page ?? firstOf(pages), "new", "as before")).toBe("as before");
	const forgotten = openClient(firstOf(later), laterPassword);
	expect(await forgotten.ping()).toBe("PONG");
	forgotten.disconnect();

	// It keeps working, with restored and with new caches.
	await larder.createCache({ name: "afterward" });
	await larder.waitForStatus("afterward", "available", 60_000);
	await larder.deleteCache("carts");
});

it("a backup without a passphrase is made on request, with a warning", async () => {
	const file = join(larder.home.root, "open.backup");
	const made = await run("backup", file, "--no-passphrase");
	expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("isn't encrypted") });
	const short = await runLarder(["backup", `${file}.2`], {
		LARDER_HOME: larder.home.root,
		LARDER_BACKUP_PASSPHRASE: "short",
	});
	expect(short.exitCode).toBe(2);
	const none = await runLarder(["backup", `${file}.2`], { LARDER_HOME: larder.home.root });
	expect(none.stderr).toContain("--passphrase-file");
});

/** Writes endlessly over one connection, without retrying or reconnecting. stop() reads everything back. */
function startClient(endpoint: Endpoint, password: string | null) {
	const client = openClient(endpoint, password);
	const errors: string[] = [];
	let written = 0;
	let stopping = false;
	const loop = (async () => {
		while (!stopping && errors.length === 0) {
			try {
				await client.set(`steady:${written}`, String(written));
				written += 1;
			} catch (error) {
				errors.push(String(error));
			}
			await delay(1);
		}
	})();
	return {
		async writesAgain() {
			const wanted = written + 10;
			await waitUntil("the client to write again", () => written >= wanted || errors.length > 0);
		},
		async stop() {
			stopping = true;
			await loop;
			const keys = Array.from({ length: written }, (_, index) => `steady:${index}`);
			const values = errors.length > 0 ? [] : await client.mget(keys);
			client.disconnect();
			return { errors, lost: keys.filter((_, index) => values[index] !== String(index)) };
		},
	};
}

function pidsOfEngines(): number[] {
	return larder
		.engines()
		.map(({ pid }) => pid)
		.sort((a, b) => a - b);
}
