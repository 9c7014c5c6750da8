import { type EngineVersion, engineSchema } from "../contract/index.ts";
import type { Transaction } from "../data/database.ts";
import { enginesColumn } from "../data/host-mapping.ts";
import { compareVersionsDescending } from "../domain/engines/versions.ts";

/** The versions that hosts really have, newest first; the first of each engine is its default. */
export async function availableEngineVersions(db: Transaction): Promise<EngineVersion[]> {
	const hosts = await db.host.findMany({
		select: { name: true, engines: true },
		orderBy: { name: "asc" },
	});
	const found = new Map<string, EngineVersion>();
	for (const host of hosts) {
		for (const { engine, version } of enginesColumn.parse(host.engines)) {
			const known = engineSchema.safeParse(engine);
			if (!known.success) continue;
			const key = `${engine} ${version}`;
			const entry = found.get(key) ?? {
				engine: known.data,
				version,
				hosts: [],
				isDefault: false,
			};
			if (!entry.hosts.includes(host.name)) entry.hosts.push(host.name);
			found.set(key, entry);
		}
	}
	const sorted = [...found.values()].sort(
		(a, b) => a.engine.localeCompare(b.engine) || compareVersionsDescending(a.version, b.version),
	);
	return sorted.map((entry, index) => ({
		...entry,
		isDefault: sorted[index - 1]?.engine !== entry.engine,
	}));
}
