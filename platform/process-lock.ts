import { randomBytes } from "node:crypto";
import {
	closeSync,
	linkSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { findOpener } from "./find-opener.ts";
import { parseJson } from "./json-text.ts";
import { identifyProcess, isProcessAlive, processIdentitySchema } from "./process-identity.ts";

const LEFTOVER_MS = 60_000;

const lockSchema = z.object({ identity: processIdentitySchema, note: z.string() });
export type LockHolder = z.infer<typeof lockSchema>;

export class LockHeldError extends Error {
	readonly holder: LockHolder;
	constructor(path: string, holder: LockHolder) {
		super(`${path} is held by process ${holder.identity.pid}`);
		this.name = "LockHeldError";
		this.holder = holder;
	}
}

/**
 * The live process that holds the lock, or null. A file that a power cut damaged doesn't name its holder; then the
 * kernel says who has it open.
 */
export function readLock(path: string): LockHolder | null {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
	const parsed = lockSchema.safeParse(parseJson(text));
	if (parsed.success) return isProcessAlive(parsed.data.identity) ? parsed.data : null;
	// Only a holder keeps it open.
	const identity = findOpener(path);
	return identity && { identity, note: "its lock file is damaged" };
}

/**
 * Takes a lock that dies with this process: the file names its holder, so one left by a crash is seen as stale.
 * `note` is for other programs to read (an address, say). Throws LockHeldError while a live process holds it.
 */
export function acquireLock(path: string, note: string): { release(): void } {
	const identity = identifyProcess(process.pid);
	if (identity === null) throw new Error("this process can't be found in /proc");
	removeLeftovers(path);
	const own = `${path}.${randomBytes(6).toString("hex")}.own`;
	const content = JSON.stringify({ identity, note });
	try {
		// On a full disk it may leave an empty file.
		writeFileSync(own, content, { mode: 0o600, flag: "wx" });
		for (;;) {
			try {
				// A hard link appears whole or not at all, and fails if another lock is there.
				linkSync(own, path);
				const held = openSync(path, "r");
				return {
					release() {
						if (isHeld(path, content)) rmSync(path);
						closeSync(held);
					},
				};
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const holder = readLock(path);
			if (holder !== null) throw new LockHeldError(path, holder);
			discardStale(path);
		}
	} finally {
		rmSync(own, { force: true });
	}
}

/** Whether the file is still the one that was made with that content. */
function isHeld(path: string, content: string): boolean {
	try {
		return readFileSync(path, "utf8") === content;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
		throw error;
	}
}

/** Removes the files of processes that died while taking the lock. Taking it takes milliseconds. */
function removeLeftovers(path: string): void {
	const directory = dirname(path);
	for (const name of readdirSync(directory)) {
		if (!name.startsWith(`${basename(path)}.`) || !/\.[0-9a-f]{12}\.(own|stale)$/.test(name))
			continue;
		const leftover = join(directory, name);
		const found = statSync(leftover, { throwIfNoEntry: false });
		if (found !== undefined && Date.now() - found.ctimeMs > LEFTOVER_MS) {
			rmSync(leftover, { force: true });
		}
	}
}

/** Moves a dead holder's file away. If another process was quicker and the file is a live lock, it is put back. */
function discardStale(path: string): void {
	const aside = `${path}.${randomBytes(6).toString("hex")}.stale`;
	try {
		renameSync(path, aside);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
		throw error;
	}
	if (readLock(aside) !== null) linkSync(aside, path);
	rmSync(aside, { force: true });
}
