import type { Transaction } from "../data/database.ts";

/** Keeps ports from other caches for a while; `hostId` is empty for endpoint ports. */
export async function keepPorts(
	tx: Transaction,
	rows: { hostId: string; port: number; cacheName: string; releasedAt: Date }[],
): Promise<void> {
	for (const { hostId, port, ...data } of rows) {
		await tx.releasedPort.upsert({
			where: { hostId_port: { hostId, port } },
			create: { hostId, port, ...data },
			update: data,
		});
	}
}
