import { mkdir } from "node:fs/promises";
import type { Assignment, InstancePhase } from "../../server/contract/agent.ts";
import { type EngineProcess, spawnEngine } from "../supervisor/engine-process.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { driverOf, type InstanceContext } from "./instance-context.ts";
import type { InstancePaths } from "./instance-paths.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { type InstanceReason, reasonOf } from "./instance-view.ts";

const RETRY_MS = 1_000;
const PORT_RELEASE_POLL_MS = 20;

/** Why an instance can't start now, and when to look again. `show` is null when it isn't worth a word. */
export interface LaunchObstacle {
	readonly kind: "obstacle";
	readonly show: { readonly phase: InstancePhase; readonly reason: InstanceReason } | null;
	readonly retryMs: number;
}

function obstacle(code: InstanceReason["code"], message: string): LaunchObstacle {
	const show = { phase: "waiting" as const, reason: reasonOf(code, message) };
	return { kind: "obstacle", show, retryMs: RETRY_MS };
}

/** Whether all that a launch needs is there: the engine's program, and its port. */
export async function checkLaunch(
	assignment: Assignment,
	context: InstanceContext,
	/** The last process ended just now: the port may be its own, while the kernel frees its memory. */
	releasing: boolean,
): Promise<LaunchObstacle | { readonly kind: "ready"; readonly program: string }> {
	const { bindAddress } = context;
	const answer = await context.engines.resolve(assignment.engine, assignment.engineVersion);
	if (answer.kind === "pending") return obstacle("engine-missing", answer.message);
	const port = await probePort(bindAddress, assignment.port);
	switch (port.kind) {
		case "free":
			return { kind: "ready", program: answer.engine.server };
		case "impossible":
			return obstacle(
				"launch-failed",
				`can't listen on ${bindAddress}:${assignment.port} (${port.cause}); check the address that this host's agent was given`,
			);
		case "taken":
			if (releasing) return { kind: "obstacle", show: null, retryMs: PORT_RELEASE_POLL_MS };
			return obstacle(
				"port-taken",
				`port ${assignment.port} on ${bindAddress} is in use by another program; stop that program and ${assignment.nodeName} starts by itself`,
			);
	}
}

/**
 * Writes the files, then the intent, then starts the process. The intent is on disk before the process exists, so
 * whoever comes after a crash knows to look for one. Throws when the program can't be started; `saveIntent` is then
 * for the caller to take back.
 */
export async function launchInstance(options: {
	assignment: Assignment;
	record: InstanceRecord;
	hostId: string;
	program: string;
	paths: InstancePaths;
	context: InstanceContext;
	saveIntent: (record: InstanceRecord) => Promise<void>;
}): Promise<EngineProcess> {
	const { assignment, record, paths, context } = options;
	const { bindAddress, advertisedAddress, liveness } = context;
	const driver = driverOf(assignment.engine);
	const firstLaunch = record.history === "never";
	await mkdir(paths.data, { recursive: true, mode: 0o700 });
	await driver.writeFiles({ assignment, paths, bindAddress, advertisedAddress, firstLaunch });
	await options.saveIntent({
		...record,
		hostId: options.hostId,
		history: firstLaunch ? "unknown" : record.history,
		launchPermit: assignment.launchPermit,
		launches: record.launches + 1,
		restarts: record.restarts + (firstLaunch ? 0 : 1),
		identity: null,
		startedAt: new Date().toISOString(),
		generation: assignment.generation,
	});
	return await spawnEngine({
		program: options.program,
		args: driver.launchArguments(paths),
		directory: paths.directory,
		log: paths.log,
		liveness,
	});
}
