import type { z } from "zod";
import type { Host, listHostsInputSchema } from "../../contract/index.ts";
import { decodeCursor, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import { toHostView } from "../../data/host-mapping.ts";
import type { Resources } from "../context.ts";

/** In the order in which they joined, newest first. */
export async function listHosts(
	{ db, fleet }: Resources,
	input: z.output<typeof listHostsInputSchema>,
): Promise<{ items: Host[]; nextCursor: string | null; total: number }> {
	const after = decodeCursor(input.cursor);
	const matches: Prisma.HostWhereInput = {
		...(input.zone !== undefined && { zone: input.zone }),
		...(input.status !== undefined && { online: input.status === "online" }),
	};
	const before: Prisma.HostWhereInput =
		after === null
			? {}
			: { OR: [{ joinedAt: { lt: after.at } }, { joinedAt: after.at, id: { lt: after.id } }] };
	const [rows, total] = await Promise.all([
		db.host.findMany({
			where: { AND: [matches, before] },
			orderBy: [{ joinedAt: "desc" }, { id: "desc" }],
			take: input.limit + 1,
			include: { nodes: { select: { memoryBytes: true } } },
		}),
		db.host.count({ where: matches }),
	]);
	const page = toPage(rows, input.limit, (row) => ({ at: row.joinedAt, id: row.id }));
	return {
		items: page.rows.map((row) => toHostView(row, fleet)),
		nextCursor: page.nextCursor,
		total,
	};
}
