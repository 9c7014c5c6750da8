import { randomUUID } from "node:crypto";
import { connectServer, Prisma, type Transaction } from "../data/database.ts";
import { storedObservationSchema } from "../data/stored-observation.ts";
import { createSecretBox, loadSecretKey, randomSecret } from "../platform/secrets.ts";
import { bumpHosts } from "../services/bump-hosts.ts";
import { rerouteCaches } from "../services/route-hosts.ts";

const CACHES_AT_ONCE = 500;

/** What differs from the model's row, by column. */
type Differences = { id: string } & Record<string, string | number | object | null>;

/**
 * Writes the rows that available caches have, as after a restart of the control plane, though no host has heard of them:
 * the hosts are given the nodes, start them and report. The model is an available cache with one shard; hosts take nodes in
 * turn, in the order in which they joined.
 */
export async function copyCaches(options: {
	databaseUrl: string;
	secretKeyFile: string;
	/** Name of the model. */
	model: string;
	names: readonly string[];
}): Promise<void> {
	const db = connectServer(options.databaseUrl);
	const key = loadSecretKey(options.secretKeyFile, { isNew: false, sealed: null });
	const secrets = createSecretBox(key);
	const model = await db.cache.findUniqueOrThrow({
		where: { name: options.model },
		include: { shards: true, nodes: true },
	});
	const leader = model.shards[0]?.primaryNodeId;
	model.nodes.sort((a, b) => Number(b.id === leader) - Number(a.id === leader));
	const hosts = await db.host.findMany({
		select: { id: true, advertisedAddress: true, nodes: { select: { port: true } } },
		orderBy: { joinedAt: "asc" },
	});
	const nextPort = new Map(
		hosts.map(({ id, nodes }) => [id, 1 + Math.max(...nodes.map(({ port }) => port), 16_999)]),
	);
	const endpoints = await db.cache.aggregate({ _max: { port: true, readerPort: true } });
	let endpoint = Math.max(endpoints._max.port ?? 0, endpoints._max.readerPort ?? 0);
	let turn = 0;
	const copyOf = (name: string) => {
		const cacheId = randomUUID();
		const shardId = randomUUID();
		const places = model.nodes.map(({ observation }) => {
			const host = hosts[turn++ % hosts.length];
			const hostId = host?.id ?? "";
			const port = nextPort.get(hostId) ?? 0;
			nextPort.set(hostId, port + 1);
			return {
				id: randomUUID(),
				hostId,
				address: host?.advertisedAddress ?? "",
				port,
				observation,
			};
		});
		const [primary] = places;
		const nodes = places.map(({ id, hostId, port, observation }, member): Differences => {
			const seen = storedObservationSchema.parse(observation);
			const isReplica = seen.engineState?.role === "replica";
			const engineState = seen.engineState && {
				...seen.engineState,
				primaryHost: isReplica ? (primary?.address ?? null) : null,
				primaryPort: isReplica ? (primary?.port ?? null) : null,
			};
			return {
				...{ id, cacheId, shardId, hostId, port },
				name: `${name}-${String(member + 1).padStart(3, "0")}`,
				followsNodeId: member === 0 ? null : (primary?.id ?? null),
				observation: { ...seen, assignmentId: id, port, pid: port, engineState },
			};
		});
		const systemPassword = secrets.seal(randomSecret(), `cache:${cacheId}:system`);
		const cache: Differences = {
			...{ id: cacheId, name, systemPassword },
			...{ port: ++endpoint, readerPort: ++endpoint },
		};
		return { cache, shard: { id: shardId, cacheId, primaryNodeId: primary?.id ?? null }, nodes };
	};
	for (let first = 0; first < options.names.length; first += CACHES_AT_ONCE) {
		const copies = options.names.slice(first, first + CACHES_AT_ONCE).map(copyOf);
		await db.$transaction(async (tx) => {
			await bumpHosts(tx, nextPort.keys());
			const cacheIds = copies.map(({ cache }) => cache.id);
			await copyRows(
				tx,
				"Cache",
				model.id,
				copies.map(({ cache }) => cache),
			);
			const [shard] = model.shards;
			await copyRows(
				tx,
				"Shard",
				shard?.id ?? "",
				copies.map((copy) => copy.shard),
			);
			for (const [member, { id }] of model.nodes.entries()) {
				await copyRows(
					tx,
					"Node",
					id,
					copies.flatMap(({ nodes }) => nodes[member] ?? []),
				);
			}
			await rerouteCaches(tx, cacheIds);
		});
	}
	// The server would do it within a minute; until then, its plans are for a few rows.
	await db.$executeRaw`ANALYZE`;
	await db.$disconnect();
}

/** Inserts copies of a row with other values in some columns. */
async function copyRows(
	tx: Transaction,
	table: "Cache" | "Shard" | "Node",
	modelId: string,
	differences: readonly Differences[],
): Promise<void> {
	const name = Prisma.raw(`"${table}"`);
	await tx.$executeRaw`
		INSERT INTO ${name}
		SELECT made.* FROM ${name} AS model
			CROSS JOIN jsonb_array_elements(${JSON.stringify(differences)}::jsonb) AS own
			CROSS JOIN LATERAL jsonb_populate_record(model, own) AS made
		WHERE model."id" = ${modelId}`;
}
