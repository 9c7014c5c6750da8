import { randomUUID } from "node:crypto";
import type { AcceleratorView, CreateAcceleratorInput } from "../../contract/accelerator.ts";
import { AppError } from "../../contract/errors.ts";
import { acceleratorSecretContext } from "../../data/accelerator-rows.ts";
import { isUniqueViolation, type Transaction } from "../../data/database.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { wakeAccelerators } from "../../fleet/take-accelerators.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { requireFreePort } from "./require-free-port.ts";
import { viewInTransaction } from "./show-accelerator.ts";

/**
 * Stores the wanted accelerator; the keeper starts its instances. Throws `already_exists` for a name that is taken,
 * `invalid_argument` for a cache that doesn't exist or can't be used, or a port that is taken.
 */
export async function createAccelerator(
	resources: Resources,
	caller: Caller,
	input: CreateAcceleratorInput,
): Promise<AcceleratorView> {
	const { secrets, clock } = resources;
	const { name, upstream, port } = input;
	const id = randomUUID();
	const { accessKeyId = null, secretAccessKey } = upstream;
	try {
		return await mutate(resources, caller, {
			...{ action: "accelerator.create", target: name, input },
			run: async (tx, after) => {
				const cacheId = await requireCache(tx, input.cache);
				if (port !== undefined) await requireFreePort(tx, port);
				await tx.accelerator.create({
					data: {
						...{ id, name, cacheId, createdAt: clock.now(), accessKeyId },
						...{ upstreamEndpoint: upstream.endpoint, upstreamRegion: upstream.region },
						secretAccessKey:
							secretAccessKey === undefined
								? null
								: secrets.seal(secretAccessKey, acceleratorSecretContext(id)),
						...{ itemTtlSeconds: input.itemTtlSeconds, queryTtlSeconds: input.queryTtlSeconds },
						instanceCount: input.instances,
						...{ port: port ?? null, portRequested: port !== undefined },
						...{ status: "creating", statusReason: "Larder is choosing hosts." },
					},
				});
				after(() => wakeAccelerators(resources));
				return await viewInTransaction(resources, tx, name);
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Accelerator ${name} already exists. Choose another name.`,
			{ field: "name", cause: error },
		);
	}
}

/** Locked, so that it isn't deleted meanwhile. Returns its id. */
async function requireCache(tx: Transaction, name: string): Promise<string> {
	const refuse = (message: string) => new AppError("invalid_argument", message, { field: "cache" });
	const found = await tx.cache.findUnique({ where: { name }, select: { id: true } });
	if (found === null) {
		throw refuse(`There is no cache ${name}. List the caches to see what exists, or create one.`);
	}
	await lockCaches(tx, [found.id]);
	const cache = await tx.cache.findUniqueOrThrow({ where: { id: found.id } });
	if (cache.deletingAt !== null || cache.finalSnapshotId !== null) {
		throw refuse(`Cache ${name} is being deleted. Choose another one.`);
	}
	if (cache.engine === "memcached") {
		throw refuse(
			`Cache ${name} runs Memcached, which can't keep reads and writes in order for an accelerator. Choose a Valkey or Redis OSS cache.`,
		);
	}
	return cache.id;
}
