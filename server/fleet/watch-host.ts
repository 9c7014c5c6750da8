import type { z } from "zod";
import type { Assignment, DesiredState, watchInputSchema } from "../contract/agent.ts";
import { engineSchema } from "../contract/enums.ts";
import { AGENT_TIMING } from "../contract/limits.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";

/** The user that agents and replicas log in as, on every engine. */
const SYSTEM_USERNAME = "larder";

/**
 * Answers with the host's whole desired state as soon as it is newer than what the agent holds, or with null after the
 * long poll. `epoch` is this control plane's; an agent that holds another's gets the state at once.
 */
export async function watchHost(
	resources: Resources,
	epoch: number,
	hostId: string,
	held: z.output<typeof watchInputSchema>,
	abort: AbortSignal | undefined,
): Promise<DesiredState | null> {
	const waiter = resources.signals.subscribe(`host:${hostId}`);
	const fresh = await newerState(resources, epoch, hostId, held);
	if (fresh !== null) {
		waiter.cancel();
		return fresh;
	}
	await waiter.wait(AGENT_TIMING.longPollMs, abort);
	return newerState(resources, epoch, hostId, held);
}

async function newerState(
	{ db, secrets }: Resources,
	epoch: number,
	hostId: string,
	held: z.output<typeof watchInputSchema>,
): Promise<DesiredState | null> {
	// One statement (see relationJoins), so that the revision belongs to these very assignments.
	const host = await db.host.findUniqueOrThrow({
		where: { id: hostId },
		include: {
			nodes: {
				where: { removedAtRevision: null },
				include: { cache: true },
				orderBy: { id: "asc" },
			},
		},
	});
	if (held.epoch === epoch && held.revision >= host.revision) return null;
	const leaderIds = host.nodes.flatMap((node) => node.followsNodeId ?? []);
	const leaders =
		leaderIds.length === 0
			? []
			: await db.node.findMany({
					where: { id: { in: leaderIds } },
					select: { id: true, port: true, host: { select: { advertisedAddress: true } } },
				});
	const assignments = host.nodes.map((node): Assignment => {
		const { cache } = node;
		const leader = leaders.find((candidate) => candidate.id === node.followsNodeId);
		return {
			id: node.id,
			generation: node.generation,
			cacheName: cache.name,
			nodeName: node.name,
			engine: engineSchema.parse(cache.engine),
			engineVersion: cache.engineVersion,
			port: node.port,
			role:
				leader === undefined
					? { kind: "primary" }
					: {
							kind: "replica",
							of: { host: leader.host.advertisedAddress, port: leader.port },
						},
			onExit: node.onExit === "restart" ? "restart" : "report",
			launchPermit: node.launchPermit,
			maxmemoryBytes: Number(node.maxmemoryBytes),
			auth: {
				clientPasswordSha256:
					cache.clientPassword === null
						? null
						: sha256Hex(secrets.open(cache.clientPassword, `cache:${cache.id}:client`)),
				systemUsername: SYSTEM_USERNAME,
				systemPassword: secrets.open(cache.systemPassword, `cache:${cache.id}:system`),
			},
		};
	});
	return { revision: host.revision, epoch, hostId, assignments };
}
