import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import {
	access,
	copyFile,
	type FileHandle,
	lstat,
	mkdir,
	open,
	readdir,
	rename,
	rm,
	rmdir,
	stat,
	statfs,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { writeFileAtomic } from "../atomic-file.ts";
import { FileHash, hashFile } from "../files/file-hash.ts";
import { FileWriter } from "../files/file-writer.ts";
import { checkStore } from "./check-store.ts";
import { checkedContent, missing, otherOffset } from "./checked-content.ts";
import { asStoreError } from "./disk-errors.ts";
import { requireObjectKey, requirePrefix } from "./object-key.ts";
import type { ByteRange, PutOptions, SnapshotStore, StoredContent, StoredObject } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** Shows that a directory is a store. A directory without it may be the mount point of a disk that isn't mounted. */
const MARKER = ".larder-store";
const { signal: NEVER } = new AbortController();
const UNFINISHED = ".unfinished";
const CHUNK_BYTES = 1024 ** 2;
const ROOM_CHECKED_EVERY_BYTES = 64 * 1024 ** 2;
/** What a store leaves free on its disk: others write there too, perhaps the control plane's own database. */
const ROOM_LEFT = { share: 0.05, bytesMax: 1024 ** 3 } as const;

/**
 * Makes a directory a store. It must be absent, empty or a store already, so that Larder never mixes its files with others.
 */
export async function makeDirectoryStore(root: string): Promise<void> {
	try {
		await mkdir(root, { recursive: true, mode: 0o700 });
		const names = await readdir(root);
		if (names.includes(MARKER)) return;
		if (names.some((name) => name !== "lost+found" && !name.startsWith(`${MARKER}.`))) {
			throw new StoreError(
				"refused",
				`${root} holds other files. Choose a directory that is empty or doesn't exist yet.`,
			);
		}
		await writeFileAtomic(join(root, MARKER), `${JSON.stringify({ larderStore: 1 })}\n`, {
			sync: true,
		});
	} catch (error) {
		throw asStoreError(error, root);
	}
}

/**
 * A store in a directory. Objects are files under their keys; unfinished ones are in a directory of their own, from which
 * they are renamed. One process writes to it.
 */
export class DirectoryStore implements SnapshotStore {
	private readonly root: string;
	private readonly beingPut = new Set<string>();

	constructor(root: string) {
		this.root = resolve(root);
	}

	async put(
		key: string,
		source: AsyncIterable<Uint8Array>,
		options: PutOptions = {},
	): Promise<StoredContent> {
		requireObjectKey(key);
		if (this.beingPut.has(key)) {
			throw new StoreError("conflict", "This object is already being written. Wait until it is.");
		}
		this.beingPut.add(key);
		try {
			await this.requireStore();
			return await this.receive(key, source, options);
		} catch (error) {
			throw await this.explain(error);
		} finally {
			this.beingPut.delete(key);
		}
	}

	async received(key: string): Promise<number> {
		requireObjectKey(key);
		await this.requireStore();
		return (await statIfExists(this.partOf(key)))?.size ?? 0;
	}

	async get(
		key: string,
		range: ByteRange = {},
		signal?: AbortSignal,
	): Promise<{ totalBytes: number; content: Readable }> {
		requireObjectKey(key);
		await this.requireStore();
		const file = await open(join(this.root, key)).catch((error: NodeJS.ErrnoException) => {
			throw error.code === "ENOENT" ? missing(key) : asStoreError(error, this.root);
		});
		const { size } = await file.stat();
		const { start = 0, end = size } = range;
		if (start >= Math.min(end, size)) {
			await file.close();
			return { totalBytes: size, content: Readable.from([]) };
		}
		const content = createReadStream("", {
			...{ fd: file, start, end: Math.min(end, size) - 1, highWaterMark: CHUNK_BYTES },
			...(signal && { signal }),
		});
		return { totalBytes: size, content };
	}

	async stat(key: string): Promise<{ bytes: number; modifiedAt: Date } | null> {
		requireObjectKey(key);
		await this.requireStore();
		const found = await statIfExists(join(this.root, key));
		return found === null ? null : { bytes: found.size, modifiedAt: found.mtime };
	}

	async *list(prefix: string): AsyncGenerator<StoredObject> {
		requirePrefix(prefix);
		await this.requireStore();
		yield* listFiles(this.root, prefix);
	}

	async copy(from: string, to: string, verify?: PutOptions["verify"]): Promise<void> {
		requireObjectKey(from);
		requireObjectKey(to);
		const found = await this.stat(from);
		if (found === null) throw missing(from);
		try {
			await this.requireRoom(found.bytes);
			const part = this.partOf(to);
			await this.makeParents(part);
			await copyFile(join(this.root, from), part, constants.COPYFILE_FICLONE);
			verify?.({ bytes: found.bytes, sha256: await hashFile(part, found.bytes, NEVER) });
			await syncFile(part);
			await this.publish(part, to);
		} catch (error) {
			await rm(this.partOf(to), { force: true });
			throw await this.explain(error);
		}
	}

	async delete(key: string): Promise<void> {
		requireObjectKey(key);
		await this.requireStore();
		await rm(this.partOf(key), { force: true });
		await rm(join(this.root, key), { force: true });
		await this.removeEmptyDirectories(dirname(key));
	}

	async sweep(before: Date): Promise<void> {
		await this.requireStore();
		const directory = join(this.root, UNFINISHED);
		for (const name of await readdir(directory).catch(() => [])) {
			const part = join(directory, name);
			const found = await statIfExists(part);
			if (found !== null && found.mtime < before) await rm(part, { force: true });
		}
	}

	async check(signal?: AbortSignal): Promise<void> {
		await checkStore(this, signal);
	}

	/** The file with an object's content, for programs that read files. */
	fileOf(key: string): string {
		requireObjectKey(key);
		return join(this.root, key);
	}

	/**
	 * Where a program of this machine may put a link to a complete file instead of sending it; null while a part of it has
	 * been sent. `adopt` then makes it the object.
	 */
	async placeFor(key: string): Promise<string | null> {
		requireObjectKey(key);
		if ((await this.received(key)) > 0) return null;
		const part = this.partOf(key);
		try {
			await this.makeParents(part);
		} catch (error) {
			throw await this.explain(error);
		}
		return part;
	}

	/**
	 * Makes the file that was linked at `placeFor` the object, and returns once it is durable. Its content isn't read. Null if
	 * no such file is there.
	 */
	async adopt(key: string, bytes: number): Promise<true | null> {
		requireObjectKey(key);
		try {
			await this.requireStore();
			const part = this.partOf(key);
			const found = await lstat(part).catch(() => null);
			// Neither a symbolic link, nor anything that another user could still change.
			if (found === null || !found.isFile() || found.size !== bytes) return null;
			if (found.uid !== process.getuid?.()) return null;
			// It is on the disk already, but must leave as much as every other.
			await this.requireRoom(0);
			await syncFile(part);
			await this.publish(part, key);
			return true;
		} catch (error) {
			throw await this.explain(error);
		}
	}

	private async receive(
		key: string,
		source: AsyncIterable<Uint8Array>,
		options: PutOptions,
	): Promise<StoredContent> {
		const { offset = 0, bytes, verify } = options;
		const part = this.partOf(key);
		await this.makeParents(part);
		const held = offset === 0 ? 0 : ((await statIfExists(part))?.size ?? 0);
		if (offset !== held) throw otherOffset(held);
		if (bytes !== undefined) await this.requireRoom(bytes - offset);
		// An interrupted put is as long as what reached the file.
		// What is begun anew is a new file: the old one may be another program's, too.
		if (offset === 0) await rm(part, { force: true });
		const file = await open(part, offset === 0 ? "wx" : "r+", 0o600);
		const hash = new FileHash(part);
		// Content that was refused can't be continued.
		let isRefused = false;
		try {
			const position = await this.write(file, hash, source, options);
			const content = { bytes: position, sha256: await hash.digest(position) };
			isRefused = true;
			verify?.(content);
			isRefused = false;
			await file.sync();
			await this.publish(part, key);
			return content;
		} catch (error) {
			isRefused ||= error instanceof StoreError && error.fault === "damaged";
			if (isRefused) await rm(part, { force: true });
			throw error;
		} finally {
			hash.close();
			await file.close();
		}
	}

	/** Returns the size of the whole. What has arrived when the source fails stays. */
	private async write(
		file: FileHandle,
		hash: FileHash,
		source: AsyncIterable<Uint8Array>,
		options: PutOptions,
	): Promise<number> {
		const { offset = 0 } = options;
		const writer = new FileWriter(file, offset, (written) => hash.grow(written));
		let roomUntil = offset + ROOM_CHECKED_EVERY_BYTES;
		try {
			for await (const chunk of checkedContent(source, null, options)) {
				if (writer.position + chunk.length > roomUntil) {
					await this.requireRoom(chunk.length);
					roomUntil = writer.position + ROOM_CHECKED_EVERY_BYTES;
				}
				await writer.add(chunk);
			}
		} finally {
			await writer.settle();
		}
		return writer.position;
	}

	/** Renames a finished part to its key, durably. */
	private async publish(part: string, key: string): Promise<void> {
		const target = join(this.root, key);
		await this.makeParents(target);
		await rename(part, target);
		for (let path = dirname(key); ; path = dirname(path)) {
			await syncFile(join(this.root, path));
			if (path === ".") return;
		}
	}

	private async requireStore(): Promise<void> {
		try {
			await access(join(this.root, MARKER));
		} catch (cause) {
			const { code } = cause as NodeJS.ErrnoException;
			const what =
				code === "ENOENT"
					? `${this.root} isn't a store of Larder at the moment. If a disk belongs there, mount it`
					: `Larder can't read ${this.root} (${code}). Check its disk and its owner`;
			throw new StoreError("away", `${what}; Larder goes on by itself.`, { cause });
		}
	}

	/**
	 * Makes the directories above a file, but never the store's own: a store whose disk has just gone must not begin anew on
	 * another one.
	 */
	private async makeParents(file: string): Promise<void> {
		const directory = dirname(file);
		if (directory === this.root) return;
		await this.makeParents(directory);
		await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "EEXIST") throw error;
		});
	}

	/** What failed, as a StoreError if it is the store's fault. Where a file's path is gone, the whole store may be. */
	private async explain(error: unknown): Promise<unknown> {
		if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT") {
			try {
				await this.requireStore();
			} catch (away) {
				return away;
			}
		}
		return asStoreError(error, this.root);
	}

	private async requireRoom(bytes: number): Promise<void> {
		const { bavail, blocks, bsize } = await statfs(this.root);
		const left = Math.min(blocks * bsize * ROOM_LEFT.share, ROOM_LEFT.bytesMax);
		const free = bavail * bsize - left;
		if (bytes <= free) return;
		throw new StoreError(
			"full",
			`The disk of ${this.root} has room for ${inMib(Math.max(0, free))} MiB more, besides what Larder leaves free there, and ${inMib(bytes)} MiB are needed. Free some space, or delete snapshots.`,
		);
	}

	private partOf(key: string): string {
		const name = createHash("sha256").update(key).digest("hex");
		return join(this.root, UNFINISHED, `${name}.part`);
	}

	private async removeEmptyDirectories(from: string): Promise<void> {
		for (let path = from; path !== "."; path = dirname(path)) {
			const isRemoved = await rmdir(join(this.root, path)).then(
				() => true,
				() => false,
			);
			if (!isRemoved) return;
		}
	}
}

async function* listFiles(root: string, prefix: string): AsyncGenerator<StoredObject> {
	const entries = await readdir(join(root, prefix), { withFileTypes: true }).catch(() => []);
	const names = entries
		.filter(({ name }) => !name.startsWith("."))
		// A directory's keys continue with a slash.
		.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
		.sort();
	for (const name of names) {
		const key = `${prefix}${name}`;
		if (name.endsWith("/")) {
			yield* listFiles(root, key);
			continue;
		}
		const found = await statIfExists(join(root, key));
		if (found?.isFile()) yield { key, bytes: found.size, modifiedAt: found.mtime };
	}
}

async function statIfExists(path: string) {
	return await stat(path).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
		throw error;
	});
}

/** Also of a directory, so that a rename in it survives a power cut. */
async function syncFile(path: string): Promise<void> {
	const file = await open(path, "r");
	try {
		await file.sync();
	} finally {
		await file.close();
	}
}

const inMib = (bytes: number) => Math.ceil(bytes / 1024 ** 2);
