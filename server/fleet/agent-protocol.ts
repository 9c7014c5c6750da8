import { z } from "zod";
import { AGENT_PROTOCOLS, isSpoken, type protocolRefusalSchema } from "../contract/agent.ts";
import { AppError } from "../contract/errors.ts";
import { recordEvent } from "../data/record-event.ts";
import { describeForeign } from "../domain/fleet/upgrade-warning.ts";
import type { Resources } from "../services/context.ts";
import { markOnline } from "./ingest-report.ts";

const sentSchema = z.object({ protocol: z.int32() });

/** The version that a call was made in; null if it has none, which the call's schema refuses. */
export function protocolOf(input: unknown): number | null {
	return sentSchema.safeParse(input).data?.protocol ?? null;
}

/** Throws `invalid_argument` for a version that this control plane doesn't speak. */
export function requireSpoken(version: number | null): void {
	if (version === null || isSpoken(version)) return;
	const details: z.infer<typeof protocolRefusalSchema> = {
		oldest: Math.min(...AGENT_PROTOCOLS),
		newest: Math.max(...AGENT_PROTOCOLS),
	};
	const { message, remedy } = describeForeign(version);
	throw new AppError("invalid_argument", `${message} ${remedy}`, { field: "protocol", details });
}

/**
 * Notes the protocol version that a host's call was made in. A call that can't be understood renews the host's lease
 * all the same: the host isn't lost, and its nodes stay where they are.
 */
export async function noteProtocol(
	resources: Resources,
	hostId: string,
	version: number | null,
): Promise<void> {
	if (version === null) return;
	const { fleet } = resources;
	const wasForeign = fleet.protocols.isForeign(hostId);
	fleet.protocols.note(hostId, version);
	const isForeign = !isSpoken(version);
	if (isForeign && fleet.touch(hostId)) await markOnline(resources, hostId);
	if (isForeign !== wasForeign) await tellChange(resources, hostId, version);
}

async function tellChange(resources: Resources, hostId: string, version: number): Promise<void> {
	const { db, clock, wakeCache } = resources;
	const host = await db.host.findUnique({
		where: { id: hostId },
		select: { name: true, nodes: { select: { cacheId: true } } },
	});
	if (host === null) return;
	if (isSpoken(version)) {
		await recordEvent(db, clock, {
			...{ severity: "info", type: "host.understood", hostName: host.name },
			message: `Host ${host.name} and this control plane can communicate again.`,
		});
	} else {
		const { title, message, remedy } = describeForeign(version);
		await recordEvent(db, clock, {
			...{ severity: "warning", type: "host.needs-upgrade", hostName: host.name },
			message: `Host ${host.name} ${title}. ${message} ${remedy}`,
		});
	}
	for (const node of host.nodes) wakeCache(node.cacheId);
}
