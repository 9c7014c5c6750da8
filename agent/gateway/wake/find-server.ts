import type { Route } from "../../../server/contract/routes.ts";
import { EngineConnection } from "../../drivers/engine-connection.ts";
import type { RespValue } from "../../drivers/resp-parser.ts";
import type { EndpointKind } from "../haproxy-config.ts";

type Server = Route["servers"][number];

const TIMEOUT_MS = 500;

/** A node that the endpoint may lead to now; null while there is none. */
export async function findServer(route: Route, kind: EndpointKind): Promise<Server | null> {
	const found = await Promise.all(
		route.servers.map(async (server) => ({ server, rank: rankOf(kind, await ask(route, server)) })),
	);
	const [best] = found.filter(({ rank }) => rank > 0).sort((a, b) => b.rank - a.rank);
	return best?.server ?? null;
}

interface Answers {
	readonly role: RespValue;
	readonly cluster: RespValue;
}

/** Null if it isn't there, or is still loading its data. */
async function ask({ check, ports }: Route, server: Server): Promise<Answers | null> {
	if (check === null) return null;
	const { host, port } = server;
	try {
		const connection = await EngineConnection.open({ host, port, ...check }, TIMEOUT_MS);
		try {
			// An engine that is loading answers ROLE as usual, but PING with an error.
			await connection.command(["PING"], TIMEOUT_MS);
			const role = await connection.command(["ROLE"], TIMEOUT_MS);
			const isCluster = ports.configuration !== null;
			const cluster = isCluster ? await connection.command(["CLUSTER", "INFO"], TIMEOUT_MS) : null;
			return { role, cluster };
		} finally {
			connection.close();
		}
	} catch {
		return null;
	}
}

/** How well a node suits the endpoint; 0 for not at all. */
function rankOf(kind: EndpointKind, answers: Answers | null): number {
	if (answers === null || !Array.isArray(answers.role)) return 0;
	const [role, , , link] = answers.role;
	const leads = role === "master";
	switch (kind) {
		case "primary":
			return leads ? 1 : 0;
		case "reader":
			return role === "slave" && link === "connected" ? 2 : leads ? 1 : 0;
		case "configuration":
			// Of a cache with one shard, the primary also serves clients that don't know clusters.
			return String(answers.cluster).includes("cluster_state:ok") ? (leads ? 2 : 1) : 0;
	}
}
