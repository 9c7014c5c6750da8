import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Distribution, findAptMirrors, readDistribution } from "./apt-mirror.ts";
import { AptTree } from "./apt-tree.ts";
import { SUITES_BY_DISTRIBUTION, type SuiteOrder } from "./engine-catalog.ts";
import { EngineUnavailableError } from "./engine-unavailable-error.ts";
import { findOnPath } from "./path-engine.ts";
import type { ReportProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const UNPACK_TIMEOUT_MS = 60_000;

/** A suite's index, or why it isn't available. */
export type SuiteIndex =
	| { readonly kind: "ready"; readonly tree: AptTree; readonly codename: string }
	| { readonly kind: "failed"; readonly reason: string };

/**
 * All suites of the machine's own apt archive that may hold engines. Each index is fetched once, no matter
 * how many engines are looked up in it. Downloads are in `directory`, which the caller removes.
 */
export class AptArchive {
	readonly distribution: Distribution;
	private readonly directory: string;
	private readonly mirrors: readonly string[];
	private readonly trust: { readonly components: string; readonly keyring: string };
	/** Newest software first; the machine's own release last. */
	private readonly suites: readonly string[];
	private readonly indexes = new Map<string, Promise<SuiteIndex>>();
	private patchelf: Promise<string> | undefined;

	private constructor(
		directory: string,
		distribution: Distribution,
		mirrors: readonly string[],
		known: (typeof SUITES_BY_DISTRIBUTION)[string],
	) {
		this.directory = directory;
		this.distribution = distribution;
		this.mirrors = mirrors;
		this.trust = known;
		this.suites = [...new Set([...known.suites, distribution.codename])];
	}

	/** Throws EngineUnavailableError if the machine has no apt archive that can be used. */
	static async open(directory: string): Promise<AptArchive> {
		const distribution = await readDistribution();
		const known = distribution === null ? undefined : SUITES_BY_DISTRIBUTION[distribution.id];
		if (distribution === null || known === undefined) {
			throw new EngineUnavailableError("this machine is neither Debian nor Ubuntu");
		}
		for (const program of ["apt-get", "apt-cache", "dpkg-deb", "dpkg"]) {
			if (findOnPath(program) === null) {
				throw new EngineUnavailableError(`${program} is missing on this machine`);
			}
		}
		const mirrors = await findAptMirrors(distribution.codename, directory);
		if (mirrors.length === 0) {
			throw new EngineUnavailableError("this machine's apt has no archive configured");
		}
		return new AptArchive(directory, distribution, mirrors, known);
	}

	/** Every suite of every mirror. Skips a code name if an alias has already led to its suite. */
	async *walk(
		from: SuiteOrder,
	): AsyncGenerator<{ suite: string; index: () => Promise<SuiteIndex> }> {
		const suites = from === "newest" ? this.suites : [...this.suites].reverse();
		for (const mirror of this.mirrors) {
			const seen = new Set<string>();
			for (const suite of suites) {
				if (seen.has(suite)) continue;
				const index = () => this.index(mirror, suite);
				yield { suite, index };
				const asked = await index();
				if (asked.kind === "ready") seen.add(asked.codename);
			}
		}
	}

	/**
	 * The installed patchelf, or else one from the machine's own suite: one from a newer suite might not run before
	 * it is relocated.
	 */
	async findPatchelf(report: ReportProgress): Promise<string> {
		this.patchelf ??= this.fetchPatchelf(report);
		return await this.patchelf;
	}

	private async fetchPatchelf(report: ReportProgress): Promise<string> {
		const installed = findOnPath("patchelf");
		if (installed !== null) return installed;
		const suite = this.distribution.codename;
		const failures: string[] = [];
		for (const mirror of this.mirrors) {
			report("look-up", `looking for patchelf in ${suite}`);
			const directory = join(this.directory, "patchelf");
			try {
				const index = await this.index(mirror, suite);
				if (index.kind === "failed") throw new Error(index.reason);
				const files = await index.tree.download(["patchelf"], join(directory, "packages"));
				const unpacked = join(directory, "unpacked");
				await unpackPackages(files, unpacked);
				return join(unpacked, "usr", "bin", "patchelf");
			} catch (error) {
				failures.push(firstLine(error));
				await rm(directory, { recursive: true, force: true });
			}
		}
		throw new EngineUnavailableError(
			`patchelf can't be fetched (${failures.join("; ")}); install the patchelf package`,
		);
	}

	private index(mirror: string, suite: string): Promise<SuiteIndex> {
		const key = `${this.mirrors.indexOf(mirror)}-${suite}`;
		const known = this.indexes.get(key) ?? this.fetchIndex(mirror, suite, key);
		this.indexes.set(key, known);
		return known;
	}

	private async fetchIndex(mirror: string, suite: string, name: string): Promise<SuiteIndex> {
		const directory = join(this.directory, name);
		try {
			const tree = await AptTree.create({ ...this.trust, directory, mirror, suite });
			await tree.update();
			return { kind: "ready", tree, codename: (await tree.codename()) ?? suite };
		} catch (error) {
			await rm(directory, { recursive: true, force: true });
			return { kind: "failed", reason: firstLine(error) };
		}
	}
}

export async function unpackPackages(files: readonly string[], into: string): Promise<void> {
	await mkdir(into, { recursive: true });
	for (const file of files) {
		await runCommand("dpkg-deb", ["-x", file, into], { timeoutMs: UNPACK_TIMEOUT_MS });
	}
}

function firstLine(error: unknown): string {
	const text = error instanceof Error ? error.message : String(error);
	// Leave out addresses: a mirror's address may contain a password.
	return (text.split("\n")[0] ?? "").replace(/\b(https?:\/\/)\S+/g, "the mirror");
}
