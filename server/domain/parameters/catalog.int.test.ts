import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { MIB, type ParameterFamily } from "../../contract/index.ts";
import { findProjectRoot } from "../../platform/project-root.ts";
import {
	engineOf,
	type ParameterDefinition,
	parameterDefinition,
	parameterDefinitions,
	resolveParameters,
} from "./index.ts";

/** Parameters whose default is ElastiCache's or Larder's own, not the engine's. */
const OWN_DEFAULTS = new Set([
	"maxmemory-policy",
	"active-defrag-cycle-max",
	"active-defrag-cycle-min",
	"cluster-require-full-coverage",
	"latency-tracking",
]);
const engineLineSchema = z.object({ engine: z.object({ server: z.string() }) });
const CLIENT = { maxRetriesPerRequest: null, retryStrategy: () => 50 };

let directory: string;
const processes: ChildProcess[] = [];
const clients: Redis[] = [];

beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "larder-parameters-"));
});
afterAll(async () => {
	for (const client of clients) client.disconnect();
	for (const each of processes) {
		if (each.exitCode !== null || each.signalCode !== null) continue;
		each.kill("SIGKILL");
		await once(each, "exit");
	}
	await rm(directory, { recursive: true, force: true });
});

const programs = new Map<string, Promise<string>>();

/** From this user's engine store, which is filled if necessary. */
function serverProgram(wanted: string): Promise<string> {
	const known = programs.get(wanted) ?? findServerProgram(wanted);
	programs.set(wanted, known);
	return known;
}

async function findServerProgram(wanted: string): Promise<string> {
	const script = join(findProjectRoot(), "scripts", "engines.ts");
	const { stdout } = await promisify(execFile)(process.execPath, [
		"--import",
		"tsx",
		script,
		wanted,
	]);
	const lines = stdout.trim().split("\n");
	return engineLineSchema.parse(JSON.parse(lines.at(-1) ?? "")).engine.server;
}

async function startEngine(family: ParameterFamily, name: string, lines: readonly string[]) {
	const server = await serverProgram(`${engineOf(family)}@${family.slice(-1)}`);
	const socket = join(directory, `${name}.sock`);
	const file = join(directory, `${name}.conf`);
	await writeFile(
		file,
		[
			...["port 0", `unixsocket ${socket}`],
			// A dump file of another engine would be loaded, and may be from a version that this one can't read.
			...[`dir ${directory}`, `dbfilename ${name}.rdb`, 'save ""'],
			...[...lines, ""],
		].join("\n"),
	);
	processes.push(spawn(server, [file], { stdio: "ignore" }));
	const client = new Redis({ path: socket, ...CLIENT });
	client.on("error", () => undefined); // until the socket is there
	clients.push(client);
	await client.ping();
	return client;
}

/** A cluster node listens for the others, so it needs ports. */
async function clusterLines(family: string): Promise<string[]> {
	return [
		"cluster-enabled yes",
		`cluster-config-file ${family}-nodes.conf`,
		"bind 127.0.0.1",
		`port ${await freePort()}`,
		`cluster-port ${await freePort()}`,
	];
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (typeof address !== "object" || address === null) throw new Error("no free port");
	return address.port;
}

async function shown(client: Redis, name: string): Promise<string | undefined> {
	const answer = (await client.config("GET", name)) as string[];
	return answer[1];
}

/** The limits of the allowed range, which the engine must accept as well. */
function samples({ allowed, defaultValue }: ParameterDefinition): string[] {
	if (allowed?.kind === "range") return [String(allowed.min), String(allowed.max), defaultValue];
	if (allowed?.kind === "enum") return [...allowed.values, defaultValue];
	if (allowed?.kind === "characters") return [allowed.characters, "Kx", defaultValue];
	return [defaultValue];
}

describe.each(["valkey9", "valkey8", "redis7"] as const)("the engine of %s", (family) => {
	const own = parameterDefinitions(family).filter(
		({ name }) =>
			!["reserved-memory-percent", "larder-busy-timeout"].includes(name) &&
			!name.startsWith("client-output-buffer-limit-"),
	);

	it("knows every parameter, with the default that is shown", async () => {
		const client = await startEngine(family, `${family}-bare`, []);
		for (const { name, defaultValue } of own) {
			const value = await shown(client, name);
			expect(value, `${name} is unknown`).toBeDefined();
			if (!OWN_DEFAULTS.has(name) && name !== "maxclients") expect(value, name).toBe(defaultValue);
		}
	});

	it("takes immediate parameters live, in their whole range, and refuses those that need a reboot", async () => {
		const client = await startEngine(family, `${family}-live`, []);
		for (const definition of own.filter(({ modifiable }) => modifiable)) {
			const { name, apply, sent } = definition;
			if (apply === "requires-reboot") {
				// Some that aren't always sent could be changed live in some versions.
				if (sent === "when-set") continue;
				await expect(client.config("SET", name, "2"), name).rejects.toThrow(/immutable/);
				continue;
			}
			for (const value of samples(definition)) {
				await expect(client.config("SET", name, value), `${name} ${value}`).resolves.toBe("OK");
			}
		}
	});

	it.each(["disabled", "enabled"] as const)(
		"starts with what is sent in cluster mode %s, shows the same text, and accepts it live",
		async (clusterMode) => {
			const overrides = {
				"client-output-buffer-limit-pubsub-soft-seconds": "7",
				"notify-keyspace-events": "KEA",
				"io-threads": "2",
				databases: "32",
				timeout: "0060",
				...(family !== "redis7" && {
					"commandlog-request-larger-than": "-1",
					"commandlog-reply-larger-than": "-1",
					"commandlog-large-request-max-len": "0",
					"commandlog-large-reply-max-len": "0",
				}),
				...(family === "valkey9" && { "cluster-databases": "4" }),
			};
			const parameters = resolveParameters({
				family,
				clusterMode,
				replicasPerShard: 0,
				overrides,
			});
			const client = await startEngine(family, `${family}-${clusterMode}`, [
				...(clusterMode === "enabled" ? await clusterLines(family) : []),
				...parameters.map(({ name, value }) => `${name} "${value}"`),
			]);
			for (const { name, value, live } of parameters) {
				expect(await shown(client, name), name).toBe(value);
				if (live) expect(await client.config("SET", name, value), name).toBe("OK");
			}
		},
	);
});

describe.each(["valkey9", "redis7"] as const)("a primary of %s with two replicas", (family) => {
	it("stops taking writes when it hears from neither, and takes them again when it hears from one", async () => {
		const sent = resolveParameters({
			family,
			clusterMode: "disabled",
			replicasPerShard: 2,
			overrides: {},
		}).map(({ name, value }) => `${name} "${value}"`);
		const port = await freePort();
		const lines = ["bind 127.0.0.1", "repl-diskless-sync-delay 0", ...sent];
		const primary = await startEngine(family, `${family}-primary`, [...lines, `port ${port}`]);
		await expect(primary.set("key", "alone")).rejects.toThrow(/^NOREPLICAS/);

		const replicas = [];
		for (const name of ["a", "b"]) {
			await startEngine(family, `${family}-${name}`, [...lines, `replicaof 127.0.0.1 ${port}`]);
			const process = processes.at(-1);
			if (process === undefined) throw new Error("the replica wasn't started");
			replicas.push(process);
		}
		const waiting = { timeout: 60_000, interval: 20 };
		await vi.waitFor(() => primary.set("key", "accompanied"), waiting);
		await vi.waitFor(async () => {
			expect(await primary.info("replication")).toMatch(/connected_slaves:2/);
		}, waiting);

		for (const replica of replicas) replica.kill("SIGSTOP");
		await vi.waitFor(
			() => expect(primary.set("key", "isolated")).rejects.toThrow(/^NOREPLICAS/),
			waiting,
		);
		expect(await primary.get("key")).toBeTruthy();
		replicas[0]?.kill("SIGCONT");
		await vi.waitFor(() => primary.set("key", "back"), waiting);
		replicas[1]?.kill("SIGKILL");
		await expect(primary.set("key", "one is enough")).resolves.toBe("OK");
	});
});

describe("Memcached", () => {
	const changeable = parameterDefinitions("memcached1.6").filter(({ modifiable }) => modifiable);

	it("starts with the ends of every range, one at a time", async () => {
		for (const definition of changeable) {
			for (const value of samples(definition)) {
				const settings = await settingsWith({ [definition.name]: value });
				expect(settings.get("maxbytes"), `${definition.name} ${value}`).toBe(String(512 * MIB));
			}
		}
	});

	it.each([0, -2])("starts with all parameters changed together (%i)", async (index) => {
		const overrides = changeable.map((definition) => [
			definition.name,
			samples(definition).at(index) ?? "",
		]);
		const settings = await settingsWith(Object.fromEntries(overrides));
		expect(settings.get("item_size_max")).toBe(index === 0 ? "524288" : "134217728");
		expect(settings.get("lru_crawler")).toBe(index === 0 ? "no" : "yes");
		expect(settings.get("flush_enabled")).toBe(index === 0 ? "yes" : "no");
	});

	it("has the defaults that are shown", async () => {
		const settings = await settingsWith({});
		const sameName = { chunk_size: "chunk_size", chunk_size_growth_factor: "growth_factor" };
		for (const [name, statName] of Object.entries({
			...sameName,
			max_item_size: "item_size_max",
			backlog_queue_limit: "tcp_backlog",
			requests_per_event: "reqs_per_event",
			hash_algorithm: "hash_algorithm",
			slab_automove: "slab_automove",
			idle_timeout: "idle_timeout",
			temporary_ttl: "temporary_ttl",
			hot_lru_pct: "hot_lru_pct",
			warm_lru_pct: "warm_lru_pct",
		})) {
			expect(settings.get(statName), name).toBe(
				parameterDefinition("memcached1.6", name)?.defaultValue,
			);
		}
		for (const statName of [
			"lru_crawler",
			"lru_maintainer_thread",
			"slab_reassign",
			"maxconns_fast",
		])
			expect(settings.get(statName), statName).toBe("yes");
	});

	/** Starts one as the agent does, and returns its reported settings. */
	async function settingsWith(overrides: Record<string, string>) {
		const server = await serverProgram("memcached");
		const socket = join(directory, `memcached-${processes.length}.sock`);
		const options = resolveParameters({
			family: "memcached1.6",
			clusterMode: "disabled",
			replicasPerShard: 0,
			overrides,
		}).flatMap(({ name: option, value }) => {
			if (option === "verbose") return [`-v${value}`];
			if (option.includes("_")) return ["-o", value === "" ? option : `${option}=${value}`];
			return [value === "" ? `--${option}` : `--${option}=${value}`];
		});
		const child = spawn(server, ["-u", "root", "-m", "512", "-s", socket, ...options], {
			stdio: ["ignore", "ignore", "pipe"],
		});
		processes.push(child);
		let complaint = "";
		child.stderr?.on("data", (data) => {
			complaint += data;
		});
		for (;;) {
			const answer = await ask(socket, "stats settings\r\n");
			if (answer !== null) {
				const lines = answer.split("\r\n").map((line) => line.split(" "));
				child.kill("SIGKILL");
				return new Map(lines.map(([, key = "", value = ""]) => [key, value]));
			}
			if (child.exitCode !== null) throw new Error(`memcached ended: ${complaint}`);
			await delay(2);
		}
	}

	/** Null while nothing answers. */
	async function ask(socket: string, command: string): Promise<string | null> {
		return new Promise((resolve) => {
			let answer = "";
			const connection = createConnection(socket, () => connection.write(command));
			connection.on("error", () => resolve(null));
			connection.on("data", (data) => {
				answer += data;
				if (answer.endsWith("END\r\n")) {
					connection.destroy();
					resolve(answer);
				}
			});
		});
	}
});
