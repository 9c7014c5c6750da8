import { randomUUID } from "node:crypto";
import {
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readlinkSync,
	rmSync,
	symlinkSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
	currentBootId,
	identifyProcess,
	isProcessAlive,
	type ProcessIdentity,
} from "../process-identity.ts";

/** Holds a link to each directory. The link's name says which process owns the directory. */
const CLAIMS = join(tmpdir(), `larder-test-claims-${process.getuid?.() ?? "user"}`);
/** Boot, namespace of pids, pid, its start, and something random. */
const CLAIM_NAME = /^([0-9a-f-]+)\.(\d+)\.(\d+)\.(\d+)\.[0-9a-f-]+$/;

export interface Claim {
	readonly directory: string;
	readonly owner: ProcessIdentity;
	/** Path of the link. */
	readonly link: string;
}

/** A new temporary directory of this process. If the process ends without removing it, a later test run does. */
export function makeOwnedDirectory(prefix: string): string {
	const directory = mkdtempSync(join(tmpdir(), prefix));
	const own = process.platform === "linux" ? identifyProcess(process.pid) : null;
	if (own === null) return directory;
	const { bootId, pid, startTicks } = own;
	mkdirSync(CLAIMS, { recursive: true, mode: 0o700 });
	const name = [bootId, pidNamespace(), pid, startTicks, randomUUID()].join(".");
	symlinkSync(directory, join(CLAIMS, name));
	return directory;
}

/** Removes a directory and its claim. Programs that were killed a moment ago may still write there. */
export async function removeDirectory(directory: string): Promise<void> {
	await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
	for (const claim of readClaims()) {
		if (claim.directory === directory) rmSync(claim.link, { force: true });
	}
}

/** Directories whose owners have ended without removing them. */
export function abandonedClaims(): Claim[] {
	return readClaims().filter(({ owner }) => !isProcessAlive(owner));
}

export function claimsOf(pid: number): Claim[] {
	return readClaims().filter(({ owner }) => owner.pid === pid && isProcessAlive(owner));
}

/**
 * Claims by processes that this one would see if they lived: of this boot, and in the same namespace of pids. Another user's
 * links, or links to other places than temporary directories, aren't claims.
 */
function readClaims(): Claim[] {
	const found = lstatSync(CLAIMS, { throwIfNoEntry: false });
	if (!found?.isDirectory() || found.uid !== process.getuid?.()) return [];
	return readdirSync(CLAIMS).flatMap((name) => {
		const [, bootId, namespace, pid, startTicks] = CLAIM_NAME.exec(name) ?? [];
		if (bootId !== currentBootId() || namespace !== pidNamespace() || startTicks === undefined) {
			return [];
		}
		const link = join(CLAIMS, name);
		const directory = targetOf(link);
		if (directory === null || dirname(directory) !== tmpdir()) return [];
		return [{ directory, link, owner: { bootId, pid: Number(pid), startTicks } }];
	});
}

function targetOf(link: string): string | null {
	try {
		return readlinkSync(link);
	} catch {
		// Its owner, or another test run, has removed it meanwhile.
		return null;
	}
}

function pidNamespace(): string {
	return readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
}
