import type { Assignment } from "../../server/contract/desired-state.ts";
import { driverOf } from "./instance-context.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";

const IDLE_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * The engine of a cache that sleeps has ended: it counts as asleep once its data has been verified. The start is the second
 * half of a reboot (reboot.ts), whenever the cache wakes.
 */
export async function stayAsleep(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
): Promise<number> {
	if (record.asleep) {
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		return IDLE_MS;
	}
	const { engine, engineVersion, nodeName, elastic } = assignment;
	const answer = await core.context.engines.resolve(engine, engineVersion);
	if (answer.kind === "pending") return RETRY_MS;
	const check = await driverOf(engine).checkKeptData(core.paths, answer.engine.server);
	const isForCluster = elastic?.becomesCluster === true;
	const other = isForCluster ? check.databases.find((each) => each !== 0) : undefined;
	if (check.fault === null && other === undefined) {
		await core.save({ ...record, asleep: true });
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		core.context.onChange();
		return IDLE_MS;
	}
	const aim = isForCluster ? "start in cluster mode" : "sleep";
	if (check.fault === null) {
		const message = `${nodeName} ended in order to ${aim}, but has keys in database ${other}, and a cluster has database 0 only`;
		core.show({ phase: "rebooting", reason: reasonOf("other-databases", message), pid: null });
		return IDLE_MS;
	}
	const message = `${nodeName} ended in order to ${aim}, but ${check.fault}. Its replicas may have its data: don't delete them`;
	core.show({ phase: "rebooting", reason: reasonOf("disk", message), pid: null });
	core.tell("error", "node.sleep-failed", message);
	return IDLE_MS;
}
