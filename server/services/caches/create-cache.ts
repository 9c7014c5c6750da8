import { randomUUID } from "node:crypto";
import type { Cache, CreateCacheSpec } from "../../contract/index.ts";
import { AppError } from "../../contract/index.ts";
import { toCacheView } from "../../data/cache-mapping.ts";
import { isUniqueViolation, type Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { creationSteps } from "../../domain/cache/progress.ts";
import { minorVersion } from "../../domain/engines/versions.ts";
import { randomSecret, type SecretBox } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { availableEngineVersions } from "../engine-versions.ts";
import { mutate } from "../mutation.ts";

/** Without a host that has an engine yet, this is what hosts are asked to fetch. */
const NEWEST_MAJOR = { valkey: "9" } as const;

/** Stores what is wanted and returns at once; the reconciler does the rest. `already_exists` if the name is taken. */
export async function createCache(
	resources: Resources,
	caller: Caller,
	spec: CreateCacheSpec,
): Promise<Cache> {
	const id = randomUUID();
	try {
		return await mutate(resources, caller, {
			action: "cache.create",
			target: spec.name,
			input: spec,
			run: async (tx, after) => {
				const row = await insertCache(resources, tx, id, spec);
				await recordEvent(tx, resources.clock, {
					severity: "info",
					type: "cache.creating",
					message: `Cache ${spec.name} requested by ${caller.name}.`,
					cacheName: spec.name,
				});
				after(() => resources.wakeCache(id));
				return toCacheView(row, resources.fleet);
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Cache ${spec.name} already exists. Choose another name, or delete that cache first.`,
			{ field: "name", cause: error },
		);
	}
}

async function insertCache(
	{ secrets, clock }: Resources,
	tx: Transaction,
	id: string,
	spec: CreateCacheSpec,
) {
	const now = clock.now();
	const shard = { id: randomUUID(), index: 0, slots: null, primaryNodeId: null };
	const row = await tx.cache.create({
		data: {
			id,
			name: spec.name,
			kind: spec.kind,
			engine: spec.engine,
			engineVersion: spec.engineVersion ?? (await defaultVersion(tx, spec.engine)),
			nodeType: spec.nodeType,
			clusterMode: spec.clusterMode,
			replicasPerShard: spec.replicasPerShard,
			multiAz: spec.multiAz,
			automaticFailover: spec.automaticFailover,
			authMode: spec.auth,
			clientPassword: spec.auth === "password" ? sealNewSecret(secrets, id, "client") : null,
			systemPassword: sealNewSecret(secrets, id, "system"),
			port: spec.port ?? null,
			portRequested: spec.port !== undefined,
			tags: spec.tags,
			description: spec.description,
			status: "creating",
			progress: creationSteps(spec.replicasPerShard, now.toISOString()),
			createdAt: now,
		},
	});
	await tx.shard.createMany({ data: { ...shard, cacheId: id } });
	return { ...row, shards: [{ ...shard, cacheId: id, nodes: [] }] };
}

function sealNewSecret(secrets: SecretBox, cacheId: string, user: string): string {
	return secrets.seal(randomSecret(), `cache:${cacheId}:${user}`);
}

async function defaultVersion(tx: Transaction, engine: CreateCacheSpec["engine"]): Promise<string> {
	const newest = (await availableEngineVersions(tx)).find((entry) => entry.engine === engine);
	return newest === undefined ? NEWEST_MAJOR[engine] : minorVersion(newest.version);
}
