import {
	existsSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess, isProcessAlive } from "../../platform/process-identity.ts";
import { gatewayRecordSchema } from "../gateway/gateway-record.ts";
import { sentinelRecordSchema } from "../sentinel/sentinel-record.ts";
import { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { HostService, type ServicePaths } from "./host-service.ts";
import { serviceRecordSchema } from "./service-record.ts";

const SHELL = realpathSync("/bin/sh");
/** A parent with a worker, as HAProxy is. */
const SERVING = ["-c", "sleep 1000 & echo $!; wait"];

let directory: string;
let paths: ServicePaths;
let service: HostService;
let ends: string[];
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-service-"));
	paths = { directory, log: join(directory, "a.log"), record: join(directory, "state.json") };
	ends = [];
	service = makeService();
});
afterEach(async () => {
	service.end();
	await expect.poll(() => service.alive).toBe(false);
	service.release();
	rmSync(directory, { recursive: true });
});

/** What a new agent knows about the service: its files. */
function makeService(): HostService {
	return new HostService({
		...{ name: "the service", paths, recordSchema: serviceRecordSchema },
		isServerProgram: (path) => path === SHELL,
		liveness: new LivenessWatch(),
		logger: pino({ level: "silent" }),
		onEnd: (detail) => ends.push(detail),
	});
}

const workerPid = () => Number(readFileSync(paths.log, "utf8"));

function launch(args: readonly string[] = SERVING): Promise<boolean> {
	return service.launch({ program: SHELL, args, serves: async () => workerPid() > 0 });
}

test("it outlives its agent, and the next one adopts it, even without a readable record", async () => {
	await service.adopt();
	expect(service.alive).toBe(false);
	expect(await launch()).toBe(true);
	const { pid } = service;
	for (const record of [readFileSync(paths.record, "utf8"), "{"]) {
		service.release();
		writeFileSync(paths.record, record);
		service = makeService();
		await service.adopt();
		expect(service.pid).toBe(pid);
		expect(service.record.identity?.pid).toBe(pid);
	}
	expect(ends).toEqual([]);
});

test("its end is noticed, its worker ends with it, and it may be started again soon", async () => {
	await service.adopt();
	for (const [turn, waitMs] of [0, 500].entries()) {
		expect(await launch()).toBe(true);
		const worker = identifyProcess(workerPid());
		if (worker === null) throw new Error("the worker isn't there");
		service.end();
		await expect.poll(() => ends.length).toBe(turn + 1);
		expect(service.alive).toBe(false);
		await expect.poll(() => isProcessAlive(worker)).toBe(false);
		expect(service.failuresInARow).toBe(turn + 1);
		expect(service.retryInMs).toBeLessThanOrEqual(waitMs);
	}
});

test("one that ends before it serves hasn't started, and its log says why", async () => {
	await service.adopt();
	expect(await launch(["-c", "echo no; exit 3"])).toBe(false);
	await expect.poll(() => ends.length).toBe(1);
	expect(readFileSync(paths.log, "utf8")).toBe("no\n");
});

test("its log stays small, and what an earlier agent's unfinished write left is removed", async () => {
	const left = `${paths.record}.0123456789ab.tmp`;
	for (const path of [left, paths.log]) writeFileSync(path, "");
	truncateSync(paths.log, 2 * 1024 ** 2);
	await service.adopt();
	expect(existsSync(left)).toBe(false);
	await service.trimLog();
	expect(statSync(paths.log).size).toBe(0);
});

test("a directory that was deleted is recreated for the start", async () => {
	await service.adopt();
	rmSync(directory, { recursive: true });
	expect(await launch()).toBe(true);
	expect(statSync(directory).mode & 0o777).toBe(0o700);
});

test("the records that agents of this version write keep their form", () => {
	const identity = { bootId: "c7a1", pid: 4711, startTicks: "2881904" };
	const gateway = { format: 1, identity, configurationHash: "9f86d081", ports: [6400, 6401] };
	expect(gatewayRecordSchema.parse(gateway)).toEqual(gateway);
	const sentinel = {
		...{ format: 1, identity, bindAddress: "127.0.0.1", port: 26379 },
		caches: {
			f5d8: {
				primary: { host: "127.0.0.1", port: 7000 },
				...{ settings: "2c26b46b", members: ["127.0.0.1:7000"], hosts: ["host-1"], epoch: 3 },
			},
		},
	};
	expect(sentinelRecordSchema.parse(sentinel)).toEqual(sentinel);
});
