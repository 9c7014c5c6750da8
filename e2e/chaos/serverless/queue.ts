import { setTimeout as delay } from "node:timers/promises";
import { type ConnectionOptions, Queue, QueueEvents, Worker } from "bullmq";
import { MIB } from "../../../server/contract/limits.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import { FillLoad } from "../../fixtures/fill-load.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";

const JOBS = 3_000;
const ADD_EVERY_MS = 10;
const CONCURRENCY = 5;
const FILL_BYTES = 400 * MIB;
const TIMEOUT_MS = 180_000;

/** The example of BullMQ's README, with the connection that its documentation asks for, amid a growth and a failover. */
export const serverlessQueue: Scenario = {
	name: "serverless-queue",
	description:
		"BullMQ on a standard serverless cache that grows and fails over: every job done once",
	run: (options) => withInstallation({}, (larder) => paint(larder, options)),
};

async function paint(larder: Installation, { log }: ScenarioOptions): Promise<string> {
	const name = "queue";
	const body = { name, kind: "serverless", protocol: "standard", auth: "none" };
	await larder.createCache({ ...body, evictionPolicy: "noeviction" });
	const cache = await larder.waitForStatus(name, "available");
	const connection: ConnectionOptions = {
		...requireEndpoint(cache, "primary"),
		maxRetriesPerRequest: null,
	};
	const painted = new Map<number, number>();
	const completed = new Set<string>();
	const problems: string[] = [];
	const queue = new Queue("Paint", { connection });
	const worker = new Worker(
		"Paint",
		async (job) => {
			if (job.name !== "cars") return;
			const { number } = job.data as { number: number };
			painted.set(number, (painted.get(number) ?? 0) + 1);
			await delay(1);
		},
		{ connection, concurrency: CONCURRENCY },
	);
	const events = new QueueEvents("Paint", { connection });
	events.on("completed", ({ jobId }) => completed.add(jobId));
	events.on("failed", ({ failedReason }) => problems.push(failedReason));
	// Connections that end during the failover; the library opens others.
	queue.on("error", () => {});
	worker.on("error", () => {});
	events.on("error", () => {});
	const load = new FillLoad(cache, { prefix: "beside:", valueBytes: 16 * 1_024 });
	try {
		await events.waitUntilReady();
		const adding = addJobs(queue);
		const filling = load.write(FILL_BYTES, 16 * MIB);
		await waitUntil(
			"the cache to grow",
			async () => {
				return ((await larder.getCache(name))?.capacity?.memoryBytes ?? 0) > 256 * MIB;
			},
			TIMEOUT_MS,
		);
		log(`grown, with ${painted.size} jobs done`);
		const { status } = await larder.rest("POST", `/caches/${name}/failover`, { body: {} });
		if (status !== 202) throw new Error(`failover: ${status}`);
		const after = await waitUntil(
			"the failover",
			async () => {
				const seen = await larder.getCache(name);
				return seen?.lastFailover && seen.status === "available" ? seen : null;
			},
			TIMEOUT_MS,
		);
		log(
			`failed over, writes paused ${after.lastFailover?.writesUnavailableMs} ms, with ${painted.size} jobs done`,
		);
		await Promise.all([adding, filling]);
		await waitUntil("all jobs to be done", () => painted.size === JOBS, TIMEOUT_MS);
		await waitUntil("all to be reported", () => completed.size >= JOBS, TIMEOUT_MS).catch(() => {});
		const twice = [...painted.values()].filter((times) => times > 1).length;
		const text = `${painted.size} of ${JOBS} jobs done, ${twice} more than once, ${completed.size} reported as completed, ${problems.length} failed`;
		if (twice > 0 || problems.length > 0) throw new Violation(text);
		return text;
	} finally {
		load.close();
		await Promise.allSettled([worker.close(), events.close(), queue.close()]);
	}
}

async function addJobs(queue: Queue): Promise<void> {
	for (let number = 0; number < JOBS; number++) {
		await queue.add("cars", { number, color: "blue" });
		await delay(ADD_EVERY_MS);
	}
}
