import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { usageSchema } from "../../server/contract/usage.ts";
import type { Installation } from "../fixtures/installation.ts";
import { withInstallation } from "./keep-evidence.ts";
import { killProgram } from "./kill-program.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";

const REQUESTS = 1_000_000;
const SECONDS = 180;
const KILL_EVERY_MS = 3_000;
const BATCH = 100;
/** How far usage may be off. */
const TOLERANCE = 0.001;
const BYTES_PER_ECPU = 1_024;
/** The last readings arrive within a minute; programs that start again take a while. */
const SETTLE_MS = 75_000;
const LARGE_BYTES = 4_096;
const SMALL = "x".repeat(64);

interface Load {
	readonly name: string;
	readonly title: string;
	readonly body: object;
	/** Written before the load: request and answer. */
	readonly prepare: readonly [string, string] | null;
	/** Requests that are sent in turn, each with its answer. */
	readonly exchanges: readonly (readonly [string, string])[];
	readonly share: number;
}

function resp(...words: string[]): string {
	return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

const LARGE = "y".repeat(LARGE_BYTES);
const LOADS: readonly Load[] = [
	{
		...{ name: "small", title: "Valkey with a replica, 64-byte GET and SET", share: 0.4 },
		body: { replicasPerShard: 1, multiAz: true, auth: "none" },
		prepare: null,
		exchanges: [
			[resp("SET", "key", SMALL), "+OK\r\n"],
			[resp("GET", "key"), `$${SMALL.length}\r\n${SMALL}\r\n`],
		],
	},
	{
		...{ name: "large", title: "Redis OSS, 4 KiB GET", share: 0.3 },
		body: { engine: "redis", auth: "none" },
		prepare: [resp("SET", "key", LARGE), "+OK\r\n"],
		exchanges: [[resp("GET", "key"), `$${LARGE_BYTES}\r\n${LARGE}\r\n`]],
	},
	{
		...{ name: "items", title: "Memcached, 64-byte get and set", share: 0.3 },
		body: { engine: "memcached" },
		prepare: null,
		exchanges: [
			[`set key 0 0 ${SMALL.length}\r\n${SMALL}\r\n`, "STORED\r\n"],
			["get key\r\n", `VALUE key 0 ${SMALL.length}\r\n${SMALL}\r\nEND\r\n`],
		],
	},
];

/** What those requests should be counted as, by docs/metering.md. */
function expectedEcpus({ exchanges }: Load, requests: number): number {
	const sum = exchanges.reduce((total, [request, answer]) => {
		return total + Math.max(1, (request.length + answer.length) / BYTES_PER_ECPU);
	}, 0);
	return (sum / exchanges.length) * requests;
}

/** Requests of known sizes while agents and the control plane are killed: usage must agree within the tolerance. */
export const metering: Scenario = {
	name: "metering",
	description:
		"1,000,000 requests while agents and the control plane are killed: usage within 0.1%",
	run: (options) => withInstallation({}, (larder) => meter(larder, options)),
};

async function meter(larder: Installation, options: ScenarioOptions): Promise<string> {
	const startedAt = new Date(Math.floor(Date.now() / 60_000) * 60_000);
	for (const { name, body } of LOADS) await larder.createCache({ name, ...body });
	for (const { name } of LOADS) await larder.waitForStatus(name, "available");
	// A shorter run sends fewer requests, at the same rate.
	const seconds = options.seconds ?? SECONDS;
	const requests = (REQUESTS * seconds) / SECONDS;
	const stop = new AbortController();
	const kills = killPrograms(larder, options, stop.signal);
	const sent = await Promise.all(
		LOADS.map((load) => send(larder, load, Math.round(requests * load.share), seconds)),
	);
	stop.abort();
	const killed = await kills;
	await delay(SETTLE_MS);
	const results = await Promise.all(
		LOADS.map(async (load, index) => {
			const count = sent[index] ?? 0;
			const expected = expectedEcpus(load, count);
			const metered = await meteredEcpus(larder, load.name, startedAt);
			const off = (metered - expected) / expected;
			options.log(
				`${load.title}: ${count} requests, ${expected.toFixed(0)} ECPUs expected, ${metered.toFixed(0)} metered (${(off * 100).toFixed(4)}%)`,
			);
			return off;
		}),
	);
	const worst = Math.max(...results.map(Math.abs));
	const summary = `${sent.reduce((sum, count) => sum + count, 0)} requests, ${killed} kills, usage off by at most ${(worst * 100).toFixed(4)}%`;
	if (worst > TOLERANCE) throw new Violation(summary);
	return summary;
}

async function killPrograms(
	larder: Installation,
	{ random }: ScenarioOptions,
	signal: AbortSignal,
): Promise<number> {
	let kills = 0;
	while (!signal.aborted) {
		const next = delay(KILL_EVERY_MS);
		await killProgram(larder, random);
		kills += 1;
		await next;
	}
	return kills;
}

/** Sends requests in batches, evenly over the time. Returns how many. */
async function send(
	larder: Installation,
	load: Load,
	requests: number,
	seconds: number,
): Promise<number> {
	const cache = await larder.waitForStatus(load.name, "available");
	// Memcached's configuration endpoint is served by an agent, and ends with it.
	const { primary, nodes } = cache.endpoints;
	const endpoint = primary ?? nodes[0];
	if (endpoint === undefined) throw new Error(`${load.name} has no endpoint`);
	const { host, port } = endpoint;
	const socket = connect(port, host);
	await once(socket, "connect");
	socket.setNoDelay(true);
	try {
		if (load.prepare !== null) await exchange(socket, ...load.prepare);
		const { exchanges } = load;
		const turns = Math.ceil(BATCH / exchanges.length);
		const batch = Array.from({ length: turns }, () => exchanges).flat();
		const request = batch.map(([text]) => text).join("");
		const answer = batch.map(([, text]) => text).join("");
		const startedAt = performance.now();
		let count = 0;
		while (count < requests) {
			const dueMs = (count / requests) * seconds * 1_000;
			const earlyMs = dueMs - (performance.now() - startedAt);
			if (earlyMs > 1) await delay(earlyMs);
			await exchange(socket, request, answer);
			count += batch.length;
		}
		return count;
	} finally {
		socket.destroy();
	}
}

/** Returns when exactly that answer has arrived. */
async function exchange(socket: Socket, request: string, answer: string): Promise<void> {
	socket.write(request);
	let received = "";
	while (received.length < answer.length) {
		const [chunk] = (await once(socket, "data")) as [Buffer];
		received += chunk.toString("latin1");
	}
	if (received !== answer) throw new Violation("an engine answered something else");
}

async function meteredEcpus(larder: Installation, name: string, from: Date): Promise<number> {
	const { body } = await larder.rest(
		"GET",
		`/usage?cache=${name}&unit=minute&from=${from.toISOString()}`,
	);
	return usageSchema.parse(body).items.reduce((sum, { ecpus }) => sum + ecpus, 0);
}
