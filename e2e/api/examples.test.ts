import { afterAll, beforeAll, expect, it } from "vitest";
import { passwordOf, requireEndpoint } from "../fixtures/engine-clients.ts";
import { type ExampleProgram, startExample } from "../fixtures/example-program.ts";
import {
	type Trial,
	tryAnalytics,
	tryChat,
	tryDatabaseCache,
	tryGeoSearch,
	tryJobQueue,
	tryLeaderboard,
	tryRateLimiter,
	trySessionStore,
} from "../fixtures/example-trials.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { findPostgres, type PostgresServer, startPostgres } from "../fixtures/postgres-server.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const CACHE = "examples";
const BURST = 40;
const AT_WORK = 20;

let larder: Installation;
let postgres: PostgresServer | null = null;
const programs: ExampleProgram[] = [];
const trials = new Map<string, Trial>();

beforeAll(async () => {
	larder = await startInstallation();
	if (findPostgres() !== null) postgres = await startPostgres();
	// Queues warn about any other policy, since a job that is evicted is lost.
	const group = {
		...{ name: "noeviction", family: "valkey9" },
		parameters: { "maxmemory-policy": "noeviction" },
	};
	const { status } = await larder.rest("POST", "/parameter-groups", { body: group });
	if (status >= 300) throw new Error(`the parameter group: ${status}`);
	const shape = {
		...{ engine: "valkey", engineVersion: "9", replicasPerShard: 2, multiAz: true },
		parameterGroup: group.name,
	};
	await larder.createCache({ name: CACHE, ...shape });
	const cache = await larder.waitForStatus(CACHE, "available");
	const { host, port } = requireEndpoint(cache, "primary");
	const environment = {
		...{ CACHE_HOST: host, CACHE_PORT: String(port), CACHE_REPLICAS: "1" },
		CACHE_PASSWORD: (await passwordOf(larder, CACHE)) ?? "",
		...{ DATABASE_URL: postgres?.url, BURST: String(BURST), PER_SECOND: "0.001" },
	};
	const start = async (name: string, begin: (program: ExampleProgram) => Trial) => {
		const program = await startExample(name, environment);
		programs.push(program);
		trials.set(name, begin(program));
	};
	await Promise.all([
		start("leaderboard", tryLeaderboard),
		start("rate-limiter", (program) => tryRateLimiter(program, BURST)),
		start("job-queue", tryJobQueue),
		start("chat", tryChat),
		start("session-store", trySessionStore),
		start("geo-search", tryGeoSearch),
		start("analytics", tryAnalytics),
		...(postgres === null ? [] : [start("database-cache", tryDatabaseCache)]),
	]);
});
afterAll(async () => {
	await Promise.all(programs.map((program) => program.stop()));
	await postgres?.stop();
	await larder?.stop();
});

it("every example loses nothing and returns nothing wrong while the cache loses its primary, and goes on", async () => {
	let isOver = false;
	const useOn = async (trial: Trial) => {
		for (let turn = 0; !isOver; turn += 1) await trial.act(turn);
	};
	const uses = [...trials.values()].map(useOn);
	const everyoneReaches = (counts: ReadonlyMap<string, number>) =>
		waitUntil("every example to be at work", () =>
			[...trials].every(
				([name, trial]) => trial.acknowledged() >= (counts.get(name) ?? 0) + AT_WORK,
			),
		);
	await everyoneReaches(new Map());

	const primary = (await larder.getCache(CACHE))?.shards[0]?.nodes.find(
		({ role }) => role === "primary",
	);
	if (typeof primary?.pid !== "number") throw new Error("the cache has no primary");
	process.kill(primary.pid, "SIGKILL");
	await waitUntil("another primary", async () => {
		const nodes = (await larder.getCache(CACHE))?.shards[0]?.nodes;
		return nodes?.some(({ id, role }) => role === "primary" && id !== primary.id);
	});
	await everyoneReaches(new Map([...trials].map(([name, trial]) => [name, trial.acknowledged()])));
	isOver = true;
	await Promise.all(uses);

	const faults = await Promise.all(
		[...trials].map(async ([name, trial]) => [name, await trial.findFaults()] as const),
	);
	expect(Object.fromEntries(faults)).toEqual(
		Object.fromEntries([...trials.keys()].map((name) => [name, []])),
	);
});
