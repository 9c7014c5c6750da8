import { mkdir } from "node:fs/promises";
import { sweepTemporary } from "../../platform/sweep-temporary.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { InstancePhase } from "../../server/contract/host-report.ts";
import type { LaunchKind } from "../drivers/driver.ts";
import { hostLimits, limitsOf } from "../supervisor/cgroup.ts";
import { type EngineProcess, spawnEngine } from "../supervisor/engine-process.ts";
import { probePort } from "../supervisor/port-probe.ts";
import { driverOf, type InstanceContext } from "./instance-context.ts";
import { ENGINE_LEFTOVER, type InstancePaths } from "./instance-paths.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { type InstanceReason, reasonOf } from "./instance-view.ts";
import { launchedParameters, stillRefused } from "./pending-parameters.ts";

const RETRY_MS = 1_000;
const PORT_RELEASE_POLL_MS = 20;

/** Why an instance can't start now, and when to look again. `show` is null if it isn't worth reporting. */
export interface LaunchObstacle {
	readonly kind: "obstacle";
	readonly show: { readonly phase: InstancePhase; readonly reason: InstanceReason } | null;
	readonly retryMs: number;
}

function obstacle(code: InstanceReason["code"], message: string): LaunchObstacle {
	const show = { phase: "waiting" as const, reason: reasonOf(code, message) };
	return { kind: "obstacle", show, retryMs: RETRY_MS };
}

/** Checks that everything for a launch is there: the engine's program and its ports. */
export async function checkLaunch(
	assignment: Assignment,
	context: InstanceContext,
	/** The last process has just ended: the port may still be its own, while the kernel frees its memory. */
	releasing: boolean,
): Promise<LaunchObstacle | { readonly kind: "ready"; readonly program: string }> {
	const { bindAddress } = context;
	const answer = await context.engines.resolve(assignment.engine, assignment.engineVersion);
	if (answer.kind === "pending") return obstacle("engine-missing", answer.message);
	for (const port of driverOf(assignment.engine).ports(assignment)) {
		const state = await probePort(bindAddress, port);
		switch (state.kind) {
			case "free":
				break;
			case "impossible":
				return obstacle(
					"launch-failed",
					`can't listen on ${bindAddress}:${port} (${state.cause}); check the --address of this host's agent`,
				);
			case "taken":
				if (releasing) return { kind: "obstacle", show: null, retryMs: PORT_RELEASE_POLL_MS };
				return obstacle(
					"port-taken",
					`port ${port} on ${bindAddress} is in use by another program; stop that program, and ${assignment.nodeName} starts by itself`,
				);
		}
	}
	return { kind: "ready", program: answer.engine.server };
}

function launchKindOf(record: InstanceRecord): LaunchKind {
	if (record.history === "never") return "first";
	return record.rebooting ? "reboot" : "again";
}

/**
 * Writes the files, then the intent, then starts the process. The intent is on disk before the process
 * exists, so after a crash the next agent knows to look for one. Throws if the program can't be started; the
 * caller must then undo `saveIntent`.
 */
export async function launchInstance(options: {
	assignment: Assignment;
	record: InstanceRecord;
	hostId: string;
	program: string;
	paths: InstancePaths;
	context: InstanceContext;
	/** What the engine must load; null for what its launch says. */
	restoreFile: string | null;
	saveIntent: (record: InstanceRecord) => Promise<void>;
}): Promise<EngineProcess> {
	const { assignment, record, paths, context, restoreFile } = options;
	const { bindAddress, advertisedAddress, liveness, logger } = context;
	const driver = driverOf(assignment.engine);
	const kind = launchKindOf(record);
	const { parameters } = assignment;
	const refusedParameters = stillRefused(record.refusedParameters, parameters);
	const fromAppendFiles =
		kind !== "first" &&
		restoreFile === null &&
		record.appendFiles !== "no" &&
		(await driver.hasAppendFiles(paths));
	const launch = {
		...{ assignment, paths, bindAddress, advertisedAddress, kind, refusedParameters, logger },
		...{ restoreFile, fromAppendFiles },
	};
	await mkdir(paths.data, { recursive: true, mode: 0o700 });
	await sweepTemporary(paths.data, ENGINE_LEFTOVER);
	await driver.writeFiles(launch);
	const isRebooted = kind === "reboot" && record.keptData && (await driver.hasKeptData(paths));
	await options.saveIntent({
		...record,
		hostId: options.hostId,
		history: kind === "first" ? "unknown" : record.history,
		launchPermit: assignment.launchPermit,
		launches: record.launches + 1,
		restarts: record.restarts + (kind === "again" ? 1 : 0),
		identity: null,
		startedAt: new Date().toISOString(),
		generation: assignment.generation,
		port: assignment.port,
		launchReboot: assignment.reboot,
		keptData: isRebooted || fromAppendFiles,
		appendFiles: fromAppendFiles ? "loading" : "no",
		restored: restoreFile === null ? null : (assignment.restore?.id ?? null),
		asleep: false,
		wakings: record.asleep || record.wakings > 0 ? record.wakings + 1 : 0,
		launchedParameters: launchedParameters(parameters),
		refusedParameters,
	});
	const engine = await spawnEngine({
		program: options.program,
		args: driver.launchArguments(launch),
		directory: paths.directory,
		log: paths.log,
		...driver.inheritance(paths),
		liveness,
	});
	// Before it allocates any significant memory.
	hostLimits(logger)?.apply(assignment.id, engine.identity.pid, limitsOf(assignment));
	return engine;
}
