import type { z } from "zod";
import type { Host, listHostsInputSchema } from "../../contract/index.ts";
import { decodeCursor, toPage } from "../../data/cursor.ts";
import type { Prisma } from "../../data/database.ts";
import { HOST_WITH_NODES, toHostView } from "../../data/host-mapping.ts";
import type { Resources } from "../context.ts";

/** In the order of their names. */
export async function listHosts(
	{ db, fleet }: Resources,
	input: z.output<typeof listHostsInputSchema>,
): Promise<{ items: Host[]; nextCursor: string | null; total: number }> {
	const after = decodeCursor(input.cursor);
	const matches: Prisma.HostWhereInput = {
		...(input.zone !== undefined && { zone: input.zone }),
		...(input.status !== undefined && { online: input.status === "online" }),
	};
	const [rows, total] = await Promise.all([
		db.host.findMany({
			where: after === null ? matches : { AND: [matches, { name: { gt: after.id } }] },
			orderBy: { name: "asc" },
			take: input.limit + 1,
			include: HOST_WITH_NODES,
		}),
		db.host.count({ where: matches }),
	]);
	const page = toPage(rows, input.limit, (row) => ({ at: row.joinedAt, id: row.name }));
	return {
		items: page.rows.map((row) => toHostView(row, fleet)),
		nextCursor: page.nextCursor,
		total,
	};
}
