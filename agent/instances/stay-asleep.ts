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
	const { fault: damage, databases } = await driverOf(engine).checkKeptData(
		core.paths,
		answer.engine.server,
	);
	const other = elastic?.becomesCluster === true ? databases.find((each) => each !== 0) : undefined;
	const fault =
		damage ??
		(other === undefined
			? null
			: `it has keys in database ${other}, and a cluster has database 0 only`);
	if (fault === null) {
		await core.save({ ...record, asleep: true });
		core.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
		core.context.onChange();
		return IDLE_MS;
	}
	const advice = damage === null ? "" : ". Its replicas may have its data: don't delete them";
	const message = `${nodeName} ended with its data kept, but ${fault}${advice}`;
	core.show({ phase: "rebooting", reason: reasonOf("disk", message), pid: null });
	core.tell("error", "node.sleep-failed", message);
	return IDLE_MS;
}
