import type { Assignment } from "../../server/contract/desired-state.ts";
import type { RestoreReport } from "../../server/contract/snapshot.ts";
import { formatGib } from "../../server/contract/units.ts";
import { isDiskFull } from "../machine/machine-facts.ts";
import { decideLaunch, recordExit } from "../supervisor/restart-policy.ts";
import { adoptEngine } from "./adopt-engine.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import { type InstanceRecord, writeRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";
import { checkLaunch, launchInstance } from "./launch-instance.ts";
import { isStopping, mayStartAgain } from "./reboot.ts";
import { findOwnProcess } from "./recover-instance.ts";
import { stayAsleep } from "./stay-asleep.ts";
import { giveUpReboot } from "./stop-for-reboot.ts";

const IDLE_MS = 60_000;
const HOLD_BACK_POLL_MS = 100;
const PORT_RELEASE_MS = 5_000;

/** Starts the engine if it is time, and returns when to look again. */
export async function tryLaunch(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
): Promise<number> {
	const now = performance.now();
	const driver = driverOf(assignment.engine);
	if (assignment.elastic?.asleep === true && isStopping(record, assignment)) {
		return await stayAsleep(core, assignment, record);
	}
	if (record.rebooting) {
		const { paths } = core;
		const may = isStopping(record, assignment) && (await mayStartAgain(driver, assignment, paths));
		if (!may) return await giveUpReboot(core, assignment, record);
	}
	const { restore } = core;
	if (assignment.restore !== undefined && restore.file === null) {
		core.show({ phase: "waiting", reason: reasonOf("restoring", describeRestore(restore.report)) });
		return IDLE_MS;
	}
	if (record.history !== "never") {
		const lost = await driver.lostIdentityCause(assignment, core.paths);
		if (lost !== null) {
			core.show({ phase: "exited", reason: reasonOf("identity-lost", lost) });
			return IDLE_MS;
		}
	}
	const free = record.rebooting || !driver.keepsData;
	const policy = free ? { ...assignment, onExit: "restart" as const } : assignment;
	const decision = decideLaunch(policy, record, core.exits, now);
	if (decision.kind === "needs-permit") return IDLE_MS;
	if (decision.kind === "wait") return decision.forMs;
	if (record.history !== "never" && !record.rebooting) {
		const cause = await driver.holdBackCause(assignment, core.paths);
		if (cause !== null) {
			core.show({ phase: "exited", reason: reasonOf("exited", cause) });
			return HOLD_BACK_POLL_MS;
		}
	}
	const { lastExitAt } = core.exits;
	const releasing = lastExitAt !== null && now - lastExitAt < PORT_RELEASE_MS;
	const check = await checkLaunch(assignment, core.context, releasing);
	if (check.kind === "obstacle") {
		const own = record.launches === 0 ? null : findOwnProcess(record, core.paths);
		if (own !== null) {
			await adoptEngine(core, record, own);
			return 0;
		}
		if (check.show !== null) core.show(check.show);
		return check.retryMs;
	}
	return await launch(core, assignment, record, check.program);
}

/** What the start waits for. */
function describeRestore(report: RestoreReport | null): string {
	if (report?.phase === "failed") {
		const cause = (report.message ?? "").replace(/\.$/, "");
		return `its data couldn't be fetched from the snapshot: ${cause}. Larder tries again`;
	}
	const { bytes = 0, totalBytes = 0 } = report ?? {};
	const percent = totalBytes === 0 ? 0 : Math.floor((100 * bytes) / totalBytes);
	return `it fetches its data from the snapshot (${percent} % of ${formatGib(totalBytes)})`;
}

async function launch(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	program: string,
): Promise<number> {
	const { paths, context, hostId } = core;
	let intent = record;
	try {
		const engine = await launchInstance({
			...{ assignment, record, program, paths, context, hostId },
			restoreFile: core.restore.file,
			saveIntent: async (next) => {
				intent = next;
				await Promise.all([core.save(next), writeRecord(paths.launched, next)]);
			},
		});
		core.spawnedAt = performance.now();
		core.follow(engine);
		core.disturb();
		const { identity } = engine;
		const phase = record.rebooting ? "rebooting" : "starting";
		const fresh = {
			...{ reason: null, engineState: null, silentSince: null, busy: false, clientLimit: null },
		};
		core.show({ phase, pid: identity.pid, ...fresh });
		await core.save({ ...intent, identity });
		return 0;
	} catch (error) {
		if (core.process !== null) throw error;
		// No process was started, so the history is unchanged.
		const now = performance.now();
		const diskFull = await isDiskFull(context.homeDir);
		core.exits = recordExit(core.exits, 0, now, { diskFull });
		const message = `${assignment.nodeName} couldn't be started: ${error instanceof Error ? error.message : String(error)}`;
		core.show({ phase: "waiting", reason: reasonOf("launch-failed", message) });
		const { history, launchPermit, launchReboot } = record;
		await core.save({ ...intent, history, launchPermit, launchReboot });
		return 0;
	}
}
