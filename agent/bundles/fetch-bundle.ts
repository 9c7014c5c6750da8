import { mkdtemp, open, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { plainTemporaryDirectory } from "../../platform/plain-temporary-directory.ts";
import { AptArchive, unpackPackages } from "./apt-archive.ts";
import type { AptTree } from "./apt-tree.ts";
import { type EngineRecipe, offersVersion } from "./engine-catalog.ts";
import {
	BUILD_PREFIX,
	describeFiles,
	type InstalledEngine,
	publishManifest,
	readBundle,
} from "./engine-store.ts";
import { EngineUnavailableError } from "./engine-unavailable-error.ts";
import { upstreamVersion, versionFits } from "./engine-version.ts";
import type { ReportProgress } from "./progress.ts";
import { relocatePrograms } from "./relocate.ts";
import { runCommand } from "./run-command.ts";
import { verifyEngine } from "./verify-engine.ts";

const LINK_NAME = "tree";
const ARCHITECTURE_TIMEOUT_MS = 10_000;

interface Find {
	readonly tree: AptTree;
	readonly suite: string;
	readonly packageVersion: string;
}

/**
 * Makes bundles from the archive that the machine's own apt reads, and puts them into the store. For each
 * bundle it reuses what it has learned about the archive. Its owner must hold the store's lock, and close the
 * fetcher.
 */
export class BundleFetcher {
	private readonly storeDir: string;
	private readonly directory: string;
	/**
	 * A directory with a link to `directory`, under a path without characters that apt's files can't contain.
	 */
	private readonly plainDirectory: string;
	private archive: Promise<AptArchive> | undefined;

	private constructor(storeDir: string, directory: string, plainDirectory: string) {
		this.storeDir = storeDir;
		this.directory = directory;
		this.plainDirectory = plainDirectory;
	}

	static async open(storeDir: string): Promise<BundleFetcher> {
		await removeLeftovers(storeDir);
		const directory = await mkdtemp(join(storeDir, BUILD_PREFIX));
		const plainDirectory = await mkdtemp(join(plainTemporaryDirectory(), "larder-build-"));
		await symlink(directory, join(plainDirectory, LINK_NAME));
		return new BundleFetcher(storeDir, directory, plainDirectory);
	}

	/** Throws EngineUnavailableError if no suite has a matching version. */
	async fetch(options: {
		recipe: EngineRecipe;
		versionPrefix: string;
		report: ReportProgress;
	}): Promise<InstalledEngine> {
		const { recipe, report } = options;
		this.archive ??= AptArchive.open(join(this.plainDirectory, LINK_NAME));
		const archive = await this.archive;
		const find = await findVersion({ ...options, archive });
		const buildDir = await mkdtemp(join(this.directory, `${recipe.engine}-`));
		try {
			const unpackedDir = await downloadPackages(recipe, find, buildDir, report);
			const patchelf = await archive.findPatchelf(report);
			const { storeDir } = this;
			return await assemble({ recipe, report, storeDir, find, buildDir, unpackedDir, patchelf });
		} finally {
			await rm(buildDir, { recursive: true, force: true });
		}
	}

	async close(): Promise<void> {
		await rm(this.plainDirectory, { recursive: true, force: true });
		await rm(this.directory, { recursive: true, force: true });
	}
}

/** Removes builds that a crash left behind. No other process builds, since the lock is held. */
async function removeLeftovers(storeDir: string): Promise<void> {
	const names = await readdir(storeDir);
	const builds = names.filter((name) => name.startsWith(BUILD_PREFIX));
	await Promise.all(
		builds.map((name) => rm(join(storeDir, name), { recursive: true, force: true })),
	);
}

/** The first suite, in the recipe's order, whose version matches. */
async function findVersion(options: {
	recipe: EngineRecipe;
	versionPrefix: string;
	archive: AptArchive;
	report: ReportProgress;
}): Promise<Find> {
	const { recipe, versionPrefix, archive, report } = options;
	const fits = (version: string) =>
		versionFits(version, versionPrefix) && offersVersion(recipe.engine, version);
	const misses: string[] = [];
	for await (const { suite, index: fetchIndex } of archive.walk(recipe.searchFrom)) {
		report(
			"look-up",
			`looking for ${recipe.title} ${versionPrefix} in ${archive.distribution.id} ${suite}`,
		);
		const index = await fetchIndex();
		if (index.kind === "failed") {
			misses.push(`${suite}: ${index.reason}`);
			continue;
		}
		const found = (await index.tree.show([recipe.versionPackage])).get(recipe.versionPackage);
		if (found !== undefined && fits(upstreamVersion(found.version))) {
			return { tree: index.tree, suite: index.codename, packageVersion: found.version };
		}
		misses.push(`${suite} has ${found === undefined ? "none" : found.version}`);
	}
	throw new EngineUnavailableError(
		`this machine's apt archive doesn't have it (${misses.join("; ")})`,
	);
}

async function downloadPackages(
	recipe: EngineRecipe,
	find: Find,
	buildDir: string,
	report: ReportProgress,
): Promise<string> {
	const packages = await find.tree.closure(recipe.packages);
	const megabytes = packages.reduce((sum, each) => sum + each.sizeBytes, 0) / 1024 ** 2;
	report(
		"download",
		`downloading ${recipe.title} ${upstreamVersion(find.packageVersion)} from ${find.suite}: ${packages.length} packages, ${megabytes.toFixed(1)} MiB`,
	);
	const names = packages.map((each) => each.name);
	const files = await find.tree.download(names, join(buildDir, "packages"));
	report("unpack", `unpacking ${files.length} packages`);
	const unpackedDir = join(buildDir, "unpacked");
	await unpackPackages(files, unpackedDir);
	return unpackedDir;
}

async function assemble(options: {
	recipe: EngineRecipe;
	storeDir: string;
	find: Find;
	buildDir: string;
	unpackedDir: string;
	patchelf: string;
	report: ReportProgress;
}): Promise<InstalledEngine> {
	const { recipe, find, report } = options;
	const architecture = (
		await runCommand("dpkg", ["--print-architecture"], { timeoutMs: ARCHITECTURE_TIMEOUT_MS })
	).trim();
	const version = upstreamVersion(find.packageVersion);
	const finalDir = join(options.storeDir, `${recipe.engine}-${version}-${architecture}`);
	const bundleDir = join(options.buildDir, "bundle");
	const programs = [recipe.server, ...(recipe.client === null ? [] : [recipe.client])];
	programs.push(...recipe.tools);
	report("relocate", `copying ${programs.join(", ")} and their libraries`);
	await relocatePrograms({ ...options, ...recipe, programs, buildDir: bundleDir, finalDir });
	const files = await describeFiles(bundleDir);
	await syncFiles(files.map((file) => join(bundleDir, file.path)));
	// An existing directory has no valid manifest, or it would have been used.
	await rm(finalDir, { recursive: true, force: true });
	await rename(bundleDir, finalDir);
	// The programs name their loader by its final path, so they can't run before this. The directory
	// doesn't count as a bundle before its manifest exists.
	report("verify", `checking that ${recipe.server} runs`);
	const server = join("bin", recipe.server);
	await publishManifest({
		format: 1,
		engine: recipe.engine,
		version: await verifyEngine(recipe, join(finalDir, server)),
		packageVersion: find.packageVersion,
		suite: find.suite,
		architecture,
		directory: finalDir,
		server,
		client: recipe.client === null ? null : join("bin", recipe.client),
		createdAt: new Date().toISOString(),
		files,
	});
	const bundle = await readBundle(finalDir);
	if (bundle === null) throw new Error(`${finalDir} was changed while it was being made`);
	return bundle;
}

/** Content must reach the disk before the manifest vouches for it. */
async function syncFiles(paths: readonly string[]): Promise<void> {
	for (const path of paths) {
		const file = await open(path, "r");
		try {
			await file.sync();
		} finally {
			await file.close();
		}
	}
}
