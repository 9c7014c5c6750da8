import type { CacheBuild, CreationPreview } from "../../contract/creation-preview.ts";
import { AppError } from "../../contract/errors.ts";
import type { CreateCacheSpec } from "../../contract/index.ts";
import { snapshotSourceSchema } from "../../contract/snapshot.ts";
import { readSnapshot } from "../../data/read-snapshot.ts";
import type { FullSnapshot } from "../../data/snapshot-view.ts";
import type { Resources } from "../context.ts";
import { findOrigin, likeOrigin, requireRestorable } from "../snapshots/restore-into.ts";
import { type ResolvedCacheSpec, resolveCacheSpec } from "./resolve-cache-spec.ts";

/**
 * What the request would create now, and why it would be refused. It leaves out what only the moment decides: whether the
 * name and the port are free, and where hosts have room.
 */
export async function previewCreation(
	{ db }: Resources,
	asked: CreateCacheSpec,
): Promise<CreationPreview> {
	return await readSnapshot(db, async (tx) => {
		const origin = await findOrigin(tx, asked);
		const source = origin === null ? null : buildOf(origin);
		let cache: CacheBuild | null = null;
		try {
			const spec = origin === null ? asked : await likeOrigin(tx, asked, origin);
			const resolved = await resolveCacheSpec(tx, spec);
			cache = toBuild(spec, resolved);
			if (origin !== null) await requireRestorable(tx, spec, resolved, origin);
			return { cache, source, problems: [] };
		} catch (error) {
			if (!(error instanceof AppError)) throw error;
			const { message, field = null } = error;
			return { cache, source, problems: [{ field, message }] };
		}
	});
}

function toBuild(spec: CreateCacheSpec, resolved: ResolvedCacheSpec): CacheBuild {
	const { kind, engine, replicasPerShard, nodeType, persistence } = spec;
	const { engineVersion, clusterMode, slots, parameterGroup } = resolved;
	return {
		...{ kind, engine, engineVersion, clusterMode, shards: slots.length },
		...{ replicasPerShard, nodeType, parameterGroup, persistence },
	};
}

function buildOf({ source, shards }: FullSnapshot): CacheBuild {
	const was = snapshotSourceSchema.parse(source);
	const { kind, engine, engineVersion, clusterMode, replicasPerShard } = was;
	const { nodeType, parameterGroup, persistence } = was;
	return {
		...{ kind, engine, engineVersion, clusterMode, shards: shards.length },
		...{ replicasPerShard, nodeType, parameterGroup, persistence },
	};
}
