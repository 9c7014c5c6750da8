import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { clusterViewText, evenSlots } from "../../server/contract/slots.ts";
import { probePort } from "../supervisor/port-probe.ts";
import type { TestHost } from "./agent-fixture.ts";
import { makeAssignment } from "./assignments.ts";

type Cluster = NonNullable<Assignment["cluster"]>;

/** A cluster's assignments, shard by shard with the primary first, as a control plane would give them. */
export async function makeCluster(
	options: { host: string; shards: number; replicas: number } & Pick<
		Assignment,
		"engine" | "engineVersion"
	>,
): Promise<Assignment[]> {
	const { host, replicas, engine, engineVersion } = options;
	const shards: Cluster["shards"] = [];
	for (let index = 0; index < options.shards; index++) {
		const members: Cluster["shards"][number]["members"] = [];
		for (let member = 0; member <= replicas; member++) {
			const port = await clusterPort(host);
			const nodeId = createHash("sha1").update(`${host}:${port}`).digest("hex");
			members.push({ nodeId, host, port });
		}
		const primary = members[0]?.nodeId ?? "";
		shards.push({ slots: [evenSlots(options.shards, index)], primary, members });
	}
	return shards.flatMap(({ members, primary }, index) =>
		members.map(({ nodeId, port }, member) => {
			const of = { host, port: members[0]?.port ?? 0 };
			return makeAssignment({
				...{ port, engine, engineVersion, cluster: { shards, nodeId, former: [] } },
				nodeName: `orders-${index + 1}-${member + 1}`,
				role: nodeId === primary ? { kind: "primary" } : { kind: "replica", of },
				onExit: nodeId === primary && replicas > 0 ? "report" : "restart",
			});
		}),
	);
}

/** What every node of the cluster should show: the contract's `view`. */
export function wantedView({ shards }: Pick<Cluster, "shards">): string {
	const text = clusterViewText(
		shards.map(({ slots, primary, members }) => ({
			...{ slots, primary },
			replicas: members.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== primary),
		})),
	);
	return createHash("sha256").update(text).digest("hex");
}

/**
 * Above those of `freePort` and of installations by default, below those of installations under test. The bus ports are
 * below the kernel's ephemeral range.
 */
const FIRST_PORT = 19_000;
const PORTS_PER_WORKER = 120;
const WORKERS = 8;
let nextPort = 0;

/** A free port whose bus port is free too, in this test worker's own range. */
async function clusterPort(host: string): Promise<number> {
	const worker = Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS;
	for (;;) {
		const port = FIRST_PORT + worker * PORTS_PER_WORKER + (nextPort++ % PORTS_PER_WORKER);
		const states = await Promise.all(
			[port, port + CLUSTER_BUS_OFFSET].map((each) => probePort(host, each)),
		);
		if (states.every((state) => state.kind === "free")) return port;
	}
}

/** Waits until every node shows the whole wanted cluster. */
export function untilFormed(host: TestHost, assignments: readonly Assignment[]) {
	return host.plane.until("every node shows the whole cluster", () =>
		assignments.every(({ id, cluster, role, generation }) => {
			const seen = host.plane.observationOf(id);
			const state = seen?.engineState;
			return (
				cluster !== null &&
				seen?.generation === generation &&
				state?.role === role.kind &&
				state.linkUp &&
				state.cluster?.ok === true &&
				state.cluster.view === wantedView(cluster)
			);
		}),
	);
}

/** How many keys a node holds. */
export async function keysOf(host: TestHost, assignment: Assignment): Promise<unknown> {
	const client = await host.connect(assignment.port, "larder");
	const count = await client.command(["DBSIZE"], 20_000);
	client.close();
	return count;
}
