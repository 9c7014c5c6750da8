import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { LarderHome } from "../../platform/home.ts";
import { parseJson } from "../../platform/json-text.ts";
import { offeredMemoryBytes } from "../../platform/machine-memory.ts";
import { createdJoinTokenSchema } from "../../server/contract/host.ts";
import type { ApiClient } from "../api/client.ts";
import { isPortTaken } from "./port-owner.ts";

const ZONES = ["a", "b", "c"] as const;

export interface LocalAgent {
	name: string;
	zone: string;
	address: string;
	memoryBytes: number;
	home: string;
	/** Whether it serves the endpoints. Only one agent per address can: endpoints have the same ports on every host. */
	gateway: "on" | "off";
}

/** Three hosts on one machine. Where the system allows it, each has its own address, and so a whole range of ports. */
export async function planLocalAgents(home: LarderHome): Promise<LocalAgent[]> {
	const memoryBytes = offeredMemoryBytes(ZONES.length);
	const manyAddresses = await hasManyLoopbackAddresses();
	return ZONES.map((letter, index) => {
		const name = `local-${letter}`;
		return {
			name,
			zone: name,
			address: manyAddresses ? `127.0.0.${index + 1}` : "127.0.0.1",
			memoryBytes,
			home: home.agentDir(name),
			gateway: manyAddresses || index === 0 ? "on" : "off",
		};
	});
}

/** Linux answers on all of 127.0.0.0/8; some sandboxes know only 127.0.0.1. */
async function hasManyLoopbackAddresses(): Promise<boolean> {
	try {
		await isPortTaken(0, "127.0.0.3");
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") return false;
		throw error;
	}
}

export function agentEnvironment(
	agent: LocalAgent,
	url: string,
	joinToken: string | null,
	environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
	return {
		...environment,
		LARDER_CONTROL_PLANE_URL: url,
		LARDER_AGENT_NAME: agent.name,
		LARDER_AGENT_ZONE: agent.zone,
		LARDER_AGENT_ADDRESS: agent.address,
		LARDER_AGENT_ADVERTISED_ADDRESS: agent.address,
		LARDER_AGENT_MEMORY_BYTES: String(agent.memoryBytes),
		LARDER_AGENT_HOME: agent.home,
		LARDER_AGENT_GATEWAY: agent.gateway,
		...(joinToken !== null && { LARDER_JOIN_TOKEN: joinToken }),
	};
}

/** One token for all agents that haven't enrolled; null if all have. */
export async function joinTokenFor(
	agents: readonly LocalAgent[],
	api: ApiClient,
): Promise<string | null> {
	const enrolled = await Promise.all(agents.map((agent) => hasEnrolled(agent.home)));
	if (enrolled.every(Boolean)) return null;
	const answer = await api.call({
		method: "POST",
		path: "/hosts/join-tokens",
		body: { expiresInHours: 1, uses: enrolled.filter((has) => !has).length },
		idempotencyKey: randomUUID(),
	});
	return createdJoinTokenSchema.parse(answer).token;
}

/** The identity in an agent's home; it has a host's id once the agent has enrolled. */
const enrolledSchema = z.object({ hostId: z.string() });

async function hasEnrolled(agentHome: string): Promise<boolean> {
	const text = await readFileIfExists(join(agentHome, "identity.json"));
	return text !== null && enrolledSchema.safeParse(parseJson(text)).success;
}
