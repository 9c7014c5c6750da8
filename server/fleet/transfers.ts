import type { Readable } from "node:stream";
import { currentBootId } from "../../platform/process-identity.ts";
import { DirectoryStore } from "../../platform/stores/directory-store.ts";
import type { ByteRange, SnapshotStore, StoredContent } from "../../platform/stores/store.ts";
import { StoreError } from "../../platform/stores/store-error.ts";
import { DIGEST_BYTES } from "../../platform/transfers/transfer-link.ts";
import { AppError } from "../contract/errors.ts";
import { cleanText } from "../contract/storable.ts";
import type { TransferState } from "../contract/transfer.ts";
import type { Prisma } from "../data/database.ts";
import type { Resources } from "../services/context.ts";
import { storeFailure } from "../services/stores/store-failure.ts";
import { splitDigest } from "./split-digest.ts";
import { watchedBody } from "./watched-body.ts";

type TransferRow = Prisma.TransferGetPayload<object>;

interface HostTransfer {
	hostId: string;
	transferId: string;
}

/** How often a running put makes sure that it is still wanted. */
const WANTED_CHECK_MS = 1_000;

/**
 * Where a host should continue, or what it should receive; `not_found` if it has no such transfer. A host on this machine,
 * which `bootId` shows, also learns where the file is.
 */
export async function readTransfer(
	resources: Resources,
	transfer: HostTransfer & { bootId?: string | undefined },
): Promise<TransferState> {
	const row = await findTransfer(resources, transfer);
	const isNear = transfer.bootId === currentBootId();
	if (row.direction === "get") {
		const expected = contentOf(row);
		if (!isNear) return { direction: "get", expected };
		const store = await resources.stores.open(row.storeId).catch(() => null);
		const near = store instanceof DirectoryStore && { file: store.fileOf(row.key) };
		return { direction: "get", expected, ...near };
	}
	if (row.finishedAt !== null) return { direction: "put", offset: 0, finished: contentOf(row) };
	// The host has lost the connection of an earlier attempt, which may still be storing what has arrived.
	await resources.transfers.endEarlier(row.id);
	return await withStore(resources, row, async (store) => {
		const place = isNear && store instanceof DirectoryStore ? await store.placeFor(row.key) : null;
		return {
			...{ direction: "put", offset: await store.received(row.key), finished: null },
			...(place !== null && { place }),
		};
	});
}

/**
 * Takes the file that a host on this machine has linked into the store as the content of a put. The host's word for its
 * SHA-256 counts: it has just computed it, and nothing has come between. `conflict` if the file isn't there: then the host
 * must send it.
 */
export async function takePlaced(
	resources: Resources,
	transfer: HostTransfer,
	content: StoredContent,
): Promise<StoredContent> {
	const row = await findTransfer(resources, transfer, "put");
	return await resources.transfers.run(row.id, async () => {
		await requireUnfinished(resources, row.id);
		return await withStore(resources, row, async (store) => {
			const { key, maxBytes } = row;
			const isAllowed = maxBytes === null || content.bytes <= maxBytes;
			const isThere =
				isAllowed && store instanceof DirectoryStore && (await store.adopt(key, content.bytes));
			if (!isThere) {
				throw new AppError("conflict", "The store has no such file in its place. Send it.", {
					details: { retry: true },
				});
			}
			await finish(resources, row, store, content);
			return content;
		});
	});
}

/**
 * Takes the content of a put from `offset` on, followed by the digest of the whole, which must match what the store
 * received; `length` is the body's, if known. Returns once the store holds all of it and the transfer says so.
 */
export async function takeContent(
	resources: Resources,
	transfer: HostTransfer,
	body: Readable,
	{ offset, length }: { offset: number; length: number | null },
): Promise<StoredContent> {
	const row = await findTransfer(resources, transfer, "put");
	return await resources.transfers.run(row.id, async (abort, onProgress) => {
		await requireUnfinished(resources, row.id);
		const { signal } = abort;
		const watch = setInterval(
			() => void abortIfUnwanted(resources, row.id, abort),
			WANTED_CHECK_MS,
		);
		try {
			return await withStore(resources, row, async (store) => {
				const { content, digest } = splitDigest(watchedBody(body, signal));
				const stored = await store.put(row.key, bounded(content, offset, row), {
					...{ offset, signal, onProgress },
					...(length !== null && { bytes: offset + length - DIGEST_BYTES }),
					verify: ({ sha256 }) => {
						if (digest() !== sha256) throw changedOnTheWay();
					},
				});
				await finish(resources, row, store, stored);
				return stored;
			});
		} finally {
			clearInterval(watch);
		}
	});
}

/** The content of a get, from `start` on. */
export async function giveContent(
	resources: Resources,
	transfer: HostTransfer,
	range: ByteRange,
	signal: AbortSignal,
): Promise<{ totalBytes: number; content: Readable }> {
	const row = await findTransfer(resources, transfer, "get");
	return await withStore(resources, row, (store) => store.get(row.key, range, signal));
}

/** The host won't send a file of its own; whoever waits for it says why. A transfer that is gone is fine. */
export async function refuseTransfer(
	{ db, signals }: Resources,
	{ hostId, transferId }: HostTransfer,
	message: string,
): Promise<void> {
	await db.transfer.updateMany({
		where: { id: transferId, hostId, sourcePath: { not: null }, finishedAt: null },
		data: { refusal: cleanText(message) },
	});
	signals.notify("snapshots");
}

async function findTransfer(
	{ db }: Resources,
	{ hostId, transferId }: HostTransfer,
	direction?: "put" | "get",
): Promise<TransferRow> {
	const row = await db.transfer.findUnique({ where: { id: transferId } });
	// To another host it doesn't exist.
	if (row === null || row.hostId !== hostId) throw unwanted();
	if (direction === undefined || row.direction === direction) return row;
	throw new AppError("invalid_argument", `This transfer isn't a ${direction}.`, {
		field: "transferId",
		details: { retry: false },
	});
}

/** An earlier request may have finished it while this one waited for its turn. */
async function requireUnfinished({ db }: Resources, id: string): Promise<void> {
	const row = await db.transfer.findUnique({ where: { id }, select: { finishedAt: true } });
	if (row === null) throw unwanted();
	if (row.finishedAt === null) return;
	throw new AppError("conflict", "The store already holds all of this transfer.", {
		details: { retry: true },
	});
}

async function abortIfUnwanted({ db }: Resources, id: string, abort: AbortController) {
	const row = await db.transfer.findUnique({ where: { id }, select: { id: true } }).catch(() => id);
	if (row === null) abort.abort(unwanted());
}

/** Notes in the transfer why the store refused, so that whoever waits for it can say so. */
async function withStore<T>(
	{ db, stores }: Resources,
	{ id, storeId, error: noted }: TransferRow,
	use: (store: SnapshotStore) => Promise<T>,
): Promise<T> {
	const note = (error: string | null) => db.transfer.updateMany({ where: { id }, data: { error } });
	try {
		const result = await use(await stores.open(storeId));
		if (noted !== null) await note(null);
		return result;
	} catch (error) {
		if (error instanceof StoreError && error.fault !== "conflict") await note(error.message);
		throw storeFailure(error);
	}
}

async function finish(
	{ db, clock }: Resources,
	{ id, key }: TransferRow,
	store: SnapshotStore,
	{ bytes, sha256 }: StoredContent,
): Promise<void> {
	const { count } = await db.transfer.updateMany({
		where: { id },
		data: { bytes, sha256, finishedAt: clock.now(), error: null },
	});
	if (count === 1) return;
	// Nothing refers to the object, so it would stay forever.
	await store.delete(key);
	throw unwanted();
}

async function* bounded(
	content: AsyncIterable<Uint8Array>,
	offset: number,
	{ maxBytes }: TransferRow,
): AsyncGenerator<Uint8Array> {
	let bytes = offset;
	for await (const chunk of content) {
		bytes += chunk.length;
		if (maxBytes !== null && bytes > maxBytes) {
			throw new StoreError("damaged", `The content is longer than ${maxBytes} bytes, its limit.`);
		}
		yield chunk;
	}
}

function contentOf({ bytes, sha256 }: TransferRow): StoredContent {
	return { bytes: Number(bytes ?? 0), sha256: sha256 ?? "" };
}

function unwanted(): AppError {
	return new AppError("not_found", "The control plane doesn't want this transfer any longer.", {
		field: "transferId",
		details: { retry: false },
	});
}

function changedOnTheWay(): StoreError {
	return new StoreError(
		"damaged",
		"The content changed between the host's disk and the store. Larder discarded it.",
	);
}
