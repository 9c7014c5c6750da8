/**
 * `npm run record:formats`: records what an agent of the former version (former-version.ts) writes to its disk and to
 * the wire, for the tests that keep the present version able to read it. Run it once a higher protocol version
 * is committed.
 *
 *   agent/testing/formats/home                   an agent's directory: its records and the files that engines keep
 *   agent/testing/formats/store                  the record of an unpacked engine
 *   server/contract/testing/formats/frames.json  calls of an agent, and the control plane's answers
 *   server/contract/testing/formats/*.schema.json  what an agent of that version accepts as an answer
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { findEngine } from "../../agent/bundles/index.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { buildFormer } from "../fixtures/former-version.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { checkoutRoot } from "../fixtures/program.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { FrameRecorder } from "./frame-recorder.ts";

await cleanUpWhenCutShort();

const CACHES = [
	{ name: "orders", replicasPerShard: 2 },
	{ name: "sessions", engine: "redis", replicasPerShard: 1 },
	{ name: "carts", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	{ name: "pages", engine: "memcached", nodes: 3 },
];
/** Files that the next agent reads. */
const KEPT = [
	/^(desired|identity(\.copy)?)\.json$/,
	/^(instances\/[^/]+|gateway|sentinel)\/state\.json$/,
	/^launched\/[^/]+\.json$/,
	/^gateway\/leaders\.map$/,
	/^instances\/[^/]+\/data\/nodes\.conf$/,
];
/** Replaces the path of the recorded directory. */
const HOME = "/var/lib/larder";
const answerSchemas = { watch: "watchResultSchema", report: "reportResultSchema" };

const checkout = await buildFormer(console.log);
const recorder = new FrameRecorder();
const larder = await startInstallation({ checkout, interpose: (url) => recorder.start(url) });
const endAgents = () =>
	Promise.all(larder.agentNames.map((name) => larder.agent(name).end("SIGTERM")));
try {
	await live(larder);
	await endAgents();
	keepHome(larder);
	await keepManifest();
	await keepFrames(larder);
} finally {
	await endAgents();
	await recorder.stop();
	await larder.stop();
}

/** What agents report: caches of all shapes, failovers, deaths, metrics. */
async function live(installation: Installation): Promise<void> {
	for (const cache of CACHES) await installation.createCache(cache);
	for (const { name } of CACHES) await installation.waitForStatus(name, "available", 60_000);
	for (const name of ["orders", "sessions", "carts"]) {
		await installation.rest("POST", `/caches/${name}/failover`, { body: {} });
		await waitUntil(`${name} to be available again`, async () => {
			const cache = await installation.getCache(name);
			return cache?.status === "available";
		});
	}
	for (const name of ["orders", "carts"]) {
		const cache = await installation.getCache(name);
		const nodes = cache?.shards.flatMap((shard) => shard.nodes) ?? [];
		const victim = nodes.find(({ role }) => role === "primary");
		if (victim?.pid) process.kill(victim.pid, "SIGKILL");
		await waitUntil(
			"another primary",
			async () => {
				const now = await installation.getCache(name);
				const found = now?.shards
					.flatMap((shard) => shard.nodes)
					.find(({ id }) => id === victim?.id);
				return found?.role === "replica";
			},
			60_000,
		);
		await installation.waitForStatus(name, "available", 60_000);
	}
	await waitUntil("metrics to be reported", () =>
		recorder.frames.some(({ procedure, request }) => {
			return procedure === "report" && (request as { metrics: unknown[] }).metrics.length > 0;
		}),
	);
}

function withoutRoot(text: string, root: string): string {
	return text.replaceAll(root, HOME).replaceAll(JSON.stringify(root).slice(1, -1), HOME);
}

function keepHome({ home }: Installation): void {
	const from = home.agentDir("local-a");
	const to = join(checkoutRoot, "agent", "testing", "formats", "home");
	rmSync(to, { recursive: true, force: true });
	for (const path of readdirSync(from, { recursive: true, encoding: "utf8" })) {
		if (!KEPT.some((kind) => kind.test(path))) continue;
		mkdirSync(dirname(join(to, path)), { recursive: true });
		writeFileSync(join(to, path), withoutRoot(readFileSync(join(from, path), "utf8"), home.root));
	}
}

/** Keeps the manifest of an unpacked engine, without the path of this user's store. */
async function keepManifest(): Promise<void> {
	const engine = await findEngine({ engine: "memcached", version: "1" });
	if (engine === null) throw new Error("Memcached isn't unpacked");
	const directory = dirname(dirname(engine.server));
	const text = readFileSync(join(directory, "bundle.json"), "utf8");
	const to = join(checkoutRoot, "agent", "testing", "formats", "store");
	mkdirSync(to, { recursive: true });
	writeFileSync(join(to, "bundle.json"), text.replaceAll(dirname(directory), "/var/lib/engines"));
}

async function keepFrames({ home }: Installation): Promise<void> {
	const to = join(checkoutRoot, "server", "contract", "testing", "formats");
	mkdirSync(to, { recursive: true });
	const write = (name: string, value: unknown) =>
		writeFileSync(join(to, name), `${withoutRoot(JSON.stringify(value), home.root)}\n`);
	const lines = recorder.frames.map((frame) => withoutRoot(JSON.stringify(frame), home.root));
	writeFileSync(join(to, "frames.json"), `[\n${lines.join(",\n")}\n]\n`);
	const contract = {
		...(await import(join(checkout, "server", "contract", "desired-state.ts"))),
		...(await import(join(checkout, "server", "contract", "host-report.ts"))),
	} as Record<string, z.ZodType>;
	for (const [procedure, name] of Object.entries(answerSchemas)) {
		const schema = contract[name];
		if (schema === undefined) throw new Error(`the former contract has no ${name}`);
		write(`${procedure}.schema.json`, z.toJSONSchema(schema, { io: "input" }));
	}
}
