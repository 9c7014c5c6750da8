import type { FailoverOrder } from "../../server/contract/agent.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import type { OrderContext } from "./order-context.ts";
import { answers, type ShardMember } from "./shard-member.ts";

const SENTINEL_ANSWER_MS = 100;
/** A candidate that heard from its primary so lately speaks for it. */
const HEARD_SECONDS = 2;

/** Why a failed primary may not be replaced now, in a sentence; null when it may. */
export async function obstacleTo(
	order: FailoverOrder,
	context: OrderContext,
): Promise<string | null> {
	const [sentinel, alive] = await Promise.all([
		sentinelAtIt(order, context),
		order.fromState === "silent" && answers(order.from, context.auth),
	]);
	if (sentinel !== null) return sentinel;
	return alive ? `${order.from.name} answers this host, so it is left to lead` : null;
}

/** A Sentinel that fails over by itself isn't interfered with. Those that don't answer in time don't count. */
export async function sentinelAtIt(
	{ cacheId, sentinels }: FailoverOrder,
	{ sentinelPassword }: OrderContext,
): Promise<string | null> {
	if (sentinelPassword === null) return null;
	const flags = await Promise.all(
		sentinels.map(async (address) => await askFlags(address, sentinelPassword, cacheId)),
	);
	const at = flags.findIndex((each) => each.includes("failover_in_progress"));
	const sentinel = sentinels[at];
	if (sentinel === undefined) return null;
	return `the Sentinel at ${sentinel.host}:${sentinel.port} is failing over by itself`;
}

/** A candidate that still hears from a silent primary; null when none does. */
export function heardFrom(candidates: readonly ShardMember[], order: FailoverOrder): string | null {
	if (order.fromState !== "silent") return null;
	const witness = candidates.find(({ reading }) => {
		const seconds = reading?.heardSecondsAgo ?? null;
		return seconds !== null && seconds < HEARD_SECONDS;
	});
	if (witness === undefined) return null;
	return `${witness.name} heard from ${order.from.name} a moment ago, so it is left to lead`;
}

async function askFlags(
	address: { readonly host: string; readonly port: number },
	password: string,
	cacheId: string,
): Promise<readonly string[]> {
	try {
		const login = { ...address, username: "default", password };
		const deadline = performance.now() + SENTINEL_ANSWER_MS;
		const connection = await EngineConnection.open(login, SENTINEL_ANSWER_MS);
		try {
			const leftMs = Math.max(1, deadline - performance.now());
			const fields = await connection.command(["SENTINEL", "MASTER", cacheId], leftMs);
			if (!Array.isArray(fields)) return [];
			return String(fields[fields.indexOf("flags") + 1] ?? "").split(",");
		} finally {
			connection.close();
		}
	} catch {
		return [];
	}
}
