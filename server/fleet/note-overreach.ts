import { recordEvent } from "../data/record-event.ts";
import { writeAudit } from "../data/write-audit.ts";
import { oncePer } from "../platform/once-per.ts";
import type { Resources } from "../services/context.ts";
import type { Overreach } from "./host-scope.ts";

/** What was already noted: a host that keeps reporting on others' nodes is noted once for each field. */
const noted = oncePer((_: Resources) => new Set<string>());

/** Records a host's reports about other hosts' nodes in the audit log and, for people, as an event. */
export async function noteOverreach(
	resources: Resources,
	hostId: string,
	refused: readonly Overreach[],
): Promise<void> {
	const { db, clock } = resources;
	const before = noted(resources);
	const news = new Map(refused.map(({ field, id }) => [field, id]));
	for (const field of news.keys()) if (before.has(`${hostId} ${field}`)) news.delete(field);
	if (news.size === 0) return;
	for (const field of news.keys()) before.add(`${hostId} ${field}`);
	const host = await db.host.findUnique({ where: { id: hostId }, select: { name: true } });
	if (host === null) return;
	await db.$transaction(async (tx) => {
		await writeAudit(
			tx,
			clock,
			{
				...{ actor: `host:${hostId}`, actorName: host.name },
				...{ requestId: "agent", address: null },
			},
			{
				...{ action: "host.report", target: host.name, outcome: "denied" },
				details: Object.fromEntries(news),
			},
		);
		await recordEvent(tx, clock, {
			severity: "warning",
			type: "host.report-refused",
			message: `The agent of host ${host.name} reported on nodes of other hosts (${[...news.keys()].join(", ")}). Larder ignored that; no cache is affected. If the agent's credential may have been stolen, remove the host.`,
			hostName: host.name,
		});
	});
}
